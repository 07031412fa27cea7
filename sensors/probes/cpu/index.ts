/** How the CPUs of this machine spent their time since the last reading. */
import type { ProbeFactory, Reading } from "../probe.js";
import { type CpuTimes, cpuTimesBetween, parseCpuTimes, totalOf } from "./parse.js";
import { readStat } from "./read.js";
import { CPU_AIDLE, CPU_SHARES } from "./specs.js";

export const createCpuProbe: ProbeFactory = (roots) => {
  let before: CpuTimes | undefined;
  return {
    name: "cpu",
    async measure() {
      const times = parseCpuTimes(await readStat(roots));
      const spent = before && cpuTimesBetween(before, times);
      before = times;
      return [...shares(spent), ...sinceBoot(times)];
    },
  };
};

function shares(spent: CpuTimes | undefined): Reading[] {
  if (spent === undefined) return [];
  const total = totalOf(spent);
  return CPU_SHARES.map(({ spec, states }) => {
    const ticks = states.reduce((sum, state) => sum + spent[state], 0);
    return { spec, value: (100 * ticks) / total };
  });
}

function sinceBoot(times: CpuTimes): Reading[] {
  const total = totalOf(times);
  return total > 0 ? [{ spec: CPU_AIDLE, value: (100 * times.idle) / total }] : [];
}
