/** A clock whose hands the test turns. Timers run in order of time, then of setting. */
import type { Clock, Timer } from "../../core/base/clock.js";

interface Pending {
  readonly atMs: number;
  readonly order: number;
  readonly callback: () => void;
}

export class VirtualClock implements Clock {
  #elapsedMs = 0;
  #wallOffsetMs: number;
  #order = 0;
  readonly #pending = new Set<Pending>();

  /** @param startMs the first wall clock reading, epoch ms */
  constructor(startMs = 1_700_000_000_000) {
    this.#wallOffsetMs = startMs;
  }

  nowMs(): number {
    return this.#wallOffsetMs + this.#elapsedMs;
  }

  monotonicMs(): number {
    return this.#elapsedMs;
  }

  setTimer(callback: () => void, delayMs: number): Timer {
    const pending: Pending = { atMs: this.#elapsedMs + Math.max(0, delayMs), order: this.#order++, callback };
    this.#pending.add(pending);
    return { cancel: () => void this.#pending.delete(pending) };
  }

  /** The wall clock jumps; nothing that waits notices. */
  jumpWall(byMs: number): void {
    this.#wallOffsetMs += byMs;
  }

  /** Timers not yet run: a component that was stopped leaves none. */
  get pendingTimers(): number {
    return this.#pending.size;
  }

  /** Lets time pass, running what falls due and letting promises settle in between. */
  async advance(byMs: number): Promise<void> {
    const untilMs = this.#elapsedMs + byMs;
    await settle();
    for (let next = this.#next(untilMs); next !== undefined; next = this.#next(untilMs)) {
      this.#pending.delete(next);
      this.#elapsedMs = Math.max(this.#elapsedMs, next.atMs);
      next.callback();
      await settle();
    }
    this.#elapsedMs = untilMs;
  }

  #next(untilMs: number): Pending | undefined {
    let first: Pending | undefined;
    for (const pending of this.#pending) {
      if (pending.atMs > untilMs) continue;
      const earlier =
        first === undefined ||
        pending.atMs < first.atMs ||
        (pending.atMs === first.atMs && pending.order < first.order);
      if (earlier) first = pending;
    }
    return first;
  }
}

/** One turn of the event loop: promise chains of any length come to rest. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
