/**
 * The state machine of one trigger on one cluster, by row. Bytes and times in
 * columns: a row that stays as it is costs some nanoseconds and makes no object.
 *
 *   inactive --TRUE--> pending --TRUE for long enough--> firing
 *   pending --FALSE--> inactive
 *   firing --FALSE, and recover TRUE where there is one--> inactive
 *   UNKNOWN moves nothing.
 */
import { capacity } from "../expression/readings.js";
import { TRUE, UNKNOWN } from "../expression/truth.js";

export const INACTIVE = 0;
export const PENDING = 1;
export const FIRING = 2;

/** Rows that changed in one step; cleared and filled again by the next. */
export class Changes {
  readonly began: number[] = [];
  readonly cleared: number[] = [];
  readonly fired: number[] = [];
  readonly ended: number[] = [];

  clear(): void {
    this.began.length = 0;
    this.cleared.length = 0;
    this.fired.length = 0;
    this.ended.length = 0;
  }
}

export class TriggerRows {
  pending = 0;
  firing = 0;
  #state = new Uint8Array(0);
  #stateWords = new Uint32Array(0);
  /** Since when the condition holds, frame time; of rows that are not inactive. */
  #sinceMs = new Float64Array(0);
  /** 1 where the trigger looks at the row's host. */
  #selected = new Uint8Array(0);

  sinceMs(row: number): number {
    return this.#sinceMs[row] as number;
  }

  /** The row belongs to another host from now on. */
  bind(row: number, selected: boolean, state: number, sinceMs: number): void {
    this.#reserve(row + 1);
    this.#count(this.#state[row] as number, -1);
    this.#selected[row] = selected ? 1 : 0;
    this.#state[row] = state;
    this.#sinceMs[row] = sinceMs;
    this.#count(state, 1);
  }

  /** Pending or firing no more. */
  end(row: number): void {
    if (row >= this.#state.length) return;
    this.#count(this.#state[row] as number, -1);
    this.#state[row] = INACTIVE;
  }

  /** Moves the beginning of everything pending. */
  shiftPending(byMs: number): void {
    for (let row = 0; row < this.#state.length; row++) {
      if (this.#state[row] === PENDING) this.#sinceMs[row] = (this.#sinceMs[row] as number) + byMs;
    }
  }

  /**
   * One frame. Rows were bound before, up to rowCount.
   * @param verdicts of the condition, by row; as long as capacity(rowCount)
   * @param recovered of the recover condition; undefined where there is none
   * @param changes cleared first
   */
  step(
    verdicts: Uint8Array,
    recovered: Uint8Array | undefined,
    rowCount: number,
    timeMs: number,
    forMs: number,
    changes: Changes,
  ): void {
    changes.clear();
    const state = this.#state;
    const selected = this.#selected;
    const count = Math.min(rowCount, state.length);
    // Nearly every row of nearly every frame is false and inactive, which is 0 and 0: look at four at once.
    const words = this.#stateWords;
    const wordCount = (count + 3) >> 2;
    const verdictWords = new Uint32Array(verdicts.buffer, verdicts.byteOffset, wordCount);
    for (let word = 0; word < wordCount; word++) {
      if (((verdictWords[word] as number) | (words[word] as number)) === 0) continue;
      const end = Math.min(count, (word + 1) << 2);
      for (let row = word << 2; row < end; row++) {
        const verdict = verdicts[row] as number;
        const before = state[row] as number;
        if ((verdict | before) === 0 || verdict === UNKNOWN || selected[row] === 0) continue;
        if (verdict === TRUE) this.#holds(row, before, timeMs, forMs, changes);
        else if (before === PENDING) this.#leave(row, changes.cleared);
        else if (recovered === undefined || recovered[row] === TRUE) this.#leave(row, changes.ended);
      }
    }
  }

  #holds(row: number, before: number, timeMs: number, forMs: number, changes: Changes): void {
    if (before === FIRING) return;
    if (before === INACTIVE) this.#sinceMs[row] = timeMs;
    if (timeMs - (this.#sinceMs[row] as number) >= forMs) {
      this.#enter(row, FIRING);
      changes.fired.push(row);
    } else if (before === INACTIVE) {
      this.#enter(row, PENDING);
      changes.began.push(row);
    }
  }

  #enter(row: number, state: number): void {
    this.#count(this.#state[row] as number, -1);
    this.#state[row] = state;
    this.#count(state, 1);
  }

  #leave(row: number, list: number[]): void {
    this.end(row);
    list.push(row);
  }

  #count(state: number, by: number): void {
    if (state === PENDING) this.pending += by;
    else if (state === FIRING) this.firing += by;
  }

  #reserve(rowCount: number): void {
    if (rowCount <= this.#state.length) return;
    const size = capacity(rowCount);
    this.#state = grown(this.#state, new Uint8Array(size));
    this.#stateWords = new Uint32Array(this.#state.buffer);
    this.#selected = grown(this.#selected, new Uint8Array(size));
    this.#sinceMs = grown(this.#sinceMs, new Float64Array(size));
  }
}

function grown<T extends Uint8Array | Float64Array>(from: T, to: T): T {
  to.set(from);
  return to;
}
