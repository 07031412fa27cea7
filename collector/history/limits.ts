/** What a question about history must keep to, and the error that says how it could be asked instead. */
import { GrateError } from "../../core/base/errors.js";

/** The question cannot be answered as it is; the message says how it could. */
export class HistoryError extends GrateError {
  override readonly name = "HistoryError";
}

export interface HistoryLimits {
  /** Most samples of an answer without a step. */
  readonly samplesMax: number;
  /** Most buckets of one series of an answer with one. */
  readonly bucketsMax: number;
  /** Most buckets of all series that are read for one answer. */
  readonly cellsMax: number;
}

/** 16 MB of samples; more than any display has room for. 10,000 hosts in 250 steps: 70 MB while it is made. */
export const DEFAULT_HISTORY_LIMITS: HistoryLimits = Object.freeze({
  samplesMax: 1_000_000,
  bucketsMax: 100_000,
  cellsMax: 2_500_000,
});

export interface HistoryRange {
  readonly fromMs: number;
  readonly toMs: number;
  readonly stepMs?: number | undefined;
}

/** @throws HistoryError if the range is none, or has too many steps */
export function checkRange({ fromMs, toMs, stepMs }: HistoryRange, { bucketsMax }: HistoryLimits): void {
  const fault = rangeFault(fromMs, toMs);
  if (fault !== undefined) throw new HistoryError(`history from ${fromMs} to ${toMs}: ${fault}`);
  if (stepMs === undefined) return;
  if (!(stepMs > 0)) throw new HistoryError(`history by steps of ${stepMs} ms: expected more than 0`);
  const count = Math.ceil((toMs - fromMs) / stepMs);
  if (count > bucketsMax) {
    throw new HistoryError(`history in ${count} steps: at most ${bucketsMax} are allowed, ask for longer steps`);
  }
}

/** @returns what is wrong and what was expected */
function rangeFault(fromMs: number, toMs: number): string | undefined {
  const expected = "expected two times in ms since 1970, the first before the second";
  const bad = [fromMs, toMs].find((timeMs) => !Number.isFinite(timeMs));
  if (bad !== undefined) return `${bad} is no time, ${expected}`;
  if (fromMs < toMs) return undefined;
  return `${fromMs === toMs ? "it ends where it begins" : `it ends ${fromMs - toMs} ms before it begins`}, ${expected}`;
}

/** Buckets at the ends are filled whole, so that two queries agree on them. */
export function wholeBuckets<T extends HistoryRange>(query: T, stepMs: number): T {
  const fromMs = Math.floor(query.fromMs / stepMs) * stepMs;
  return { ...query, fromMs, toMs: fromMs + Math.ceil((query.toMs - fromMs) / stepMs) * stepMs };
}
