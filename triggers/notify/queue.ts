/**
 * The notices for one receiver, sent in order and one at a time, so that nobody
 * reads of a recovery before the problem. A receiver that does not answer is
 * tried again with growing pauses; what it refuses is given up at once.
 */
import type { Clock, Timer } from "../../core/base/clock.js";
import { messageOf } from "../../core/base/errors.js";
import type { Notice } from "./notice.js";
import type { Delivery, Receiver, Refusal } from "./receiver.js";

/** More waiting notices than anyone would read after an outage. */
export const QUEUE_MAX = 1_000;

const RETRY_FIRST_MS = 1_000;
const RETRY_MAX_MS = 10 * 60_000;

/** After a day the news is old. */
export const GIVE_UP_MS = 24 * 3_600_000;

export interface NoticeOutcome {
  readonly delivered: readonly string[];
  /** Who did not get it, and why. */
  readonly refused: readonly Refusal[];
}

export interface QueueHealth {
  readonly receiver: string;
  readonly queued: number;
  /** Why the last attempt failed; "" after one that worked. */
  readonly message: string;
}

export interface QueueOptions {
  readonly name: string;
  readonly receiver: Receiver;
  readonly clock: Clock;
  /** @returns undefined if there is nothing to say any more */
  readonly lookUp: (id: string) => Notice | undefined;
  readonly finished: (notice: Notice, outcome: NoticeOutcome) => void;
  /** An attempt failed and will be made again. */
  readonly deferred: (reason: string) => void;
}

export class ReceiverQueue {
  readonly #options: QueueOptions;
  readonly #ids: string[] = [];
  readonly #abort = new AbortController();
  #work: Promise<void> | undefined;
  #pause: Timer | undefined;
  #failures = 0;
  #message = "";
  #stopped = false;
  /** Of the first notice, while it is tried: who has been dealt with. */
  #delivered: string[] = [];
  #refused: Refusal[] = [];

  constructor(options: QueueOptions) {
    this.#options = options;
  }

  get health(): QueueHealth {
    return { receiver: this.#options.name, queued: this.#ids.length, message: this.#message };
  }

  /** @returns the oldest one if it had to make room */
  push(id: string): string | undefined {
    this.#ids.push(id);
    // The first one may be on its way.
    const dropped = this.#ids.length > QUEUE_MAX ? this.#ids.splice(1, 1)[0] : undefined;
    this.#go();
    return dropped;
  }

  /** An attempt under way may end within the time; what is not sent is sent after the next start. */
  async stop(graceMs: number): Promise<void> {
    this.#stopped = true;
    this.#pause?.cancel();
    this.#pause = undefined;
    if (this.#work === undefined) return;
    const timer = this.#options.clock.setTimer(() => this.#abort.abort(), graceMs);
    await this.#work;
    timer.cancel();
  }

  #go(): void {
    if (this.#stopped || this.#pause !== undefined || this.#ids.length === 0) return;
    this.#work ??= this.#run().finally(() => {
      this.#work = undefined;
      this.#go();
    });
  }

  async #run(): Promise<void> {
    while (!this.#stopped && this.#pause === undefined) {
      const [id] = this.#ids;
      if (id === undefined) return;
      const notice = this.#options.lookUp(id);
      if (notice === undefined) this.#next();
      else await this.#attempt(notice);
    }
  }

  async #attempt(notice: Notice): Promise<void> {
    const { clock, receiver, finished, deferred } = this.#options;
    const done = new Set([...this.#delivered, ...this.#refused.map((refusal) => refusal.recipient)]);
    const open = receiver.recipients.filter((recipient) => !done.has(recipient));
    const delivery = await this.#deliver(receiver, notice, open);
    this.#delivered.push(...delivery.delivered);
    this.#refused.push(...delivery.refused);
    this.#message = (delivery.deferred[0] ?? delivery.refused[0])?.reason ?? "";
    if (delivery.deferred.length > 0) {
      if (this.#stopped) return;
      if (clock.nowMs() - notice.createdMs < GIVE_UP_MS) {
        deferred(this.#message);
        return this.#retryLater();
      }
      this.#refused.push(...delivery.deferred);
    }
    this.#failures = 0;
    const outcome = { delivered: this.#delivered, refused: this.#refused };
    this.#next();
    finished(notice, outcome);
  }

  /** A receiver must not reject; one that does holds up nobody else. */
  async #deliver(receiver: Receiver, notice: Notice, recipients: readonly string[]): Promise<Delivery> {
    try {
      return await receiver.deliver(notice, recipients, this.#abort.signal);
    } catch (error) {
      const reason = `BUG: ${messageOf(error)}`;
      return { delivered: [], refused: [], deferred: recipients.map((recipient) => ({ recipient, reason })) };
    }
  }

  #retryLater(): void {
    const delayMs = Math.min(RETRY_MAX_MS, RETRY_FIRST_MS * 2 ** Math.min(this.#failures++, 20));
    this.#pause = this.#options.clock.setTimer(() => {
      this.#pause = undefined;
      this.#go();
    }, delayMs);
  }

  #next(): void {
    this.#ids.shift();
    this.#delivered = [];
    this.#refused = [];
  }
}
