/**
 * The states of many files of one definition, side by side in typed arrays: 19 numbers a file of
 * gmetad's (152 bytes), and no object.
 */
import type { RrdState } from "../arithmetic/state.js";

const FIRST_ROOM = 256;

export class StateColumns {
  readonly #width: number;
  #numbers: Float64Array;
  #count = 0;

  constructor(dsCount: number, rraCount: number) {
    this.#width = 2 + 2 * dsCount + (4 * dsCount + 1) * rraCount;
    this.#numbers = new Float64Array(FIRST_ROOM * this.#width);
  }

  get count(): number {
    return this.#count;
  }

  get sizeBytes(): number {
    return this.#numbers.byteLength;
  }

  /** @returns the position of a new entry */
  add(state: RrdState): number {
    const slot = this.#count++;
    if (this.#count * this.#width > this.#numbers.length) {
      const grown = new Float64Array(2 * this.#numbers.length);
      grown.set(this.#numbers);
      this.#numbers = grown;
    }
    this.put(slot, state);
    return slot;
  }

  lastUpdateS(slot: number): number {
    return this.#numbers[slot * this.#width] as number;
  }

  /** Hot: makes nothing. */
  put(slot: number, state: RrdState): void {
    let at = slot * this.#width;
    const numbers = this.#numbers;
    numbers[at++] = state.lastUpS;
    numbers[at++] = state.lastUpUs;
    at = copyIn(numbers, at, state.pdpUnknownS);
    at = copyIn(numbers, at, state.pdpValue);
    at = copyIn(numbers, at, state.cdpValue);
    at = copyIn(numbers, at, state.cdpUnknown);
    at = copyIn(numbers, at, state.cdpPrimary);
    at = copyIn(numbers, at, state.cdpSecondary);
    copyIn(numbers, at, state.curRow);
  }

  /** Hot: makes nothing. The texts of last readings are not held. */
  get(slot: number, state: RrdState): void {
    let at = slot * this.#width;
    const numbers = this.#numbers;
    state.lastUpS = numbers[at++] as number;
    state.lastUpUs = numbers[at++] as number;
    at = copyOut(numbers, at, state.pdpUnknownS);
    at = copyOut(numbers, at, state.pdpValue);
    at = copyOut(numbers, at, state.cdpValue);
    at = copyOut(numbers, at, state.cdpUnknown);
    at = copyOut(numbers, at, state.cdpPrimary);
    at = copyOut(numbers, at, state.cdpSecondary);
    copyOut(numbers, at, state.curRow);
  }
}

// Loops, not set() and subarray(): for a handful of numbers these cost several times as much.
function copyIn(numbers: Float64Array, begin: number, values: Float64Array): number {
  for (let i = 0; i < values.length; i++) numbers[begin + i] = values[i] as number;
  return begin + values.length;
}

function copyOut(numbers: Float64Array, begin: number, values: Float64Array): number {
  for (let i = 0; i < values.length; i++) values[i] = numbers[begin + i] as number;
  return begin + values.length;
}
