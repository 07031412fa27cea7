/** A cluster in sums, as gmetad forms them: every number of every host that is up. */
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
