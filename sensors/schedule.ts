/**
 * Something done again and again, on ticks that do not drift. A tick is a
 * multiple of the interval since the start plus an offset made from the name, so
 * that fifty sources do not all poll in the same instant. The first run is at
 * once; a run that takes longer than the interval makes the ticks it overran
 * count as skipped, they are not made up for.
 */
import { type Clock, sleep } from "../core/base/clock.js";

export interface PeriodicOptions {
  readonly clock: Clock;
  readonly everyMs: number;
  /** Decides the offset of the ticks: the same name, the same offset. */
  readonly name: string;
  /** Must end soon after the signal aborts. */
  readonly run: (signal: AbortSignal) => Promise<void>;
  /** Told of anything run() throws; the ticks go on. */
  readonly onError: (error: unknown) => void;
  /** Told how many ticks a run has overrun. */
  readonly onSkipped?: (ticks: number) => void;
}

export class PeriodicTask {
  /** Ticks at which the run before was still under way. */
  skipped = 0;
  readonly #options: PeriodicOptions;
  readonly #abort = new AbortController();
  #loop: Promise<void> = Promise.resolve();

  constructor(options: PeriodicOptions) {
    this.#options = options;
  }

  start(): void {
    this.#loop = this.#runForEver();
  }

  /** Aborts the run under way and waits for its end. Idempotent. */
  async stop(): Promise<void> {
    this.#abort.abort();
    await this.#loop;
  }

  async #runForEver(): Promise<void> {
    const { clock, everyMs, name, run, onError, onSkipped } = this.#options;
    const { signal } = this.#abort;
    const ticks = new Ticks(clock.monotonicMs(), everyMs, name);
    while (!signal.aborted) {
      try {
        await run(signal);
      } catch (error) {
        if (!signal.aborted) onError(error);
      }
      if (signal.aborted) return;
      const nowMs = clock.monotonicMs();
      const atMs = ticks.next(nowMs);
      if (ticks.missed > 0) {
        this.skipped += ticks.missed;
        onSkipped?.(ticks.missed);
      }
      await sleep(clock, atMs - nowMs, signal);
    }
  }
}

/** The arithmetic of ticks, apart from any waiting. Times are monotonic ms. */
export class Ticks {
  /** Ticks passed over by the latest next(). */
  missed = 0;
  readonly #everyMs: number;
  #lastMs: number;

  constructor(startMs: number, everyMs: number, name: string) {
    this.#everyMs = everyMs;
    // Between half an interval and one and a half: the second run, too, has time to measure a rate.
    this.#lastMs = startMs - everyMs / 2 + spread(name) * everyMs;
  }

  /** @returns the first tick later than now */
  next(nowMs: number): number {
    const ahead = Math.max(1, Math.floor((nowMs - this.#lastMs) / this.#everyMs) + 1);
    this.missed = ahead - 1;
    this.#lastMs += ahead * this.#everyMs;
    return this.#lastMs;
  }
}

/** @returns a fraction from 0 up to 1 that depends on the text alone (32-bit FNV-1a) */
export function spread(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) {
    hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  }
  // FNV leaves short texts that differ at the end close together in the high bits.
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return ((hash ^ (hash >>> 12)) >>> 0) / 2 ** 32;
}
