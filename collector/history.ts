/**
 * History of one series from two places: the window for its own range, the
 * archive for what is older.
 *
 * The seam is the first sample that this process itself put into the window. What
 * the window has let go is older than that and archived, so nothing is missing.
 * Before the seam the window holds what the log gave back, which may lack what the
 * process before had archived while its log could not be written: there the
 * samples of both are united. A sample that both hold counts once.
 *
 * An archive of averages has no samples that could be united with others; there
 * the seam is the first sample of the window, whoever put it there.
 */
import type { Archive } from "../core/model/archive.js";
import { BucketGrid, type BucketTable, bucketsOfRow } from "../core/model/bucket-table.js";
import type { Buckets, Series, SeriesKey } from "../core/model/series.js";
import {
  checkRange,
  DEFAULT_HISTORY_LIMITS,
  HistoryError,
  type HistoryLimits,
  wholeBuckets,
} from "./history/limits.js";
import { RawAnswer } from "./history/raw-answer.js";
import type { RecentWindow } from "./window/recent-window.js";

export { HistoryError, type HistoryLimits } from "./history/limits.js";

/** Samples with fromMs <= time < toMs. */
export interface HistoryQuery {
  readonly key: SeriesKey;
  readonly fromMs: number;
  readonly toMs: number;
  /** Length of a bucket; without it samples as they came. */
  readonly stepMs?: number | undefined;
}

export type HistoryAnswer = Series | (Buckets & { readonly kind: "buckets" });

/** An archive is read in pieces of this length: at one sample a second 10 MB at a time. */
const PIECE_MS = 7 * 86_400_000;

/** Where the archive sums up itself nothing but buckets comes: at one sample in 15 s some 8 ms of its thread. */
const SUMMED_PIECE_MS = 90 * 86_400_000;

export class History {
  readonly #window: RecentWindow;
  readonly #archive: Archive | undefined;
  readonly #limits: HistoryLimits;
  readonly #lastReplayed: () => number;

  /** @param lastReplayed number of the newest frame that came from the log */
  constructor(
    window: RecentWindow,
    archive: Archive | undefined,
    lastReplayed: () => number,
    limits: HistoryLimits = DEFAULT_HISTORY_LIMITS,
  ) {
    this.#window = window;
    this.#archive = archive;
    this.#lastReplayed = lastReplayed;
    this.#limits = limits;
  }

  /**
   * @returns undefined where nothing is known of the series in this range
   * @throws HistoryError if the range is none, the answer would be too long, or texts are asked for in buckets
   */
  async read(asked: HistoryQuery): Promise<HistoryAnswer | undefined> {
    checkRange(asked, this.#limits);
    const query = asked.stepMs === undefined ? asked : wholeBuckets(asked, asked.stepMs);
    // Both at once, before anything is waited for: the window may move on meanwhile.
    const recent = this.#window.read(query);
    const seamMs = this.#seamMs(query.key);
    const { stepMs } = query;
    const olderMs = Math.min(seamMs, query.toMs);
    if (stepMs === undefined) {
      const answer = new RawAnswer(query.key, recent, this.#limits.samplesMax);
      for await (const piece of this.#older(query, olderMs)) answer.addOlder(piece);
      return answer.finish();
    }
    // What the window may hold too is united sample by sample; what is older the archive sums up itself, if it can.
    const firstHeldMs = this.#window.firstTimeMs(query.key, 0) ?? Number.POSITIVE_INFINITY;
    const unitedMs = Math.min(olderMs, firstHeldMs, recent?.timesMs[0] ?? Number.POSITIVE_INFINITY);
    const answer = new BucketAnswer(query, recent, stepMs);
    let restMs = query.fromMs;
    for await (const { table, toMs } of this.#olderBuckets(query, stepMs, unitedMs)) {
      answer.addTable(table);
      restMs = toMs;
    }
    // Nothing but texts looks like nothing at all in buckets.
    if (!answer.hasNumbers) restMs = query.fromMs;
    for await (const piece of this.#older({ ...query, fromMs: restMs }, olderMs)) answer.addOlder(piece);
    return answer.finish();
  }

  /** Ends early where the archive cannot do it. */
  async *#olderBuckets(
    { key, ...query }: HistoryQuery,
    stepMs: number,
    endMs: number,
  ): AsyncGenerator<{ table: BucketTable; toMs: number }> {
    const archive = this.#archive;
    const coverage = query.fromMs < endMs ? await archive?.coverage() : undefined;
    if (archive?.bucketMany === undefined || coverage === undefined) return;
    const lastMs = Math.min(endMs, coverage.toMs + 1);
    for (let fromMs = Math.max(query.fromMs, coverage.fromMs); fromMs < lastMs; fromMs += SUMMED_PIECE_MS) {
      const toMs = Math.min(fromMs + SUMMED_PIECE_MS, lastMs);
      const found = await archive.bucketMany({ ...key, fromMs, toMs, stepMs, cellsMax: Number.MAX_SAFE_INTEGER });
      if (found === undefined) return;
      yield { table: found.table, toMs };
    }
  }

  #seamMs(key: SeriesKey): number {
    const afterFrame = this.#archive?.traits.exact === true ? this.#lastReplayed() : 0;
    return this.#window.firstTimeMs(key, afterFrame) ?? Number.POSITIVE_INFINITY;
  }

  async *#older(query: HistoryQuery, toMs: number): AsyncGenerator<Series> {
    const coverage = query.fromMs < toMs ? await this.#archive?.coverage() : undefined;
    if (this.#archive === undefined || coverage === undefined) return;
    // Behind its last instant nothing is held; that instant itself belongs to it.
    const endMs = Math.min(toMs, coverage.toMs + 1);
    for (let fromMs = Math.max(query.fromMs, coverage.fromMs); fromMs < endMs; fromMs += PIECE_MS) {
      const piece = await this.#archive.read({ key: query.key, fromMs, toMs: Math.min(fromMs + PIECE_MS, endMs) });
      if (piece !== undefined && piece.timesMs.length > 0) yield piece;
    }
  }
}

class BucketAnswer {
  readonly #query: HistoryQuery;
  readonly #grid: BucketGrid;
  readonly #recentTimesMs: ReadonlySet<number>;
  #numbers = 0;
  #texts = 0;

  constructor(query: HistoryQuery, recent: Series | undefined, stepMs: number) {
    this.#query = query;
    this.#grid = new BucketGrid(query.fromMs, query.toMs, stepMs);
    this.#grid.addRow();
    this.#recentTimesMs = new Set(recent?.timesMs);
    if (recent !== undefined) this.#add(recent, new Set());
  }

  get hasNumbers(): boolean {
    return this.#numbers > 0;
  }

  addOlder(piece: Series): void {
    this.#add(piece, this.#recentTimesMs);
  }

  /** @param table of one series, or of none */
  addTable(table: BucketTable): void {
    if (table.counts.length === 0) return;
    this.#numbers++;
    this.#grid.addTableRow(0, table, 0);
  }

  finish(): HistoryAnswer | undefined {
    if (this.#numbers > 0) return { kind: "buckets", ...bucketsOfRow(this.#grid.table(), 0) };
    if (this.#texts === 0) return undefined;
    const { metric, host } = this.#query.key;
    throw new HistoryError(`history of ${metric} on ${host} by steps: it is text, ask without a step`);
  }

  #add(piece: Series, counted: ReadonlySet<number>): void {
    if (piece.kind === "text") {
      this.#texts += piece.timesMs.length;
      return;
    }
    this.#numbers += piece.timesMs.length;
    for (let i = 0; i < piece.timesMs.length; i++) {
      const timeMs = piece.timesMs[i] as number;
      if (!counted.has(timeMs)) this.#grid.add(0, timeMs, piece.values[i] as number);
    }
  }
}
