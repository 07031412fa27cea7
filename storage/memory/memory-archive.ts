/**
 * The Archive port in its plainest form: everything in memory, nothing on disk.
 * The reference that other stores are compared with, and for embedding.
 */
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
import type { Series, SeriesKey } from "../../core/model/series.js";
import { requireBatches } from "../batch.js";
import { StorageError } from "../errors.js";
import { BucketCollector, endOf } from "../many.js";
import { cutSeries, firstAfter, joinSeries, sliceSeries } from "../series.js";

/** Parts in order of time, by key text. May outlive the archive, as a file would. */
export type MemoryData = Map<string, Series[]>;

export class MemoryArchive implements Archive {
  readonly traits: ArchiveTraits = Object.freeze({
    name: "memory",
    resolutionMs: 0,
    exact: true,
    text: true,
    visibilityDelayMs: 0,
  });
  readonly #data: MemoryData;
  #closed = false;

  constructor(data: MemoryData = new Map()) {
    this.#data = data;
  }

  async append(batches: readonly SeriesBatch[]): Promise<void> {
    this.#requireOpen();
    requireBatches(batches);
    for (const { key, series } of batches) {
      const parts = this.#data.get(keyText(key)) ?? [];
      const newestMs = parts.at(-1)?.timesMs.at(-1) ?? Number.NEGATIVE_INFINITY;
      // Joined with nothing else: a copy, so that the caller may use the arrays again.
      const fresh = joinSeries([sliceSeries(series, firstAfter(series.timesMs, newestMs))]);
      if (fresh === undefined) continue;
      parts.push(fresh);
      this.#data.set(keyText(key), parts);
    }
  }

  async read({ key, fromMs, toMs }: SeriesQuery): Promise<Series | undefined> {
    this.#requireOpen();
    const parts = this.#data.get(keyText(key)) ?? [];
    return joinSeries(parts.map((part) => cutSeries(part, fromMs, toMs)));
  }

  async readMany(query: ManySamplesQuery): Promise<readonly NamedSeries[]> {
    this.#requireOpen();
    const found: NamedSeries[] = [];
    let samples = 0;
    for (const { name, parts } of this.#many(query)) {
      const series = joinSeries(parts);
      if (series === undefined) continue;
      found.push({ name, series });
      samples += series.timesMs.length;
      if (samples > query.samplesMax) break;
    }
    return found;
  }

  async bucketMany(query: ManyBucketsQuery): Promise<NamedBuckets> {
    this.#requireOpen();
    const buckets = new BucketCollector(query);
    for (const { name, parts } of this.#many(query)) for (const part of parts) buckets.add(name, part);
    return buckets.finish();
  }

  /** The samples of each series that is asked for. */
  *#many(query: ManyQuery): Generator<{ name: string; parts: Series[] }> {
    for (const [text, parts] of this.#data) {
      const [cluster, host, metric] = text.split("\0") as [string, string, string];
      if (cluster !== query.cluster || (query.host ?? host) !== host || (query.metric ?? metric) !== metric) continue;
      const name = query.host === undefined ? host : metric;
      yield { name, parts: parts.map((part) => cutSeries(part, query.fromMs, endOf(query, name))) };
    }
  }

  async coverage(): Promise<Coverage | undefined> {
    this.#requireOpen();
    let fromMs = Number.POSITIVE_INFINITY;
    let toMs = Number.NEGATIVE_INFINITY;
    for (const parts of this.#data.values()) {
      fromMs = Math.min(fromMs, parts.at(0)?.timesMs.at(0) ?? fromMs);
      toMs = Math.max(toMs, parts.at(-1)?.timesMs.at(-1) ?? toMs);
    }
    return fromMs <= toMs ? { fromMs, toMs } : undefined;
  }

  async close(): Promise<void> {
    this.#closed = true;
  }

  #requireOpen(): void {
    if (this.#closed) throw new StorageError("storage-closed", "the memory archive is closed");
  }
}

/** Names have no control characters, so NUL keeps the parts apart. */
function keyText(key: SeriesKey): string {
  return `${key.cluster}\0${key.host}\0${key.metric}`;
}
