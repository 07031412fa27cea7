/** Grids and clusters of which only sums are known, for `grate hosts` and `grate status`. */
import { areSumsLive, summaryAt } from "../../core/model/summary.js";
import type { SumsStatus } from "../../core/wire/extension/index.js";
import type { Store } from "../pull/store.js";
import { type StoredSums, totalOf } from "../pull/stored-sums.js";
import { formatAge, formatTime, type OutputOptions } from "./output.js";
import { printable } from "./printable.js";
import { type Cell, formatTable, type TableColumn, wrap } from "./table.js";

/** One line for each, above the hosts: whoever looks for a host should learn where none are told. */
export function sumsLines({ sums, nowMs }: Store, width: number): string[] {
  return [...sums.values()].flatMap((one) => {
    const words = `${printable(one.name)} (${one.kind}, only sums are known): ${countsOf(one, nowMs)}`;
    return wrap(words, width);
  });
}

function countsOf(sums: StoredSums, nowMs: number): string {
  const { hostsUp, hostsDown } = sums.summary;
  const hosts = hostsUp + hostsDown;
  if (!areSumsLive(sums, nowMs)) return `0 of ${hosts} hosts up, silent for ${formatAge(nowMs, sums.timeMs)}`;
  const cpus = totalOf(sums.summary, "cpu_num");
  const load1 = totalOf(sums.summary, "load_one");
  return [
    `${hostsUp} of ${hosts} hosts up`,
    ...(cpus === null ? [] : [`${cpus} CPUs`]),
    ...(load1 === null ? [] : [`load ${load1.toFixed(2)}`]),
  ].join(", ");
}

/** As JSON has them; unknown is null. */
export function plainSums({ sums, nowMs }: Store): Record<string, unknown>[] {
  return [...sums.values()].map((one) => {
    const summary = summaryAt(one, nowMs);
    return {
      kind: one.kind,
      name: one.name,
      source: one.source,
      state: areSumsLive(one, nowMs) ? "up" : "silent",
      told: formatTime(one.timeMs),
      hostsUp: summary.hostsUp,
      hostsDown: summary.hostsDown,
      cpus: totalOf(summary, "cpu_num"),
      load1: totalOf(summary, "load_one"),
    };
  });
}

/** A block of `grate status`. */
export function sumsTable(sums: readonly SumsStatus[], nowMs: number, options: OutputOptions): string[] {
  if (sums.length === 0) return [];
  const columns: TableColumn[] = [
    { title: "ONLY SUMS", fit: "wrap" },
    { title: "KIND" },
    { title: "UP", align: "right" },
    { title: "DOWN", align: "right" },
    { title: "METRICS", align: "right" },
    { title: "LAST", align: "right" },
    { title: "SOURCE", fit: "wrap" },
  ];
  const rows = sums.map((one): (string | Cell)[] => [
    one.name,
    one.kind,
    String(one.hostsUp),
    { text: String(one.hostsDown), tone: one.hostsDown > 0 ? "bad" : "plain" },
    String(one.metrics),
    formatAge(nowMs, one.timeMs),
    one.source,
  ]);
  return formatTable(columns, rows, options);
}
