import { describe, expect, it } from "vitest";
import { createTemperatureProbe } from "../../../sensors/probes/temperature/index.js";
import { nameSensors, parseTemperature } from "../../../sensors/probes/temperature/parse.js";
import { instant, measureOnce, switchableProbe, valuesOf } from "./support.js";

describe("temperature probe", () => {
  it("reads chips and zones of a machine with two sockets", async () => {
    expect(await measureOnce(createTemperatureProbe, "temperature/two-sockets")).toEqual({
      temp_acpitz_1: 27.8,
      temp_coretemp_package_id_0: 71,
      temp_coretemp_core_0: 70.5,
      temp_coretemp_core_8: 69,
      temp_coretemp_2_package_id_1: 55,
      temp_coretemp_2_core_0: 54,
      temp_nct6775_aux: 34,
      temp_nct6775_aux_2: 35,
      temp_nvme_composite: 38.85,
      temp_nvme_2_composite: 41.85,
      temp_x86_pkg_temp: 72,
      cpu_temp: 72,
    });
  });

  it.each([
    ["temperature/amd", { temp_k10temp_tctl: 82, temp_k10temp_tdie: 55, cpu_temp: 55 }],
    ["temperature/amd-tctl-only", { temp_k10temp_tctl: 60.125, cpu_temp: 60.125 }],
    ["temperature/arm", { temp_cpu_thermal: 48.312, temp_gpu_thermal: 51, cpu_temp: 48.312 }],
    ["temperature/garbled", {}],
    ["temperature/virtual-machine", {}],
    ["load/normal", {}],
  ])("reads %s", async (tree, expected) => {
    expect(await measureOnce(createTemperatureProbe, tree)).toEqual(expected);
  });

  it("gives the same spec each time and looks for sensors every five minutes", async () => {
    const { probe, use } = switchableProbe(createTemperatureProbe, "temperature/amd");
    const first = await probe.measure(instant(0));
    use("temperature/arm");
    const second = await probe.measure(instant(299_999));
    expect(second.map(({ spec }) => spec)).toEqual(first.map(({ spec }) => spec));
    second.forEach(({ spec }, i) => {
      expect(spec).toBe(first[i]?.spec);
    });
    expect(Object.keys(valuesOf(await probe.measure(instant(300_000))))).toEqual([
      "temp_cpu_thermal",
      "temp_gpu_thermal",
      "cpu_temp",
    ]);
  });
});

describe("parseTemperature", () => {
  it.each([
    ["42000", 42],
    ["-5500", -5.5],
    ["125875", 125.875],
    ["1", 0.001],
  ])("%s is %s", (text, expected) => {
    expect(parseTemperature(text)).toBe(expected);
  });

  it.each(["", "0", "warm", "42.5", "127000", "255000", "-55000", "-128000", "99999999999", undefined])(
    "refuses %s",
    (text) => {
      expect(parseTemperature(text)).toBeNaN();
    },
  );
});

describe("nameSensors", () => {
  const sensor = (chip: string, device: string, label: string) => ({
    chip,
    device,
    label,
    inputPath: "",
    faultPath: undefined,
  });

  it("keeps a sensor's name when another of its kind is added behind it", () => {
    const one = nameSensors([sensor("nvme", "nvme0", "Composite")]);
    const two = nameSensors([sensor("nvme", "nvme0", "Composite"), sensor("nvme", "nvme1", "Composite")]);
    expect(two.map(({ metric }) => metric)).toEqual(["temp_nvme_composite", "temp_nvme_2_composite"]);
    expect(one[0]?.metric).toBe(two[0]?.metric);
  });

  it("never gives one name twice", () => {
    const metrics = nameSensors([
      sensor("a", "x", "1"),
      sensor("a", "x", "1"),
      sensor("A", "x", "1"),
      sensor("a 1", "x", ""),
      sensor("a!", "x", "1 2"),
      sensor("___", "x", "//"),
      sensor("ä", "x", "ö"),
    ]).map(({ metric }) => metric);
    expect(new Set(metrics).size).toBe(metrics.length);
    for (const metric of metrics) expect(metric).toMatch(/^temp_[a-z0-9_]*$/);
  });
});
