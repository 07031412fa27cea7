/** The first line of /proc/stat: "cpu  10683 0 2712 212860 336 0 47 12 0 0". */
import { cannotParse, parseCount, words } from "../parsing.js";

/**
 * Time spent in each state since boot, summed over all CPUs, in ticks of
 * 1/100 s. Guest time is inside user and nice already and is not read.
 */
export interface CpuTimes {
  readonly user: number;
  readonly nice: number;
  readonly system: number;
  readonly idle: number;
  readonly iowait: number;
  readonly irq: number;
  readonly softirq: number;
  readonly steal: number;
}

/** @throws SyntaxError if the line is missing or has fewer than four counts (Linux 2.4 had four) */
export function parseCpuTimes(text: string): CpuTimes {
  const line = /^cpu[ \t]+(.*)$/m.exec(text)?.[1] ?? "";
  const counts = words(line).slice(0, 8).map(parseCount);
  if (counts.length < 4 || counts.some(Number.isNaN)) {
    throw cannotParse("/proc/stat", text, 'a line such as "cpu  10683 0 2712 212860 336 0 47 12"');
  }
  const [user, nice, system, idle, iowait = 0, irq = 0, softirq = 0, steal = 0] = counts as [
    number,
    number,
    number,
    number,
    ...number[],
  ];
  return { user, nice, system, idle, iowait, irq, softirq, steal };
}

export function totalOf(times: CpuTimes): number {
  return times.user + times.nice + times.system + times.idle + times.iowait + times.irq + times.softirq + times.steal;
}

/**
 * What was spent between two readings.
 *
 * Where idle or iowait went back a little, which kernels are known to let them
 * do, or a CPU was taken offline, there is no truth to tell for this interval.
 * @returns undefined if any count went back or no time has passed
 */
export function cpuTimesBetween(before: CpuTimes, after: CpuTimes): CpuTimes | undefined {
  const spent = {
    user: after.user - before.user,
    nice: after.nice - before.nice,
    system: after.system - before.system,
    idle: after.idle - before.idle,
    iowait: after.iowait - before.iowait,
    irq: after.irq - before.irq,
    softirq: after.softirq - before.softirq,
    steal: after.steal - before.steal,
  };
  const wentBack = Object.values(spent).some((ticks) => ticks < 0);
  return wentBack || totalOf(spent) === 0 ? undefined : spent;
}
