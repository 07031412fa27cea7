/**
 * What the window has of one metric of all hosts, or of all metrics of one host,
 * and from when on it has it: the seam to what an archive has.
 */
import { type ClusterDirectory, NONE } from "../../core/model/directory.js";
import type { ValueKind } from "../../core/model/metric.js";
import type { Series } from "../../core/model/series.js";
import type { RecentWindow } from "../window/recent-window.js";
import { inOrder } from "../window/series-builder.js";

/** Exactly one of host and metric is given. */
export interface ManyNames {
  readonly cluster: string;
  readonly host?: string | undefined;
  readonly metric?: string | undefined;
}

export interface RecentTaker {
  /** A sample in the range; those of one series come in order of time unless the clock was set back. */
  number(name: string, timeMs: number, value: number): void;
  text(name: string, timeMs: number, text: string): void;
}

/**
 * Hands on all that the window has in the range. All of it happens in one turn.
 * @param fromMs samples before it are only looked at
 * @returns by name the time of the first sample held, of either kind and before the range too
 */
export function takeRecent(
  window: RecentWindow,
  directory: ClusterDirectory,
  names: ManyNames,
  fromMs: number,
  toMs: number,
  taker: RecentTaker,
): Map<string, number> {
  return names.host === undefined
    ? takeHosts(window, directory, names.metric ?? "", fromMs, toMs, taker)
    : takeMetrics(window, directory, names.host, fromMs, toMs, taker);
}

const KINDS: readonly ValueKind[] = ["number", "text"];

/** A column is read once, from its first frame to its last. */
function takeHosts(
  window: RecentWindow,
  directory: ClusterDirectory,
  metric: string,
  fromMs: number,
  toMs: number,
  taker: RecentTaker,
): Map<string, number> {
  // By row, so that no name is looked up for a sample.
  const firstMs = new Float64Array(directory.rowCount).fill(Number.POSITIVE_INFINITY);
  const hosts = Array.from({ length: directory.rowCount }, (_, row) => directory.host(row)?.name);
  for (const kind of KINDS) {
    const column = directory.findColumn(metric, kind);
    if (column === NONE) continue;
    window.readColumn(directory, column, 0, toMs, (row, timeMs, value, text) => {
      const host = hosts[row];
      if (host === undefined) return;
      if (timeMs < (firstMs[row] as number)) firstMs[row] = timeMs;
      if (timeMs < fromMs) return;
      if (kind === "number") taker.number(host, timeMs, value);
      else taker.text(host, timeMs, text);
    });
  }
  const seams = new Map<string, number>();
  for (const [row, host] of hosts.entries()) {
    const seamMs = firstMs[row] as number;
    if (host !== undefined && seamMs < Number.POSITIVE_INFINITY) seams.set(host, seamMs);
  }
  return seams;
}

/** A host is one row of each column. */
function takeMetrics(
  window: RecentWindow,
  directory: ClusterDirectory,
  host: string,
  fromMs: number,
  toMs: number,
  taker: RecentTaker,
): Map<string, number> {
  const seams = new Map<string, number>();
  const row = directory.findRow(host);
  if (row === NONE) return seams;
  const rows = new Set([row]);
  for (let column = 0; column < directory.columnCount; column++) {
    const { name, kind } = directory.columnFacts(column);
    let firstMs = seams.get(name) ?? Number.POSITIVE_INFINITY;
    const visit = (_row: number, timeMs: number, value: number, text: string) => {
      if (timeMs < firstMs) firstMs = timeMs;
      if (timeMs < fromMs) return;
      if (kind === "number") taker.number(name, timeMs, value);
      else taker.text(name, timeMs, text);
    };
    window.readColumn(directory, column, 0, toMs, visit, rows);
    if (firstMs < Number.POSITIVE_INFINITY) seams.set(name, firstMs);
  }
  return seams;
}

/** Keeps the samples of each series. If a metric changed its kind, the newest counts. */
export class SeriesTaker implements RecentTaker {
  readonly #numbers = new Map<string, { timesMs: number[]; values: number[] }>();
  readonly #texts = new Map<string, { timesMs: number[]; texts: string[] }>();
  readonly #taken: (count: number) => void;

  /** @param taken told of each sample, to refuse what is too much */
  constructor(taken: (count: number) => void) {
    this.#taken = taken;
  }

  number(name: string, timeMs: number, value: number): void {
    let series = this.#numbers.get(name);
    if (series === undefined) {
      series = { timesMs: [], values: [] };
      this.#numbers.set(name, series);
    }
    series.timesMs.push(timeMs);
    series.values.push(value);
    this.#taken(1);
  }

  text(name: string, timeMs: number, text: string): void {
    let series = this.#texts.get(name);
    if (series === undefined) {
      series = { timesMs: [], texts: [] };
      this.#texts.set(name, series);
    }
    series.timesMs.push(timeMs);
    series.texts.push(text);
    this.#taken(1);
  }

  finish(): Map<string, Series> {
    const found = new Map<string, Series>();
    for (const [name, { timesMs, values }] of this.#numbers) {
      const series = {
        kind: "number",
        timesMs: Float64Array.from(timesMs),
        values: Float64Array.from(values),
      } as const;
      found.set(name, inOrder(series));
    }
    for (const [name, { timesMs, texts }] of this.#texts) {
      const number = found.get(name);
      const newestMs = number?.timesMs.at(-1) ?? Number.NEGATIVE_INFINITY;
      const series = inOrder({ kind: "text", timesMs: Float64Array.from(timesMs), texts });
      if ((series.timesMs.at(-1) as number) > newestMs) found.set(name, series);
    }
    return found;
  }
}
