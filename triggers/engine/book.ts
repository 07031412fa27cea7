/**
 * The ledger and the journal under one hand: what changes the one is written to
 * the other before anything is done about it.
 *
 * A journal that cannot be written does not stop the judging. The book goes on
 * in memory, says so, and writes everything anew as soon as the disk lets it.
 */
import type { Clock, Timer } from "../../core/base/clock.js";
import { messageOf } from "../../core/base/errors.js";
import type { Logger } from "../../core/base/log.js";
import type { AlertEvent, AlertEventKind } from "../../core/model/alert.js";
import type { StateKey } from "../../core/model/kept-state.js";
import { type Entry, type Episode, JOURNAL_VERSION } from "./entries.js";
import { type OpenJournal, TransactionReader, TransactionWriter, type TriggerJournal } from "./journal.js";
import { Ledger } from "./ledger.js";

export interface JournalHealth {
  readonly ok: boolean;
  /** Why it cannot be written; "" while all is well. */
  readonly message: string;
  /** Since when, epoch ms; 0 while all is well. */
  readonly failingSinceMs: number;
}

/** Whom an event is about. */
export type Subject = Pick<Episode, "trigger" | "cluster" | "host" | "severity"> & { readonly episode: string };

/** A journal that grew by this much, or to three times its last snapshot, is written anew. */
const COMPACT_BYTES = 4 * 2 ** 20;

export interface BookOptions {
  readonly open: OpenJournal;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Called after recordedSequence has grown. */
  readonly onRecorded?: () => void;
  /** Told of all that changes in the ledger but events. */
  readonly onChanged?: (key: StateKey) => void;
  readonly compactBytes?: number;
}

/** Between two attempts to write a journal that failed. */
const RETRY_MS = 5_000;

/** Against power loss, as everywhere in Grate. */
const SYNC_MS = 1_000;

export class Book {
  readonly ledger: Ledger;
  /** What replay could not read: commands that wait may have been started. */
  damaged = false;
  /** Entries that replay found. */
  replayed = 0;
  /** Events up to this sequence are in the journal. */
  recordedSequence = 0;

  readonly #open: OpenJournal;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #onRecorded: () => void;
  readonly #compactBytes: number;
  #journal: TriggerJournal | undefined;
  #writer: TransactionWriter | undefined;
  #bytes = 0;
  #snapshotBytes = 0;
  #unsynced = false;
  #timer: Timer | undefined;
  #fault = "";
  #faultSinceMs = 0;
  #retryAtMs = 0;

  constructor(options: BookOptions) {
    const { open, clock, logger, onRecorded = () => {}, compactBytes = COMPACT_BYTES } = options;
    this.ledger = new Ledger(options.onChanged);
    this.#open = open;
    this.#clock = clock;
    this.#logger = logger;
    this.#onRecorded = onRecorded;
    this.#compactBytes = compactBytes;
  }

  /** Comes to the state the journal tells of; call begin before anything else. @throws what opening throws */
  open(): void {
    const reader = new TransactionReader((entry) => {
      this.replayed++;
      this.ledger.apply(entry);
    });
    const { log, report } = this.#open((type, payload) => {
      this.#bytes += payload.length;
      reader.push(type, payload);
    });
    this.#journal = log;
    this.#writer = new TransactionWriter(log);
    this.damaged = report.faults.length > 0 || reader.malformed > 0;
    if (this.damaged) {
      this.#logger.warn({ faults: report.faults, malformed: reader.malformed }, "part of the journal cannot be read");
    }
  }

  /**
   * In the place of all that the journal told: what a store kept, which is newer.
   * Whether a command that waits was started is not known then.
   * @returns entries that could not be made sense of
   */
  replace(entries: Iterable<Entry>): number {
    const { sequence } = this.ledger;
    let malformed = 0;
    this.ledger.apply({ k: "reset", version: JOURNAL_VERSION, sequence });
    for (const entry of entries) {
      try {
        this.ledger.apply(entry);
      } catch {
        malformed++;
      }
    }
    this.damaged = true;
    return malformed;
  }

  /** Ready to be written to. A journal that is not whole is written anew. */
  begin(): void {
    if (this.replayed === 0 || this.damaged) this.#rewrite();
    else this.#recorded();
  }

  /** Events from now on have greater numbers than this: others hold events up to it. */
  numberAfter(sequence: number): void {
    this.ledger.sequence = Math.max(this.ledger.sequence, sequence);
  }

  /** Everything in the ledger is in the journal. */
  get isSound(): boolean {
    return this.#fault === "";
  }

  health(): JournalHealth {
    return { ok: this.#fault === "", message: this.#fault, failingSinceMs: this.#faultSinceMs };
  }

  /**
   * Changes the ledger, then the journal: what was decided stands even if the
   * disk refuses it.
   * @returns whether it is in the journal
   */
  transact(build: (transaction: Transaction) => void): boolean {
    const transaction = new Transaction(this.ledger, this.#clock.nowMs(), true);
    try {
      build(transaction);
    } finally {
      // Writing everything anew, where that is due, includes these entries: they are applied already.
      if (this.#fault !== "") this.#retry();
      else if (this.#append(transaction.entries)) this.#compactIfLarge();
    }
    return this.#fault === "";
  }

  /**
   * The journal first, and on the disk: if it refuses, nothing has happened.
   * @returns whether it is in the journal
   */
  transactDurably(build: (transaction: Transaction) => void): boolean {
    if (this.#fault !== "") this.#retry();
    if (this.#fault !== "" || this.#writer === undefined) return false;
    const transaction = new Transaction(this.ledger, this.#clock.nowMs(), false);
    build(transaction);
    if (!this.#append(transaction.entries) || !this.#sync()) return false;
    for (const entry of transaction.entries) this.ledger.apply(entry);
    this.#recorded();
    this.#compactIfLarge();
    return true;
  }

  close(): void {
    // The last chance for what is only in memory.
    if (this.#fault !== "") this.#rewrite();
    try {
      this.#journal?.close();
    } catch (error) {
      this.#logger.error({ error: messageOf(error) }, "closing the journal of the triggers failed");
    }
    this.#journal = undefined;
    this.#writer = undefined;
    this.#disarm();
  }

  #append(entries: readonly Entry[]): boolean {
    if (this.#writer === undefined) return false;
    if (entries.length === 0) return true;
    try {
      this.#bytes += this.#writer.write(entries);
    } catch (error) {
      this.#fail(error);
      return false;
    }
    this.#unsynced = true;
    this.#arm();
    this.#recorded();
    return true;
  }

  #compactIfLarge(): void {
    if (this.#bytes > Math.max(this.#compactBytes, 3 * this.#snapshotBytes)) this.#rewrite();
  }

  #retry(): void {
    if (this.#clock.monotonicMs() >= this.#retryAtMs) this.#rewrite();
  }

  /** A new segment that begins with all there is to know; the older ones go. */
  #rewrite(): void {
    const journal = this.#journal;
    if (journal === undefined || this.#writer === undefined) return;
    try {
      const segment = journal.startSegment();
      this.#snapshotBytes = this.#writer.write(this.ledger.snapshot());
      this.#bytes = this.#snapshotBytes;
      journal.dropSegmentsBefore(segment);
    } catch (error) {
      // The segments before are still whole, the new one does not count without its end.
      this.#fail(error);
      return;
    }
    if (this.#fault !== "") this.#logger.info("the journal of the triggers can be written again");
    this.#fault = "";
    this.#faultSinceMs = 0;
    this.#unsynced = true;
    this.#arm();
    this.#recorded();
  }

  /** @returns whether everything is on the disk */
  #sync(): boolean {
    if (!this.#unsynced) return true;
    this.#unsynced = false;
    try {
      this.#journal?.sync();
      return true;
    } catch (error) {
      this.#fail(error);
      return false;
    }
  }

  /** For what nobody waits for: the disk works in another thread first. */
  #syncLater(): void {
    const done = () => {
      if (this.#journal !== undefined && this.#fault === "") this.#sync();
    };
    if (!this.#unsynced || this.#journal?.flush?.(done) === true) return;
    this.#sync();
  }

  #fail(error: unknown): void {
    if (this.#fault === "") {
      this.#faultSinceMs = this.#clock.nowMs();
      this.#logger.error(
        { error: messageOf(error) },
        "the journal of the triggers cannot be written; judging goes on, no command will run",
      );
    }
    this.#fault = messageOf(error) || "it failed without a reason";
    this.#retryAtMs = this.#clock.monotonicMs() + RETRY_MS;
    this.#arm();
  }

  #recorded(): void {
    this.recordedSequence = this.ledger.sequence;
    this.#onRecorded();
  }

  #disarm(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  /** The timer runs only while there is something to sync or to mend: an idle engine wakes nobody. */
  #arm(): void {
    this.#timer ??= this.#clock.setTimer(() => {
      this.#timer = undefined;
      if (this.#fault !== "") this.#retry();
      else this.#syncLater();
      if (this.#fault !== "") this.#arm();
    }, SYNC_MS);
  }
}

/** Collects what belongs together. */
export class Transaction {
  readonly entries: Entry[] = [];
  /** Engine clock, epoch ms. */
  readonly nowMs: number;
  readonly #ledger: Ledger;
  readonly #apply: boolean;
  #sequence: number;

  constructor(ledger: Ledger, nowMs: number, apply: boolean) {
    this.#ledger = ledger;
    this.nowMs = nowMs;
    this.#apply = apply;
    this.#sequence = ledger.sequence;
  }

  /** Number the next event will have. */
  get nextSequence(): number {
    return this.#sequence + 1;
  }

  add(entry: Entry): void {
    this.entries.push(entry);
    if (this.#apply) this.#ledger.apply(entry);
  }

  event(kind: AlertEventKind, subject: Subject, message: string, details: AlertEvent["details"]): void {
    const { trigger, cluster, host, severity, episode } = subject;
    const sequence = ++this.#sequence;
    const event = { sequence, timeMs: this.nowMs, kind, trigger, cluster, host, severity, episode, message, details };
    this.add({ k: "event", event });
  }
}
