/** What a process has used, read from /proc: CPU over all threads, memory, bytes written. */
import { readdirSync, readFileSync } from "node:fs";

export interface Usage {
  /** CPU time of all threads alive, ms. */
  readonly cpuMs: number;
  /** Resident set, bytes. */
  readonly rssBytes: number;
  /** Proportional share, bytes. */
  readonly pssBytes: number;
  /** Bytes that went to write(2) and its kin. */
  readonly writtenBytes: number;
}

export function usageOf(pid: number): Usage {
  const root = `/proc/${pid}`;
  let cpuNs = 0;
  for (const thread of readdirSync(`${root}/task`)) {
    cpuNs += Number(readFileSync(`${root}/task/${thread}/schedstat`, "utf8").split(" ")[0]);
  }
  const rollup = readFileSync(`${root}/smaps_rollup`, "utf8");
  const kilobytes = (key: string) => Number(new RegExp(`^${key}:\\s+(\\d+)`, "m").exec(rollup)?.[1] ?? 0);
  const written = /^wchar: (\d+)/m.exec(readFileSync(`${root}/io`, "utf8"))?.[1];
  return {
    cpuMs: cpuNs / 1e6,
    rssBytes: kilobytes("Rss") * 1024,
    pssBytes: kilobytes("Pss") * 1024,
    writtenBytes: Number(written ?? 0),
  };
}
