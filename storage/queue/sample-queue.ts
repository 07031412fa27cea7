/**
 * Samples on their way to a store that may be away for long: a queue on disk, in a
 * record log. What is in it survives the end of the process; the newest part is kept
 * in memory as well, so that in good times nothing is read back. Layout: FORMAT.md.
 *
 * At the limit of its size or age the oldest samples are given up and counted; a store
 * that comes back after a long time is better served with the newest.
 *
 * Synchronous, like the log below it: it lives in a worker thread or is given little.
 */
import type { Clock } from "../../core/base/clock.js";
import { messageOf } from "../../core/base/errors.js";
import { type LogFiles, RECORD_BYTES_MAX, RecordLog } from "../../core/base/record-log.js";
import type { Coverage, SeriesBatch } from "../../core/model/archive.js";
import type { SeriesKey } from "../../core/model/series.js";
import { StorageError } from "../errors.js";
import { firstAfter, sliceSeries } from "../series.js";
import type { StoreLog } from "../store.js";
import { NewestTimes } from "./newest-times.js";
import { notingReads, PREFIX, readSamples } from "./queue-files.js";
import {
  decodeHead,
  decodeSamples,
  decodeState,
  decodeTaken,
  encodeSamples,
  encodeState,
  encodeTaken,
  type Position,
  QueueRecordError,
  RECORD,
} from "./queue-records.js";

/** A segment is read whole, and begins with a state of some hundred kB at 1,000 hosts. */
const SEGMENT_BYTES_MAX = 16 * 2 ** 20;

/** Records kept in memory beside the disk: more than a spill of 1,000 hosts. */
const MEMORY_BYTES_MAX = 8 * 2 ** 20;

/** Headers, and notes of what was taken in between. */
const SMALL_RECORDS_BYTES = 512;

export interface SampleQueueOptions {
  readonly files: LogFiles;
  /** Of all files together. */
  readonly bytesMax: number;
  /** Samples queued longer ago are given up; absent: only the size counts. */
  readonly ageMaxMs?: number | undefined;
  readonly clock: Clock;
  readonly log: StoreLog;
  /** For messages. */
  readonly name: string;
  /** Kept in memory beside the disk; for tests. */
  readonly memoryBytesMax?: number;
}

/** One record that waits, or the rest of it. */
export interface Waiting {
  readonly number: number;
  readonly batches: readonly SeriesBatch[];
  /** Samples of the first batches that are delivered already. */
  readonly taken: number;
}

interface Entry {
  readonly number: number;
  readonly segment: number;
  readonly samples: number;
  readonly queuedAtMs: number;
  /** undefined: only on the disk. */
  payload: Uint8Array | undefined;
}

export interface QueueCounts {
  /** Samples that wait. */
  readonly samples: number;
  /** Of the files, delivered records included. */
  readonly bytes: number;
  /** When the oldest record that waits was queued, epoch ms; 0 = nothing waits. */
  readonly oldestMs: number;
  /** Samples given up since the start because the queue was full, or they too old, or their record damaged. */
  readonly droppedFull: number;
  readonly droppedOld: number;
  readonly droppedDamaged: number;
}

export class SampleQueue {
  readonly #options: SampleQueueOptions;
  readonly #log: RecordLog;
  readonly #newest = new NewestTimes();
  /** Oldest first. */
  readonly #entries: Entry[] = [];
  #memoryBytes = 0;
  /** The newest segment that begins with a state; those before it are needed for their samples alone. -1 = none yet. */
  #headedSegment = -1;
  #stateBytes = 0;
  #nextNumber = 1;
  #taken: Position = { number: 0, samples: 0 };
  #coverage: Coverage | undefined;
  #waitingSamples = 0;
  #droppedFull = 0;
  #droppedOld = 0;
  #droppedDamaged = 0;
  /** The first entry, decoded. */
  #first: Waiting | undefined;

  /** @throws GrateError if the files cannot be read or are none of ours */
  constructor(options: SampleQueueOptions) {
    this.#options = options;
    const noting = notingReads(options.files);
    const entries: Entry[] = [];
    const { log, report } = RecordLog.open(
      noting.files,
      // Segments are begun by hand, each with a state at its head.
      { prefix: PREFIX, segmentBytesMax: Number.MAX_SAFE_INTEGER },
      (type, payload) => this.#replay(type, payload, noting.segment(), entries),
    );
    this.#log = log;
    for (const fault of report.faults) options.log.warn(`queue of ${options.name}: ${fault}; what follows it is lost`);
    this.#entries = entries.filter(({ number, samples }) => !isTaken(this.#taken, number, samples));
    for (const entry of this.#entries) this.#waitingSamples += entry.samples - this.#takenOf(entry);
    this.#nextNumber = Math.max(this.#nextNumber, this.#taken.number + 1);
  }

  /** Of all that was ever queued here; undefined before the first sample. */
  get coverage(): Coverage | undefined {
    return this.#coverage;
  }

  get counts(): QueueCounts {
    return {
      samples: this.#waitingSamples,
      bytes: this.#log.bytes,
      oldestMs: this.#entries[0]?.queuedAtMs ?? 0,
      droppedFull: this.#droppedFull,
      droppedOld: this.#droppedOld,
      droppedDamaged: this.#droppedDamaged,
    };
  }

  get isEmpty(): boolean {
    return this.#entries.length === 0;
  }

  /**
   * When it returns, the samples survive the end of the process. Samples not newer
   * than the newest given of their series are passed over.
   * @param batches checked
   * @throws StorageError storage-full or storage-too-much; nothing of it is queued then
   */
  append(batches: readonly SeriesBatch[]): void {
    const fresh = this.#fresh(batches);
    const samples = fresh.reduce((sum, { series }) => sum + series.timesMs.length, 0);
    if (samples === 0) return;
    const { name, bytesMax, clock } = this.#options;
    const head = { number: this.#nextNumber, queuedAtMs: Math.max(0, Math.floor(clock.nowMs())), samples };
    const payload = encodeSamples(head, fresh);
    if (payload.length > Math.min(RECORD_BYTES_MAX, bytesMax / 2)) {
      throw new StorageError(
        "storage-too-much",
        `cannot append ${samples} samples (${payload.length} bytes) to the queue of ${name} at once; give them in several parts`,
      );
    }
    try {
      this.#dropOld();
      this.#makeRoom(payload.length);
      this.#begin(payload.length);
      this.#log.append(RECORD.samples, payload);
    } catch (error) {
      throw new StorageError("storage-full", `cannot append to the queue of ${name}: ${messageOf(error)}`);
    }
    this.#nextNumber++;
    for (const { key, series } of fresh) this.#note(key, series.timesMs[0] as number, series.timesMs.at(-1) as number);
    this.#waitingSamples += samples;
    this.#entries.push({ ...head, segment: this.#log.segment, payload: this.#remembered(payload) });
    this.#sync();
  }

  /** @returns the oldest record that waits; it stays until it is taken */
  first(): Waiting | undefined {
    this.#dropOld();
    for (let entry = this.#entries[0]; entry !== undefined; entry = this.#entries[0]) {
      if (this.#first?.number === entry.number) return { ...this.#first, taken: this.#takenOf(entry) };
      try {
        const batches = decodeSamples(this.#load(entry));
        this.#first = { number: entry.number, batches, taken: this.#takenOf(entry) };
        return this.#first;
      } catch (error) {
        if (!(error instanceof QueueRecordError)) throw error;
        const lost = entry.samples - this.#takenOf(entry);
        this.#droppedDamaged += lost;
        this.#options.log.warn(`queue of ${this.#options.name}: ${error.message}; ${lost} samples are lost`);
        this.#advance({ number: entry.number, samples: entry.samples });
      }
    }
    return undefined;
  }

  /** Samples of the record up to this many are delivered or given up. A record that is gone meanwhile is no fault. */
  take(number: number, samples: number): void {
    this.#advance({ number, samples });
  }

  /** Syncs. Idempotent. */
  close(): void {
    this.#log.close();
  }

  #replay(type: number, payload: Uint8Array, segment: number, entries: Entry[]): void {
    if (type === RECORD.state) {
      const { taken, coverage, newest } = decodeState(payload);
      this.#taken = later(this.#taken, taken);
      this.#coverage = union(this.#coverage, coverage);
      this.#newest.raiseAll(newest);
    } else if (type === RECORD.taken) {
      this.#taken = later(this.#taken, decodeTaken(payload));
    } else if (type === RECORD.samples) {
      const { head, series } = decodeHead(payload);
      for (const { key, fromMs, toMs } of series) this.#note(key, fromMs, toMs);
      this.#nextNumber = head.number + 1;
      // Payloads are views of whole segments: they are read again when their turn comes.
      entries.push({ ...head, segment, payload: undefined });
    }
  }

  #fresh(batches: readonly SeriesBatch[]): SeriesBatch[] {
    const fresh: SeriesBatch[] = [];
    // One append may hold a series twice; what it says itself counts as soon as it is taken.
    const said = new NewestTimes();
    for (const batch of batches) {
      const knownMs = Math.max(this.#newest.get(batch.key), said.get(batch.key));
      const series = sliceSeries(batch.series, firstAfter(batch.series.timesMs, knownMs));
      const lastMs = series.timesMs.at(-1);
      if (lastMs === undefined) continue;
      said.raise(batch.key, lastMs);
      fresh.push({ ...batch, series });
    }
    return fresh;
  }

  #note(key: SeriesKey, fromMs: number, toMs: number): void {
    this.#newest.raise(key, toMs);
    this.#coverage = union(this.#coverage, { fromMs, toMs });
  }

  /** A new segment, if the one in use is full or has no state at its head, as after a failed sync. */
  #begin(recordBytes: number): void {
    const full = this.#log.segmentBytes + recordBytes > Math.min(SEGMENT_BYTES_MAX, this.#options.bytesMax / 4);
    if (full || this.#log.segment !== this.#headedSegment) this.#roll();
  }

  #roll(): void {
    this.#log.startSegment();
    try {
      const newest = this.#newest.toData();
      const state = encodeState({ taken: this.#taken, coverage: this.#coverage, newest });
      this.#log.append(RECORD.state, state);
      this.#stateBytes = state.length;
    } catch (error) {
      this.#log.discardSegment();
      throw error;
    }
    this.#headedSegment = this.#log.segment;
    this.#dropSegments();
  }

  #makeRoom(recordBytes: number): void {
    const { name, bytesMax, log } = this.#options;
    let lost = 0;
    // A record may begin a segment, and then a state comes with it.
    const wantedBytes = recordBytes + this.#stateBytes + SMALL_RECORDS_BYTES;
    while (this.#log.bytes + wantedBytes > bytesMax) {
      // Segments can be deleted only when a later one begins with a state.
      if (this.#headedSegment !== this.#log.segment) {
        this.#roll();
        continue;
      }
      const oldest = this.#entries[0];
      // What is left is delivered, or the newest segment's own.
      if (oldest === undefined || oldest.segment === this.#log.segment) {
        this.#roll();
        if (oldest === undefined) break;
      }
      const last = this.#entries.findLast(({ segment }) => segment === oldest?.segment);
      if (last === undefined) break;
      lost += this.#advance(last);
    }
    if (lost === 0) return;
    this.#droppedFull += lost;
    log.warn(`queue of ${name}: it is full (${bytesMax} bytes), the oldest ${lost} samples are given up`);
  }

  #dropOld(): void {
    const { ageMaxMs, clock, log, name } = this.#options;
    if (ageMaxMs === undefined) return;
    const sinceMs = clock.nowMs() - ageMaxMs;
    let last: Entry | undefined;
    for (const entry of this.#entries) {
      if (entry.queuedAtMs >= sinceMs) break;
      last = entry;
    }
    if (last === undefined) return;
    const lost = this.#advance(last);
    this.#droppedOld += lost;
    log.warn(`queue of ${name}: ${lost} samples waited for longer than the age allowed and are given up`);
  }

  /** @returns samples that waited and do not any more */
  #advance(position: Position): number {
    const before = this.#waitingSamples;
    for (let entry = this.#entries[0]; entry !== undefined; entry = this.#entries[0]) {
      if (!isTaken(position, entry.number, entry.samples)) break;
      this.#waitingSamples -= entry.samples - this.#takenOf(entry);
      this.#memoryBytes -= entry.payload?.length ?? 0;
      this.#entries.shift();
    }
    const partly = this.#entries[0];
    const to = later(this.#taken, position);
    if (partly !== undefined && partly.number === to.number) {
      this.#waitingSamples -= to.samples - this.#takenOf(partly);
    }
    // A position may come as an entry; its payload must not be kept by it.
    this.#taken = { number: to.number, samples: to.samples };
    this.#first = this.#first?.number === this.#entries[0]?.number ? this.#first : undefined;
    this.#writeTaken();
    return before - this.#waitingSamples;
  }

  /** Not written, it costs at most that samples are delivered twice after a crash. */
  #writeTaken(): void {
    try {
      this.#log.append(RECORD.taken, encodeTaken(this.#taken));
      this.#dropSegments();
    } catch (error) {
      this.#options.log.warn(`queue of ${this.#options.name}: ${messageOf(error)}`);
    }
  }

  #dropSegments(): void {
    this.#log.dropSegmentsBefore(Math.min(this.#entries[0]?.segment ?? this.#headedSegment, this.#headedSegment));
  }

  #takenOf(entry: { readonly number: number }): number {
    return this.#taken.number === entry.number ? this.#taken.samples : 0;
  }

  #remembered(payload: Uint8Array): Uint8Array | undefined {
    if (this.#memoryBytes + payload.length > (this.#options.memoryBytesMax ?? MEMORY_BYTES_MAX)) return undefined;
    this.#memoryBytes += payload.length;
    return payload;
  }

  #load(entry: Entry): Uint8Array {
    if (entry.payload !== undefined) return entry.payload;
    const found = readSamples(this.#options.files, entry.segment);
    for (const each of this.#entries) {
      if (each.segment !== entry.segment) break;
      const payload = each.payload === undefined ? found.get(each.number) : undefined;
      if (payload === undefined) continue;
      each.payload = payload;
      this.#memoryBytes += payload.length;
    }
    if (entry.payload === undefined) throw new QueueRecordError(`record ${entry.number} cannot be read any more`);
    return entry.payload;
  }

  /** Only a power cut asks for it; the samples survive the process without. */
  #sync(): void {
    try {
      this.#log.sync();
    } catch (error) {
      this.#options.log.warn(`queue of ${this.#options.name}: ${messageOf(error)}`);
    }
  }
}

function isTaken(position: Position, number: number, samples: number): boolean {
  return number < position.number || (number === position.number && position.samples >= samples);
}

function later(a: Position, b: Position): Position {
  return b.number > a.number || (b.number === a.number && b.samples > a.samples) ? b : a;
}

function union(a: Coverage | undefined, b: Coverage | undefined): Coverage | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return { fromMs: Math.min(a.fromMs, b.fromMs), toMs: Math.max(a.toMs, b.toMs) };
}
