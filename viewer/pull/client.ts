/**
 * What the viewer needs of a collector, and nothing else: tests and the demo put
 * something in place of the network here.
 */
import type { Alert, AlertEvent } from "../../core/model/alert.js";
import type { Buckets, Series, SeriesKey } from "../../core/model/series.js";
import type { SourceHealth } from "../../core/model/source.js";
import type { ChangesDocument } from "../../core/wire/extension/changes.js";
import type { Since } from "../../core/wire/extension/request.js";

export interface HistoryQuery {
  readonly key: SeriesKey;
  readonly fromMs: number;
  readonly toMs: number;
  /** Absent: the samples as they came. */
  readonly stepMs?: number;
}

export type HistoryResult = Series | ({ readonly kind: "buckets" } & Buckets);

/** One metric of all hosts of a cluster, or all metrics of one host: exactly one of host and metric is given. */
export interface ManyHistoryQuery {
  readonly cluster: string;
  readonly host?: string | undefined;
  readonly metric?: string | undefined;
  readonly fromMs: number;
  readonly toMs: number;
  /** Absent: the samples as they came. */
  readonly stepMs?: number | undefined;
  /** How long a value counts where none comes after it, ms; with a step. */
  readonly holdMs?: number | undefined;
}

/** All hosts in one series. */
export interface MergedHistoryQuery {
  readonly cluster: string;
  readonly metric: string;
  readonly fromMs: number;
  readonly toMs: number;
  readonly stepMs: number;
  /** Absent: as long as the collector takes a value for good. */
  readonly holdMs?: number | undefined;
}

export interface AlertsResult {
  readonly alerts: readonly Alert[];
  /** Newest first. */
  readonly events: readonly AlertEvent[];
}

export interface CollectorStatus {
  readonly version: string;
  readonly instance: string;
  readonly frame: number;
  readonly uptimeMs: number;
  readonly sources: readonly SourceHealth[];
}

/** Every call rejects with CollectorUnreachable, MalformedAnswer or CollectorRefused, and when the signal aborts. */
export interface CollectorClient {
  /** Answers at the next frame after `since`, or when waitMs has passed. */
  changes(since: Since | undefined, waitMs: number, signal: AbortSignal): Promise<ChangesDocument>;
  history(query: HistoryQuery, signal: AbortSignal): Promise<HistoryResult>;
  /** @param beforeSequence only events older than this one */
  alerts(events: number, beforeSequence: number | undefined, signal: AbortSignal): Promise<AlertsResult>;
  status(signal: AbortSignal): Promise<CollectorStatus>;
}

/** Nobody there, or the connection broke or took too long. */
export class CollectorUnreachable extends Error {
  override readonly name = "CollectorUnreachable";
}

/** The answer is not in the format, or does not fit on what came before. */
export class MalformedAnswer extends Error {
  override readonly name = "MalformedAnswer";
}

/** The collector understood and said no. */
export class CollectorRefused extends Error {
  override readonly name = "CollectorRefused";
  /** The collector's word for it, for example "bad-request" or "unavailable". */
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}
