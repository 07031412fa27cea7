/** `grate hosts`: one line a host, and one for what has none of its own. */
import type { Store } from "../pull/store.js";
import { foldHosts } from "./host-list.js";
import { type HostRow, hostRows } from "./host-rows.js";
import { formatAge, formatTime, type OutputOptions } from "./output.js";
import { printable, printableJson } from "./printable.js";
import { plainSums, sumsLines } from "./sums.js";
import { type Cell, formatTable, type TableColumn, wrap } from "./table.js";

/** @returns lines */
export function formatHosts(store: Store, options: OutputOptions): string[] {
  const rows = hostRows(store);
  if (options.json) {
    const hosts = rows.map(({ reportedMs, ...row }) => ({ ...row, reported: formatTime(reportedMs) }));
    return [printableJson({ now: formatTime(store.nowMs), hosts, sums: plainSums(store) })];
  }
  const sums = options.header ? sumsLines(store, options.width) : [];
  if (rows.length === 0) {
    if (!options.header || sums.length > 0) return sums;
    return ["no hosts yet; grate status tells what the sources give"];
  }
  const clusters = [...store.clusters.keys()];
  const several = clusters.length > 1;
  const warm = rows.some((row) => row.celsius !== null);
  const columns: TableColumn[] = [
    ...(several ? [{ title: "CLUSTER", fit: "wrap" } as const] : []),
    { title: "HOST", fit: "wrap" },
    { title: "STATE" },
    { title: "AGE", align: "right" },
    { title: "CPUS", align: "right" },
    { title: "LOAD1", align: "right" },
    { title: "CPU%", align: "right" },
    { title: "MEM%", align: "right" },
    ...(warm ? [{ title: "TEMP", align: "right" } as const] : []),
  ];
  const lines = rows.map((row): (string | Cell)[] => [
    ...(several ? [row.cluster] : []),
    row.host,
    { text: row.state, tone: row.state === "up" ? "good" : "bad" },
    formatAge(store.nowMs, row.reportedMs),
    formatCell(row.cpus, 0),
    formatCell(row.load1, 2),
    formatCell(row.cpuPercent, 0),
    formatCell(row.memoryPercent, 0),
    ...(warm ? [formatCell(row.celsius, 0)] : []),
  ]);
  const summaries = options.header ? clusters.flatMap((name) => summary(name, rows, options.width)) : [];
  return [...summaries, ...sums, ...formatTable(columns, lines, options)];
}

function formatCell(value: number | null, decimals: number): string {
  return value === null ? "-" : value.toFixed(decimals);
}

function summary(cluster: string, rows: readonly HostRow[], width: number): string[] {
  const own = rows.filter((row) => row.cluster === cluster);
  const down = own.filter((row) => row.state === "down").map((row) => printable(row.host));
  const counts = `${printable(cluster)}: ${own.length - down.length} of ${own.length} hosts up`;
  return wrap(down.length === 0 ? counts : `${counts}, down: ${foldHosts(down)}`, width);
}
