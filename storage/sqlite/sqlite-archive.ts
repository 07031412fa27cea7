/**
 * History in an SQLite file: every sample, bit for bit, text too. All calls work
 * synchronously inside; it is meant to live in the worker thread (worker.ts).
 */
import type { Database } from "better-sqlite3";
import type { Archive, ArchiveTraits, Coverage, SeriesBatch, SeriesQuery } from "../../core/model/archive.js";
import { nameFault, quoteName } from "../../core/model/names.js";
import type { Series, SeriesKey } from "../../core/model/series.js";
import { requireBatches } from "../batch.js";
import { StorageError } from "../errors.js";
import { cutSeries, firstAfter, joinSeries, sliceSeries } from "../series.js";
import { ChunkError, decodeChunk } from "./chunk-codec.js";
import { closeDatabase } from "./database.js";
import type { Retention } from "./retention.js";
import { SampleTables, type SeriesRow } from "./sample-tables.js";
import { growTail, type Segment, samplesMaxOf } from "./segment.js";
import { storageErrorOf } from "./sqlite-errors.js";

/** Most that one read returns: five million numbers, more than two years at one in 15 s. */
const READ_BYTES_MAX = 80_000_000;

export interface SqliteArchiveOptions {
  /** Runs after each append; absent: everything is kept. */
  readonly retention?: Retention | undefined;
  /** For tests. */
  readonly readBytesMax?: number;
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
  readonly #retention: Retention | undefined;
  readonly #readBytesMax: number;
  /** undefined until asked for, and after samples were deleted. */
  #coverage: Coverage | undefined;

  /** @param db from openDatabase; this archive closes it @param file for messages */
  constructor(db: Database, file: string, options: SqliteArchiveOptions = {}) {
    this.#db = db;
    this.#file = file;
    this.#tables = new SampleTables(db);
    this.#retention = options.retention;
    this.#readBytesMax = options.readBytesMax ?? READ_BYTES_MAX;
  }

  async append(batches: readonly SeriesBatch[]): Promise<void> {
    this.#run("append to", () => {
      requireBatches(batches);
      let added: Coverage | undefined;
      this.#tables.inTransaction(() => {
        for (const batch of batches) added = widen(added, this.#appendBatch(batch));
      });
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

  async coverage(): Promise<Coverage | undefined> {
    return this.#run("read", () => {
      this.#coverage ??= this.#tables.bounds();
      return this.#coverage;
    });
  }

  async close(): Promise<void> {
    closeDatabase(this.#db);
  }

  /** @returns from the first to the last sample that was not held yet */
  #appendBatch(batch: SeriesBatch): Coverage | undefined {
    const row = this.#tables.find(batch.key);
    const held = tailOf(row);
    const fresh = sliceSeries(batch.series, firstAfter(batch.series.timesMs, held?.endMs ?? Number.NEGATIVE_INFINITY));
    if (fresh.timesMs.length === 0) return undefined;
    const id = this.#tables.register(batch, row);
    const { tail, chunks } = growTail(held, fresh, samplesMaxOf(id));
    for (const chunk of chunks) this.#tables.insertChunk(id, chunk);
    this.#tables.putTail(id, tail);
    return { fromMs: fresh.timesMs[0] as number, toMs: fresh.timesMs.at(-1) as number };
  }

  #decode(key: SeriesKey, { startMs, endMs, blob }: Segment): Series {
    try {
      return decodeChunk(blob);
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

  #tooMuch({ key, fromMs, toMs }: SeriesQuery): StorageError {
    const { host, metric } = key;
    return new StorageError(
      "storage-too-much",
      `cannot read ${quoteName(metric)} of ${quoteName(host)} from ${fromMs} to ${toMs}: ` +
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

function tailOf(row: SeriesRow | undefined): Segment | undefined {
  return row !== undefined && row.blob !== null ? row : undefined;
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
