/** What the servers need of the rest of the collector. The composition root passes it in. */
import type { Alert, AlertEvent } from "../../core/model/alert.js";
import type { BucketTable } from "../../core/model/bucket-table.js";
import type { ClusterView } from "../../core/model/columns.js";
import type { Series, SeriesKey } from "../../core/model/series.js";
import type { SourceHealth } from "../../core/model/source.js";
import type { ClusterSummary, ReportedSums } from "../../core/model/summary.js";
import type { HistoryData } from "../../core/wire/extension/index.js";
import type { CollectorHealth } from "../health.js";
import type { GangliaQuery } from "./ganglia-query.js";
import type { MetricFamily } from "./prometheus.js";

/** The present. Views are live, see ClusterView. */
export interface Present {
  /** New at each start, letters and digits. */
  readonly instance: string;
  /** Of the newest frame; grows for ever. */
  readonly frameNumber: number;
  views(): readonly ClusterView[];
  summary(clusterName: string): ClusterSummary | undefined;
  /** Grids and clusters of which only sums are told, fresh or not (areSumsLive). */
  reportedSums(): readonly ReportedSums[];
  /** The listener is told after a frame was taken, for as long as the collector lives. */
  onFrame(listener: (view: ClusterView) => void): void;
}

/** Samples with fromMs <= time < toMs. */
export interface HistoryQuery {
  readonly key: SeriesKey;
  readonly fromMs: number;
  readonly toMs: number;
  /** Length of a bucket; absent: samples as they came. */
  readonly stepMs?: number | undefined;
}

export interface HistoryPort {
  /**
   * @returns undefined where nothing is known of the series in this range
   * @throws HistoryError where the question cannot be answered as it is
   */
  history(query: HistoryQuery): Promise<HistoryData | undefined>;
}

/** One metric of all hosts of a cluster, or all metrics of one host: exactly one of host and metric is given. */
export interface ManyNames {
  readonly cluster: string;
  readonly host?: string | undefined;
  readonly metric?: string | undefined;
}

/** Each method rejects with a HistoryError where the question cannot be answered as it is. */
export interface ManyHistoryPort {
  /** Samples with fromMs <= time < toMs, by the name that was not given. */
  samplesOfMany(
    names: ManyNames,
    range: { readonly fromMs: number; readonly toMs: number },
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, Series>>;
  /** Numbers by steps, which are filled whole at both ends; a row of the table for each name. */
  bucketsOfMany(
    names: ManyNames,
    range: { readonly fromMs: number; readonly toMs: number; readonly stepMs: number },
    signal: AbortSignal,
  ): Promise<{ readonly names: readonly string[]; readonly table: BucketTable }>;
}

export interface AlertsPort {
  alerts(): readonly Alert[];
  /** Newest first, at most `limit`, only those with a smaller sequence number than `before`. */
  events(limit: number, before?: number): readonly AlertEvent[] | Promise<readonly AlertEvent[]>;
}

/** A document in Ganglia's own words. */
export interface GangliaAnswer {
  /** The same for the same document: who asks again within the second gets the same bytes. */
  readonly key: string;
  /** To be called in the turn of the loop in which the answer is given: it reads live views. */
  build(): Iterable<string>;
}

export interface GangliaPort {
  answer(query: GangliaQuery): GangliaAnswer;
}

export interface SelfPort {
  /** Of the program. */
  readonly version: string;
  sources(): readonly SourceHealth[];
  /** Of what keeps the frames. */
  health(): Pick<CollectorHealth, "ready" | "messages" | "counters">;
  /** What other parts have to tell on /metrics. */
  families(): Iterable<MetricFamily>;
}
