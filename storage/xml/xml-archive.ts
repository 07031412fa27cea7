/**
 * History as documents of Ganglia's XML. What is appended waits in a log until the spill
 * it belongs to has ended; then a document of each cluster is written for each step, with
 * all that is known at its end. Reads find documents by the heads of their pieces, unpack
 * those that have samples of the range, and go on in what waits.
 *
 * Everything is synchronous inside; it is meant to live in the worker thread.
 */
import { resolve } from "node:path";
import type { Clock } from "../../core/base/clock.js";
import type {
  Archive,
  ArchiveTraits,
  Coverage,
  ManyBucketsQuery,
  ManyQuery,
  ManySamplesQuery,
  NamedBuckets,
  NamedSeries,
  SeriesBatch,
  SeriesQuery,
} from "../../core/model/archive.js";
import { quoteName } from "../../core/model/names.js";
import type { Series } from "../../core/model/series.js";
import { requireBatches } from "../batch.js";
import type { ClusterDescription } from "../description.js";
import { StorageError } from "../errors.js";
import type { StoreHealth } from "../health.js";
import { BucketCollector, endOf } from "../many.js";
import { cutSeries, firstAtOrAfter, sliceSeries } from "../series.js";
import type { StoreLog } from "../store.js";
import type { XmlConfig } from "./config.js";
import { documentError } from "./document-errors.js";
import { DocumentKeeper } from "./document-keeper.js";
import { DocumentQuery, type FoundSeries, TooMuchToRead } from "./document-query.js";
import { isSayable } from "./exact-value.js";

/** Unpacked: some eight seconds of the worker thread, and all documents of 1,000 hosts over two hours. */
const READ_BYTES_MAX = 2 ** 31;

/** LOCALTIME is a count of seconds from 1 on; beyond the year 9999 there are no names of files. */
const TIME_MIN_MS = 1_000;
const TIME_END_MS = Date.UTC(9_999, 11, 31);

export interface XmlArchiveOptions {
  readonly config: XmlConfig;
  readonly stateDir: string;
  readonly clock: Clock;
  readonly log: StoreLog;
  /** For tests. */
  readonly readBytesMax?: number;
  readonly heldBackS?: number;
  readonly pendingBytesMax?: number;
}

export class XmlArchive implements Archive {
  readonly traits: ArchiveTraits;
  readonly #directory: string;
  readonly #readBytesMax: number;
  readonly #keeper: DocumentKeeper;
  #closed = false;
  /** Samples that no document can hold. */
  #refused = 0;

  /** @throws GrateError if what an earlier run left cannot be read */
  constructor({ config, stateDir, clock, log, readBytesMax, heldBackS, pendingBytesMax }: XmlArchiveOptions) {
    this.#directory = resolve(stateDir, config.dir);
    this.#readBytesMax = readBytesMax ?? READ_BYTES_MAX;
    this.traits = Object.freeze({
      name: "xml",
      resolutionMs: config.every,
      exact: true,
      text: true,
      visibilityDelayMs: 0,
      slow: true,
    });
    this.#keeper = new DocumentKeeper({
      directory: this.#directory,
      everyS: config.every / 1_000,
      keepMs: config.keep,
      bytesMax: config.size,
      clock,
      log,
      heldBackS,
      pendingBytesMax,
    });
  }

  async append(batches: readonly SeriesBatch[]): Promise<void> {
    this.#run("append to", () => {
      requireBatches(batches);
      const news: SeriesBatch[] = [];
      let refused = 0;
      for (const batch of batches) {
        const said = sayable(batch);
        refused += batch.series.timesMs.length - said.series.timesMs.length;
        const series = said.series.timesMs.length === 0 ? said.series : this.#keeper.fresh(said);
        if (series.timesMs.length > 0) news.push({ ...said, series });
      }
      this.#keeper.append(news);
      this.#refused += refused;
    });
  }

  /** Writes the documents of all steps that are over. What the disk refuses is told in the health and tried again. */
  async endSpill(): Promise<void> {
    this.#run("write", () => {
      this.#keeper.flush();
      this.#keeper.sweep();
    });
  }

  /** What stands in the next documents beside the samples. */
  async describe(clusters: readonly ClusterDescription[]): Promise<void> {
    this.#run("write", () => {
      for (const cluster of clusters) this.#keeper.clusters.get(cluster.name)?.present.describe(cluster);
    });
  }

  async read({ key, fromMs, toMs }: SeriesQuery): Promise<Series | undefined> {
    return this.#run("read", () => {
      const { cluster, host, metric } = key;
      return this.#query({ cluster, host, metric, fromMs, toMs })[0]?.series;
    });
  }

  async readMany(query: ManySamplesQuery): Promise<readonly NamedSeries[]> {
    return this.#run("read", () => this.#many(query));
  }

  async bucketMany(query: ManyBucketsQuery): Promise<NamedBuckets> {
    return this.#run("read", () => {
      const buckets = new BucketCollector(query);
      for (const { name, series } of this.#many(query)) buckets.add(name, series);
      return buckets.finish();
    });
  }

  async coverage(): Promise<Coverage | undefined> {
    return this.#run("read", () => this.#keeper.coverage());
  }

  /** What waits stays in its log for the next start. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#keeper.close();
  }

  health(): StoreHealth {
    const { counts, clusters, message, logFault, files } = this.#keeper;
    let waiting = 0;
    let refused = this.#refused;
    for (const cluster of clusters.values()) {
      waiting += cluster.pending.count;
      refused += cluster.refused;
    }
    return {
      store: "xml",
      message: message === "" ? logFault : message,
      counters: {
        documentsTotal: counts.documents,
        documentBytesTotal: counts.bytes,
        documentFilesBytes: counts.filesBytes,
        documentFailuresTotal: counts.failures,
        documentSamplesWaiting: waiting,
        documentSamplesRefusedTotal: refused,
        documentDamagedTotal: files.damaged,
      },
    };
  }

  #many(query: ManyQuery): NamedSeries[] {
    const found: NamedSeries[] = [];
    for (const { host, metric, series } of this.#query(query)) {
      const name = query.host === undefined ? host : metric;
      const part = cutSeries(series, query.fromMs, endOf(query, name));
      if (part.timesMs.length > 0) found.push({ name, series: part });
    }
    return found;
  }

  #query(wanted: ManyQuery): FoundSeries[] {
    if (!(wanted.fromMs < wanted.toMs)) return [];
    const { files, clusters } = this.#keeper;
    try {
      return new DocumentQuery(wanted, files, clusters.get(wanted.cluster), this.#readBytesMax).run();
    } catch (error) {
      if (!(error instanceof TooMuchToRead)) throw error;
      const { host, metric, fromMs, toMs } = wanted;
      throw new StorageError(
        "storage-too-much",
        `cannot read ${metric === undefined ? "all metrics" : quoteName(metric)} of ` +
          `${host === undefined ? "all hosts" : quoteName(host)} from ${fromMs} to ${toMs}: documents of ` +
          `${error.bytes} bytes would have to be unpacked, at most ${this.#readBytesMax} are; ask for a shorter time`,
      );
    }
  }

  #run<T>(action: string, work: () => T): T {
    if (this.#closed) {
      throw new StorageError("storage-closed", `cannot ${action} ${this.#directory}: it is closed`);
    }
    try {
      return work();
    } catch (error) {
      throw documentError(error, action, this.#directory);
    }
  }
}

/** Samples that a document can hold: with a time that it has, and names that XML has. */
function sayable(batch: SeriesBatch): SeriesBatch {
  const { key, series } = batch;
  const isNamed = isSayable(key.cluster) && isSayable(key.host) && isSayable(key.metric);
  if (!isNamed) return { ...batch, series: sliceSeries(series, series.timesMs.length) };
  const begin = firstAtOrAfter(series.timesMs, TIME_MIN_MS);
  const end = firstAtOrAfter(series.timesMs, TIME_END_MS);
  return { ...batch, series: sliceSeries(series, begin, end) };
}
