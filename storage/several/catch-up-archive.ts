/**
 * One of several stores: what it cannot take waits in a backlog on disk and is given
 * to it later, in order, while the other stores go on. append() fails only if the
 * backlog cannot take the samples either.
 *
 * The backlog is written by who calls, on the main thread, and only while the store
 * fails; in good times the samples go straight through.
 */
import { type Clock, sleep, withDeadline } from "../../core/base/clock.js";
import { messageOf } from "../../core/base/errors.js";
import type { Archive, ArchiveTraits, SeriesBatch, SeriesQuery, SumTable } from "../../core/model/archive.js";
import { formatDuration } from "../../core/model/duration.js";
import { StorageError } from "../errors.js";
import type { StoreHealth } from "../health.js";
import { givePacked, type PackedBatches, type PackedTaker, packBatches } from "../pack.js";
import type { SampleQueue } from "../queue/sample-queue.js";
import type { StoreLog } from "../store.js";

/** A store that takes longer has hung; what it then takes after all is passed over when it is given again. */
const APPEND_MAX_MS = 60_000;

/** Of the 4 s that all stores together have to close. */
const CLOSE_WAIT_MS = 2_000;

const RETRY_FIRST_MS = 1_000;
const RETRY_MAX_MS = 60_000;

export interface CatchUpOptions {
  readonly store: Archive & PackedTaker;
  readonly backlog: SampleQueue;
  readonly clock: Clock;
  readonly log: StoreLog;
}

export class CatchUpArchive implements Archive {
  readonly traits: ArchiveTraits;
  readonly readMany?: NonNullable<Archive["readMany"]>;
  readonly bucketMany?: NonNullable<Archive["bucketMany"]>;
  readonly #options: CatchUpOptions;
  readonly #stopped = new AbortController();
  /** Appends go one after the other: one that fails must not be overtaken by a later one. */
  #turn: Promise<unknown> = Promise.resolve();
  #draining: Promise<void> | undefined;
  #retryMs = RETRY_FIRST_MS;
  #failure: { readonly sinceMs: number; readonly message: string } | undefined;
  #closing: Promise<void> | undefined;

  constructor(options: CatchUpOptions) {
    this.#options = options;
    const { store } = options;
    this.traits = store.traits;
    if (store.readMany !== undefined) this.readMany = (query) => store.readMany?.(query) ?? Promise.resolve(undefined);
    if (store.bucketMany !== undefined) {
      this.bucketMany = (query) => store.bucketMany?.(query) ?? Promise.resolve(undefined);
    }
    this.#drain();
  }

  async append(batches: readonly SeriesBatch[]): Promise<void> {
    await this.appendPacked(packBatches(batches), batches);
  }

  async appendPacked(packed: PackedBatches, batches: readonly SeriesBatch[]): Promise<void> {
    if (this.#closing !== undefined) throw new StorageError("storage-closed", `${this.traits.name} is closed`);
    const appended = this.#turn.then(() => this.#append(packed, batches));
    this.#turn = appended.catch(() => {});
    await appended;
  }

  /** Not before the store has all samples: what comes at the end of a spill counts on them. */
  async endSpill(sums: readonly SumTable[]): Promise<void> {
    const { store, backlog } = this.#options;
    await this.#turn;
    if (!backlog.isEmpty) throw new StorageError("storage-busy", `${this.traits.name} is still given older samples`);
    if (store.endSpill !== undefined) await this.#inTime(store.endSpill(sums));
  }

  read(query: SeriesQuery) {
    return this.#options.store.read(query);
  }

  coverage() {
    return this.#options.store.coverage();
  }

  /** Of the backlog; "" while nothing waits. */
  health(): StoreHealth {
    const { samples, bytes, droppedFull, droppedDamaged } = this.#options.backlog.counts;
    return {
      store: this.traits.name,
      message: samples === 0 ? "" : `${this.#failure?.message ?? "catching up"}; ${samples} samples wait`,
      counters: {
        backlogSamples: samples,
        backlogBytes: bytes,
        backlogDroppedSamplesTotal: droppedFull + droppedDamaged,
      },
    };
  }

  /** What waits stays in the backlog for the next start. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    const { store, clock } = this.#options;
    this.#stopped.abort();
    // A store that hangs is closed over its append, which then goes to the backlog.
    await withDeadline(clock, this.#turn, CLOSE_WAIT_MS, () => new Error("too late")).catch(() => {});
    await store.close();
    await this.#turn;
    await this.#draining;
    this.#options.backlog.close();
  }

  async #append(packed: PackedBatches, batches: readonly SeriesBatch[]): Promise<void> {
    const { backlog, log, store } = this.#options;
    if (backlog.isEmpty) {
      try {
        await this.#inTime(givePacked(store, packed, batches));
        return;
      } catch (error) {
        this.#failed(error);
        log.warn(`${this.traits.name} cannot take samples, they wait in its backlog: ${messageOf(error)}`);
      }
    }
    backlog.append(batches);
    if (!this.#stopped.signal.aborted) this.#drain();
  }

  #drain(): void {
    if (this.#draining !== undefined || this.#options.backlog.isEmpty) return;
    this.#draining = this.#run().finally(() => {
      this.#draining = undefined;
    });
  }

  async #run(): Promise<void> {
    const { store, backlog, clock, log } = this.#options;
    const { signal } = this.#stopped;
    if (this.#failure !== undefined) await sleep(clock, this.#nextPauseMs(), signal);
    while (!signal.aborted) {
      try {
        const waiting = backlog.first();
        if (waiting === undefined) break;
        await this.#inTime(store.append(waiting.batches));
        const samples = waiting.batches.reduce((sum, { series }) => sum + series.timesMs.length, 0);
        backlog.take(waiting.number, samples);
        this.#retryMs = RETRY_FIRST_MS;
      } catch (error) {
        if (signal.aborted) return;
        this.#failed(error);
        await sleep(clock, this.#nextPauseMs(), signal);
      }
    }
    if (signal.aborted || this.#failure === undefined) return;
    log.info(`${this.traits.name} has caught up after ${formatDuration(clock.monotonicMs() - this.#failure.sinceMs)}`);
    this.#failure = undefined;
  }

  #inTime(answer: Promise<void>): Promise<void> {
    const tooLate = () => new StorageError("storage-busy", `no answer within ${formatDuration(APPEND_MAX_MS)}`);
    return withDeadline(this.#options.clock, answer, APPEND_MAX_MS, tooLate);
  }

  #failed(error: unknown): void {
    const sinceMs = this.#failure?.sinceMs ?? this.#options.clock.monotonicMs();
    this.#failure = { sinceMs, message: messageOf(error) };
  }

  #nextPauseMs(): number {
    const pauseMs = this.#retryMs;
    this.#retryMs = Math.min(this.#retryMs * 2, RETRY_MAX_MS);
    return pauseMs;
  }
}
