/**
 * One timer for everything that can wait a little: it rings at the earliest
 * moment that anybody asked for, and not at all where nobody did. Each ring
 * wakes a thread that may sleep otherwise, so a collector of few hosts is
 * mostly what its timers cost.
 */
import type { Clock, Timer } from "../core/base/clock.js";

export class Wake {
  readonly #clock: Clock;
  readonly #action: () => void;
  #timer: Timer | undefined;
  #atMs = 0;
  #stopped = false;

  /** @param action may ask for the next ring; must not throw */
  constructor(clock: Clock, action: () => void) {
    this.#clock = clock;
    this.#action = action;
  }

  /** @param delayMs at the latest; Infinity asks for nothing */
  within(delayMs: number): void {
    if (this.#stopped || delayMs === Number.POSITIVE_INFINITY) return;
    const atMs = this.#clock.monotonicMs() + delayMs;
    if (this.#timer !== undefined && this.#atMs <= atMs) return;
    this.#timer?.cancel();
    this.#atMs = atMs;
    this.#timer = this.#clock.setTimer(() => {
      this.#timer = undefined;
      this.#action();
    }, delayMs);
  }

  /** For good. Idempotent. */
  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
    this.#timer = undefined;
  }
}
