/** Runs of a chunk summed up by steps, a run at once: no sample is made. */
import type { BucketGrid } from "../../core/model/bucket-table.js";
import type { Runs } from "./chunk-runs.js";

/**
 * Adds the samples with fromMs <= time < toMs to a row of the grid.
 * Hot: for each run of a day of a thousand hosts. What belongs to one step is
 * added up in local variables and handed over once.
 */
export function addRuns(grid: BucketGrid, row: number, runs: Runs, fromMs: number, toMs: number): void {
  const first = firstAtOrAfter(runs, fromMs);
  const end = firstAtOrAfter(runs, toMs);
  if (first >= end) return;
  const { ends, values, timesMs, runCount, steady, startMs, stepMs } = runs;
  const { startMs: gridMs, stepMs: gridStepMs } = grid;
  const isPaced = steady && stepMs > 0;
  let r = runAt(runs, first);
  // Counts of samples are whole numbers of 31 bits here, which "| 0" tells the compiler.
  let i = first | 0;
  while (i < end) {
    // Not timeOf(): a call for each step takes a tenth of the whole.
    const timeMs = steady ? startMs + i * stepMs : (timesMs[i] as number);
    const step = Math.floor((timeMs - gridMs) / gridStepMs);
    const stepEndMs = gridMs + (step + 1) * gridStepMs;
    let stepEnd = isPaced ? Math.ceil((stepEndMs - startMs) / stepMs) : firstAtOrAfter(runs, stepEndMs, i + 1);
    if (stepEnd <= i) stepEnd = i + 1;
    else if (stepEnd > end) stepEnd = end;
    const before = stepEnd | 0;
    let count = 0;
    let sum = 0;
    let min = Number.POSITIVE_INFINITY;
    let max = Number.NEGATIVE_INFINITY;
    while (i < before && r < runCount) {
      const value = values[r] as number;
      const runEnd = ends[r] as number;
      let length = before - i;
      if (runEnd <= before) {
        length = runEnd - i;
        r++;
      }
      i += length;
      if (Number.isNaN(value)) continue;
      count += length;
      sum += value * length;
      if (value < min) min = value;
      if (value > max) max = value;
    }
    if (count > 0) grid.addSummary(row, step, count, sum, min, max);
  }
}

export function holdsSamples(runs: Runs, fromMs: number, toMs: number): boolean {
  return firstAtOrAfter(runs, fromMs) < firstAtOrAfter(runs, toMs);
}

/** @returns number of the first sample at or after the time, from `begin` on; or the count */
function firstAtOrAfter(runs: Runs, timeMs: number, begin = 0): number {
  const { count, steady, startMs, stepMs } = runs;
  if (steady && stepMs > 0) {
    const i = Math.ceil((timeMs - startMs) / stepMs);
    return i < begin ? begin : Math.min(i, count);
  }
  let [low, high] = [begin, count];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (runs.timeOf(middle) < timeMs) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** @returns the run that holds the sample */
function runAt({ ends, runCount }: Runs, sample: number): number {
  let [low, high] = [0, runCount];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((ends[middle] as number) <= sample) low = middle + 1;
    else high = middle;
  }
  return low;
}
