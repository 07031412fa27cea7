/** Cutting and joining series; times are in order, so every cut is a binary search. */
import type { Series } from "../core/model/series.js";

/** @returns index of the first time >= instantMs, or the length */
export function firstAtOrAfter(timesMs: Float64Array, instantMs: number): number {
  let low = 0;
  let high = timesMs.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((timesMs[middle] as number) < instantMs) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** @returns index of the first time > instantMs, or the length */
export function firstAfter(timesMs: Float64Array, instantMs: number): number {
  const i = firstAtOrAfter(timesMs, instantMs);
  return timesMs[i] === instantMs ? i + 1 : i;
}

/** Samples begin <= index < end; arrays of numbers are views of the given ones. */
export function sliceSeries(series: Series, begin: number, end: number = series.timesMs.length): Series {
  if (begin === 0 && end === series.timesMs.length) return series;
  const timesMs = series.timesMs.subarray(begin, end);
  return series.kind === "number"
    ? { kind: "number", timesMs, values: series.values.subarray(begin, end) }
    : { kind: "text", timesMs, texts: series.texts.slice(begin, end) };
}

/** Samples with fromMs <= time < toMs, as views. */
export function cutSeries(series: Series, fromMs: number, toMs: number): Series {
  return sliceSeries(series, firstAtOrAfter(series.timesMs, fromMs), firstAtOrAfter(series.timesMs, toMs));
}

/**
 * Copies parts, each later than the one before, into one series. A metric may
 * have changed from numbers to text or back; a series is of one kind, so the
 * kind of the newest part counts and parts of the other kind are left out.
 * @returns undefined where there are no samples
 */
export function joinSeries(parts: readonly Series[]): Series | undefined {
  const filled = parts.filter((part) => part.timesMs.length > 0);
  const last = filled.at(-1);
  if (last === undefined) return undefined;
  const alike = filled.filter((part) => part.kind === last.kind);
  const timesMs = joinFloats(alike.map((part) => part.timesMs));
  return last.kind === "number"
    ? {
        kind: "number",
        timesMs,
        values: joinFloats(alike.flatMap((part) => (part.kind === "number" ? [part.values] : []))),
      }
    : { kind: "text", timesMs, texts: alike.flatMap((part) => (part.kind === "text" ? part.texts : [])) };
}

function joinFloats(parts: readonly Float64Array[]): Float64Array {
  const joined = new Float64Array(parts.reduce((total, part) => total + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}
