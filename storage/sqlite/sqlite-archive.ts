/**
 * History in an SQLite file: every sample, bit for bit, text too. All calls work
 * synchronously inside; it is meant to live in the worker thread (worker.ts).
 */
import type { Database } from "better-sqlite3";
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
import type { MetricType } from "../../core/model/metric.js";
import { nameFault, quoteName } from "../../core/model/names.js";
import type { Series, SeriesKey } from "../../core/model/series.js";
import { requireBatches } from "../batch.js";
import { StorageError } from "../errors.js";
import { BucketCollector, endOf } from "../many.js";
import { cutSeries, firstAfter, joinSeries, sliceSeries } from "../series.js";
import { ChunkError, decodeChunk, forEachPart, kindOfChunk } from "./chunk-codec.js";
import { ChunkMerger } from "./chunk-merging.js";
import type { Runs } from "./chunk-runs.js";
import { closeDatabase } from "./database.js";
import { KnownTails } from "./known-tails.js";
import type { Retention } from "./retention.js";
import { addRuns, holdsSamples } from "./runs-buckets.js";
import { type NamedSegment, SampleTables, type SeriesRow } from "./sample-tables.js";
import { fits, growTail, partOf, type Segment, samplesMaxOf } from "./segment.js";
import { storageErrorOf } from "./sqlite-errors.js";

/** Most that one read returns: five million numbers, more than two years at one in 15 s. */
const READ_BYTES_MAX = 80_000_000;

export interface SqliteArchiveOptions {
  /** Runs after each append; absent: everything is kept. */
  readonly retention?: Retention | undefined;
  /** For tests. */
  readonly readBytesMax?: number;
  readonly knownBytesMax?: number;
}

export class SqliteArchive implements Archive {
  readonly traits: ArchiveTraits = Object.freeze({
    name: "sqlite",
    resolutionMs: 0,
    exact: true,
    text: true,
    visibilityDelayMs: 0,
  });
  readonly #db: Database;
  readonly #file: string;
  readonly #tables: SampleTables;
  readonly #merger: ChunkMerger;
  readonly #known: KnownTails;
  /** Of SQLite; the tails are known as of this one. */
  #dataVersion: number | undefined;
  readonly #retention: Retention | undefined;
  readonly #readBytesMax: number;
  /** undefined until asked for, and after samples were deleted. */
  #coverage: Coverage | undefined;

  /** @param db from openDatabase; this archive closes it @param file for messages */
  constructor(db: Database, file: string, options: SqliteArchiveOptions = {}) {
    this.#db = db;
    this.#file = file;
    this.#tables = new SampleTables(db);
    this.#merger = new ChunkMerger(db, (id, chunk) => this.#tables.insertChunk(id, chunk));
    this.#known = new KnownTails(options.knownBytesMax);
    this.#retention = options.retention;
    this.#readBytesMax = options.readBytesMax ?? READ_BYTES_MAX;
  }

  async append(batches: readonly SeriesBatch[]): Promise<void> {
    this.#run("append to", () => {
      requireBatches(batches);
      let added: Coverage | undefined;
      try {
        this.#tables.inTransaction(() => {
          this.#requireOwn();
          for (const batch of batches) added = widen(added, this.#appendBatch(batch));
        });
      } catch (error) {
        // It knows what is not there now.
        this.#known.clear();
        throw error;
      }
      if (this.#coverage !== undefined) this.#coverage = widen(this.#coverage, added);
      if (this.#retention?.sweep()) this.#coverage = undefined;
    });
  }

  async read(query: SeriesQuery): Promise<Series | undefined> {
    return this.#run("read", () => {
      // SQLite would take a lone surrogate for U+FFFD and find a series of another name.
      const row = isKey(query.key) && query.fromMs < query.toMs ? this.#tables.find(query.key) : undefined;
      const tail = tailOf(row);
      if (row === undefined || tail === undefined) return undefined;
      const parts: Series[] = [];
      let bytes = 0;
      const take = (segment: Segment) => {
        if (segment.endMs < query.fromMs || segment.startMs >= query.toMs) return;
        const part = cutSeries(this.#decode(query.key, segment), query.fromMs, query.toMs);
        bytes += bytesOf(part);
        if (bytes > this.#readBytesMax) throw this.#tooMuch(query);
        parts.push(part);
      };
      for (const chunk of this.#tables.chunksOf(row.id, query)) take(chunk);
      take(tail);
      return joinSeries(parts);
    });
  }

  async readMany(query: ManySamplesQuery): Promise<readonly NamedSeries[]> {
    return this.#run("read", () => {
      const parts = new Map<string, { startMs: number; part: Series }[]>();
      let samples = 0;
      let bytes = 0;
      for (const segment of this.#segments(query)) {
        const part = this.#partOf(query, segment);
        samples += part.timesMs.length;
        bytes += bytesOf(part);
        if (bytes > this.#readBytesMax) throw this.#tooMuch(query);
        const known = parts.get(segment.name);
        if (known === undefined) parts.set(segment.name, [{ startMs: segment.startMs, part }]);
        else known.push({ startMs: segment.startMs, part });
        if (samples > query.samplesMax) break;
      }
      const found: NamedSeries[] = [];
      for (const [name, rows] of parts) {
        const series = joinSeries(rows.sort((a, b) => a.startMs - b.startMs).map(({ part }) => part));
        if (series !== undefined) found.push({ name, series });
      }
      return found;
    });
  }

  async bucketMany(query: ManyBucketsQuery): Promise<NamedBuckets> {
    return this.#run("read", () => {
      const buckets = new BucketCollector(query);
      for (const segment of this.#segments(query)) {
        if (kindOfChunk(segment.blob) === "number") this.#sumUp(query, segment, buckets);
      }
      return buckets.finish();
    });
  }

  #sumUp(query: ManyQuery, segment: NamedSegment, buckets: BucketCollector): void {
    const { fromMs } = query;
    const toMs = endOf(query, segment.name);
    const addPart = (runs: Runs) => {
      const row = holdsSamples(runs, fromMs, toMs) ? buckets.rowOf(segment.name) : undefined;
      if (row !== undefined) addRuns(buckets.grid, row, runs, fromMs, toMs);
    };
    const addSeries = (part: Series) => buckets.add(segment.name, cutSeries(part, fromMs, toMs));
    this.#damageTold(keyOf(query, segment), segment, () => forEachPart(segment.blob, addPart, addSeries));
  }

  /** Rows of all series that are asked for, in no order; no other statement may run before the end of it. */
  *#segments(query: ManyQuery): Generator<NamedSegment> {
    const { cluster, host = cluster, metric = cluster, fromMs, toMs } = query;
    if (!isKey({ cluster, host, metric }) || !(fromMs < toMs)) return;
    for (const segment of this.#tables.segmentsOf(query)) {
      if (segment.endMs >= fromMs && segment.startMs < endOf(query, segment.name)) yield segment;
    }
  }

  #partOf(query: ManyQuery, segment: NamedSegment): Series {
    const series = this.#decode(keyOf(query, segment), segment);
    return cutSeries(series, query.fromMs, endOf(query, segment.name));
  }

  async coverage(): Promise<Coverage | undefined> {
    return this.#run("read", () => {
      this.#coverage ??= this.#tables.bounds();
      return this.#coverage;
    });
  }

  async close(): Promise<void> {
    closeDatabase(this.#db);
  }

  /** Forgets what was known of the file if somebody else has written to it. */
  #requireOwn(): void {
    const version = this.#tables.dataVersion();
    if (version === this.#dataVersion) return;
    this.#known.clear();
    this.#coverage = undefined;
    this.#dataVersion = version;
  }

  /** @returns from the first to the last sample that was not held yet */
  #appendBatch(batch: SeriesBatch): Coverage | undefined {
    const place = this.#known.placeOf(batch.key);
    const fresh = place === undefined ? batch.series : newerThan(batch.series, this.#known.endsMs[place] as number);
    if (fresh.timesMs.length === 0) return undefined;
    if (place !== undefined && this.#extend(place, batch, fresh)) return spanOf(fresh);
    return this.#appendSlowly(batch);
  }

  /** Hot: nearly all series of a spill. @returns false where the tail is full, of the other kind, or gone */
  #extend(place: number, batch: SeriesBatch, fresh: Series): boolean {
    const known = this.#known;
    const id = known.ids[place] as number;
    const count = (known.counts[place] as number) + fresh.timesMs.length;
    if (known.isText[place] !== (fresh.kind === "text" ? 1 : 0) || !fits(count, 0, samplesMaxOf(id))) return false;
    const part = partOf(fresh);
    const bytes = part.blob.length;
    if (!fits(count, (known.bytes[place] as number) + bytes, samplesMaxOf(id))) return false;
    // Gone: retention has forgotten the series.
    if (!this.#tables.extendTail(id, part)) return false;
    if (!known.isAs(place, batch.type, batch.units)) {
      this.#tables.updateSeries(id, batch);
      known.rename(place, batch.type, batch.units);
    }
    known.grow(place, part.endMs, part.count, bytes);
    return true;
  }

  /** By what stands in the file. */
  #appendSlowly(batch: SeriesBatch): Coverage | undefined {
    const { key, type, units } = batch;
    const row = this.#tables.find(key);
    const held = tailOf(row);
    const fresh = newerThan(batch.series, held?.endMs ?? Number.NEGATIVE_INFINITY);
    if (fresh.timesMs.length === 0) {
      if (row !== undefined && held !== undefined) this.#remember(key, row, row, held);
      return undefined;
    }
    const id = row?.id ?? this.#tables.insertSeries(batch);
    if (row !== undefined && (row.type !== type || row.units !== units)) this.#tables.updateSeries(id, batch);
    const { tail, chunks } = growTail(held, fresh, samplesMaxOf(id));
    for (const chunk of chunks) this.#tables.insertChunk(id, chunk);
    if (chunks.length > 0) this.#merger.merge(id, chunks.length);
    this.#tables.putTail(id, tail);
    this.#remember(key, { id }, batch, tail);
    return spanOf(fresh);
  }

  #remember(
    key: SeriesKey,
    { id }: { readonly id: number },
    { type, units }: { readonly type: MetricType; readonly units: string },
    { endMs, count, blob }: Segment,
  ): void {
    const isText = kindOfChunk(blob) === "text";
    this.#known.set(key, { id, type, units, isText, endMs, count, bytes: blob.length });
  }

  #decode(key: SeriesKey, segment: Segment): Series {
    return this.#damageTold(key, segment, () => decodeChunk(segment.blob));
  }

  #damageTold<T>(key: SeriesKey, { startMs, endMs }: Segment, work: () => T): T {
    try {
      return work();
    } catch (error) {
      if (!(error instanceof ChunkError)) throw error;
      const who = [key.cluster, key.host, key.metric].map(quoteName).join(" / ");
      throw new StorageError(
        "storage-corrupt",
        `cannot read samples of ${who} from ${startMs} to ${endMs} in ${this.#file}: ${error.message}; ` +
          "this part of the history is damaged, the rest can be read",
      );
    }
  }

  #tooMuch(query: SeriesQuery | ManyQuery): StorageError {
    const { fromMs, toMs } = query;
    const { host, metric } = "key" in query ? query.key : query;
    return new StorageError(
      "storage-too-much",
      `cannot read ${nameOr(metric, "all metrics")} of ${nameOr(host, "all hosts")} from ${fromMs} to ${toMs}: ` +
        `the answer has more than ${this.#readBytesMax} bytes; ask for a shorter time`,
    );
  }

  #run<T>(action: string, work: () => T): T {
    if (!this.#db.open) throw new StorageError("storage-closed", `cannot ${action} ${this.#file}: it is closed`);
    try {
      return work();
    } catch (error) {
      throw storageErrorOf(error, action, this.#file);
    }
  }
}

function nameOr(name: string | undefined, other: string): string {
  return name === undefined ? other : quoteName(name);
}

function tailOf(row: SeriesRow | undefined): Segment | undefined {
  return row !== undefined && row.blob !== null ? row : undefined;
}

function keyOf({ cluster, host, metric }: ManyQuery, { name }: NamedSegment): SeriesKey {
  return { cluster, host: host ?? name, metric: metric ?? name };
}

function newerThan(series: Series, timeMs: number): Series {
  return sliceSeries(series, firstAfter(series.timesMs, timeMs));
}

/** @param series at least one sample */
function spanOf({ timesMs }: Series): Coverage {
  return { fromMs: timesMs[0] as number, toMs: timesMs.at(-1) as number };
}

function isKey(key: SeriesKey): boolean {
  return [key.cluster, key.host, key.metric].every((name) => nameFault(name) === undefined);
}

function widen(a: Coverage | undefined, b: Coverage | undefined): Coverage | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return { fromMs: Math.min(a.fromMs, b.fromMs), toMs: Math.max(a.toMs, b.toMs) };
}

/** In memory, about: eight bytes a time, eight a number, two a character. */
function bytesOf(series: Series): number {
  const count = series.timesMs.length;
  if (series.kind === "number") return 16 * count;
  return series.texts.reduce((total, text) => total + 2 * text.length, 8 * count);
}
