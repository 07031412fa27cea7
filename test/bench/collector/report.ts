/** The figures of one size, as a table with ratios. */
import type { Usage } from "../../support/rig/usage.js";

export interface Figures {
  readonly name: string;
  readonly cpuPercent: number;
  readonly rssBytes: number;
  readonly pssBytes: number;
  /** Per second. */
  readonly dirtied: number;
  readonly toDisk: number | undefined;
  readonly requests: number | undefined;
  readonly written: number;
  readonly calls: number;
}

export interface Reading {
  readonly atMs: number;
  /** Of each process. */
  readonly usages: readonly Usage[];
  readonly disk: { readonly bytes: number; readonly requests: number } | undefined;
}

export function figuresOf(name: string, before: Reading, after: Reading): Figures {
  const seconds = (after.atMs - before.atMs) / 1_000;
  const total = (reading: Reading, key: keyof Usage) => reading.usages.reduce((sum, usage) => sum + usage[key], 0);
  const perSecond = (key: keyof Usage) => (total(after, key) - total(before, key)) / seconds;
  const disk = before.disk === undefined || after.disk === undefined ? undefined : [before.disk, after.disk];
  return {
    name,
    cpuPercent: perSecond("cpuMs") / 10,
    rssBytes: total(after, "rssBytes"),
    pssBytes: total(after, "pssBytes"),
    dirtied: perSecond("dirtiedBytes"),
    toDisk: disk && ((disk[1]?.bytes ?? 0) - (disk[0]?.bytes ?? 0)) / seconds,
    requests: disk && ((disk[1]?.requests ?? 0) - (disk[0]?.requests ?? 0)) / seconds,
    written: perSecond("writtenBytes"),
    calls: perSecond("writeCalls"),
  };
}

const HEADS = ["", "CPU %", "RSS MB", "PSS MB", "dirtied kB/s", "to disk kB/s", "requests/s", "wchar kB/s", "syscw/s"];
const NAME_WIDTH = 34;

export function printTable(rows: readonly Figures[]): void {
  line(HEADS);
  for (const row of rows) {
    line([
      row.name,
      row.cpuPercent.toFixed(3),
      (row.rssBytes / 1e6).toFixed(1),
      (row.pssBytes / 1e6).toFixed(1),
      kilobytes(row.dirtied),
      kilobytes(row.toDisk),
      row.requests?.toFixed(2) ?? "-",
      kilobytes(row.written),
      row.calls.toFixed(1),
    ]);
  }
}

function kilobytes(bytes: number | undefined): string {
  return bytes === undefined ? "-" : (bytes / 1_000).toFixed(1);
}

function line(cells: readonly string[]): void {
  process.stdout.write(`${cells.map((cell, i) => (i === 0 ? cell.padEnd(NAME_WIDTH) : cell.padStart(14))).join("")}\n`);
}
