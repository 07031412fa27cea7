import { VirtualClock } from "./virtual-clock.js";

/** Each look at it takes time, from when it is told to: a turn's work limited to so long ends after one look or two. */
export class SlowClock extends VirtualClock {
  costMs = 0;
  #spentMs = 0;

  override monotonicMs(): number {
    this.#spentMs += this.costMs;
    return super.monotonicMs() + this.#spentMs;
  }
}
