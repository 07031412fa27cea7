/** What stores share that read many series at once. */
import type { ManyBucketsQuery, ManyQuery, NamedBuckets } from "../core/model/archive.js";
import { BucketGrid } from "../core/model/bucket-table.js";
import type { Series } from "../core/model/series.js";

/** @returns first instant not wanted of a series */
export function endOf({ toMs, endsMs }: ManyQuery, name: string): number {
  const ownMs = endsMs?.get(name);
  return ownMs === undefined ? toMs : Math.min(toMs, ownMs);
}

/** Sums up the samples of many series; a series has a row once it has a number in the range. */
export class BucketCollector {
  readonly grid: BucketGrid;
  readonly #rows = new Map<string, number>();
  readonly #cellsMax: number;

  constructor({ fromMs, toMs, stepMs, cellsMax }: ManyBucketsQuery) {
    this.#cellsMax = cellsMax;
    this.grid = new BucketGrid(fromMs, toMs, stepMs);
  }

  /** @param part only samples that are wanted; texts are passed over */
  add(name: string, part: Series): void {
    if (part.kind !== "number" || part.timesMs.length === 0) return;
    const row = this.rowOf(name);
    if (row === undefined) return;
    // Hot: a million samples for a day of a thousand hosts.
    const { timesMs, values } = part;
    for (let i = 0; i < timesMs.length; i++) this.grid.add(row, timesMs[i] as number, values[i] as number);
  }

  /** @returns its row in the grid; undefined where the table has become larger than is wanted */
  rowOf(name: string): number | undefined {
    const known = this.#rows.get(name);
    if (known !== undefined || this.grid.rows * this.grid.steps > this.#cellsMax) return known;
    const row = this.grid.addRow();
    this.#rows.set(name, row);
    return row;
  }

  finish(): NamedBuckets {
    return { names: [...this.#rows.keys()], table: this.grid.table() };
  }
}
