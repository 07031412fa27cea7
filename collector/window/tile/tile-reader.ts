/**
 * Reads tiles, TILE-FORMAT.md. Entries that are not wanted are passed over by
 * their length. Makes no objects.
 */
import { LIST_MAX, readIntegerAt, readIntegers, readVarint, skipIntegers, skipVarint } from "./integers.js";
import {
  type CellState,
  CHANGED_ALL,
  CHANGED_NONE,
  CHANGED_SHIFT,
  FLAG_DECIMALS_LIST,
  FLAG_RAW,
  powerOfTen,
  ROW_MAP_BYTES,
  ROWS_ALL,
  ROWS_LIST,
  ROWS_SAME,
  TILE_ROWS,
  TIME_LISTS_MAX,
  TIMES_FULL,
  TIMES_KNOWN,
  TIMES_SECONDS,
  TIMES_SHIFT,
  wholeOf,
} from "./tile-cells.js";

export class TileReader {
  /** Of the entry at hand. */
  column = 0;
  count = 0;
  /** Rows within the tile: rows of the cells, ascending. */
  readonly rows = new Uint8Array(LIST_MAX);

  #bytes: Uint8Array = new Uint8Array(0);
  #view: DataView = new DataView(new ArrayBuffer(0));
  #frameTimeMs = 0;
  #nextAt = 0;
  #end = 0;
  #entryEnd = 0;
  #flags = 0;
  /** Behind the rows of the entry. */
  #timesAt = 0;
  #timeList = 0;
  #timeListCount = 0;
  readonly #timeLists = Array.from({ length: TIME_LISTS_MAX }, () => new Float64Array(LIST_MAX));
  /** Where each list of times stands, how it is written, and whether it was read. */
  readonly #timeListAt = new Uint32Array(TIME_LISTS_MAX);
  readonly #timeListMode = new Uint8Array(TIME_LISTS_MAX);
  readonly #timeListRead = new Uint8Array(TIME_LISTS_MAX);
  readonly #changed = new Uint8Array(LIST_MAX);
  readonly #steps = new Float64Array(LIST_MAX);

  /** @param bytes of tiles; PADDING_BYTES must follow the last one */
  open(bytes: Uint8Array): void {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Begins the tile at begin .. end. */
  begin(begin: number, end: number, frameTimeMs: number): void {
    this.#nextAt = begin;
    this.#end = end;
    this.#frameTimeMs = frameTimeMs;
    this.#timeListCount = 0;
    this.column = 0;
    this.count = 0;
  }

  /**
   * Goes to the next entry.
   * @returns false at the end of the tile
   * @throws RangeError where an entry claims more bytes than the tile has
   */
  next(): boolean {
    let at = this.#nextAt;
    if (at >= this.#end) return false;
    const bytes = this.#bytes;
    let unit = 1;
    let byte = bytes[at++] as number;
    while (byte >= 0x80 && at < this.#end) {
      this.column += (byte & 0x7f) * unit;
      unit *= 0x80;
      byte = bytes[at++] as number;
    }
    this.column += byte * unit;
    const length = (bytes[at] as number) | ((bytes[at + 1] as number) << 8);
    at += 2;
    this.#entryEnd = at + length;
    this.#nextAt = this.#entryEnd;
    if (!(length > 0 && this.#entryEnd <= this.#end)) this.#fail();
    this.#flags = bytes[at++] as number;
    const rowMode = this.#flags & 3;
    if (rowMode !== ROWS_SAME) {
      at = this.#readRows(rowMode, at);
      this.#timeListCount = 0;
    }
    const timeMode = (this.#flags >>> TIMES_SHIFT) & 3;
    if (timeMode === TIMES_KNOWN) {
      this.#timeList = bytes[at++] as number;
      if (this.#timeList >= this.#timeListCount) this.#fail();
    } else {
      if (this.#timeListCount < TIME_LISTS_MAX) this.#timeListCount++;
      this.#timeList = this.#timeListCount - 1;
      this.#timeListAt[this.#timeList] = at;
      this.#timeListMode[this.#timeList] = timeMode;
      this.#timeListRead[this.#timeList] = 0;
    }
    this.#timesAt = at;
    return true;
  }

  /** @returns times of the cells, epoch ms, valid until the next entry */
  times(): Float64Array {
    const list = this.#timeLists[this.#timeList] as Float64Array;
    if (this.#timeListRead[this.#timeList] === 0) {
      this.#readTimes(list);
      this.#timeListRead[this.#timeList] = 1;
    }
    return list;
  }

  /** @returns time of one cell, without reading those of the others */
  timeAt(cell: number): number {
    const at = this.#timeListAt[this.#timeList] as number;
    const mode = this.#timeListMode[this.#timeList] as number;
    if (mode === TIMES_FULL) return this.#view.getFloat64(at + cell * 8, true);
    const age = readIntegerAt(this.#bytes, skipVarint(this.#bytes, at), cell);
    return this.#newestTime(at) - age * unitOf(mode);
  }

  /** @returns place of a row among the cells, -1 if it has none */
  find(row: number): number {
    const { rows, count } = this;
    // Mostly all rows are there.
    if (row < count && rows[row] === row) return row;
    for (let i = 0; i < count && (rows[i] as number) <= row; i++) if (rows[i] === row) return i;
    return -1;
  }

  /**
   * Reads the values of the entry; each entry of a column must be read, once.
   * @param state what the entries of this column before it left, from the block's first frame on; has the
   *   values and decimals of the rows afterwards
   */
  readValues(state: CellState): void {
    state.reserve(TILE_ROWS);
    const mode = (this.#flags >>> CHANGED_SHIFT) & 3;
    if (mode === CHANGED_NONE) return;
    const { rows, count } = this;
    const bytes = this.#bytes;
    const changed = this.#changed;
    let at = this.#behindTimes();
    let changedCount = count;
    if (mode === CHANGED_ALL) {
      for (let i = 0; i < count; i++) changed[i] = rows[i] as number;
    } else {
      changedCount = 0;
      for (let i = 0; i < count; i++) {
        if (((bytes[at + (i >>> 3)] as number) >>> (i & 7)) & 1) changed[changedCount++] = rows[i] as number;
      }
      at += (count + 7) >>> 3;
    }
    at = this.#readDecimals(at, changedCount, state.decimals);
    at = this.#readNumbers(at, changedCount, state.values);
    if (at > this.#entryEnd) this.#fail();
  }

  #behindTimes(): number {
    const mode = (this.#flags >>> TIMES_SHIFT) & 3;
    if (mode === TIMES_KNOWN) return this.#timesAt;
    if (mode === TIMES_FULL) return this.#timesAt + this.count * 8;
    return skipIntegers(this.#bytes, skipVarint(this.#bytes, this.#timesAt), this.count);
  }

  #readRows(mode: number, begin: number): number {
    const bytes = this.#bytes;
    const { rows } = this;
    let at = begin;
    if (mode === ROWS_ALL) {
      this.count = bytes[at++] as number;
      if (this.count > LIST_MAX) this.#fail();
      for (let i = 0; i < this.count; i++) rows[i] = i;
      return at;
    }
    if (mode === ROWS_LIST) {
      this.count = bytes[at++] as number;
      if (this.count > LIST_MAX) this.#fail();
      for (let i = 0; i < this.count; i++) rows[i] = bytes[at++] as number;
      if ((rows[this.count - 1] as number) >= TILE_ROWS) this.#fail();
      return at;
    }
    let count = 0;
    for (let row = 0; row < ROW_MAP_BYTES * 8; row++) {
      if (((bytes[at + (row >>> 3)] as number) >>> (row & 7)) & 1) rows[count++] = row;
    }
    this.count = count;
    return at + ROW_MAP_BYTES;
  }

  #readTimes(into: Float64Array): void {
    const { count } = this;
    const at = this.#timeListAt[this.#timeList] as number;
    const mode = this.#timeListMode[this.#timeList] as number;
    if (mode === TIMES_FULL) {
      for (let i = 0; i < count; i++) into[i] = this.#view.getFloat64(at + i * 8, true);
      return;
    }
    const newestMs = this.#newestTime(at);
    readIntegers(this.#bytes, skipVarint(this.#bytes, at), count, into);
    const unitMs = unitOf(mode);
    for (let i = 0; i < count; i++) into[i] = newestMs - (into[i] as number) * unitMs;
  }

  #newestTime(at: number): number {
    const twice = readVarint(this.#bytes, at);
    return this.#frameTimeMs - (twice % 2 === 0 ? twice / 2 : -(twice + 1) / 2);
  }

  #readDecimals(begin: number, changedCount: number, decimals: Uint8Array): number {
    const bytes = this.#bytes;
    const changed = this.#changed;
    if ((this.#flags & FLAG_DECIMALS_LIST) !== 0) {
      for (let k = 0; k < changedCount; k++) decimals[changed[k] as number] = bytes[begin + k] as number;
      return begin + changedCount;
    }
    const all = bytes[begin] as number;
    for (let k = 0; k < changedCount; k++) decimals[changed[k] as number] = all;
    return begin + 1;
  }

  #readNumbers(begin: number, changedCount: number, values: Float64Array): number {
    const bytes = this.#bytes;
    const changed = this.#changed;
    const steps = this.#steps;
    const power = powerOfTen(bytes[begin] as number);
    let at = begin + 1;
    let rawAt = 0;
    let rawLeft = 0;
    if ((this.#flags & FLAG_RAW) !== 0) {
      rawLeft = bytes[at++] as number;
      rawAt = at;
      at += rawLeft * 9;
      if (at > this.#entryEnd) this.#fail();
    }
    at = readIntegers(bytes, at, changedCount, steps);
    let above = 0;
    for (let k = 0; k < changedCount; k++) {
      const row = changed[k] as number;
      const before = values[row] as number;
      const expected = Number.isNaN(before) ? above : wholeOf(before, power);
      if (rawLeft > 0 && bytes[rawAt] === k) {
        values[row] = this.#view.getFloat64(rawAt + 1, true);
        rawAt += 9;
        rawLeft--;
        above = expected;
        continue;
      }
      const twice = steps[k] as number;
      const half = Math.floor(twice / 2);
      above = expected + (twice === half * 2 ? half : -half - 1);
      values[row] = above / power;
    }
    return at;
  }

  #fail(): never {
    throw new RangeError("decoding a tile: an entry is longer than what holds it");
  }
}

function unitOf(mode: number): number {
  return mode === TIMES_SECONDS ? 1_000 : 1;
}
