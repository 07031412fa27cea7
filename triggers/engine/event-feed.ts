/**
 * Hands recorded events, and how the alerts stand after them, to whoever keeps them
 * for longer than memory does. At each start all events at hand are given again: the
 * keeper takes each sequence once.
 */
import type { Clock, Timer } from "../../core/base/clock.js";
import { messageOf } from "../../core/base/errors.js";
import type { Logger } from "../../core/base/log.js";
import type { AlertEvent } from "../../core/model/alert.js";
import type { StateChanges, StateKey, StateRow } from "../../core/model/kept-state.js";
import type { EventRing } from "./event-ring.js";
import type { StateMirror } from "./state-mirror.js";

export interface EventSink {
  /** Idempotent by sequence. */
  append(events: readonly AlertEvent[]): Promise<void> | void;
  /** Greatest sequence held, 0 while empty: after the loss of a journal, numbering goes on behind it. */
  lastSequence?(): Promise<number>;
  /** Absent: nothing is kept but events. */
  readonly states?: StateKeeper;
}

/** What an engine goes on from if its journal is lost. */
export interface StateKeeper {
  /** Both or neither. @returns false if the rows of this edition are not there: the changes were passed over */
  append(events: readonly AlertEvent[], changes: StateChanges): Promise<boolean>;
  /** In an order of its own, from the first row or behind one. */
  read(query: { readonly limit: number; readonly after?: StateKey | undefined }): Promise<readonly StateRow[]>;
  /** The event of a sequence, if it is held. */
  event(sequence: number): Promise<AlertEvent | undefined>;
}

export interface EventFeedOptions {
  readonly sink: EventSink;
  readonly ring: EventRing;
  /** Absent where the sink keeps no states. */
  readonly mirror: StateMirror | undefined;
  readonly recorded: {
    /** Events up to this sequence are in the journal. */
    readonly recordedSequence: number;
    /** All of the ledger is: the keeper never knows more than the journal. */
    readonly isSound: boolean;
  };
  readonly clock: Clock;
  readonly logger: Logger;
}

const BATCH_MAX = 500;
const RETRY_MS = 5_000;

export class EventFeed {
  readonly #options: EventFeedOptions;
  #given = 0;
  #work: Promise<void> | undefined;
  #retry: Timer | undefined;
  #stopped = false;

  constructor(options: EventFeedOptions) {
    this.#options = options;
  }

  /** There may be something new. */
  poke(): void {
    if (this.#stopped || this.#retry !== undefined || !this.#hasWork()) return;
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

  #hasWork(): boolean {
    const { recorded, mirror } = this.#options;
    const events = this.#given < recorded.recordedSequence;
    // While the ledger is ahead of the journal, its states are not those of the recorded events.
    return mirror === undefined ? events : recorded.isSound && (events || mirror.isDue);
  }

  async #give(): Promise<void> {
    // Events of one frame come by the dozen: take them together.
    await undefined;
    try {
      while (this.#hasWork() && (await this.#giveNext()));
    } catch (error) {
      const { clock, logger, mirror } = this.#options;
      mirror?.giveAll();
      logger.warn({ error: messageOf(error) }, "events could not be handed to the archive, will try again");
      if (this.#stopped) return;
      this.#retry = clock.setTimer(() => {
        this.#retry = undefined;
        this.poke();
      }, RETRY_MS);
    }
  }

  /**
   * The next events; with the last of them the changes that led to them, so that both are kept or neither.
   * @returns whether to go on
   */
  async #giveNext(): Promise<boolean> {
    const { sink, ring, mirror, recorded } = this.#options;
    const through = recorded.recordedSequence;
    const events = ring.after(this.#given, BATCH_MAX).filter(({ sequence }) => sequence <= through);
    const last = events.length < BATCH_MAX ? through : (events.at(-1)?.sequence ?? through);
    const changes = last === through ? mirror?.take() : undefined;
    // The engine that takes our place gives all of its own.
    if (this.#stopped && changes !== undefined && changes.step !== "change") return false;
    if (changes === undefined) {
      await sink.append(events);
    } else if ((await sink.states?.append(events, changes)) === false) {
      // They are of an engine that took our place, or the file is a new one, which gets all that is at hand.
      if (this.#stopped) return false;
      if (changes.step !== "change") throw new Error("BUG: the archive does not take all alert states");
      mirror?.giveAll();
      this.#given = 0;
      return true;
    }
    this.#given = last;
    return true;
  }
}
