/**
 * What the store holds, and the order of its writes: samples are in the pending log before
 * they count, documents are on the disk before the log forgets their samples. Killed in
 * between, the log says again what documents have already, and that is passed over.
 */
import type { Clock } from "../../core/base/clock.js";
import { messageOf } from "../../core/base/errors.js";
import type { Coverage, SeriesBatch } from "../../core/model/archive.js";
import { formatDuration } from "../../core/model/duration.js";
import type { Series } from "../../core/model/series.js";
import { StorageError } from "../errors.js";
import type { StoreLog } from "../store.js";
import { ClusterDocuments, type PreparedDocument } from "./cluster-documents.js";
import { DocumentDirectory } from "./document-directory.js";
import { PendingLog } from "./pending-log.js";

/** Waits while a spill is under way: 1,000 hosts leave some 5 MB of samples in ten minutes. */
const FLUSH_AT_BYTES = 64 * 2 ** 20;

/** Documents cannot be written, and so much waits: hours of 1,000 hosts. Then appends are refused. */
const PENDING_BYTES_MAX = 256 * 2 ** 20;

/** Samples of one instant come with polls that are a few seconds apart. */
const HELD_BACK_S = 60;

/** A cluster that sends no more has no later samples to wait for. */
const HELD_BACK_AT_MOST_MS = 600_000;

/** An append waits at most a minute where there are several stores; the rest comes with the next spill. */
const FLUSH_MAX_MS = 20_000;

const SWEEP_EVERY_MS = 600_000;

export interface KeeperOptions {
  readonly directory: string;
  readonly everyS: number;
  readonly keepMs: number;
  readonly bytesMax: number;
  readonly clock: Clock;
  readonly log: StoreLog;
  /** For tests. */
  readonly heldBackS?: number | undefined;
  readonly pendingBytesMax?: number | undefined;
}

export class DocumentKeeper {
  readonly files: DocumentDirectory;
  /** What is wrong with writing documents; "" while all is well. */
  message = "";
  readonly counts = { documents: 0, bytes: 0, filesBytes: 0, failures: 0 };
  readonly #options: KeeperOptions;
  readonly #pending: PendingLog;
  readonly #clusters = new Map<string, ClusterDocuments>();
  #sweptAtMs = Number.NEGATIVE_INFINITY;
  /** After a failed sync nobody knows what is on the disk: the log keeps everything until the next start. */
  #isLogKept = false;

  /** @throws GrateError if the log of what waits cannot be read */
  constructor(options: KeeperOptions) {
    this.#options = options;
    this.files = new DocumentDirectory(options.directory);
    this.#pending = new PendingLog(options.directory, options.log, (batches) => this.#add(batches));
  }

  /** Why what waits may not survive a power cut; "" while it does. */
  get logFault(): string {
    return this.#pending.fault;
  }

  /** Those that samples came of since the start, or wait of. */
  get clusters(): ReadonlyMap<string, ClusterDocuments> {
    return this.#clusters;
  }

  /** What of the batch is news. @throws the system's error where the documents of the cluster cannot be read */
  fresh(batch: SeriesBatch): Series {
    return this.#cluster(batch.key.cluster).fresh(batch);
  }

  /**
   * When it returns, the samples survive the end of the process and of the power.
   * @param news each with samples
   * @throws StorageError storage-full while too much waits; LogWriteError; nothing of it is kept then
   */
  append(news: readonly SeriesBatch[]): void {
    if (news.length === 0) return;
    this.#makeRoom();
    this.#pending.append(news, this.#options.clock.nowMs());
    this.#add(news);
    if (this.#pending.bytes > FLUSH_AT_BYTES) this.flush();
  }

  /** Writes documents of all steps that are over. What the disk refuses is told in `message` and tried again. */
  flush(): void {
    const { clock, log } = this.#options;
    const deadlineMs = clock.monotonicMs() + FLUSH_MAX_MS;
    const isEnough = () => clock.monotonicMs() > deadlineMs;
    const faults: string[] = [];
    for (const cluster of this.#clusters.values()) {
      if (isEnough()) break;
      try {
        cluster.flush(this.#untilS(cluster), (document) => this.#write(cluster.name, document), isEnough);
      } catch (error) {
        this.counts.failures++;
        faults.push(`cannot write a document of ${cluster.name}: ${messageOf(error)}`);
      }
    }
    this.#settle(faults);
    if (isEnough()) log.warn(`documents take longer than ${formatDuration(FLUSH_MAX_MS)}, the rest comes later`);
    const [first = ""] = faults;
    if (first !== "" && first !== this.message) log.warn(first);
    this.message = first;
  }

  /** Deletes what is too old or too much, every ten minutes. */
  sweep(): void {
    const { clock, log, keepMs, bytesMax } = this.#options;
    if (clock.monotonicMs() - this.#sweptAtMs < SWEEP_EVERY_MS) return;
    this.#sweptAtMs = clock.monotonicMs();
    try {
      this.counts.filesBytes = this.files.sweep(clock.nowMs(), keepMs, bytesMax);
    } catch (error) {
      this.message = `cannot delete old documents: ${messageOf(error)}`;
      log.warn(this.message);
    }
    for (const [name, { pending, unwritten }] of this.#clusters) {
      const isGone = pending.count === 0 && unwritten === undefined && this.files.of(name).length === 0;
      if (isGone) this.#clusters.delete(name);
    }
  }

  /** Of documents and of what waits. @throws the system's error */
  coverage(): Coverage | undefined {
    let fromS = Number.POSITIVE_INFINITY;
    let toS = Number.NEGATIVE_INFINITY;
    const widen = (times: { readonly fromS: number; readonly toS: number }) => {
      fromS = Math.min(fromS, times.fromS);
      toS = Math.max(toS, times.toS);
    };
    for (const summary of this.files.all()) widen(summary);
    for (const { pending, unwritten } of this.#clusters.values()) {
      if (unwritten !== undefined) widen(unwritten);
      for (const { timesS } of pending.all()) widen({ fromS: timesS[0] ?? fromS, toS: timesS.at(-1) ?? toS });
    }
    return fromS <= toS ? { fromMs: fromS * 1_000, toMs: toS * 1_000 } : undefined;
  }

  /** What waits stays in its log for the next start. */
  close(): void {
    this.files.close();
    this.#pending.close();
  }

  #add(batches: readonly SeriesBatch[]): void {
    for (const batch of batches) this.#cluster(batch.key.cluster).add(batch);
  }

  #cluster(name: string): ClusterDocuments {
    const known = this.#clusters.get(name);
    if (known !== undefined) return known;
    const cluster = new ClusterDocuments(name, this.#options.everyS, this.files.last(name));
    this.#clusters.set(name, cluster);
    return cluster;
  }

  #makeRoom(): void {
    const { directory, pendingBytesMax = PENDING_BYTES_MAX } = this.#options;
    if (this.#pending.bytes > pendingBytesMax) this.flush();
    if (this.#pending.bytes <= pendingBytesMax) return;
    throw new StorageError(
      "storage-full",
      `cannot append to ${directory}: ${this.#pending.bytes} bytes of samples wait for their documents, at most ` +
        `${pendingBytesMax} may${this.message === "" ? "" : `; ${this.message}`}`,
    );
  }

  #untilS({ pending }: ClusterDocuments): number {
    const { clock, heldBackS = HELD_BACK_S } = this.#options;
    return Math.max(pending.newestS - heldBackS, (clock.nowMs() - HELD_BACK_AT_MOST_MS) / 1_000);
  }

  #write(cluster: string, { localtimeS, pieces, fromS, toS }: PreparedDocument): void {
    const members = pieces.map(({ member }) => member);
    this.files.append(cluster, localtimeS, members, fromS, toS);
    this.counts.documents++;
    for (const { length } of members) this.counts.bytes += length;
  }

  /** Documents are on the disk before the log forgets their samples. */
  #settle(faults: string[]): void {
    try {
      this.files.sync();
    } catch (error) {
      this.#isLogKept = true;
      faults.push(`cannot sync documents: ${messageOf(error)}`);
    }
    const isRefused = [...this.#clusters.values()].some(({ unwritten }) => unwritten !== undefined);
    if (this.#isLogKept || isRefused || faults.length > 0) return;
    try {
      this.#pending.replace(this.#waiting(), this.#options.clock.nowMs());
    } catch (error) {
      faults.push(`cannot write down what waits: ${messageOf(error)}`);
    }
  }

  *#waiting(): Generator<SeriesBatch> {
    for (const { name, pending, present } of this.#clusters.values()) {
      yield* pending.toBatches(name, (row) => present.directory.host(row)?.name ?? "");
    }
  }
}
