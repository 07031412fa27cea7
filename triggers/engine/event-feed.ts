/**
 * Hands recorded events to whoever keeps them for longer than memory does. At
 * each start all events at hand are given again: the keeper takes each sequence
 * once.
 */
import type { Clock, Timer } from "../../core/base/clock.js";
import { messageOf } from "../../core/base/errors.js";
import type { Logger } from "../../core/base/log.js";
import type { AlertEvent } from "../../core/model/alert.js";
import type { EventRing } from "./event-ring.js";

export interface EventSink {
  /** Idempotent by sequence. */
  append(events: readonly AlertEvent[]): Promise<void> | void;
  /** Greatest sequence held, 0 while empty: after the loss of a journal, numbering goes on behind it. */
  lastSequence?(): Promise<number>;
}

const BATCH_MAX = 500;
const RETRY_MS = 5_000;

export class EventFeed {
  readonly #sink: EventSink;
  readonly #ring: EventRing;
  readonly #recordedSequence: () => number;
  readonly #clock: Clock;
  readonly #logger: Logger;
  #given = 0;
  #work: Promise<void> | undefined;
  #retry: Timer | undefined;
  #stopped = false;

  constructor(sink: EventSink, ring: EventRing, recordedSequence: () => number, clock: Clock, logger: Logger) {
    this.#sink = sink;
    this.#ring = ring;
    this.#recordedSequence = recordedSequence;
    this.#clock = clock;
    this.#logger = logger;
  }

  /** There may be new ones. */
  poke(): void {
    if (this.#stopped || this.#retry !== undefined || this.#given >= this.#recordedSequence()) return;
    this.#work ??= this.#give().finally(() => {
      this.#work = undefined;
      this.poke();
    });
  }

  /** Waits for what is under way. What could not be given is given after the next start. */
  async stop(): Promise<void> {
    this.poke();
    this.#stopped = true;
    this.#retry?.cancel();
    await this.#work;
  }

  async #give(): Promise<void> {
    // Events of one frame come by the dozen: take them together.
    await undefined;
    try {
      while (this.#given < this.#recordedSequence()) {
        const recorded = this.#recordedSequence();
        const batch = this.#ring.after(this.#given, BATCH_MAX).filter((event) => event.sequence <= recorded);
        const last = batch.at(-1)?.sequence ?? recorded;
        if (batch.length > 0) await this.#sink.append(batch);
        this.#given = last;
      }
    } catch (error) {
      this.#logger.warn({ error: messageOf(error) }, "events could not be handed to the archive, will try again");
      if (this.#stopped) return;
      this.#retry = this.#clock.setTimer(() => {
        this.#retry = undefined;
        this.poke();
      }, RETRY_MS);
    }
  }
}
