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
  /** Calls of write(2) and its kin, sockets and pipes among them. */
  readonly writeCalls: number;
  /**
   * Pages that it made dirty, by write(2) or through a mapping, less those thrown away again: what the file
   * system has to bring to the disk. Nothing of it is counted on a tmpfs.
   */
  readonly dirtiedBytes: number;
}

export function usageOf(pid: number): Usage {
  const root = `/proc/${pid}`;
  let cpuNs = 0;
  for (const thread of readdirSync(`${root}/task`)) {
    cpuNs += Number(readFileSync(`${root}/task/${thread}/schedstat`, "utf8").split(" ")[0]);
  }
  const rollup = readFileSync(`${root}/smaps_rollup`, "utf8");
  const kilobytes = (key: string) => Number(new RegExp(`^${key}:\\s+(\\d+)`, "m").exec(rollup)?.[1] ?? 0);
  const io = readFileSync(`${root}/io`, "utf8");
  const counted = (key: string) => Number(new RegExp(`^${key}: (\\d+)`, "m").exec(io)?.[1] ?? 0);
  return {
    cpuMs: cpuNs / 1e6,
    rssBytes: kilobytes("Rss") * 1024,
    pssBytes: kilobytes("Pss") * 1024,
    writtenBytes: counted("wchar"),
    writeCalls: counted("syscw"),
    dirtiedBytes: counted("write_bytes") - counted("cancelled_write_bytes"),
  };
}
