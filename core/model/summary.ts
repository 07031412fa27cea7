/** Clusters and grids in sums, as gmetad forms them: every number of every host that is up. */
import type { ClusterFacts } from "./host.js";
import { isHostUp } from "./liveness.js";
import type { MetricMeta } from "./metric.js";

export interface MetricSum {
  /** Units, slope and extra data as the first contributing host said them. */
  readonly meta: MetricMeta;
  readonly sum: number;
  /** Hosts that contributed. */
  readonly num: number;
  /** Digits after the point: none for integers, else those of the first value summed. */
  readonly decimals: number;
}

export interface ClusterSummary {
  readonly hostsUp: number;
  readonly hostsDown: number;
  readonly metrics: readonly MetricSum[];
}

/** What a source tells of a grid, or of a cluster, without its hosts. */
export interface ReportedSums {
  readonly kind: "grid" | "cluster";
  readonly name: string;
  /** Name of the source in the configuration. */
  readonly source: string;
  /** URL of the web front-end that owns the grid; "" for a cluster. */
  readonly authority: string;
  /** Of a cluster; of a grid they say nothing. */
  readonly facts: ClusterFacts;
  /** When they were read, epoch ms on our own clock. */
  readonly timeMs: number;
  /** How often the source is read, seconds. */
  readonly tmaxS: number;
  readonly summary: ClusterSummary;
}

/** Sums that were not renewed in time count for nothing, as a silent host does. */
export function areSumsLive(sums: ReportedSums, nowMs: number): boolean {
  return isHostUp((nowMs - sums.timeMs) / 1_000, sums.tmaxS);
}

/** What is true of them at that instant: of sums that were not renewed only that there are so many hosts, all silent. */
export function summaryAt(sums: ReportedSums, nowMs: number): ClusterSummary {
  if (areSumsLive(sums, nowMs)) return sums.summary;
  const { hostsUp, hostsDown } = sums.summary;
  return { hostsUp: 0, hostsDown: hostsUp + hostsDown, metrics: [] };
}
