/** The statements on the tables series, tail and chunk, prepared once; no rules in here. */
import type { Database } from "better-sqlite3";
import type { Coverage, ManyQuery, SeriesBatch, SeriesQuery } from "../../core/model/archive.js";
import type { MetricType } from "../../core/model/metric.js";
import type { SeriesKey } from "../../core/model/series.js";
import type { Segment } from "./segment.js";

/** A series and its tail; without samples the columns of the tail are null. */
export type SeriesRow = {
  readonly id: number;
  readonly type: MetricType;
  readonly units: string;
} & (Segment | { readonly [column in keyof Segment]: null });

/** A chunk or a tail, with the host or metric that the query did not name. */
export interface NamedSegment extends Segment {
  readonly name: string;
}

/** As it comes from the file: thousands in a question, and SQLite's binding sets properties one by one. */
type NamedRow = [name: string, startMs: number, endMs: number, count: number, blob: Buffer];

interface ManyParameters {
  readonly cluster: string;
  readonly host: string | undefined;
  readonly metric: string | undefined;
  readonly fromMs: number;
  readonly toMs: number;
}

const HOST = "cluster = @cluster AND host = @host";
const METRIC = "cluster = @cluster AND metric = @metric";
const BOTH = `${HOST} AND metric = @metric`;

/**
 * All rows of many series that may hold samples of the range, in no order.
 * @param given condition of the names that the query gives @param other column of the one that it does not
 */
function manySql(given: string, other: "host" | "metric"): string {
  return `WITH wanted AS (SELECT id, ${other} AS name FROM series WHERE ${given})
    SELECT name, start_ms, end_ms, count, blob FROM wanted CROSS JOIN chunk ON series_id = wanted.id
    WHERE start_ms < @toMs AND start_ms >= coalesce(
      (SELECT max(start_ms) FROM chunk WHERE series_id = wanted.id AND start_ms <= @fromMs), @fromMs)
    UNION ALL
    SELECT name, start_ms, end_ms, count, blob FROM wanted CROSS JOIN tail ON series_id = wanted.id
    WHERE start_ms < @toMs AND end_ms >= @fromMs`;
}

export class SampleTables {
  readonly #db: Database;
  readonly #find;
  readonly #insertSeries;
  readonly #updateSeries;
  readonly #putTail;
  readonly #extendTail;
  readonly #dataVersion;
  readonly #insertChunk;
  readonly #chunksOf;
  readonly #byMetric;
  readonly #byHost;
  readonly #byBoth;
  readonly #bounds;

  constructor(db: Database) {
    this.#db = db;
    this.#find = db.prepare<[string, string, string], SeriesRow>(
      `SELECT id, type, units, start_ms AS startMs, end_ms AS endMs, count, blob
       FROM series LEFT JOIN tail ON series_id = id
       WHERE cluster = ? AND host = ? AND metric = ?`,
    );
    this.#insertSeries = db.prepare<[string, string, string, string, string]>(
      "INSERT INTO series (cluster, host, metric, type, units) VALUES (?, ?, ?, ?, ?)",
    );
    this.#updateSeries = db.prepare<[string, string, number]>("UPDATE series SET type = ?, units = ? WHERE id = ?");
    this.#putTail = db.prepare<[number, number, number, number, Buffer]>(
      `INSERT INTO tail (series_id, start_ms, end_ms, count, blob) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET start_ms = excluded.start_ms, end_ms = excluded.end_ms,
         count = excluded.count, blob = excluded.blob`,
    );
    // Bytes put behind bytes are text to SQLite, though the same bytes: the file is UTF-8, so nothing is converted.
    this.#extendTail = db.prepare<[number, number, Buffer, number]>(
      "UPDATE tail SET end_ms = ?, count = count + ?, blob = CAST(blob || ? AS BLOB) WHERE series_id = ?",
    );
    this.#dataVersion = db.prepare<[], number>("PRAGMA data_version").pluck();
    this.#insertChunk = db.prepare<[number, number, number, number, Buffer]>(
      "INSERT INTO chunk (series_id, start_ms, end_ms, count, blob) VALUES (?, ?, ?, ?, ?)",
    );
    // Chunks of a series do not overlap: the first that can hold fromMs is the last that starts at or before it.
    this.#chunksOf = db.prepare<{ id: number; fromMs: number; toMs: number }, Segment>(
      `SELECT start_ms AS startMs, end_ms AS endMs, count, blob FROM chunk
       WHERE series_id = @id AND start_ms < @toMs AND start_ms >= coalesce(
         (SELECT max(start_ms) FROM chunk WHERE series_id = @id AND start_ms <= @fromMs), @fromMs)
       ORDER BY start_ms`,
    );
    this.#byMetric = db.prepare<ManyParameters, NamedRow>(manySql(METRIC, "host")).raw();
    this.#byBoth = db.prepare<ManyParameters, NamedRow>(manySql(BOTH, "metric")).raw();
    this.#byHost = db.prepare<ManyParameters, NamedRow>(manySql(HOST, "metric")).raw();
    // A series' oldest sample begins its first chunk, or its tail; the newest is always in the tail.
    this.#bounds = db.prepare<[], { fromMs: number | null; toMs: number | null }>(
      `SELECT min(coalesce((SELECT min(start_ms) FROM chunk WHERE chunk.series_id = tail.series_id), start_ms)) AS fromMs,
         max(end_ms) AS toMs
       FROM tail`,
    );
  }

  find(key: SeriesKey): SeriesRow | undefined {
    return this.#find.get(key.cluster, key.host, key.metric);
  }

  /** @returns the id of the new series */
  insertSeries({ key, type, units }: SeriesBatch): number {
    return Number(this.#insertSeries.run(key.cluster, key.host, key.metric, type, units).lastInsertRowid);
  }

  updateSeries(id: number, { type, units }: SeriesBatch): void {
    this.#updateSeries.run(type, units, id);
  }

  /** Takes the place of the tail that was there. */
  putTail(id: number, { startMs, endMs, count, blob }: Segment): void {
    this.#putTail.run(id, startMs, endMs, count, blob);
  }

  /** Puts a part behind the tail, without reading it. @returns false where there is none */
  extendTail(id: number, { endMs, count, blob }: Segment): boolean {
    return this.#extendTail.run(endMs, count, blob, id).changes > 0;
  }

  insertChunk(id: number, { startMs, endMs, count, blob }: Segment): void {
    this.#insertChunk.run(id, startMs, endMs, count, blob);
  }

  /** Chunks that may hold samples of the range, in order of time. No other statement may run before the end of it. */
  chunksOf(id: number, { fromMs, toMs }: SeriesQuery): IterableIterator<Segment> {
    return this.#chunksOf.iterate({ id, fromMs, toMs });
  }

  /** As chunksOf, tails included, of every series that is asked for; in no order. */
  *segmentsOf(query: ManyQuery): Generator<NamedSegment> {
    for (const [name, startMs, endMs, count, blob] of this.#rowsOf(query)) yield { name, startMs, endMs, count, blob };
  }

  #rowsOf({ cluster, host, metric, fromMs, toMs }: ManyQuery): IterableIterator<NamedRow> {
    const names = { cluster, host, metric, fromMs, toMs };
    if (host === undefined) return this.#byMetric.iterate(names);
    return metric === undefined ? this.#byHost.iterate(names) : this.#byBoth.iterate(names);
  }

  /** Looks at every series: some 1 us for each. */
  bounds(): Coverage | undefined {
    const { fromMs = null, toMs = null } = this.#bounds.get() ?? {};
    return fromMs === null || toMs === null ? undefined : { fromMs, toMs };
  }

  /** Another number than before: somebody else has written to the file. Ask within a transaction. */
  dataVersion(): number {
    return this.#dataVersion.get() as number;
  }

  /** All or nothing. */
  inTransaction(work: () => void): void {
    // Immediate: a lock held by others is met before the work, not at its end.
    this.#db.transaction(work).immediate();
  }
}
