/**
 * Time comes in as a value. This is the only file that reads the machine's
 * clocks or sets its timers; everything else is given a Clock, so that tests can
 * turn the hands themselves.
 */

export interface Timer {
  /** The callback does not run any more. Idempotent. */
  cancel(): void;
}

export interface Clock {
  /** Wall clock, epoch ms. May jump. */
  nowMs(): number;
  /** Never goes back; only differences mean anything, ms. */
  monotonicMs(): number;
  /** Runs the callback once, not before delayMs have passed. */
  setTimer(callback: () => void, delayMs: number): Timer;
}

/** setTimeout runs at once when asked for more than a 32-bit count of ms. */
const TIMER_MS_MAX = 2 ** 31 - 1;

export const systemClock: Clock = Object.freeze({
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  setTimer(callback: () => void, delayMs: number): Timer {
    const handle = setTimeout(callback, Math.min(delayMs, TIMER_MS_MAX));
    return { cancel: () => clearTimeout(handle) };
  },
});

/** Resolves after delayMs, or at once when the signal aborts. Never rejects. */
export function sleep(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const done = () => {
      timer.cancel();
      signal?.removeEventListener("abort", done);
      resolve();
    };
    const timer = clock.setTimer(done, delayMs);
    signal?.addEventListener("abort", done);
  });
}

/** Rejects with the error if the promise has not settled in time. */
export function withDeadline<T>(
  clock: Clock,
  promise: Promise<T>,
  limitMs: number,
  makeError: () => Error,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = clock.setTimer(() => reject(makeError()), limitMs);
    promise.then(resolve, reject).finally(() => timer.cancel());
  });
}
