import { describe, expect, it } from "vitest";
import { createCpuProbe } from "../../../sensors/probes/cpu/index.js";
import { type CpuTimes, cpuTimesBetween, parseCpuTimes } from "../../../sensors/probes/cpu/parse.js";
import { instant, measureOnce, switchableProbe, valuesOf } from "./support.js";

const IDLE: CpuTimes = { user: 0, nice: 0, system: 0, idle: 0, iowait: 0, irq: 0, softirq: 0, steal: 0 };

describe("cpu probe", () => {
  it("tells only the share since boot at first", async () => {
    const { cpu_aidle, ...others } = await measureOnce(createCpuProbe, "cpu/first");
    expect(cpu_aidle).toBeCloseTo((100 * 80000) / 92612, 10);
    expect(others).toEqual({});
  });

  it("tells what was spent between two readings", async () => {
    const { probe, use } = switchableProbe(createCpuProbe, "cpu/first");
    await probe.measure(instant(0));
    use("cpu/second");
    const values = valuesOf(await probe.measure(instant(15_000)));
    // 200 user, 10 nice, 100 system, 1500 idle, 100 iowait, 10 irq, 20 softirq, 20 steal of 1960 ticks
    const percent = (ticks: number) => expect.closeTo((100 * ticks) / 1960, 10);
    expect(values).toEqual({
      cpu_user: percent(200),
      cpu_nice: percent(10),
      cpu_system: percent(130),
      cpu_idle: percent(1500),
      cpu_wio: percent(100),
      cpu_intr: percent(10),
      cpu_sintr: percent(20),
      cpu_steal: percent(20),
      cpu_aidle: expect.closeTo((100 * 81500) / 94572, 10),
    });
  });

  it("leaves out a round in which a count went back, and goes on with the next", async () => {
    const { probe, use } = switchableProbe(createCpuProbe, "cpu/second");
    await probe.measure(instant(0));
    use("cpu/idle-went-back");
    expect(Object.keys(valuesOf(await probe.measure(instant(15_000))))).toEqual(["cpu_aidle"]);
    use("cpu/second");
    expect(Object.keys(valuesOf(await probe.measure(instant(30_000))))).toEqual(["cpu_aidle"]);
    use("cpu/second");
    expect(Object.keys(valuesOf(await probe.measure(instant(45_000))))).toEqual(["cpu_aidle"]);
  });

  it.each(["cpu/short", "cpu/words", "cpu/no-total"])("fails on %s", async (tree) => {
    await expect(measureOnce(createCpuProbe, tree)).rejects.toThrow("Cannot parse /proc/stat");
  });
});

describe("parseCpuTimes", () => {
  it("takes the four counts of Linux 2.4", () => {
    expect(parseCpuTimes("cpu  1 2 3 4\n")).toEqual({ ...IDLE, user: 1, nice: 2, system: 3, idle: 4 });
  });

  it("does not read guest time, which is inside user time", () => {
    expect(parseCpuTimes("cpu 1 2 3 4 5 6 7 8 9 10")).toEqual({
      user: 1,
      nice: 2,
      system: 3,
      idle: 4,
      iowait: 5,
      irq: 6,
      softirq: 7,
      steal: 8,
    });
  });
});

describe("cpuTimesBetween", () => {
  it.each([
    ["no time has passed", IDLE, IDLE, undefined],
    ["one went forward", IDLE, { ...IDLE, user: 5 }, { ...IDLE, user: 5 }],
    ["one went back", { ...IDLE, iowait: 1 }, { ...IDLE, user: 5 }, undefined],
  ])("%s", (_, before, after, expected) => {
    expect(cpuTimesBetween(before, after)).toEqual(expected);
  });
});
