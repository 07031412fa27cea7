/**
 * The new cells of one frame, packed: ordered by column, then by row, then as
 * they came, so that one series is found by two binary searches.
 *
 *   columns   3        7              12          distinct, ascending
 *   starts    0        2              5     6     one more than columns
 *   rows      0  4     0  4  4        9           ascending inside a column
 *   values    .  .     .  .  .        .
 */
import type { ClusterDirectory } from "../../core/model/directory.js";
import type { Frame } from "../../core/model/frame.js";
import type { FrameNews } from "../frame-news.js";

/** Objects and array headers beside the data, by measurement some 700 bytes. */
const OVERHEAD_BYTES = 700;
/** Of a JS string beside its characters. */
const TEXT_OVERHEAD_BYTES = 24;

const INT32_MAX = 2 ** 31 - 1;

export interface WindowFrame {
  readonly number: number;
  readonly timeMs: number;
  readonly count: number;
  /** Earliest and latest time of a cell; the frame's own where it has none. */
  readonly oldestMs: number;
  readonly newestMs: number;
  readonly columns: Uint16Array | Uint32Array;
  readonly starts: Uint32Array;
  readonly rows: Uint16Array | Uint32Array;
  /** Numbers, or indexes into texts. */
  readonly values: Float64Array;
  /** Added to timesBaseMs. 32-bit unless a time is out of reach or not whole. */
  readonly timeOffsetsMs: Int32Array | Float64Array;
  readonly texts: readonly string[];
  /** What it costs to keep, about. */
  readonly bytes: number;
}

/** Packs frames; keeps its working arrays from call to call. */
export class FramePacker {
  #byRow = new Uint32Array(0);
  #order = new Uint32Array(0);
  #bins = new Uint32Array(0);

  pack(frame: Frame, news: FrameNews, number: number): WindowFrame {
    const { directory } = frame;
    const { newCells: cells, newCount: count } = news;
    if (this.#order.length < count) {
      this.#byRow = new Uint32Array(cells.length);
      this.#order = new Uint32Array(cells.length);
    }
    // Two stable counting sorts: the later key first.
    this.#sort(cells, this.#byRow, count, frame.rows, directory.rowCount);
    this.#sort(this.#byRow, this.#order, count, frame.columns, directory.columnCount);
    const order = this.#order;

    const rows = directory.rowCount <= 2 ** 16 ? new Uint16Array(count) : new Uint32Array(count);
    const values = new Float64Array(count);
    const texts: string[] = [];
    const columns: number[] = [];
    const starts: number[] = [];
    let isText = false;
    let oldestMs = Number.POSITIVE_INFINITY;
    let newestMs = Number.NEGATIVE_INFINITY;
    let whole = true;
    for (let i = 0; i < count; i++) {
      const cell = order[i] as number;
      const column = frame.columns[cell] as number;
      if (column !== columns.at(-1)) {
        columns.push(column);
        starts.push(i);
        isText = directory.columnFacts(column).kind === "text";
      }
      rows[i] = frame.rows[cell] as number;
      const value = frame.values[cell] as number;
      values[i] = isText ? texts.push(frame.texts[value] ?? "") - 1 : value;
      const timeMs = frame.timesMs[cell] as number;
      if (timeMs < oldestMs) oldestMs = timeMs;
      if (timeMs > newestMs) newestMs = timeMs;
      whole &&= Number.isInteger(timeMs - frame.timeMs);
    }
    starts.push(count);

    const near = whole && frame.timeMs - oldestMs <= INT32_MAX && newestMs - frame.timeMs <= INT32_MAX;
    const timeOffsetsMs = near ? new Int32Array(count) : new Float64Array(count);
    for (let i = 0; i < count; i++) {
      timeOffsetsMs[i] = (frame.timesMs[order[i] as number] as number) - (near ? frame.timeMs : 0);
    }
    const packed = {
      number,
      timeMs: frame.timeMs,
      count,
      oldestMs: count > 0 ? oldestMs : frame.timeMs,
      newestMs: count > 0 ? newestMs : frame.timeMs,
      columns: directory.columnCount <= 2 ** 16 ? Uint16Array.from(columns) : Uint32Array.from(columns),
      starts: Uint32Array.from(starts),
      rows,
      values,
      timeOffsetsMs,
      texts,
    };
    return { ...packed, bytes: bytesOf(packed) };
  }

  #sort(from: Uint32Array, into: Uint32Array, count: number, keys: Uint32Array, keyCount: number): void {
    if (this.#bins.length < keyCount + 1) this.#bins = new Uint32Array(keyCount * 2 + 1);
    const bins = this.#bins.fill(0, 0, keyCount + 1);
    for (let i = 0; i < count; i++) {
      const key = (keys[from[i] as number] as number) + 1;
      bins[key] = (bins[key] as number) + 1;
    }
    for (let key = 1; key <= keyCount; key++) bins[key] = (bins[key] as number) + (bins[key - 1] as number);
    for (let i = 0; i < count; i++) {
      const cell = from[i] as number;
      const key = keys[cell] as number;
      into[bins[key] as number] = cell;
      bins[key] = (bins[key] as number) + 1;
    }
  }
}

function bytesOf(packed: Omit<WindowFrame, "bytes">): number {
  let bytes = OVERHEAD_BYTES + packed.columns.byteLength + packed.starts.byteLength + packed.rows.byteLength;
  bytes += packed.values.byteLength + packed.timeOffsetsMs.byteLength;
  for (const text of packed.texts) bytes += TEXT_OVERHEAD_BYTES + 2 * text.length;
  return bytes;
}

/** Epoch ms of cell i. */
export function timeOf(frame: WindowFrame, i: number): number {
  const offsetMs = frame.timeOffsetsMs[i] as number;
  return frame.timeOffsetsMs instanceof Int32Array ? frame.timeMs + offsetMs : offsetMs;
}

/** @returns index into columns and starts, or -1 */
export function findColumn(frame: WindowFrame, column: number): number {
  const at = lowerBound(frame.columns, column, 0, frame.columns.length);
  return frame.columns[at] === column ? at : -1;
}

/** @returns first index in begin .. end whose number is not below the wanted one, or end */
export function lowerBound(sorted: Uint16Array | Uint32Array, wanted: number, begin: number, end: number): number {
  let low = begin;
  let high = end;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] as number) < wanted) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Writes the cells into a frame of the same cluster again; how many decimals they had is not known any more. */
export function unpack(packed: WindowFrame, directory: ClusterDirectory, decimals: number, into: Frame): void {
  into.clear();
  into.timeMs = packed.timeMs;
  for (let c = 0; c < packed.columns.length; c++) {
    const column = packed.columns[c] as number;
    const isText = directory.columnFacts(column).kind === "text";
    for (let i = packed.starts[c] as number; i < (packed.starts[c + 1] as number); i++) {
      const row = packed.rows[i] as number;
      const value = packed.values[i] as number;
      if (isText) into.pushText(row, column, packed.texts[value] ?? "", timeOf(packed, i));
      else into.pushNumber(row, column, value, timeOf(packed, i), decimals);
    }
  }
}
