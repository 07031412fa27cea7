/**
 * Moves the recent past to the archive: once the oldest of it has waited for ten
 * minutes by default, earlier if memory fills. The main loop only builds the next part; the archive's work
 * happens elsewhere, and between two parts everyone else has a turn.
 *
 * Order, so that a crash anywhere loses nothing and doubles nothing:
 * 1. the log begins a new segment; frames from now on go there;
 * 2. the archive takes all frames up to now; a repetition does no harm;
 * 3. when the archive has them and shows them, the window may let them go and
 *    the log deletes the segments before.
 */
import { type Clock, sleep } from "../../core/base/clock.js";
import { messageOf } from "../../core/base/errors.js";
import type { Logger } from "../../core/base/log.js";
import type { Archive, SeriesBatch, SumTable } from "../../core/model/archive.js";
import type { RecentWindow } from "./recent-window.js";
import { SampleMemory } from "./sample-memory.js";

/** One append, and one transaction of the archive: 1,000 hosts with 39 metrics make 80 of them in ten minutes. */
export const SAMPLES_PER_PART = 20_000;

/** What is taken out of the window in one turn, in less than a millisecond; several make a part. */
export const SAMPLES_PER_SLICE = 4_000;

/** How a spill ended decides when there is something to do again. */
const LOOK_WHILE_RUNNING_MS = 1_000;

/** The first pause after a failure, doubled with each further one. */
const RETRY_FIRST_MS = 1_000;
const RETRY_MAX_MS = 60_000;

export interface SpillOptions {
  readonly archive: Archive;
  readonly window: RecentWindow;
  /** A frame waits for the archive so long. Without frames: between two spills, for what stores hold back, and for sums. */
  readonly everyMs: number;
  /** About how many samples the archive is given at a time. */
  readonly samplesPerPart: number;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Frames from now on go to a segment of their own. */
  readonly endSegment: () => void;
  /** Sums that the archive has not got yet, for its endSpill; it has them now. */
  readonly takeSums: () => readonly SumTable[];
  readonly onSumsTaken: (sums: readonly SumTable[]) => void;
  /** Frames up to this number are archived and can be read there. */
  readonly onArchived: (through: number) => void;
}

export interface SpillFailure {
  /** Of the first of the failed attempts, epoch ms. */
  readonly sinceMs: number;
  readonly message: string;
}

export class Spill {
  readonly #options: SpillOptions;
  readonly #stopped = new AbortController();
  /** Archived, but not yet to be read there. Ascending. */
  readonly #settling: { readonly through: number; readonly visibleAtMs: number }[] = [];
  #dueAtMs: number;
  /** The last spill took frames up to this one. */
  #takenThrough = 0;
  /** Since when a frame waits that the last spill has not taken; Infinity = none does. */
  #waitingSinceMs = Number.POSITIVE_INFINITY;
  #running: Promise<void> | undefined;
  /** The archive did not take the end of the last spill; told once. */
  #endFailed = false;
  /** Through which frame the attempts under way go; 0 = none. */
  #through = 0;
  #retryMs = RETRY_FIRST_MS;
  #failure: SpillFailure | undefined;
  /** Spills done since the start. */
  spills = 0;
  /** Attempts that failed since the start. */
  failures = 0;
  /** Samples handed to the archive since the start, repetitions included. */
  samples = 0;

  constructor(options: SpillOptions) {
    this.#options = options;
    this.#dueAtMs = options.clock.monotonicMs() + options.everyMs;
  }

  /** undefined while all is well. */
  get failure(): SpillFailure | undefined {
    return this.#failure;
  }

  get running(): boolean {
    return this.#running !== undefined;
  }

  /** ms until the next tick has something to do, frames apart; Infinity after the stop. */
  get dueInMs(): number {
    if (this.#stopped.signal.aborted) return Number.POSITIVE_INFINITY;
    if (this.running) return LOOK_WHILE_RUNNING_MS;
    const visibleAtMs = this.#settling[0]?.visibleAtMs ?? Number.POSITIVE_INFINITY;
    return Math.max(0, Math.min(this.#dueAtMs, visibleAtMs) - this.#options.clock.monotonicMs());
  }

  /** Frames came back from the log; the oldest of them has waited so long. */
  resume(waitedMs: number): void {
    this.#waitingSinceMs = this.#options.clock.monotonicMs() - Math.max(0, waitedMs);
    this.#dueAtMs = this.#waitingSinceMs + this.#options.everyMs;
  }

  /** The next tick spills. */
  request(): void {
    this.#dueAtMs = Math.min(this.#dueAtMs, this.#options.clock.monotonicMs());
  }

  /**
   * Looks whether something is to be done; call some time after each frame, and when dueInMs is over.
   * @param frameNumber of the newest frame
   */
  tick(frameNumber: number): void {
    const nowMs = this.#options.clock.monotonicMs();
    this.#settle(nowMs);
    this.#notice(frameNumber, nowMs);
    if (this.running || this.#stopped.signal.aborted) return;
    const early = this.#failure === undefined && this.#settling.length === 0 && this.#options.window.wantsSpill;
    if (nowMs < this.#dueAtMs && !early) return;
    void this.#begin(frameNumber);
  }

  /** Where a spill is under way or has to be repeated its end decides, and who asked for one gets it. */
  #notice(frameNumber: number, nowMs: number): void {
    if (frameNumber <= this.#takenThrough || this.#waitingSinceMs !== Number.POSITIVE_INFINITY) return;
    this.#waitingSinceMs = nowMs;
    if (this.#through === 0 && this.#dueAtMs > nowMs) this.#dueAtMs = nowMs + this.#options.everyMs;
  }

  /**
   * Spills once more, up to this frame, and stops.
   * @param limitMs then it resolves, whatever is not done
   */
  async finish(frameNumber: number, limitMs: number): Promise<void> {
    const { clock } = this.#options;
    const limit = sleep(clock, limitMs, this.#stopped.signal);
    const last = async () => {
      await this.#running;
      // A failed spill first takes its own frames once more.
      if (this.#through !== 0 && !this.#stopped.signal.aborted) await this.#begin(frameNumber);
      if (this.#failure === undefined && !this.#stopped.signal.aborted) await this.#begin(frameNumber);
    };
    await Promise.race([last(), limit]);
    this.stop();
  }

  #begin(frameNumber: number): Promise<void> {
    // An attempt after a failure is for the same frames: the log was parted behind them.
    if (this.#through === 0) {
      this.#through = frameNumber;
      this.#takenThrough = frameNumber;
      this.#waitingSinceMs = Number.POSITIVE_INFINITY;
      this.#options.endSegment();
    }
    this.#running = this.#run(this.#through)
      .catch((error: unknown) => this.#failed(error))
      .finally(() => {
        this.#running = undefined;
      });
    return this.#running;
  }

  /** No part is begun any more. One that the archive has already goes on there. Idempotent. */
  stop(): void {
    this.#stopped.abort();
  }

  async #run(through: number): Promise<void> {
    const { archive, window, clock, everyMs, samplesPerPart } = this.#options;
    const { signal } = this.#stopped;
    try {
      // An attempt's own: after a failure nobody knows who still looks at it.
      const memory = new SampleMemory();
      let part: SeriesBatch[] = [];
      let samples = 0;
      const append = async () => {
        await archive.append(part);
        memory.takeBack();
        this.samples += samples;
        part = [];
        samples = 0;
      };
      for (const slice of window.batches(through, Math.min(samplesPerPart, SAMPLES_PER_SLICE), memory)) {
        for (const batch of slice) samples += batch.series.timesMs.length;
        part.push(...slice);
        // Handing a part over takes a turn as well, of its own.
        await sleep(clock, 0, signal);
        if (signal.aborted) return;
        if (samples >= samplesPerPart) await append();
        if (signal.aborted) return;
      }
      if (samples > 0) await append();
    } catch (error) {
      if (!signal.aborted) this.#failed(error);
      return;
    }
    await this.#end();
    this.spills++;
    this.#through = 0;
    this.#dueAtMs = Math.min(this.#waitingSinceMs, clock.monotonicMs()) + everyMs;
    this.#recovered();
    this.#settling.push({ through, visibleAtMs: clock.monotonicMs() + archive.traits.visibilityDelayMs });
    this.#settle(clock.monotonicMs());
  }

  /** Sums that the archive refuses come again with the next ones; samples do not wait for them. */
  async #end(): Promise<void> {
    const { archive, takeSums, onSumsTaken, logger } = this.#options;
    if (archive.endSpill === undefined) return;
    const sums = takeSums();
    try {
      await archive.endSpill(sums);
      onSumsTaken(sums);
      this.#endFailed = false;
    } catch (error) {
      if (!this.#endFailed) logger.warn({ err: error }, "sums of clusters wait for the next spill");
      this.#endFailed = true;
    }
  }

  #settle(nowMs: number): void {
    for (let first = this.#settling[0]; first !== undefined; first = this.#settling[0]) {
      if (nowMs < first.visibleAtMs) return;
      this.#settling.shift();
      this.#options.onArchived(first.through);
    }
  }

  #failed(error: unknown): void {
    const { archive, clock, logger } = this.#options;
    const message = `archive ${archive.traits.name}: ${messageOf(error)}`;
    this.failures++;
    if (this.#failure?.message !== message) logger.error({ err: error }, "history cannot be archived, trying again");
    this.#failure = { sinceMs: this.#failure?.sinceMs ?? clock.nowMs(), message };
    this.#dueAtMs = clock.monotonicMs() + this.#retryMs;
    this.#retryMs = Math.min(this.#retryMs * 2, RETRY_MAX_MS);
  }

  #recovered(): void {
    if (this.#failure !== undefined) this.#options.logger.info("history is archived again");
    this.#failure = undefined;
    this.#retryMs = RETRY_FIRST_MS;
  }
}
