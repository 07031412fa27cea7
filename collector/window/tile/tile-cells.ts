/** What tiles are made of: sizes, flags, and what is remembered of a cell from frame to frame. TILE-FORMAT.md. */
import { LIST_MAX } from "./integers.js";

/** Rows of a tile: enough that heads cost little, few enough that one series is found without decoding many. */
export const TILE_ROWS = LIST_MAX;

/** Bytes of a map with one bit for each row. */
export const ROW_MAP_BYTES = TILE_ROWS / 8;

/** Different lists of times that a tile remembers; a later one takes the place of the last. */
export const TIME_LISTS_MAX = 32;

/** Bits of an entry's flags. */
export const ROWS_SAME = 0;
export const ROWS_ALL = 1;
export const ROWS_MAP = 2;
export const ROWS_LIST = 3;
export const TIMES_SHIFT = 2;
export const TIMES_KNOWN = 0;
export const TIMES_SECONDS = 1;
export const TIMES_MS = 2;
export const TIMES_FULL = 3;
export const CHANGED_SHIFT = 4;
export const CHANGED_NONE = 0;
export const CHANGED_ALL = 1;
export const CHANGED_MAP = 2;
export const FLAG_DECIMALS_LIST = 0x40;
export const FLAG_RAW = 0x80;

/** The last value and decimals of each row of one column. */
export class CellState {
  /** NaN = none yet. As long as rows were reserved; replaced when it grows. */
  values = new Float64Array(0);
  decimals = new Uint8Array(0);

  reserve(rows: number): void {
    if (rows <= this.values.length) return;
    // Clusters of a few hosts do not pay for a whole tile.
    const length = Math.min(TILE_ROWS, (rows + 7) & ~7);
    const values = new Float64Array(length).fill(Number.NaN);
    values.set(this.values);
    const decimals = new Uint8Array(length);
    decimals.set(this.decimals);
    this.values = values;
    this.decimals = decimals;
  }

  forget(): void {
    this.values.fill(Number.NaN);
    this.decimals.fill(0);
  }

  get bytes(): number {
    return this.values.byteLength + this.decimals.byteLength;
  }
}

/** Powers of ten that are exact. */
const POWERS = Float64Array.from({ length: 23 }, (_, i) => Number(`1e${i}`));
export const SCALE_MAX = 15;

/** Whole numbers beyond it are written in full: twice a difference must stay below 2^48. */
export const WHOLE_LIMIT = 2 ** 46;

export function powerOfTen(scale: number): number {
  return POWERS[scale] as number;
}

/** The whole number nearest to value * 10^scale; 0 where there is no such number or it is too large. Writer and reader must agree on it. */
export function wholeOf(value: number, power: number): number {
  const whole = Math.round(value * power);
  // NaN fails the comparison.
  return Math.abs(whole) < WHOLE_LIMIT ? whole : 0;
}
