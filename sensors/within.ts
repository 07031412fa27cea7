/** Waiting that ends: with the result, at a deadline, or when everything is stopped. */
import type { Clock } from "../core/base/clock.js";
import { GrateError } from "../core/base/errors.js";

/**
 * What the promise does later is ignored.
 * @throws the error made by makeError at the deadline, a GrateError when the signal aborts
 */
export function within<T>(
  clock: Clock,
  promise: Promise<T>,
  limitMs: number,
  signal: AbortSignal,
  makeError: () => Error,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const stopped = () => settle(() => reject(new GrateError("Stopped")));
    const timer = clock.setTimer(() => settle(() => reject(makeError())), limitMs);
    const settle = (then: () => void) => {
      timer.cancel();
      signal.removeEventListener("abort", stopped);
      then();
    };
    signal.addEventListener("abort", stopped);
    promise.then(
      (value) => settle(() => resolve(value)),
      (error: unknown) => settle(() => reject(error)),
    );
    if (signal.aborted) stopped();
  });
}
