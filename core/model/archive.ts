/**
 * The Archive port: what every store of history does. One contract suite
 * (test/contract/archive-contract.ts) holds each store to what it declares here.
 */
import type { MetricType } from "./metric.js";
import type { Series, SeriesKey } from "./series.js";

/** What a store promises. Callers choose by these words, never by its name. */
export interface ArchiveTraits {
  /** For messages and the status page. */
  readonly name: string;
  /** 0: every sample is kept. Otherwise one value for each step of this length. */
  readonly resolutionMs: number;
  /** Values come back bit for bit. */
  readonly exact: boolean;
  /** Keeps text metrics too; otherwise text batches are passed over. */
  readonly text: boolean;
  /** After append resolves, a read may miss the samples for this long. */
  readonly visibilityDelayMs: number;
}

/** New samples of one series, in order of time. */
export interface SeriesBatch {
  readonly key: SeriesKey;
  readonly type: MetricType;
  readonly units: string;
  readonly series: Series;
}

/** Samples with fromMs <= time < toMs. */
export interface SeriesQuery {
  readonly key: SeriesKey;
  readonly fromMs: number;
  readonly toMs: number;
}

/** From the first instant held to the last, both included, epoch ms. */
export interface Coverage {
  readonly fromMs: number;
  readonly toMs: number;
}

export interface Archive {
  readonly traits: ArchiveTraits;

  /**
   * Resolves when the samples survive the end of the process. All or nothing:
   * after a rejection none of them may be visible later.
   *
   * Idempotent: a sample not newer than the newest one held of its series is
   * passed over, so that a batch may be given again after a crash.
   */
  append(batches: readonly SeriesBatch[]): Promise<void>;

  /** @returns undefined where nothing of the series is in the range. */
  read(query: SeriesQuery): Promise<Series | undefined>;

  /** @returns undefined while the archive is empty. */
  coverage(): Promise<Coverage | undefined>;

  /** Waits for appends under way. Idempotent; any other call afterwards rejects. */
  close(): Promise<void>;
}
