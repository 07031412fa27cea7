/** Where a series has no samples for so long that another store may know more. Pure. */
import type { Coverage } from "../../core/model/archive.js";
import type { Series } from "../../core/model/series.js";

/** fromMs <= time < toMs. */
export interface Range {
  readonly fromMs: number;
  readonly toMs: number;
}

/** Each hole is a question to a store, perhaps on another machine. Of more holes than that the longest are asked for. */
export const HOLES_MAX = 8;

export interface HoleRules {
  /** What the better stores cover: beyond it even a short silence is a hole. */
  readonly covered: Coverage | undefined;
  /** Within what they cover, a shorter silence is none. */
  readonly longerThanMs: number;
  /** So long after a sample the next store may still speak of that sample. */
  readonly settledMs: number;
}

/**
 * @param series samples that the better stores have within the range
 * @returns ranges without a sample in them, at most HOLES_MAX, in order of time
 */
export function holesOf(series: Series | undefined, range: Range, rules: HoleRules): Range[] {
  const { covered, longerThanMs, settledMs } = rules;
  if (!(range.fromMs < range.toMs)) return [];
  const timesMs = series?.timesMs;
  const firstMs = timesMs?.[0];
  const lastMs = timesMs?.at(-1);
  if (timesMs === undefined || firstMs === undefined || lastMs === undefined) return [range];
  const holes: Range[] = [];
  const add = (fromMs: number, toMs: number, anyLength: boolean) => {
    if (fromMs < toMs && (anyLength || toMs - fromMs > longerThanMs)) holes.push({ fromMs, toMs });
  };
  add(range.fromMs, firstMs, covered === undefined || range.fromMs < covered.fromMs);
  for (let i = 1; i < timesMs.length; i++) {
    const afterMs = timesMs[i - 1] as number;
    const beforeMs = timesMs[i] as number;
    // Hot for long series: nothing is made for samples that follow each other.
    if (beforeMs - afterMs > longerThanMs) add(afterMs + settledMs, beforeMs, false);
  }
  add(lastMs + settledMs, range.toMs, covered === undefined || range.toMs > covered.toMs + settledMs);
  if (holes.length <= HOLES_MAX) return holes;
  const longest = holes.sort((a, b) => b.toMs - b.fromMs - (a.toMs - a.fromMs)).slice(0, HOLES_MAX);
  return longest.sort((a, b) => a.fromMs - b.fromMs);
}

/**
 * @param settledMs so long behind what is covered the store may still speak of it
 * @returns the parts of a range before and behind what is covered, whatever is known of the series within
 */
export function outside({ fromMs, toMs }: Range, covered: Coverage | undefined, settledMs: number): Range[] {
  if (covered === undefined) return fromMs < toMs ? [{ fromMs, toMs }] : [];
  const before = { fromMs, toMs: Math.min(toMs, covered.fromMs) };
  const behind = { fromMs: Math.max(fromMs, after(covered.toMs + settledMs)), toMs };
  return [before, behind].filter((range) => range.fromMs < range.toMs);
}

/** The first time behind it that is to be asked for: the next double for times with fractions of a ms. */
export function after(timeMs: number): number {
  return timeMs + Math.max(1e-3, Math.abs(timeMs) * Number.EPSILON);
}
