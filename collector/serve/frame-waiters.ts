/** Clients that wait for something new: a long poll is answered at the next frame. */
import type { Clock } from "../../core/base/clock.js";
import type { Present } from "./ports.js";

/** Half of the query port's 64 places: who waits must not lock out who asks. One more is answered at once. */
export const WAITERS_MAX = 32;

export class FrameWaiters {
  readonly #clock: Clock;
  readonly #waiting = new Set<(clusterName: string) => void>();

  constructor(present: Present, clock: Clock) {
    this.#clock = clock;
    present.onFrame((view) => {
      for (const told of [...this.#waiting]) told(view.directory.name);
    });
  }

  /** Clients that wait at the moment. */
  get count(): number {
    return this.#waiting.size;
  }

  /**
   * Resolves at the next frame, or after the time, or when the signal aborts, or at once
   * where too many wait already. Never rejects.
   * @param cluster only its frames count; undefined: those of all
   */
  wait(cluster: string | undefined, waitMs: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal.aborted || waitMs <= 0 || this.#waiting.size >= WAITERS_MAX) return resolve();
      const done = () => {
        this.#waiting.delete(told);
        timer.cancel();
        signal.removeEventListener("abort", done);
        resolve();
      };
      const told = (clusterName: string) => {
        if (cluster === undefined || cluster === clusterName) done();
      };
      const timer = this.#clock.setTimer(done, waitMs);
      this.#waiting.add(told);
      signal.addEventListener("abort", done);
    });
  }
}
