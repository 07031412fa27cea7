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
import { GrateError } from "../core/base/errors.js";
import type { Archive } from "../core/model/archive.js";
import { BucketBuilder, type Buckets, type Series, type SeriesKey } from "../core/model/series.js";
import type { RecentWindow } from "./window/recent-window.js";
import { inOrder } from "./window/series-builder.js";

/** Samples with fromMs <= time < toMs. */
export interface HistoryQuery {
  readonly key: SeriesKey;
  readonly fromMs: number;
  readonly toMs: number;
  /** Length of a bucket; without it samples as they came. */
  readonly stepMs?: number | undefined;
}

export type HistoryAnswer = Series | (Buckets & { readonly kind: "buckets" });

/** The question cannot be answered as it is; the message says how it could. */
export class HistoryError extends GrateError {
  override readonly name = "HistoryError";
}

export interface HistoryLimits {
  /** Most samples of an answer without a step. */
  readonly samplesMax: number;
  /** Most buckets of an answer with one. */
  readonly bucketsMax: number;
}

/** 16 MB of samples; more than any display has room for. */
export const DEFAULT_HISTORY_LIMITS: HistoryLimits = Object.freeze({ samplesMax: 1_000_000, bucketsMax: 100_000 });

/** An archive is read in pieces of this length: at one sample a second 10 MB at a time. */
const PIECE_MS = 7 * 86_400_000;

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
    this.#check(asked);
    const query = asked.stepMs === undefined ? asked : wholeBuckets(asked, asked.stepMs);
    // Both at once, before anything is waited for: the window may move on meanwhile.
    const recent = this.#window.read(query);
    const seamMs = this.#seamMs(query.key);
    const { stepMs } = query;
    const answer =
      stepMs === undefined
        ? new RawAnswer(query.key, recent, this.#limits.samplesMax)
        : new BucketAnswer(query, recent, stepMs);
    for await (const piece of this.#older(query, Math.min(seamMs, query.toMs))) answer.addOlder(piece);
    return answer.finish();
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

  #check({ fromMs, toMs, stepMs }: HistoryQuery): void {
    if (!Number.isFinite(fromMs) || !Number.isFinite(toMs) || fromMs >= toMs) {
      throw new HistoryError(
        `history from ${fromMs} to ${toMs}: expected two times in ms, the first before the second`,
      );
    }
    if (stepMs === undefined) return;
    if (!(stepMs > 0)) throw new HistoryError(`history by steps of ${stepMs} ms: expected more than 0`);
    const { bucketsMax } = this.#limits;
    const count = Math.ceil((toMs - fromMs) / stepMs);
    if (count > bucketsMax) {
      throw new HistoryError(`history in ${count} steps: at most ${bucketsMax} are allowed, ask for longer steps`);
    }
  }
}

/** Buckets at the ends are filled whole, so that two queries agree on them. */
function wholeBuckets(query: HistoryQuery, stepMs: number): HistoryQuery {
  const fromMs = Math.floor(query.fromMs / stepMs) * stepMs;
  return { ...query, fromMs, toMs: fromMs + Math.ceil((query.toMs - fromMs) / stepMs) * stepMs };
}

/** Samples as they came. If the metric changed its kind, the newest piece's counts. */
class RawAnswer {
  readonly #key: SeriesKey;
  readonly #recent: Series | undefined;
  readonly #samplesMax: number;
  #pieces: Series[] = [];
  #count = 0;

  constructor(key: SeriesKey, recent: Series | undefined, samplesMax: number) {
    this.#key = key;
    this.#recent = recent;
    this.#samplesMax = samplesMax;
    this.#limit(recent?.timesMs.length ?? 0);
  }

  /** Pieces come in order of time. */
  addOlder(piece: Series): void {
    if (this.#pieces[0]?.kind !== piece.kind) {
      this.#pieces = [];
      this.#count = 0;
    }
    this.#pieces.push(piece);
    this.#count += piece.timesMs.length;
    this.#limit(this.#count + (this.#recent?.timesMs.length ?? 0));
  }

  finish(): Series | undefined {
    const recent = this.#recent;
    const olderCounts = recent === undefined || this.#pieces[0]?.kind === recent.kind;
    const pieces = [...(olderCounts ? this.#pieces : []), ...(recent === undefined ? [] : [recent])];
    // Where window and archive are united, samples of both are mixed; of two equal ones the last, the window's, stays.
    return pieces.length < 2 ? pieces[0] : inOrder(concatenate(pieces));
  }

  #limit(count: number): void {
    if (count <= this.#samplesMax) return;
    const { metric, host } = this.#key;
    throw new HistoryError(
      `history of ${metric} on ${host}: more than ${this.#samplesMax} samples, ask for steps or a shorter range`,
    );
  }
}

/** @param pieces of one kind, at least one */
function concatenate(pieces: readonly Series[]): Series {
  const count = pieces.reduce((sum, piece) => sum + piece.timesMs.length, 0);
  const timesMs = new Float64Array(count);
  const values = new Float64Array(count);
  const texts: string[] = [];
  let at = 0;
  for (const piece of pieces) {
    timesMs.set(piece.timesMs, at);
    if (piece.kind === "number") values.set(piece.values, at);
    else for (const text of piece.texts) texts.push(text);
    at += piece.timesMs.length;
  }
  return pieces[0]?.kind === "text" ? { kind: "text", timesMs, texts } : { kind: "number", timesMs, values };
}

class BucketAnswer {
  readonly #query: HistoryQuery;
  readonly #builder: BucketBuilder;
  readonly #recentTimesMs: ReadonlySet<number>;
  #numbers = 0;
  #texts = 0;

  constructor(query: HistoryQuery, recent: Series | undefined, stepMs: number) {
    this.#query = query;
    this.#builder = new BucketBuilder(query.fromMs, query.toMs, stepMs);
    this.#recentTimesMs = new Set(recent?.timesMs);
    if (recent !== undefined) this.#add(recent, new Set());
  }

  addOlder(piece: Series): void {
    this.#add(piece, this.#recentTimesMs);
  }

  finish(): HistoryAnswer | undefined {
    if (this.#numbers > 0) return { kind: "buckets", ...this.#builder.build() };
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
      if (!counted.has(timeMs)) this.#builder.add(timeMs, piece.values[i] as number);
    }
  }
}
