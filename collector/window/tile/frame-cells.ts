/**
 * Puts the cells of a frame in the order in which tiles are written: by tile, in
 * it by column, in that by row; cells of one row and column as they came.
 */
import type { Frame } from "../../../core/model/frame.js";
import type { ByteWriter } from "./byte-writer.js";
import { type CellState, TILE_ROWS } from "./tile-cells.js";
import { TileWriter } from "./tile-writer.js";

/** What the owner of the tiles remembers and how it numbers things. */
export interface TileContext {
  /** What was written of a column in this tile before. */
  state(column: number): CellState;
  /** Number that stands for a text. */
  textNumber(text: string): number;
}

/** A part of the ordered cells. */
interface TileRange {
  tile: number;
  begin: number;
  end: number;
}

/** Keeps its arrays from frame to frame. */
export class FrameCells {
  /** Tiles that have cells, ascending; the first `tileCount` are valid. */
  readonly tiles: TileRange[] = [];
  tileCount = 0;
  readonly #writer = new TileWriter();
  #byRow = new Uint32Array(0);
  #order = new Uint32Array(0);
  #bins = new Uint32Array(0);
  /** Cells of a row that has had one in the entry at hand already. */
  readonly #again: number[] = [];

  /** @param cells indexes of the cells wanted; the first `count` of them */
  sort(frame: Frame, cells: Uint32Array, count: number): void {
    if (this.#order.length < count) {
      this.#byRow = new Uint32Array(cells.length);
      this.#order = new Uint32Array(cells.length);
    }
    this.#writer.forgetTimes();
    const { rows } = frame;
    const sorted = isAscending(cells, count, rows) ? cells : this.#byRow;
    if (sorted !== cells) this.#sortPart(cells, sorted, 0, count, rows, frame.directory.rowCount);
    this.tileCount = 0;
    let begin = 0;
    while (begin < count) {
      const tile = Math.floor((rows[sorted[begin] as number] as number) / TILE_ROWS);
      const rowEnd = (tile + 1) * TILE_ROWS;
      let end = begin + 1;
      while (end < count && (rows[sorted[end] as number] as number) < rowEnd) end++;
      this.#sortPart(sorted, this.#order, begin, end, frame.columns, frame.directory.columnCount);
      this.#addTile(tile, begin, end);
      begin = end;
    }
  }

  /** Of the cells written since sort: earliest and latest. */
  get oldestMs(): number {
    return this.#writer.oldestMs;
  }

  get newestMs(): number {
    return this.#writer.newestMs;
  }

  /** Begins a tile that is written with `put`, and by the caller itself with what it gets. */
  begin(frameTimeMs: number): TileWriter {
    this.#writer.begin(frameTimeMs);
    return this.#writer;
  }

  /**
   * Writes the cells of one of the tiles.
   * @param firstColumn added to the number of every column
   */
  put(out: ByteWriter, frame: Frame, range: TileRange, context: TileContext, firstColumn: number): void {
    const order = this.#order;
    for (let begin = range.begin; begin < range.end; ) {
      const column = frame.columns[order[begin] as number] as number;
      let end = begin + 1;
      while (end < range.end && frame.columns[order[end] as number] === column) end++;
      this.#putColumn(out, frame, column, begin, end, context, firstColumn);
      begin = end;
    }
  }

  #putColumn(
    out: ByteWriter,
    frame: Frame,
    column: number,
    begin: number,
    end: number,
    context: TileContext,
    firstColumn: number,
  ): void {
    const again = this.#again;
    again.length = 0;
    const isText = frame.directory.columnFacts(column).kind === "text";
    const state = context.state(column);
    let count = this.#take(frame, this.#order, begin, end, isText ? context : undefined);
    this.#writer.put(out, column + firstColumn, count, state);
    while (again.length > 0) {
      const cells = Uint32Array.from(again);
      again.length = 0;
      count = this.#take(frame, cells, 0, cells.length, isText ? context : undefined);
      this.#writer.put(out, column + firstColumn, count, state);
    }
  }

  /**
   * Hands cells of a column to the writer; those of a row that has one already wait for another entry.
   * @param textContext where the column holds text
   * @returns how many were handed over
   */
  #take(frame: Frame, order: Uint32Array, begin: number, end: number, textContext: TileContext | undefined): number {
    const { rows, timesMs, values, decimals } = this.#writer;
    const { rows: frameRows, timesMs: frameTimesMs, values: frameValues, decimals: frameDecimals } = frame;
    const first = frameRows[order[begin] as number] as number;
    const firstRow = first - (first % TILE_ROWS);
    let count = 0;
    let last = -1;
    for (let i = begin; i < end; i++) {
      const cell = order[i] as number;
      const row = (frameRows[cell] as number) - firstRow;
      if (row === last) {
        this.#again.push(cell);
        continue;
      }
      last = row;
      rows[count] = row;
      timesMs[count] = frameTimesMs[cell] as number;
      decimals[count] = frameDecimals[cell] as number;
      values[count] = frameValues[cell] as number;
      count++;
    }
    if (textContext === undefined) return count;
    for (let i = 0; i < count; i++) {
      const text = frame.texts[values[i] as number];
      values[i] = text === undefined ? Number.NaN : textContext.textNumber(text);
    }
    return count;
  }

  #addTile(tile: number, begin: number, end: number): void {
    const range = this.tiles[this.tileCount++];
    if (range === undefined) {
      this.tiles.push({ tile, begin, end });
      return;
    }
    range.tile = tile;
    range.begin = begin;
    range.end = end;
  }

  /** A stable counting sort of a part. */
  #sortPart(
    from: Uint32Array,
    into: Uint32Array,
    begin: number,
    end: number,
    keys: Uint32Array,
    keyCount: number,
  ): void {
    if (this.#bins.length < keyCount + 1) this.#bins = new Uint32Array(keyCount * 2 + 1);
    const bins = this.#bins.fill(0, 0, keyCount + 1);
    for (let i = begin; i < end; i++) {
      const key = (keys[from[i] as number] as number) + 1;
      bins[key] = (bins[key] as number) + 1;
    }
    for (let key = 1; key <= keyCount; key++) bins[key] = (bins[key] as number) + (bins[key - 1] as number);
    for (let i = begin; i < end; i++) {
      const cell = from[i] as number;
      const key = keys[cell] as number;
      into[begin + (bins[key] as number)] = cell;
      bins[key] = (bins[key] as number) + 1;
    }
  }
}

function isAscending(cells: Uint32Array, count: number, rows: Uint32Array): boolean {
  for (let i = 1; i < count; i++) {
    if ((rows[cells[i] as number] as number) < (rows[cells[i - 1] as number] as number)) return false;
  }
  return true;
}
