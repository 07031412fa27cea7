/** What of a frame is news: the table finds it, the log and the window keep it. */
import type { Frame } from "../core/model/frame.js";

export interface FrameNews {
  /** Indexes of cells in the frame, ascending; the array is longer than the count. */
  readonly newCells: Uint32Array;
  readonly newCount: number;
  /** Indexes of hearings in the frame, ascending; the array is longer than the count. */
  readonly newHeard: Uint32Array;
  readonly newHeardCount: number;
}

/** For frames that hold nothing else; keeps its array from call to call. */
export class AllNews {
  /** 0, 1, 2 ... */
  #indexes = new Uint32Array(0);

  of(frame: Frame): FrameNews {
    const count = Math.max(frame.count, frame.heardCount);
    if (this.#indexes.length < count) {
      this.#indexes = new Uint32Array(count * 2);
      for (let i = 0; i < this.#indexes.length; i++) this.#indexes[i] = i;
    }
    const indexes = this.#indexes;
    return { newCells: indexes, newCount: frame.count, newHeard: indexes, newHeardCount: frame.heardCount };
  }
}
