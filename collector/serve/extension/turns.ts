/** A few at a time, some more in a queue, the rest turned away: for questions that take much memory. */

/** Too many wait already. */
export class NoTurnError extends Error {}

export class Turns {
  #free: number;
  readonly #waitingMax: number;
  readonly #waiting: (() => void)[] = [];

  constructor(atOnce: number, waitingMax: number) {
    this.#free = atOnce;
    this.#waitingMax = waitingMax;
  }

  /** Waits for a turn. @throws NoTurnError where as many wait as may, and whatever the work throws */
  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free--;
    else if (this.#waiting.length >= this.#waitingMax) throw new NoTurnError();
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      // The turn goes from one to the next; only where nobody waits it is free.
      if (next === undefined) this.#free++;
      else next();
    }
  }
}
