/** What a piece of work took. */
import { readFileSync } from "node:fs";

export interface Cost {
  readonly wallMs: number;
  readonly cpuMs: number;
}

/** Of this thread, system calls with it. */
export async function costOf(work: () => void | Promise<void>): Promise<Cost> {
  const [startMs, startCpuMs] = [performance.now(), threadCpuMs()];
  await work();
  return { wallMs: performance.now() - startMs, cpuMs: threadCpuMs() - startCpuMs };
}

function threadCpuMs(): number {
  return Number(readFileSync("/proc/thread-self/schedstat", "utf8").split(" ")[0]) / 1e6;
}

export function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[numbers.length >> 1] as number;
}

/** Microseconds of each of so many things: the median of the rounds, and the best. */
export function usEach(costs: readonly Cost[], things: number): string {
  const us = (of: "wallMs" | "cpuMs") => costs.map((cost) => (cost[of] * 1e3) / things);
  const text = (numbers: number[]) => `${median(numbers).toFixed(3)} (best ${Math.min(...numbers).toFixed(3)})`;
  return `CPU ${text(us("cpuMs"))}, wall ${text(us("wallMs"))}`;
}
