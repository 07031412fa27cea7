/**
 * From an answer of history to what a chart draws. A sensor that speaks seldom
 * leaves holes between its values that mean nothing; a hole longer than its
 * sender may be silent means that data is lost, and stays a hole.
 */
import { TMAX_FACTOR } from "../../../core/model/liveness.js";
import type { BucketHistory, HistoryAnswer } from "../../api/answers.js";

/** null: nothing is known here, the line breaks. undefined: nothing was due, the line goes on. */
export type Point = number | null | undefined;

export interface ChartData {
  /** Epoch seconds, strictly rising. */
  readonly timesS: number[];
  readonly values: Point[];
  /** Both or neither. */
  readonly min?: Point[];
  readonly max?: Point[];
}

/** Longest silence that is still none, ms. */
export function silenceMs(tmaxS: number, stepMs = 0): number {
  return tmaxS > 0 ? Math.max(tmaxS * TMAX_FACTOR * 1_000, stepMs * 1.5) : Number.POSITIVE_INFINITY;
}

export function chartData(history: HistoryAnswer, tmaxS: number): ChartData {
  if (history.kind === "buckets") return bucketData(history, silenceMs(tmaxS, history.stepMs));
  const limitMs = silenceMs(tmaxS);
  const timesS: number[] = [];
  const values: Point[] = [];
  let lastMs = Number.NaN;
  for (const [i, timeMs] of history.timesMs.entries()) {
    const value = history.values[i];
    if (timeMs - lastMs > limitMs) {
      timesS.push((lastMs + timeMs) / 2_000);
      values.push(null);
    }
    timesS.push(timeMs / 1_000);
    values.push(typeof value === "number" ? value : null);
    lastMs = timeMs;
  }
  return { timesS, values };
}

function bucketData(history: BucketHistory, limitMs: number): ChartData {
  const { startMs, stepMs, avg } = history;
  // Drawn in the middle of what a bucket covers.
  const timesS = avg.map((_, i) => (startMs + (i + 0.5) * stepMs) / 1_000);
  return {
    timesS,
    values: fillHoles(avg, stepMs, limitMs),
    min: fillHoles(history.min, stepMs, limitMs),
    max: fillHoles(history.max, stepMs, limitMs),
  };
}

function fillHoles(values: readonly (number | null)[], stepMs: number, limitMs: number): Point[] {
  const points: Point[] = [...values];
  let last = -1;
  for (let i = 0; i < values.length; i++) {
    if (values[i] === null) continue;
    if (last >= 0 && (i - last) * stepMs <= limitMs) points.fill(undefined, last + 1, i);
    last = i;
  }
  return points;
}

/** Positions of values that no line reaches: they are drawn as points. */
export function lonelyPoints(values: readonly Point[]): number[] {
  const lonely: number[] = [];
  for (let i = 0; i < values.length; i++) {
    if (typeof values[i] === "number" && neighbour(values, i, -1) === null && neighbour(values, i, 1) === null) {
      lonely.push(i);
    }
  }
  return lonely;
}

function neighbour(values: readonly Point[], at: number, step: number): number | null {
  for (let i = at + step; i >= 0 && i < values.length; i += step) {
    const value = values[i];
    if (value !== undefined) return value;
  }
  return null;
}

export interface SeriesSummary {
  readonly min: number;
  readonly avg: number;
  readonly max: number;
  readonly last: number;
  /** Values that are known. */
  readonly count: number;
}

/** @returns undefined where nothing is known */
export function summaryOf(history: HistoryAnswer): SeriesSummary | undefined {
  const values = history.kind === "buckets" ? history.avg : history.values;
  const lows = history.kind === "buckets" ? history.min : history.values;
  const highs = history.kind === "buckets" ? history.max : history.values;
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  let sum = 0;
  let count = 0;
  let last = Number.NaN;
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (typeof value !== "number") continue;
    sum += value;
    count++;
    last = value;
    min = Math.min(min, Number(lows[i] ?? value));
    max = Math.max(max, Number(highs[i] ?? value));
  }
  return count === 0 ? undefined : { min, max, avg: sum / count, last, count };
}

const STEPS_MS = [15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 14_400, 21_600, 43_200, 86_400].map(
  (s) => s * 1_000,
);
/** A chart on a laptop has some 400 pixels across. */
const POINTS_WANTED = 400;
/** Up to here samples are shown as they came: 480 of them at one in 15 s. */
const RAW_RANGE_MS = 2 * 3_600_000;

/** @returns the step to ask for; undefined: the samples as they came */
export function stepFor(rangeMs: number): number | undefined {
  if (rangeMs <= RAW_RANGE_MS) return undefined;
  const known = STEPS_MS.find((stepMs) => rangeMs / stepMs <= POINTS_WANTED);
  return known ?? Math.ceil(rangeMs / POINTS_WANTED / 86_400_000) * 86_400_000;
}

/** From where to ask again, so that the answer continues what is held; epoch ms. */
export function tailFromMs(held: HistoryAnswer): number {
  if (held.kind !== "buckets") return held.timesMs.length === 0 ? held.fromMs : (held.timesMs.at(-1) ?? 0) + 1;
  // The newest bucket may not have been full yet.
  return held.startMs + Math.max(0, held.avg.length - 2) * held.stepMs;
}

/** @returns what is held and its continuation as one, from fromMs on; the tail where they do not fit together */
export function joinTail(held: HistoryAnswer, tail: HistoryAnswer, fromMs: number): HistoryAnswer {
  const base = { ...tail, fromMs };
  if (held.kind === "buckets" && tail.kind === "buckets") {
    if (held.stepMs !== tail.stepMs) return tail;
    const skip = Math.max(0, Math.floor((fromMs - held.startMs) / held.stepMs));
    const keep = Math.round((tail.startMs - held.startMs) / held.stepMs);
    if (keep < skip || keep > held.avg.length) return tail;
    const join = (a: readonly (number | null)[], b: readonly (number | null)[]) => [...a.slice(skip, keep), ...b];
    return {
      ...tail,
      fromMs,
      startMs: held.startMs + skip * held.stepMs,
      min: join(held.min, tail.min),
      avg: join(held.avg, tail.avg),
      max: join(held.max, tail.max),
    };
  }
  if (held.kind === "buckets" || tail.kind === "buckets" || (held.kind !== tail.kind && tail.timesMs.length > 0)) {
    return tail;
  }
  const skip = held.timesMs.findIndex((timeMs) => timeMs >= fromMs);
  const kept = skip < 0 ? held.timesMs.length : skip;
  return {
    ...base,
    kind: held.kind,
    timesMs: [...held.timesMs.slice(kept), ...tail.timesMs],
    values: [...held.values.slice(kept), ...tail.values],
  };
}

/** The line that gets the same from the collector's query port, for those who want to look for themselves. */
export function collectorQuery(history: HistoryAnswer): string {
  const { cluster, host, metric, fromMs, toMs } = history;
  const values: Record<string, string> = {
    cluster,
    host,
    metric,
    from: String(fromMs / 1_000),
    to: String(toMs / 1_000),
  };
  if (history.kind === "buckets") values["step"] = `${history.stepMs}ms`;
  const pairs = Object.entries(values).map(([name, value]) => `${name}=${encodeURIComponent(value)}`);
  return `grate:1/history?${pairs.join("&")}`;
}
