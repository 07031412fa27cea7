/**
 * The present, as everyone but its owner sees it: a metric is a column, a host is
 * a row. Views are live and must not be written; they are valid until the next
 * frame is accepted, because arrays are replaced when a cluster grows.
 */
import type { ClusterDirectory } from "./directory.js";

interface ColumnBase {
  readonly column: number;
  readonly name: string;
  /** When each value was taken, epoch ms; 0 = never. */
  readonly timesMs: Float64Array;
  /** Number of the frame in which the cell last changed; 0 = never. */
  readonly changedFrames: Float64Array;
}

export interface NumberColumn extends ColumnBase {
  readonly kind: "number";
  /** NaN = no value. */
  readonly values: Float64Array;
  /** Digits after the point as received, see number-text; of a value that was taken away DECIMALS_CLEARED. */
  readonly decimals: Uint8Array;
}

export interface TextColumn extends ColumnBase {
  readonly kind: "text";
  /** undefined = no value. */
  readonly texts: readonly (string | undefined)[];
}

export type Column = NumberColumn | TextColumn;

/**
 * In place of decimals: the value expired or went with its host, and NaN is ours. Without it NaN is what the
 * sender said ("nan", or nothing that is a number), which those who hand it on have to say too.
 */
export const DECIMALS_CLEARED = 254;

/** @returns whether the present has something to tell of this host and metric, be it a sender's own "nan" */
export function hasSample(column: Column, row: number): boolean {
  if (!((column.timesMs[row] ?? 0) > 0)) return false;
  if (column.kind === "text") return column.texts[row] !== undefined;
  return !(Number.isNaN(column.values[row]) && column.decimals[row] === DECIMALS_CLEARED);
}

export interface ClusterView {
  readonly directory: ClusterDirectory;
  /** Rows to look at: 0 .. rowCount-1. directory.host(row) is undefined for a free one. */
  readonly rowCount: number;
  /** Last heard, by row, epoch ms; 0 = not part of the present: only named so far, or left and its row not free yet. */
  readonly reportedMs: Float64Array;
  /** Time of the newest frame, epoch ms; 0 = none yet. */
  readonly frameTimeMs: number;
  /** Number of the newest frame that touched this cluster. */
  readonly frameNumber: number;
  /** In the order in which metrics were first seen. */
  columns(): Iterable<Column>;
  /** By number, as in directory.findColumn. */
  column(column: number): Column | undefined;
}
