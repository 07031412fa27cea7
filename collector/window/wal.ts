/**
 * The frame log: every frame is in it before it counts. Format: LOG-FORMAT.md.
 *
 * Each segment begins with a checkpoint (all directories, the whole present) and
 * can be understood without those before it. So the log is cut by deleting old
 * segments, and whatever a crash interrupts, the newest segments that are left
 * say everything.
 *
 * A disk that fails does not stop the collector. Frames then live in memory
 * only; at each sync a new segment is tried, with a checkpoint and with the
 * frames that the log and the archive both lack. These may be hours: they are
 * written a few at a time, so that nobody waits for them.
 */
import type { Clock } from "../../core/base/clock.js";
import { messageOf } from "../../core/base/errors.js";
import { type LogFiles, RecordLog, type ReplayReport } from "../../core/base/record-log.js";
import type { ClusterView } from "../../core/model/columns.js";
import type { Frame } from "../../core/model/frame.js";
import type { FrameNews } from "../frame-news.js";
import type { FrameTail } from "./frame-tail.js";
import { LogReplay, type ReplayTarget } from "./log-replay.js";
import { SegmentWriter } from "./segment-writer.js";

/** What a checkpoint is made of. */
export interface LoggedState {
  /** Of the newest frame. */
  frameNumber(): number;
  views(): Iterable<ClusterView>;
  /** Frames still to be logged or archived, oldest first, and those that come while they are asked for. */
  framesAfter(number: number): FrameTail;
}

export interface FrameLogOptions {
  readonly clock: Clock;
  /** A longer segment is ended. */
  readonly segmentBytesMax: number;
}

export interface FrameLogReport extends ReplayReport {
  /** Frames read back. */
  readonly frames: number;
  /** Number of the newest frame. */
  readonly frameNumber: number;
  readonly unknownCells: number;
}

export interface LogFailure {
  /** When it began, epoch ms. */
  readonly sinceMs: number;
  readonly message: string;
}

/** 1,000 hosts write some 5 MB in ten minutes. Segments are read whole at start. */
export const SEGMENT_BYTES_MAX = 64 * 2 ** 20;

/** A segment is at least this many times as long as its checkpoint, or a huge cluster would log little else. */
const CHECKPOINTS_PER_SEGMENT = 4;

/**
 * One turn's work on frames that are logged late; the frame that crosses it is done to its end. Measured with 1,000
 * hosts x 39 metrics: 5 ms a frame, and 1.3 s for the hour that a disk was away.
 */
const CATCH_UP_MS = 5;

/** What is logged late is given to the disk in parts of this size: each sync is waited for. */
const CATCH_UP_SYNC_BYTES = 2 * 2 ** 20;

/** After an attempt that failed half way; one that cannot begin costs nothing and is made with each sync. */
const CATCH_UP_AGAIN_MS = 10_000;

/** A flush takes some ms, and a second or two on a disk that is busy with other files; longer than this is told. */
const STALLED_MS = 10_000;

/** At the stop, which has some seconds in all. */
const CLOSE_CATCH_UP_MS = 1_500;

const PREFIX = "frames";

/** A segment that takes frames, and whose checkpoint is not whole yet. Older ones are needed until it is. */
interface Opening {
  readonly segment: number;
  /** Logged before it. */
  readonly lastFrame: number;
  readonly pieces: Iterator<void>;
  bytes: number;
}

/** A segment that is being filled with what was missed. */
interface CatchUp {
  readonly frames: FrameTail;
  /** Frames up to this one were logged before. */
  readonly from: number;
  /** Its checkpoint's newest frame: the present of a reader has all up to it. */
  readonly checkpoint: number;
  /** A host has left since; the checkpoint does not know. */
  outdated: boolean;
  unsyncedBytes: number;
}

export class FrameLog {
  readonly #log: RecordLog;
  readonly #state: LoggedState;
  readonly #clock: Clock;
  readonly #segmentBytesMax: number;
  readonly #writer: SegmentWriter;

  #checkpointBytes = 0;
  #loggedThrough = 0;
  #syncedThrough = 0;
  /** Segments up to a number hold no frame after another number that later ones lack. Ascending. */
  readonly #boundaries: { readonly segment: number; readonly lastFrame: number }[] = [];
  #failure: LogFailure | undefined;
  #catchUp: CatchUp | undefined;
  #opening: Opening | undefined;
  #catchUpAtMs = Number.NEGATIVE_INFINITY;
  #cutFault = "";
  /** Monotonic, since when a flush is under way. */
  #flushingSinceMs: number | undefined;

  private constructor(log: RecordLog, state: LoggedState, options: FrameLogOptions, frameNumber: number) {
    this.#log = log;
    this.#writer = new SegmentWriter(log);
    this.#state = state;
    this.#clock = options.clock;
    this.#segmentBytesMax = options.segmentBytesMax;
    this.#loggedThrough = frameNumber;
    this.#syncedThrough = frameNumber;
  }

  /**
   * Reads back what is there. Call begin before the first frame.
   * @throws LogFormatError for a file that is none of ours, and the system's errors of reading
   */
  static open(
    files: LogFiles,
    target: ReplayTarget,
    state: LoggedState,
    options: FrameLogOptions,
  ): { log: FrameLog; report: FrameLogReport } {
    const replay = new LogReplay(target);
    // Segments are begun here and nowhere else, because each needs its checkpoint.
    const recordLogOptions = { prefix: PREFIX, segmentBytesMax: Number.MAX_SAFE_INTEGER, marked: true };
    const { log, report } = RecordLog.open(files, recordLogOptions, replay.onRecord);
    const { frames, frameNumber, unknownCells } = replay;
    return {
      log: new FrameLog(log, state, options, frameNumber),
      report: { ...report, faults: [...report.faults, ...replay.faults], frames, frameNumber, unknownCells },
    };
  }

  /** undefined while all is well. */
  get failure(): LogFailure | undefined {
    return this.#failure;
  }

  /** How long the disk has not answered, ms, once that is longer than slow; undefined while all is well. */
  get stalledMs(): number | undefined {
    if (this.#flushingSinceMs === undefined) return undefined;
    const forMs = this.#clock.monotonicMs() - this.#flushingSinceMs;
    return forMs >= STALLED_MS ? forMs : undefined;
  }

  /** The disk takes records again, and more of what was missed is written with each sync. */
  get isCatchingUp(): boolean {
    return this.#catchUp !== undefined;
  }

  /** The segment's checkpoint is being written, see writeCheckpoint. */
  get isOpening(): boolean {
    return this.#opening !== undefined;
  }

  /** Why old segments could not be deleted, "" while all is well. */
  get cutFault(): string {
    return this.#cutFault;
  }

  /** Length of all segments. */
  get bytes(): number {
    return this.#log.bytes;
  }

  /** Begins the first segment of this process: the numbers of the one before are not continued. */
  begin(): void {
    this.#guard(() => this.#beginSegment());
  }

  /** Call before a frame is applied: a checkpoint must not tell of a frame that is not logged yet. */
  prepare(): void {
    const full = Math.max(this.#segmentBytesMax, this.#checkpointBytes * CHECKPOINTS_PER_SEGMENT);
    if (this.#failure === undefined && this.#log.segmentBytes > full) this.endSegment();
  }

  /**
   * Logs the new cells of a frame and who was heard. When it returns they survive
   * the end of the process, unless `failure` says otherwise.
   */
  append(frame: Frame, news: FrameNews, number: number): void {
    if (this.#failure !== undefined) return;
    this.#guard(() => {
      this.#writer.appendFrame(frame, number, news);
      this.#loggedThrough = number;
    });
  }

  /** Hosts left the present: the next process must not find them there. Part of a numbered change. */
  appendLeft(view: ClusterView, rows: readonly number[], number: number): void {
    if (this.#catchUp !== undefined) this.#catchUp.outdated = true;
    if (this.#failure !== undefined) return;
    this.#guard(() => this.#writer.appendLeft(view, rows, number));
  }

  /** See RecordLog.flush; false also while the disk fails. */
  flush(done: () => void): boolean {
    if (this.#failure !== undefined) return false;
    const waits = this.#log.flush(() => {
      this.#flushingSinceMs = undefined;
      done();
    });
    if (waits) this.#flushingSinceMs ??= this.#clock.monotonicMs();
    return waits;
  }

  /** Everything logged survives a power cut; while the disk fails, an attempt to log more of what is missing. */
  sync(): void {
    if (this.#failure !== undefined) {
      this.#guard(() => this.#recover(CATCH_UP_MS));
      return;
    }
    this.#guard(() => this.#syncLog());
  }

  /**
   * Frames from now on go to a new segment, so that those before can be cut off: once its checkpoint is written, which
   * writeCheckpoint does in pieces between the frames. In one piece it took 20 ms at 1,000 hosts.
   */
  endSegment(): void {
    if (this.#failure !== undefined || this.#writer.framesInSegment === 0) return;
    this.#guard(() => {
      this.#writeOpening(Number.POSITIVE_INFINITY);
      this.#syncLog();
      this.#openSegment();
    });
  }

  /** Goes on with the checkpoint of the newest segment, if it is not whole, for about so long. */
  writeCheckpoint(forMs: number): void {
    if (this.#failure !== undefined) return;
    this.#guard(() => this.#writeOpening(this.#clock.monotonicMs() + forMs));
  }

  /** Frames up to this number are safe elsewhere, or not wanted any more: deletes what holds no others. */
  cut(through: number): void {
    // What is archived is needed no more once the new segment tells the present by itself.
    this.writeCheckpoint(Number.POSITIVE_INFINITY);
    const boundary = this.#boundaries.findLast(({ lastFrame }) => lastFrame <= through);
    if (boundary === undefined) return;
    this.sync();
    if (this.#failure !== undefined) return;
    try {
      this.#log.dropSegmentsBefore(boundary.segment + 1);
      this.#boundaries.splice(0, this.#boundaries.indexOf(boundary) + 1);
      this.#cutFault = "";
    } catch (error) {
      this.#cutFault = messageOf(error);
    }
  }

  /** Syncs and closes. Idempotent. */
  close(): void {
    // The last chance.
    this.#catchUpAtMs = Number.NEGATIVE_INFINITY;
    if (this.#failure !== undefined) this.#guard(() => this.#recover(CLOSE_CATCH_UP_MS));
    this.#guard(() => this.#log.close());
  }

  #guard(action: () => void): void {
    try {
      action();
    } catch (error) {
      // Its frames stay, with the segments before it; the next one has a whole checkpoint.
      this.#opening = undefined;
      this.#failure = { sinceMs: this.#failure?.sinceMs ?? this.#clock.nowMs(), message: messageOf(error) };
    }
  }

  #syncLog(): void {
    try {
      this.#log.sync();
      this.#syncedThrough = this.#loggedThrough;
    } catch (error) {
      // Nobody knows what of these is on the disk.
      this.#loggedThrough = this.#syncedThrough;
      throw error;
    }
  }

  /** Goes on with what was missed, for about so long; the failure ends when there is no more. */
  #recover(forMs: number): void {
    if (this.#clock.monotonicMs() < this.#catchUpAtMs) return;
    const untilMs = this.#clock.monotonicMs() + forMs;
    if (this.#catchUp === undefined) {
      this.#catchUp = this.#beginCatchUp();
      if (this.#clock.monotonicMs() >= untilMs) return;
    }
    const { outdated } = this.#catchUp;
    try {
      if (!this.#writeLate(this.#catchUp, untilMs)) return;
      this.#loggedThrough = this.#state.frameNumber();
      this.#syncLog();
    } catch (error) {
      this.#abandon(this.#catchUp);
      throw error;
    }
    this.#catchUp = undefined;
    this.#failure = undefined;
    if (outdated) this.#beginSegment();
  }

  #beginCatchUp(): CatchUp {
    this.#syncLog();
    const from = this.#loggedThrough;
    const frames = this.#state.framesAfter(from);
    this.#beginSegment();
    return { frames, from, checkpoint: this.#state.frameNumber(), outdated: false, unsyncedBytes: 0 };
  }

  /** All or nothing: what fitted on a full disk would only keep the archive from taking it. */
  #abandon({ from }: CatchUp): void {
    this.#catchUp = undefined;
    this.#catchUpAtMs = this.#clock.monotonicMs() + CATCH_UP_AGAIN_MS;
    this.#loggedThrough = from;
    this.#syncedThrough = from;
    this.#log.discardSegment();
    this.#boundaries.pop();
  }

  /** @returns whether nothing is missing any more */
  #writeLate(catchUp: CatchUp, untilMs: number): boolean {
    for (let next = catchUp.frames.step(); next !== undefined; next = catchUp.frames.step()) {
      if (next !== "passed") {
        const { number, frame } = next;
        const before = this.#log.segmentBytes;
        if (number > catchUp.checkpoint) this.#writer.appendFrame(frame, number);
        else this.#writer.appendLate(frame, number);
        this.#loggedThrough = number;
        catchUp.unsyncedBytes += this.#log.segmentBytes - before;
      }
      if (catchUp.unsyncedBytes >= CATCH_UP_SYNC_BYTES) {
        this.#syncLog();
        catchUp.unsyncedBytes = 0;
      }
      if (this.#clock.monotonicMs() >= untilMs) return false;
    }
    return true;
  }

  /** All or nothing: of a segment without its whole checkpoint nothing stays. */
  #beginSegment(): void {
    const lastFrame = this.#loggedThrough;
    const segment = this.#log.startSegment();
    try {
      this.#writeWholeCheckpoint();
    } catch (error) {
      this.#log.discardSegment();
      throw error;
    }
    this.#boundaries.push({ segment: segment - 1, lastFrame });
  }

  #writeWholeCheckpoint(): void {
    const before = this.#log.segmentBytes;
    const pieces = this.#beginCheckpoint();
    while (pieces.next().done !== true);
    this.#checkpointBytes = this.#log.segmentBytes - before;
  }

  #beginCheckpoint(): Iterator<void> {
    return this.#writer.begin(this.#state.frameNumber(), () => this.#state.views());
  }

  #openSegment(): void {
    const lastFrame = this.#loggedThrough;
    const segment = this.#log.startSegment();
    const pieces = this.#beginCheckpoint();
    this.#opening = { segment, lastFrame, pieces, bytes: this.#log.segmentBytes };
  }

  #writeOpening(untilMs: number): void {
    const opening = this.#opening;
    if (opening === undefined) return;
    const before = this.#log.segmentBytes;
    let isWhole = false;
    do isWhole = opening.pieces.next().done === true;
    while (!isWhole && this.#clock.monotonicMs() < untilMs);
    opening.bytes += this.#log.segmentBytes - before;
    if (!isWhole) return;
    this.#opening = undefined;
    this.#checkpointBytes = opening.bytes;
    this.#boundaries.push({ segment: opening.segment - 1, lastFrame: opening.lastFrame });
  }
}
