/**
 * Samples that wait for their documents, on the disk: a record log whose records are
 * appends, as in the sample queue (storage/queue/FORMAT.md, record 1). When documents are
 * written it begins anew with what still waits.
 */
import { join } from "node:path";
import { RecordLog } from "../../core/base/record-log.js";
import { nodeLogFiles } from "../../core/base/record-log-files.js";
import type { SeriesBatch } from "../../core/model/archive.js";
import { decodeSamples, encodeSamples, QueueRecordError, RECORD } from "../queue/queue-records.js";
import type { StoreLog } from "../store.js";

/** Segments are read whole at the start. */
const SEGMENT_BYTES_MAX = 16 * 2 ** 20;

/** Of one record, when the log begins anew: some MB. */
const SAMPLES_PER_RECORD = 200_000;

export class PendingLog {
  readonly #log: RecordLog;
  readonly #storeLog: StoreLog;
  #number = 1;
  /** Why what was appended is not sure to survive a power cut; "" while it is. */
  fault = "";

  /**
   * @param directory beside the documents
   * @param onBatches what waits, in the order in which it was appended
   * @throws GrateError if the files cannot be read or are none of ours
   */
  constructor(directory: string, storeLog: StoreLog, onBatches: (batches: readonly SeriesBatch[]) => void) {
    this.#storeLog = storeLog;
    const { log, report } = RecordLog.open(
      nodeLogFiles(join(directory, ".pending")),
      { prefix: "pending", segmentBytesMax: SEGMENT_BYTES_MAX },
      (type, payload) => {
        if (type === RECORD.samples) this.#replay(payload, onBatches);
      },
    );
    this.#log = log;
    for (const fault of report.faults) storeLog.warn(`samples that wait for documents: ${fault}; what follows is lost`);
  }

  get bytes(): number {
    return this.#log.bytes;
  }

  /**
   * When it returns, the samples survive the end of the process and of the power.
   * @throws LogWriteError, nothing of it is kept then; RangeError if it is too much at once
   */
  append(batches: readonly SeriesBatch[], nowMs: number): void {
    this.#record(batches, nowMs);
    this.#sync();
  }

  /** From now on only these wait. @throws LogWriteError; more than these may wait then, which does no harm */
  replace(batches: Iterable<SeriesBatch>, nowMs: number): void {
    if (this.#log.segment === 0) return;
    const segment = this.#log.startSegment();
    let part: SeriesBatch[] = [];
    let samples = 0;
    for (const batch of batches) {
      part.push(batch);
      samples += batch.series.timesMs.length;
      if (samples < SAMPLES_PER_RECORD) continue;
      this.#record(part, nowMs);
      part = [];
      samples = 0;
    }
    if (part.length > 0) this.#record(part, nowMs);
    this.#log.dropSegmentsBefore(segment);
  }

  /** Syncs. Idempotent. */
  close(): void {
    this.#log.close();
  }

  #record(batches: readonly SeriesBatch[], nowMs: number): void {
    const samples = batches.reduce((sum, { series }) => sum + series.timesMs.length, 0);
    const head = { number: this.#number++, queuedAtMs: Math.max(0, Math.floor(nowMs)), samples };
    this.#log.append(RECORD.samples, encodeSamples(head, batches));
  }

  #replay(payload: Uint8Array, onBatches: (batches: readonly SeriesBatch[]) => void): void {
    try {
      onBatches(decodeSamples(payload));
    } catch (error) {
      if (!(error instanceof QueueRecordError)) throw error;
      this.#storeLog.warn(`samples that wait for documents: ${error.message}; they are lost`);
    }
  }

  /** They survive the process without. */
  #sync(): void {
    try {
      this.#log.sync();
      this.fault = "";
    } catch (error) {
      this.fault = error instanceof Error ? error.message : String(error);
      this.#storeLog.warn(`samples that wait for documents: ${this.fault}`);
    }
  }
}
