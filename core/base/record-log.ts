/**
 * An append-only log of checksummed records in segment files: what must survive
 * a kill -9 at any instruction is handed to the kernel before it counts, and to
 * the disk at each sync. Layout: RECORD-LOG.md.
 *
 * Synchronous on purpose. A write to the page cache costs microseconds, and the
 * owner must not go on before it is done. Only the disk is slow: a flush before a
 * sync lets it work while this thread goes on.
 */
import { randomInt } from "node:crypto";
import { GrateError, messageOf } from "./errors.js";
import { encodeRecord, recordHeaderBytes, scanSegment, segmentHeader } from "./record-log-format.js";

/** One segment, open for append. Every method throws the system's error. */
export interface LogFile {
  /** Appends at the end. May take only a part, as write(2) does. @returns bytes taken */
  write(bytes: Uint8Array): number;
  /** What was written survives a power cut. Throws too what went wrong in a flush. */
  sync(): void;
  /**
   * Begins to hand what was written to the disk and does not wait: a sync() after `done` finds little left to do.
   * `done` comes later, whatever happens; close() may be called before. Absent: each sync() waits for all of it.
   */
  flush?(done: () => void): void;
  truncate(lengthBytes: number): void;
  close(): void;
}

/** Where segments live; a port, so that tests can break the disk. */
export interface LogFiles {
  /** Names of all files there; none if the place does not exist yet. */
  list(): string[];
  /** The whole file. */
  read(name: string): Uint8Array;
  /** Opens for append; made if it is missing. */
  open(name: string): LogFile;
  /** No error if the file is already gone. */
  remove(name: string): void;
}

/** The disk refused. Nothing of the record stays; the same call may be made again later. */
export class LogWriteError extends GrateError {
  override readonly name = "LogWriteError";
}

/** A file with a segment's name that no version of this log has written. */
export class LogFormatError extends GrateError {
  override readonly name = "LogFormatError";
}

export interface RecordLogOptions {
  /** Segments are called <prefix>-<number>.log. */
  readonly prefix: string;
  /** A record that would make its segment longer than this begins a new one. Segments are read whole at start. */
  readonly segmentBytesMax: number;
  /** Longest payload; a longer one is refused, and is taken for damage when read. */
  readonly recordBytesMax?: number;
  /**
   * Each record begins with a mark (format version 2), so that a damaged one costs
   * no others. For an owner whose records mean something without those before.
   */
  readonly marked?: boolean;
}

export interface ReplayReport {
  readonly segments: number;
  readonly records: number;
  /** Of good records with their headers. */
  readonly bytes: number;
  /** Passed over: a torn tail, damaged records and, where records have no marks, what is behind them. */
  readonly tornBytes: number;
  /** One line for each damage: the segment's name, and what is wrong. */
  readonly faults: readonly string[];
}

export const RECORD_BYTES_MAX = 64 * 2 ** 20;

/** The buffer that joins header and payload is kept up to this size, so that one giant does not stay for ever. */
const SCRATCH_KEPT_BYTES = 2 ** 20;

export class RecordLog {
  readonly #files: LogFiles;
  readonly #prefix: string;
  readonly #segmentBytesMax: number;
  readonly #recordBytesMax: number;

  /** Number and good length of every segment that exists, ascending; the last one is written to. */
  readonly #segments: { readonly number: number; bytes: number }[] = [];
  readonly #marked: boolean;
  /** Of the segment that is written to. */
  #mark: number | undefined;
  /** undefined: nothing is open, the next append begins a new segment. */
  #file: LogFile | undefined;
  #unsynced = false;
  #flushing = false;
  #closed = false;
  #scratch = new Uint8Array(4096);

  private constructor(files: LogFiles, options: RecordLogOptions) {
    this.#files = files;
    this.#prefix = options.prefix;
    this.#segmentBytesMax = options.segmentBytesMax;
    this.#recordBytesMax = options.recordBytesMax ?? RECORD_BYTES_MAX;
    this.#marked = options.marked === true;
  }

  /**
   * Replays what is there, oldest record first, and makes ready to append. A
   * torn tail is cut off and reported. Behind a damaged record reading goes on at
   * the next one, or without marks at the next segment.
   *
   * @param onRecord the payload is valid only during the call; the segment is its number
   * @throws LogFormatError if a segment's name stands on a file that is none
   */
  static open(
    files: LogFiles,
    options: RecordLogOptions,
    onRecord: (type: number, payload: Uint8Array, segment: number) => void,
  ): { log: RecordLog; report: ReplayReport } {
    const log = new RecordLog(files, options);
    return { log, report: log.#replay(onRecord) };
  }

  /** Number of the segment that is written to; 0 before the first. */
  get segment(): number {
    return this.#segments.at(-1)?.number ?? 0;
  }

  /** Length of that segment. */
  get segmentBytes(): number {
    return this.#segments.at(-1)?.bytes ?? 0;
  }

  /** Length of all segments together. */
  get bytes(): number {
    return this.#segments.reduce((sum, segment) => sum + segment.bytes, 0);
  }

  /**
   * When it returns, the record survives the end of the process.
   * @param type 0 .. 255
   * @throws LogWriteError if the disk refuses; nothing of the record stays then
   * @throws RangeError if the payload is longer than recordBytesMax
   */
  append(type: number, payload: Uint8Array): void {
    this.#refuseClosed();
    if (payload.length > this.#recordBytesMax) {
      throw new RangeError(
        `appending to log ${this.#prefix}: a record of ${payload.length} bytes, at most ${this.#recordBytesMax} are allowed`,
      );
    }
    const size = recordHeaderBytes(this.#marked ? 0 : undefined) + payload.length;
    const isEmpty = this.segmentBytes <= segmentHeader(this.#mark).length;
    if (this.#file === undefined || (!isEmpty && this.segmentBytes + size > this.#segmentBytesMax)) this.startSegment();
    const record = this.#room(size);
    encodeRecord(record, type, payload, this.#mark);
    this.#write(record);
  }

  /**
   * Everything appended so far survives a power cut. Costs nothing if nothing was appended.
   * @throws LogWriteError if the disk refuses. It is then unknown what of the
   *   records since the last sync is on the disk; later ones go to a new segment.
   */
  sync(): void {
    this.#refuseClosed();
    if (this.#file === undefined || !this.#unsynced) return;
    try {
      this.#file.sync();
      this.#unsynced = false;
    } catch (error) {
      // After a failed sync the kernel may call the same pages clean: a second try would lie.
      this.#abandon();
      throw this.#writeError("sync", error);
    }
  }

  /**
   * Lets the disk work before a sync(), so that this thread does not wait for it: some ms, and far more while other
   * files are written.
   * @param done for the sync(); not called if a flush is under way, whose own `done` comes after these records
   * @returns false if there is nothing to wait for: sync() at once
   */
  flush(done: () => void): boolean {
    if (this.#flushing) return true;
    const file = this.#file;
    if (this.#closed || !this.#unsynced || file?.flush === undefined) return false;
    this.#flushing = true;
    file.flush(() => {
      this.#flushing = false;
      done();
    });
    return true;
  }

  /**
   * Later records go to a new segment.
   * @returns its number
   * @throws LogWriteError if the disk refuses; called again it makes a new attempt
   */
  startSegment(): number {
    this.#refuseClosed();
    this.sync();
    this.#abandon();
    const number = this.segment + 1;
    const name = this.#name(number);
    const mark = this.#marked ? randomInt(2 ** 32) : undefined;
    const header = segmentHeader(mark);
    let file: LogFile | undefined;
    try {
      file = this.#files.open(name);
      // What a failed attempt before may have left.
      file.truncate(0);
      writeAll(file, header);
    } catch (error) {
      if (file !== undefined) quietly(() => file?.close());
      quietly(() => this.#files.remove(name));
      throw this.#writeError("begin", error, number);
    }
    this.#file = file;
    this.#mark = mark;
    this.#unsynced = true;
    this.#segments.push({ number, bytes: header.length });
    return number;
  }

  /**
   * Takes back the segment that is written to, with all its records; the next
   * one begins a new segment. For an owner whose first records of a segment
   * belong together and did not all fit.
   * @throws LogWriteError if it cannot be deleted; its records stay then
   */
  discardSegment(): void {
    this.#refuseClosed();
    const newest = this.#segments.at(-1);
    if (newest === undefined) return;
    this.#abandon();
    try {
      this.#files.remove(this.#name(newest.number));
    } catch (error) {
      throw this.#writeError("delete", error);
    }
    this.#segments.pop();
  }

  /**
   * Deletes older segments, oldest first, once what replaces them is on the
   * disk. The segment that is written to always stays.
   * @throws LogWriteError if one cannot be deleted; those before it are gone
   */
  dropSegmentsBefore(number: number): void {
    this.#refuseClosed();
    if (this.#segments.length < 2 || (this.#segments[0]?.number ?? number) >= number) return;
    this.sync();
    while (this.#segments.length > 1) {
      const oldest = this.#segments[0];
      if (oldest === undefined || oldest.number >= number) return;
      try {
        this.#files.remove(this.#name(oldest.number));
      } catch (error) {
        throw this.#writeError("delete", error, oldest.number);
      }
      this.#segments.shift();
    }
  }

  /** Syncs and closes. Idempotent; any other call afterwards throws. */
  close(): void {
    if (this.#closed) return;
    try {
      this.sync();
    } finally {
      this.#abandon();
      this.#closed = true;
    }
  }

  #replay(onRecord: (type: number, payload: Uint8Array, segment: number) => void): ReplayReport {
    const numbers = this.#listSegments();
    const faults: string[] = [];
    let records = 0;
    let bytes = 0;
    let tornBytes = 0;
    for (const number of numbers) {
      const name = this.#name(number);
      const content = this.#files.read(name);
      const scan = scanSegment(content, this.#recordBytesMax, (type, payload) => onRecord(type, payload, number));
      if (scan.foreign) {
        throw new LogFormatError(`reading log segment ${name}: ${scan.faults[0]}; move it away if it is not Grate's`);
      }
      for (const fault of scan.faults) faults.push(`${name}: ${fault}`);
      records += scan.records;
      bytes += Math.max(0, scan.goodBytes - scan.damagedBytes - segmentHeader(scan.mark).length);
      tornBytes += content.length - scan.goodBytes + scan.damagedBytes;
      this.#segments.push({ number, bytes: scan.goodBytes });
      if (number === numbers.at(-1)) this.#continueIn(name, scan.goodBytes, content.length, scan.mark);
    }
    return { segments: numbers.length, records, bytes, tornBytes, faults };
  }

  #listSegments(): number[] {
    const numbers: number[] = [];
    for (const name of this.#files.list()) {
      const digits = name.startsWith(`${this.#prefix}-`) ? name.slice(this.#prefix.length + 1) : "";
      if (/^\d{8,15}\.log$/.test(digits)) numbers.push(Number.parseInt(digits, 10));
    }
    return numbers.sort((a, b) => a - b);
  }

  /** The last segment is written on, behind its last good record; if that cannot be, a new one is begun later. */
  #continueIn(name: string, goodBytes: number, lengthBytes: number, mark: number | undefined): void {
    let file: LogFile | undefined;
    try {
      file = this.#files.open(name);
      if (lengthBytes > goodBytes) file.truncate(goodBytes);
      const isOurVersion = goodBytes > 0 && (mark !== undefined) === this.#marked;
      if (!isOurVersion) file.close();
      else {
        this.#file = file;
        this.#mark = mark;
      }
    } catch {
      if (file !== undefined) quietly(() => file?.close());
    }
  }

  #write(bytes: Uint8Array): void {
    const segment = this.#segments.at(-1);
    const file = this.#file;
    if (segment === undefined || file === undefined) throw new Error("BUG: a log writes with no segment open");
    try {
      writeAll(file, bytes);
    } catch (error) {
      try {
        file.truncate(segment.bytes);
      } catch {
        // The half record stays as a torn tail; nothing may be written behind it.
        quietly(() => file.sync());
        this.#abandon();
      }
      throw this.#writeError("write", error);
    }
    segment.bytes += bytes.length;
    this.#unsynced = true;
  }

  #abandon(): void {
    const file = this.#file;
    this.#file = undefined;
    this.#unsynced = false;
    if (file !== undefined) quietly(() => file.close());
  }

  #room(size: number): Uint8Array {
    if (size > SCRATCH_KEPT_BYTES) return new Uint8Array(size);
    if (size > this.#scratch.length) this.#scratch = new Uint8Array(Math.min(size * 2, SCRATCH_KEPT_BYTES));
    return this.#scratch.subarray(0, size);
  }

  #name(number: number): string {
    return `${this.#prefix}-${String(number).padStart(8, "0")}.log`;
  }

  #writeError(action: string, error: unknown, number = this.segment): LogWriteError {
    return new LogWriteError(`cannot ${action} ${this.#name(number)}: ${messageOf(error)}`, { cause: error });
  }

  #refuseClosed(): void {
    if (this.#closed) throw new Error(`BUG: log ${this.#prefix} is used after it was closed`);
  }
}

function writeAll(file: LogFile, bytes: Uint8Array): void {
  let done = 0;
  while (done < bytes.length) {
    const taken = file.write(bytes.subarray(done));
    if (taken <= 0) throw new Error(`only ${done} of ${bytes.length} bytes were taken`);
    done += taken;
  }
}

/** For cleaning up after an error that is already on its way to the caller. */
function quietly(action: () => void): void {
  try {
    action();
  } catch {
    // The first error is the one that tells.
  }
}
