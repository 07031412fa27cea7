import { machine } from "node:os";
import { describe, expect, it } from "vitest";
import { createSystemProbe } from "../../../sensors/probes/system/index.js";
import { parseCpuSpeed, smallestMtu } from "../../../sensors/probes/system/parse.js";
import { measureOnce } from "./support.js";

const ALWAYS = { boottime: 1795294485, sys_clock: 1_700_000_000, cpu_num: 2, machine_type: machine() };

describe("system probe", () => {
  it.each([
    ["normal", { cpu_speed: 2596, os_name: "Linux", os_release: "6.1.0-41-amd64", mtu: 1500 }],
    ["cpufreq", { cpu_speed: 3500, os_name: "Linux", os_release: "6.1.0-41-amd64", mtu: 1500 }],
    ["power", { cpu_speed: 3800 }],
    ["bare", {}],
  ])("reads %s", async (tree, expected) => {
    expect(await measureOnce(createSystemProbe, `system/${tree}`)).toEqual({ ...ALWAYS, ...expected });
  });

  it("fails without a boot time", async () => {
    await expect(measureOnce(createSystemProbe, "system/no-boot-time")).rejects.toThrow("Cannot parse /proc/stat");
  });
});

describe("parseCpuSpeed", () => {
  it.each([
    ["3500000", undefined, 3500],
    ["3499999", undefined, 3499],
    ["0", "cpu MHz\t\t: 1200.500\n", 1200],
    [undefined, "model name : x\ncpu MHz : 800\n", 800],
    [undefined, "model name : x\n", Number.NaN],
    ["<unknown>", undefined, Number.NaN],
  ])("%j, %j", (maxFrequency, cpuinfo, expected) => {
    expect(parseCpuSpeed(maxFrequency, cpuinfo)).toBe(expected);
  });
});

describe("smallestMtu", () => {
  it.each([
    [[], Number.NaN],
    [[{ flags: "0x1002", mtu: "1500" }], Number.NaN],
    [[{ flags: undefined, mtu: "1500" }], Number.NaN],
    [[{ flags: "0x1003", mtu: "x" }], Number.NaN],
    [
      [
        { flags: "0x9", mtu: "65536" },
        { flags: "0x1003", mtu: "9000" },
        { flags: "0x1003", mtu: "1400" },
      ],
      1400,
    ],
  ])("%j", (interfaces, expected) => {
    expect(smallestMtu(interfaces)).toBe(expected);
  });
});
