/**
 * What the viewer's HTTP interface answers, as types alone: the server writes
 * them, the pages read them. Columns, not rows: the n-th entry of each array of a
 * cluster belongs to its n-th host. null is "no value".
 */
import type { Alert, AlertEvent, Severity } from "../../core/model/alert.js";
import type { HostFacts } from "../../core/model/host.js";
import type { ExtraPair, MetricType, Slope } from "../../core/model/metric.js";
import type { SourceHealth } from "../../core/model/source.js";

/** Response header with the collector's clock, epoch ms: pages reckon ages by it, not by the browser's clock. */
export const TIME_HEADER = "grate-time";

export interface CollectorLink {
  readonly connected: boolean;
  /** As configured, for the banner. */
  readonly address: string;
  /** Since when it is so, epoch ms on the viewer's clock. */
  readonly sinceMs: number;
  /** Last good answer, epoch ms on the viewer's clock; 0 = none yet. */
  readonly lastAnswerMs: number;
  /** Why it is not connected, "" while it is. */
  readonly error: string;
}

/** A metric that can be chosen for the overview. */
export interface MetricChoice {
  readonly name: string;
  readonly title: string;
  readonly units: string;
  readonly groups: readonly string[];
}

export interface AlertCounts {
  readonly firing: number;
  readonly pending: number;
  readonly critical: number;
  readonly warning: number;
  readonly info: number;
}

export interface ClusterColumns {
  readonly name: string;
  readonly owner: string;
  readonly url: string;
  /** Changes whenever hosts come or go or metrics are added: positions of an older layout mean nothing. */
  readonly layout: number;
  /** Newest frame, epoch ms; 0 = none yet. */
  readonly frameTimeMs: number;
  readonly up: number;
  readonly down: number;
  readonly hosts: readonly string[];
  readonly values: readonly (number | null)[];
  /** When each value was taken, epoch seconds; 0 = never. */
  readonly timesS: readonly number[];
  /** One STATE letter a host. */
  readonly states: string;
  /** One ALERT letter a host. */
  readonly alerts: string;
}

/** A grid or cluster of which a source tells only sums: it has no hosts here, no history and no pages. */
export interface SumsAnswer {
  readonly kind: "grid" | "cluster";
  readonly name: string;
  /** Of the collector, that tells them. */
  readonly source: string;
  /** Where its own pages are, as somebody wrote it: not to be followed before `safeLink` was asked. "" = unknown. */
  readonly url: string;
  /** Changes with the set of metrics. */
  readonly layout: number;
  /** When they were read, epoch ms. */
  readonly timeMs: number;
  /** They were renewed in time. If not, all hosts count as down and nothing else is known. */
  readonly live: boolean;
  readonly up: number;
  readonly down: number;
  readonly cpus: number | null;
  readonly load1: number | null;
  /** Of the chosen metric, and of how many hosts. */
  readonly sum: number | null;
  readonly num: number;
}

export interface OverviewAnswer {
  /** Names this state of the data, for `events?since=`. */
  readonly version: string;
  readonly collector: CollectorLink;
  /** The chosen metric, null where there is none at all. */
  readonly metric: string | null;
  readonly metrics: readonly MetricChoice[];
  readonly clusters: readonly ClusterColumns[];
  readonly sums: readonly SumsAnswer[];
  readonly counts: AlertCounts;
  /** The gravest that fire, newest first, a few. */
  readonly firing: readonly Alert[];
  /** Sources of the collector that do not work, one line each. */
  readonly faults: readonly string[];
}

/** Event "tick": what is new since the last one. */
export interface TickEvent {
  readonly version: string;
  readonly nowMs: number;
  readonly clusters: readonly ClusterTick[];
  /** All of them, whole: they are few and short. */
  readonly sums: readonly SumsAnswer[];
  readonly counts: AlertCounts;
}

export interface ClusterTick {
  readonly name: string;
  readonly layout: number;
  readonly frameTimeMs: number;
  readonly up: number;
  readonly down: number;
  /** Positions whose values follow. */
  readonly at: readonly number[];
  readonly values: readonly (number | null)[];
  readonly timesS: readonly number[];
  readonly states: string;
  readonly alerts: string;
}

/** Event "host": the metrics of the watched host that changed. */
export interface HostTick {
  readonly version: string;
  readonly nowMs: number;
  readonly state: HostState;
  readonly reportedMs: number;
  /** Names of metrics are new or gone, or the host itself: read the whole again. */
  readonly layout: number;
  readonly metrics: readonly {
    readonly name: string;
    readonly value: number | string | null;
    readonly timeMs: number;
  }[];
}

export type HostState = "up" | "down";

export interface HostMetric {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly type: MetricType;
  readonly units: string;
  readonly slope: Slope;
  readonly tmaxS: number;
  readonly groups: readonly string[];
  readonly extra: readonly ExtraPair[];
  readonly value: number | string | null;
  readonly timeMs: number;
  readonly stale: boolean;
}

export interface HostAnswer {
  readonly version: string;
  readonly collector: CollectorLink;
  readonly cluster: string;
  readonly layout: number;
  readonly facts: HostFacts;
  readonly state: HostState;
  readonly reportedMs: number;
  readonly metrics: readonly HostMetric[];
  readonly alerts: readonly Alert[];
}

interface HistoryBase {
  readonly cluster: string;
  readonly host: string;
  readonly metric: string;
  /** The range asked for, epoch ms. */
  readonly fromMs: number;
  readonly toMs: number;
}

export interface RawHistory extends HistoryBase {
  readonly kind: "number" | "text";
  readonly timesMs: readonly number[];
  readonly values: readonly (number | string | null)[];
}

export interface BucketHistory extends HistoryBase {
  readonly kind: "buckets";
  readonly startMs: number;
  readonly stepMs: number;
  readonly min: readonly (number | null)[];
  readonly avg: readonly (number | null)[];
  readonly max: readonly (number | null)[];
}

export type HistoryAnswer = RawHistory | BucketHistory;

export interface AlertsAnswer {
  readonly collector: CollectorLink;
  readonly counts: AlertCounts;
  /** Gravest first, then newest. */
  readonly alerts: readonly Alert[];
  /** Newest first. */
  readonly events: readonly AlertEvent[];
  /** There are older events: ask with `before` = the last sequence. */
  readonly more: boolean;
}

export interface StatusAnswer {
  readonly collector: CollectorLink & {
    readonly version: string;
    readonly instance: string;
    readonly frame: number;
    readonly uptimeMs: number;
  };
  readonly viewer: {
    readonly uptimeMs: number;
    readonly listeners: number;
    /** Good answers, failures of the connection, malformed answers, since the start. */
    readonly answers: number;
    readonly failures: number;
    readonly malformed: number;
  };
  readonly sources: readonly SourceHealth[];
  readonly clusters: readonly {
    readonly name: string;
    readonly up: number;
    readonly down: number;
    readonly metrics: number;
  }[];
  readonly sums: readonly Pick<SumsAnswer, "kind" | "name" | "live" | "up" | "down">[];
}

/** Errors, as RFC 9457 shapes them. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
}

/** One letter a host: up, up with a stale value, up without a value, down. */
export const STATE = Object.freeze({ up: "u", stale: "s", none: "n", down: "d" });

/** One letter a host: the gravest alert that fires on it. */
export const ALERT_LETTER: Readonly<Record<Severity | "no", string>> = Object.freeze({
  no: "-",
  info: "i",
  warning: "w",
  critical: "c",
});
