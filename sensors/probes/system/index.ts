/** What this machine is: its kernel, its processors, when it was started. */
import { machine } from "node:os";
import type { MetricSpec, ProbeFactory, Reading, Roots } from "../probe.js";
import { parseCpuSpeed, parseStatFacts, smallestMtu } from "./parse.js";
import { readCpuinfoHead, readInterfaces, readKernelName, readMaxFrequency, readStat } from "./read.js";
import { BOOTTIME, CPU_NUM, CPU_SPEED, MACHINE_TYPE, MTU, OS_NAME, OS_RELEASE, SYS_CLOCK } from "./specs.js";

export const createSystemProbe: ProbeFactory = (roots) => {
  /** The highest clock rate does not change while the machine runs. */
  let cpuSpeed: number | undefined;
  return {
    name: "system",
    async measure(at) {
      const stat = parseStatFacts(await readStat(roots));
      cpuSpeed ??= await readCpuSpeed(roots);
      return [
        { spec: BOOTTIME, value: stat.bootTimeS },
        { spec: SYS_CLOCK, value: Math.floor(at.wallMs / 1_000) },
        { spec: CPU_NUM, value: stat.cpuCount },
        { spec: MACHINE_TYPE, value: machine() },
        ...known(CPU_SPEED, cpuSpeed),
        ...known(OS_NAME, await readKernelName(roots, "ostype")),
        ...known(OS_RELEASE, await readKernelName(roots, "osrelease")),
        ...known(MTU, smallestMtu(await readInterfaces(roots))),
      ];
    },
  };
};

async function readCpuSpeed(roots: Roots): Promise<number> {
  const maxFrequency = await readMaxFrequency(roots);
  const cpuinfo = maxFrequency === undefined ? await readCpuinfoHead(roots) : undefined;
  return parseCpuSpeed(maxFrequency, cpuinfo);
}

/** What could not be found out is left out. */
function known(spec: MetricSpec, value: number | string | undefined): Reading[] {
  return value === undefined || value === "" || Number.isNaN(value) ? [] : [{ spec, value }];
}
