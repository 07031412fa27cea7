/**
 * Writes the cells of up to 96 rows in one frame, column by column, as
 * TILE-FORMAT.md draws them.
 *
 * No object is made for a cell or a column. What it costs: TILE-FORMAT.md.
 */
import { DECIMALS_SHORTEST } from "../../../core/model/number-text.js";
import type { ByteWriter } from "./byte-writer.js";
import { LIST_MAX, writeIntegers } from "./integers.js";
import {
  type CellState,
  CHANGED_ALL,
  CHANGED_MAP,
  CHANGED_NONE,
  CHANGED_SHIFT,
  FLAG_DECIMALS_LIST,
  FLAG_RAW,
  powerOfTen,
  ROW_MAP_BYTES,
  ROWS_ALL,
  ROWS_LIST,
  ROWS_MAP,
  ROWS_SAME,
  SCALE_MAX,
  TILE_ROWS,
  TIME_LISTS_MAX,
  TIMES_FULL,
  TIMES_KNOWN,
  TIMES_MS,
  TIMES_SECONDS,
  TIMES_SHIFT,
  WHOLE_LIMIT,
  wholeOf,
} from "./tile-cells.js";

/** More than this many digits after the point are not looked for in a number that came without a count of them. */
const SHORTEST_SCALE_MAX = 9;

/** Beyond it a distance of times is written as full times. */
const DISTANCE_LIMIT = 2 ** 46;

/** Column, length, flags, rows, times in full, map of changes, decimals, raw numbers, list of integers. */
const ENTRY_BYTES_MAX = 16 + TILE_ROWS + 8 * TILE_ROWS + ROW_MAP_BYTES + 2 * TILE_ROWS + 9 * TILE_ROWS;

export class TileWriter {
  /** The cells of the entry to write: rows within the tile, strictly ascending. Filled by the caller. */
  readonly rows = new Uint8Array(LIST_MAX);
  readonly timesMs = new Float64Array(LIST_MAX);
  readonly values = new Float64Array(LIST_MAX);
  readonly decimals = new Uint8Array(LIST_MAX);

  readonly #lastRows = new Uint8Array(LIST_MAX);
  #lastCount = 0;
  readonly #timeLists = Array.from({ length: TIME_LISTS_MAX }, () => new Float64Array(LIST_MAX));
  #timeListCount = 0;
  #column = 0;
  #frameTimeMs = 0;
  /** Positions of the changed cells in the entry. */
  readonly #changed = new Uint8Array(LIST_MAX);
  readonly #integers = new Float64Array(LIST_MAX);

  /** Earliest and latest time written since forgetTimes. */
  oldestMs = Number.POSITIVE_INFINITY;
  newestMs = Number.NEGATIVE_INFINITY;

  forgetTimes(): void {
    this.oldestMs = Number.POSITIVE_INFINITY;
    this.newestMs = Number.NEGATIVE_INFINITY;
  }

  /** Begins a tile. */
  begin(frameTimeMs: number): void {
    this.#frameTimeMs = frameTimeMs;
    this.#lastCount = 0;
    this.#timeListCount = 0;
    this.#column = 0;
  }

  /**
   * Writes the first `count` cells, at least one, as an entry. Columns come in ascending order; one may
   * come again with further cells of the same rows.
   * @param state what was written of the column before; holds these cells afterwards
   */
  put(out: ByteWriter, column: number, count: number, state: CellState): void {
    state.reserve((this.rows[count - 1] as number) + 1);
    out.reserve(ENTRY_BYTES_MAX);
    out.varint(column - this.#column);
    this.#column = column;
    // The length is at most some 3,000: two bytes. They are filled in at the end.
    const lengthAt = out.at;
    out.at += 2;
    const flagsAt = out.at;
    out.at++;
    let flags = this.#putRows(out, count);
    flags |= this.#putTimes(out, count) << TIMES_SHIFT;
    flags |= this.#putValues(out, count, state);
    out.bytes[flagsAt] = flags;
    const length = out.at - flagsAt;
    out.bytes[lengthAt] = length;
    out.bytes[lengthAt + 1] = length >>> 8;
  }

  #putRows(out: ByteWriter, count: number): number {
    const { rows } = this;
    const last = this.#lastRows;
    if (count === this.#lastCount) {
      let same = 0;
      while (same < count && rows[same] === last[same]) same++;
      if (same === count) return ROWS_SAME;
    }
    for (let i = 0; i < count; i++) last[i] = rows[i] as number;
    this.#lastCount = count;
    this.#timeListCount = 0;
    // Strictly ascending: if the last one is count - 1, none is missing.
    if (rows[count - 1] === count - 1) {
      out.u8(count);
      return ROWS_ALL;
    }
    if (count < ROW_MAP_BYTES) {
      out.u8(count);
      for (let i = 0; i < count; i++) out.u8(rows[i] as number);
      return ROWS_LIST;
    }
    const { bytes, at } = out;
    bytes.fill(0, at, at + ROW_MAP_BYTES);
    for (let i = 0; i < count; i++) setBit(bytes, at, rows[i] as number);
    out.at = at + ROW_MAP_BYTES;
    return ROWS_MAP;
  }

  /** Metrics that a host collects together share their times: those are written once. */
  #putTimes(out: ByteWriter, count: number): number {
    const { timesMs } = this;
    for (let known = 0; known < this.#timeListCount; known++) {
      const list = this.#timeLists[known] as Float64Array;
      let same = 0;
      while (same < count && list[same] === timesMs[same]) same++;
      if (same < count) continue;
      out.u8(known);
      return TIMES_KNOWN;
    }
    if (this.#timeListCount < TIME_LISTS_MAX) this.#timeListCount++;
    const list = this.#timeLists[this.#timeListCount - 1] as Float64Array;
    let newestMs = Number.NEGATIVE_INFINITY;
    let oldestMs = Number.POSITIVE_INFINITY;
    for (let i = 0; i < count; i++) {
      const timeMs = timesMs[i] as number;
      list[i] = timeMs;
      if (timeMs > newestMs) newestMs = timeMs;
      if (timeMs < oldestMs) oldestMs = timeMs;
    }
    if (newestMs > this.newestMs) this.newestMs = newestMs;
    if (oldestMs < this.oldestMs) this.oldestMs = oldestMs;
    return this.#putTimeList(out, count, newestMs);
  }

  #putTimeList(out: ByteWriter, count: number, newestMs: number): number {
    const { timesMs } = this;
    const ages = this.#integers;
    const ageMs = this.#frameTimeMs - newestMs;
    let isWhole = Number.isInteger(ageMs) && Math.abs(ageMs) < DISTANCE_LIMIT;
    let isSeconds = true;
    for (let i = 0; i < count; i++) {
      const age = newestMs - (timesMs[i] as number);
      ages[i] = age;
      // Whole and below 2^31: most are seconds, and far away ones need not be short.
      const small = age | 0;
      if (small !== age) {
        isSeconds = false;
        isWhole &&= Number.isInteger(age) && age < DISTANCE_LIMIT;
      } else if (small % 1_000 !== 0) isSeconds = false;
    }
    if (!isWhole) {
      for (let i = 0; i < count; i++) out.f64(timesMs[i] as number);
      return TIMES_FULL;
    }
    out.varint(ageMs < 0 ? -ageMs * 2 - 1 : ageMs * 2);
    if (isSeconds) {
      for (let i = 0; i < count; i++) ages[i] = (ages[i] as number) / 1_000;
    }
    writeIntegers(out, ages, count);
    return isSeconds ? TIMES_SECONDS : TIMES_MS;
  }

  #putValues(out: ByteWriter, count: number, state: CellState): number {
    const { rows, values, decimals } = this;
    const { values: lastValues, decimals: lastDecimals } = state;
    const changed = this.#changed;
    let changedCount = 0;
    for (let i = 0; i < count; i++) {
      const row = rows[i] as number;
      const value = values[i] as number;
      const last = lastValues[row] as number;
      const isSame = value === last ? value !== 0 || 1 / value === 1 / last : Number.isNaN(value) && Number.isNaN(last);
      if (!isSame || decimals[i] !== lastDecimals[row]) changed[changedCount++] = i;
    }
    if (changedCount === 0) return CHANGED_NONE << CHANGED_SHIFT;
    let flags = CHANGED_ALL << CHANGED_SHIFT;
    if (changedCount < count) {
      const { bytes, at } = out;
      const mapBytes = (count + 7) >>> 3;
      bytes.fill(0, at, at + mapBytes);
      for (let k = 0; k < changedCount; k++) setBit(bytes, at, changed[k] as number);
      out.at = at + mapBytes;
      flags = CHANGED_MAP << CHANGED_SHIFT;
    }
    flags |= this.#putDecimals(out, changedCount);
    return flags | this.#putNumbers(out, changedCount, state);
  }

  #putDecimals(out: ByteWriter, changedCount: number): number {
    const { decimals } = this;
    const changed = this.#changed;
    const first = decimals[changed[0] as number] as number;
    let same = 1;
    while (same < changedCount && decimals[changed[same] as number] === first) same++;
    if (same === changedCount) {
      out.u8(first);
      return 0;
    }
    for (let k = 0; k < changedCount; k++) out.u8(decimals[changed[k] as number] as number);
    return FLAG_DECIMALS_LIST;
  }

  /** Differences of whole numbers; what is no decimal number of a sensible length follows in full. */
  #putNumbers(out: ByteWriter, changedCount: number, state: CellState): number {
    const { rows, values, decimals } = this;
    const { values: lastValues, decimals: lastDecimals } = state;
    const changed = this.#changed;
    const steps = this.#integers;
    const scale = this.#scaleOf(changedCount);
    const power = powerOfTen(scale);
    out.u8(scale);
    const rawCountAt = out.at;
    let rawCount = 0;
    let above = 0;
    for (let k = 0; k < changedCount; k++) {
      const i = changed[k] as number;
      const row = rows[i] as number;
      const value = values[i] as number;
      const before = lastValues[row] as number;
      // A cell without a past is close to the row above, if to anything.
      const expected = Number.isNaN(before) ? above : wholeOf(before, power);
      const whole = Math.round(value * power);
      // -0 has no whole number of its own.
      if (Math.abs(whole) < WHOLE_LIMIT && whole / power === value && (whole !== 0 || 1 / value > 0)) {
        const step = whole - expected;
        steps[k] = step < 0 ? -step * 2 - 1 : step * 2;
        above = whole;
      } else {
        if (rawCount === 0) out.at++;
        rawCount++;
        out.u8(k);
        out.f64(value);
        steps[k] = 0;
        above = expected;
      }
      lastValues[row] = value;
      lastDecimals[row] = decimals[i] as number;
    }
    if (rawCount > 0) out.bytes[rawCountAt] = rawCount;
    writeIntegers(out, steps, changedCount);
    return rawCount > 0 ? FLAG_RAW : 0;
  }

  /** Digits after the point that all of the changed numbers fit into. */
  #scaleOf(changedCount: number): number {
    const { values, decimals } = this;
    const changed = this.#changed;
    let scale = 0;
    for (let k = 0; k < changedCount; k++) {
      const i = changed[k] as number;
      const own = decimals[i] as number;
      if (own !== DECIMALS_SHORTEST) {
        if (own > scale) scale = Math.min(own, SCALE_MAX);
      } else if (!fitsScale(values[i] as number, scale)) {
        scale = Math.max(scale, shortestScale(values[i] as number));
      }
    }
    return scale;
  }
}

function fitsScale(value: number, scale: number): boolean {
  const power = powerOfTen(scale);
  const whole = Math.round(value * power);
  return Math.abs(whole) < WHOLE_LIMIT && whole / power === value;
}

/** @returns 0 where no scale fits */
function shortestScale(value: number): number {
  for (let scale = 1; scale <= SHORTEST_SCALE_MAX; scale++) if (fitsScale(value, scale)) return scale;
  return 0;
}

function setBit(bytes: Uint8Array, at: number, bit: number): void {
  const byte = at + (bit >>> 3);
  bytes[byte] = (bytes[byte] as number) | (1 << (bit & 7));
}
