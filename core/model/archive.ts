/**
 * The Archive port: what every store of history does. One contract suite
 * (test/contract/archive-contract.ts) holds each store to what it declares here.
 *
 * readMany and bucketMany (since 2026-11-22) are optional: a store that leaves
 * them out, or answers undefined, is asked for each series by itself. endSpill is
 * for stores that keep sums of clusters beside their hosts.
 */
import type { BucketTable } from "./bucket-table.js";
import type { MetricType, Slope } from "./metric.js";
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
  /** A read is dear: asked only for times that no other store covers. Absent: it is not. */
  readonly slow?: boolean | undefined;
  /** Another program writes it, so it may hold what was missed while we were away. Absent: what it holds came by append. */
  readonly foreign?: boolean | undefined;
  /** Keeps sums of clusters and grids, one in each step of this length; absent: none. They come by endSpill. */
  readonly sumsEveryMs?: number | undefined;
}

/** New samples of one series, in order of time. */
export interface SeriesBatch {
  readonly key: SeriesKey;
  readonly type: MetricType;
  readonly units: string;
  /** Longest expected time between two samples, seconds; absent where it is not known. */
  readonly tmaxS?: number | undefined;
  /** How the metric moves; absent where it is not known. */
  readonly slope?: Slope | undefined;
  readonly series: Series;
}

/** Sums over the hosts of a cluster or a grid at some times: a row for each time, in each a number for each metric. */
export interface SumTable {
  /** whole: of all clusters and grids together; it has no name. */
  readonly kind: "cluster" | "grid" | "whole";
  readonly name: string;
  readonly metrics: readonly SummedMetric[];
  /** Strictly increasing, epoch ms. */
  readonly timesMs: Float64Array;
  /** Row by row. NaN: at that time nobody had the metric. */
  readonly sums: Float64Array;
  /** Row by row: how many hosts are in the sum. */
  readonly hosts: Float64Array;
}

export interface SummedMetric {
  readonly name: string;
  readonly slope: Slope;
}

/** Samples with fromMs <= time < toMs. */
export interface SeriesQuery {
  readonly key: SeriesKey;
  readonly fromMs: number;
  readonly toMs: number;
}

/** One metric of all hosts of a cluster, all metrics of one host, or one series: at least one of the two names is given. */
export interface ManyQuery {
  readonly cluster: string;
  /** Absent: every host that has the metric. */
  readonly host?: string | undefined;
  /** Absent: every metric of the host. */
  readonly metric?: string | undefined;
  /** Samples with fromMs <= time < toMs. */
  readonly fromMs: number;
  readonly toMs: number;
  /** By the name that is not given: an earlier end for that series. */
  readonly endsMs?: ReadonlyMap<string, number> | undefined;
}

export interface ManySamplesQuery extends ManyQuery {
  /** Once more samples than this are read, the rest may be left out: the caller refuses such an answer. */
  readonly samplesMax: number;
}

export interface ManyBucketsQuery extends ManyQuery {
  readonly stepMs: number;
  /** Once a table has more cells than this, further series may be left out: the caller refuses such an answer. */
  readonly cellsMax: number;
}

/** The name is the one that the query did not give; the metric's where it gave both. */
export interface NamedSeries {
  readonly name: string;
  readonly series: Series;
}

export interface NamedBuckets {
  /** In the order of the table's rows, each once. */
  readonly names: readonly string[];
  readonly table: BucketTable;
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
   * after a rejection none of them may be visible later. Then the arrays are the caller's again,
   * to write into.
   *
   * Idempotent: a sample not newer than the newest one held of its series is
   * passed over, so that a batch may be given again after a crash.
   */
  append(batches: readonly SeriesBatch[]): Promise<void>;

  /**
   * All that was to be given up to now is given. A store that keeps sums (traits.sumsEveryMs) gets those taken since
   * the last time; rejected, they are given again with the next ones.
   */
  endSpill?(sums: readonly SumTable[]): Promise<void>;

  /** @returns undefined where nothing of the series is in the range. */
  read(query: SeriesQuery): Promise<Series | undefined>;

  /**
   * Series without samples in the range are left out; order is the store's own.
   * @returns undefined where the store cannot read more than one series at a time
   */
  readMany?(query: ManySamplesQuery): Promise<readonly NamedSeries[] | undefined>;

  /**
   * The numbers of many series summed up by steps; texts are passed over. Steps begin at multiples of stepMs,
   * but only samples of the range itself are counted.
   * @returns undefined where the store cannot do it
   */
  bucketMany?(query: ManyBucketsQuery): Promise<NamedBuckets | undefined>;

  /** @returns undefined while the archive is empty. */
  coverage(): Promise<Coverage | undefined>;

  /** Waits for appends under way. Idempotent; any other call afterwards rejects. */
  close(): Promise<void>;
}
