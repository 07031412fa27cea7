/**
 * What is done between frames, by one timer: the log is synced, its checkpoint goes on, spills begin, what is archived is
 * cut from the log, and who has left is looked for.
 */
import type { Clock } from "../core/base/clock.js";
import { messageOf } from "../core/base/errors.js";
import type { Logger, RateLimitedLog } from "../core/base/log.js";
import { Wake } from "./wake.js";
import type { RecentWindow } from "./window/recent-window.js";
import type { Spill } from "./window/spill.js";
import type { FrameLog } from "./window/wal.js";

export interface HousekeepingOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly told: RateLimitedLog;
  /** A frame survives a power cut after so long. */
  readonly syncMs: number;
  readonly spillEveryMs: number;
  readonly window: RecentWindow;
  /** Missing without an archive. */
  readonly spill: Spill | undefined;
  /** Of the newest frame. */
  readonly frameNumber: () => number;
  /** Lets go of what nobody needs any more. */
  readonly trim: (nowMs: number) => void;
  /** Looks who has left. */
  readonly expire: () => void;
  /** Who has told of which clusters goes to the disk, if it has changed. */
  readonly saveClaims: () => void;
}

/** Who has left is looked for after a frame, at most this often; gmetad looks every 180 s, ours costs little. */
const EXPIRY_MS_MIN = 10_000;

/** Where no frames come; later than those of the usual poll of 15 s, which wake us anyway. */
const EXPIRY_MS_MAX = 20_000;

/** Between two parts of what the log missed: others have two thirds of the time. */
const CATCH_UP_PAUSE_MS = 10;

/** One turn's work on the checkpoint of a new segment; a piece that crosses it is done to its end. */
const CHECKPOINT_MS = 1;

export class Housekeeping {
  readonly #options: HousekeepingOptions;
  readonly #wake: Wake;
  #log: FrameLog | undefined;
  #isStopped = false;
  #expiredMs = 0;
  /** The disk was last asked to have all. */
  #flushedMs = Number.NEGATIVE_INFINITY;
  #segmentEndedMs = 0;
  #toldFailure: string | undefined;
  /** Frames up to this one are archived, and still in the log; 0 = none. */
  #cutThrough = 0;

  constructor(options: HousekeepingOptions) {
    this.#options = options;
    this.#wake = new Wake(options.clock, () => this.#guarded(() => this.#tick()));
  }

  start(log: FrameLog): void {
    const nowMs = this.#options.clock.monotonicMs();
    this.#log = log;
    this.#segmentEndedMs = nowMs;
    this.#expiredMs = nowMs;
    this.#planTick();
  }

  /** No timer rings any more. Idempotent. */
  stop(): void {
    this.#isStopped = true;
    this.#wake.stop();
  }

  /** Something has changed, and is to be on the disk soon. */
  changed(): void {
    this.#wake.within(this.#options.syncMs);
  }

  /** Frames up to this one are safe in the archive. */
  archived(through: number): void {
    // A cut syncs. In the tick the disk works in another thread first.
    this.#cutThrough = through;
    this.#wake.within(0);
  }

  /** Deletes what is archived from the log. */
  cutArchived(): void {
    if (this.#cutThrough === 0) return;
    this.#log?.cut(this.#cutThrough);
    this.#cutThrough = 0;
  }

  /** The disk works in another thread first, so that syncing holds nobody up. */
  #tick(): void {
    const { clock, expire } = this.#options;
    if (clock.monotonicMs() - this.#expiredMs >= EXPIRY_MS_MIN) {
      this.#expiredMs = clock.monotonicMs();
      expire();
    }
    this.#log?.writeCheckpoint(CHECKPOINT_MS);
    // A disk that hangs does not keep those who left, nor a checkpoint from being written.
    this.#wake.within(this.#log?.isOpening === true ? CATCH_UP_PAUSE_MS : EXPIRY_MS_MAX);
    if (this.#isOnlyCheckpoint(clock.monotonicMs())) return;
    if (this.#log?.flush(() => this.#guarded(() => this.#afterFlush())) !== true) this.#afterFlush();
  }

  /** The pieces of a checkpoint are not synced one by one. */
  #isOnlyCheckpoint(nowMs: number): boolean {
    if (this.#log?.isOpening === true && this.#cutThrough === 0 && nowMs - this.#flushedMs < this.#options.syncMs) {
      return true;
    }
    this.#flushedMs = nowMs;
    return false;
  }

  #afterFlush(): void {
    const { clock, spill, frameNumber, trim, saveClaims } = this.#options;
    const log = this.#log;
    if (log === undefined || this.#isStopped) return;
    this.#tellFailure(log.failure?.message);
    log.sync();
    this.#tellFailure(log.failure?.message);
    this.cutArchived();
    trim(clock.nowMs());
    spill?.tick(frameNumber());
    if (spill === undefined) this.#cutWithoutArchive(log);
    saveClaims();
    this.#planTick();
  }

  /** The next tick without a frame, which would bring its own. */
  #planTick(): void {
    const { clock, syncMs, spillEveryMs, spill } = this.#options;
    const cutInMs = this.#segmentEndedMs + spillEveryMs - clock.monotonicMs();
    const inMs = this.#log?.failure === undefined ? (spill?.dueInMs ?? cutInMs) : 0;
    this.#wake.within(this.#expiredMs + EXPIRY_MS_MAX - clock.monotonicMs());
    this.#wake.within(
      this.#log?.isCatchingUp === true || this.#log?.isOpening === true ? CATCH_UP_PAUSE_MS : Math.max(syncMs, inMs),
    );
  }

  #tellFailure(message: string | undefined): void {
    if (message === this.#toldFailure) return;
    const { logger, syncMs } = this.#options;
    this.#toldFailure = message;
    if (message !== undefined) logger.error(`frame log: ${message}; trying again every ${syncMs} ms`);
    else logger.info("frame log is written again, with all that memory had kept");
  }

  /** Without an archive the log holds the window, no more. */
  #cutWithoutArchive(log: FrameLog): void {
    const { clock, spillEveryMs, frameNumber, window } = this.#options;
    const nowMs = clock.monotonicMs();
    if (nowMs - this.#segmentEndedMs < spillEveryMs) return;
    this.#segmentEndedMs = nowMs;
    log.endSegment();
    log.cut(Math.min(frameNumber(), window.oldestNumber() - 1));
  }

  #guarded(action: () => void): void {
    try {
      action();
    } catch (error) {
      this.#options.told.warn(`timer ${messageOf(error)}`, { err: error }, "BUG: a timer failed");
      this.#wake.within(this.#options.syncMs);
    }
  }
}
