/** Many series summed up by the same steps: for a question about all hosts or all metrics, arrays instead of objects. */
import type { Buckets } from "./series.js";

/**
 * Buckets of many series on one grid of steps: the cell of series i and step s
 * stands at i * steps + s. Sums and counts, so that two tables of one grid can be
 * added up and nothing is lost.
 */
export interface BucketTable {
  /** A multiple of stepMs. */
  readonly startMs: number;
  readonly stepMs: number;
  readonly steps: number;
  /** Samples in each cell. */
  readonly counts: Uint32Array;
  readonly sums: Float64Array;
  /** NaN in a cell without samples. */
  readonly min: Float64Array;
  readonly max: Float64Array;
}

/** Steps of a range whose ends are filled to whole steps. */
function stepsOf(fromMs: number, toMs: number, stepMs: number): { startMs: number; steps: number } {
  const startMs = Math.floor(fromMs / stepMs) * stepMs;
  return { startMs, steps: Math.max(0, Math.ceil((toMs - startMs) / stepMs)) };
}

/** Builds a BucketTable of a number of series that is not known beforehand, from samples in any order. */
export class BucketGrid {
  readonly startMs: number;
  readonly stepMs: number;
  readonly steps: number;
  /** Series so far. */
  rows = 0;
  #counts = new Uint32Array(0);
  #sums = new Float64Array(0);
  #min = new Float64Array(0);
  #max = new Float64Array(0);

  /** Ends are filled to whole steps, as in BucketBuilder. */
  constructor(fromMs: number, toMs: number, stepMs: number) {
    this.stepMs = stepMs;
    ({ startMs: this.startMs, steps: this.steps } = stepsOf(fromMs, toMs, stepMs));
  }

  /** @returns its number */
  addRow(): number {
    const row = this.rows++;
    const cells = this.rows * this.steps;
    if (cells > this.#counts.length) this.#grow(Math.max(cells, this.#counts.length * 2));
    return row;
  }

  /** Hot: for each sample of each host. A NaN value and a time outside the range are passed over. */
  add(row: number, timeMs: number, value: number): void {
    const step = Math.floor((timeMs - this.startMs) / this.stepMs);
    if (step < 0 || step >= this.steps || Number.isNaN(value)) return;
    const i = row * this.steps + step;
    this.#counts[i] = (this.#counts[i] as number) + 1;
    this.#sums[i] = (this.#sums[i] as number) + value;
    // Written so that the NaN of an empty cell loses every comparison.
    if (!((this.#min[i] as number) <= value)) this.#min[i] = value;
    if (!((this.#max[i] as number) >= value)) this.#max[i] = value;
  }

  /** Adds `count` samples, at least one and none of them NaN, of one step: what add() would have done with each. */
  addSummary(row: number, step: number, count: number, sum: number, min: number, max: number): void {
    if (step < 0 || step >= this.steps) return;
    const i = row * this.steps + step;
    this.#counts[i] = (this.#counts[i] as number) + count;
    this.#sums[i] = (this.#sums[i] as number) + sum;
    if (!((this.#min[i] as number) <= min)) this.#min[i] = min;
    if (!((this.#max[i] as number) >= max)) this.#max[i] = max;
  }

  /** Adds a series of another table with the same step; what is outside the range is passed over. */
  addTableRow(row: number, table: BucketTable, tableRow: number): void {
    const shift = Math.round((table.startMs - this.startMs) / this.stepMs);
    for (let step = Math.max(0, -shift); step < table.steps && step + shift < this.steps; step++) {
      const from = tableRow * table.steps + step;
      const count = table.counts[from] as number;
      if (count === 0) continue;
      const i = row * this.steps + step + shift;
      this.#counts[i] = (this.#counts[i] as number) + count;
      this.#sums[i] = (this.#sums[i] as number) + (table.sums[from] as number);
      const [min, max] = [table.min[from] as number, table.max[from] as number];
      if (!((this.#min[i] as number) <= min)) this.#min[i] = min;
      if (!((this.#max[i] as number) >= max)) this.#max[i] = max;
    }
  }

  /** The arrays are the grid's own: it is not to be used afterwards. */
  table(): BucketTable {
    const { startMs, stepMs, steps } = this;
    const cells = this.rows * steps;
    return {
      startMs,
      stepMs,
      steps,
      counts: this.#counts.subarray(0, cells),
      sums: this.#sums.subarray(0, cells),
      min: this.#min.subarray(0, cells),
      max: this.#max.subarray(0, cells),
    };
  }

  #grow(cells: number): void {
    const counts = new Uint32Array(cells);
    counts.set(this.#counts);
    this.#counts = counts;
    this.#sums = grown(this.#sums, cells, 0);
    this.#min = grown(this.#min, cells, Number.NaN);
    this.#max = grown(this.#max, cells, Number.NaN);
  }
}

function grown(array: Float64Array, length: number, fill: number): Float64Array<ArrayBuffer> {
  const bigger = new Float64Array(length);
  bigger.set(array);
  if (fill !== 0) bigger.fill(fill, array.length);
  return bigger;
}

/**
 * Buckets of one series of a table; min and max are views of it.
 * @param firstStep steps before it are left out
 */
export function bucketsOfRow(table: BucketTable, row: number, firstStep = 0): Buckets {
  const { stepMs, steps } = table;
  const [begin, end] = [row * steps + firstStep, (row + 1) * steps];
  const avg = new Float64Array(end - begin);
  // 0/0 is NaN: a bucket without samples has no mean.
  for (let i = begin; i < end; i++) avg[i - begin] = (table.sums[i] as number) / (table.counts[i] as number);
  const startMs = table.startMs + firstStep * stepMs;
  return { startMs, stepMs, min: table.min.subarray(begin, end), avg, max: table.max.subarray(begin, end) };
}

/** One metric over all hosts, step by step. */
export interface MergedBuckets extends Buckets {
  /** Sum of the hosts' means; NaN where no host has a value. avg is this by `hosts`: each host has the same weight. */
  readonly sum: Float64Array;
  /** Hosts that have a value. */
  readonly hosts: Uint32Array;
}
