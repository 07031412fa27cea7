/** The sums of all clusters together, as they stand at the top of gmetad's summary. */
import type { ClusterSummary, MetricSum } from "../../core/model/summary.js";

/** Units, slope and decimals are those of the first cluster that has the metric; gmetad gives no extra data here. */
export function gridSummary(summaries: readonly ClusterSummary[]): ClusterSummary {
  const metrics = new Map<string, MetricSum>();
  let hostsUp = 0;
  let hostsDown = 0;
  for (const summary of summaries) {
    hostsUp += summary.hostsUp;
    hostsDown += summary.hostsDown;
    for (const metric of summary.metrics) {
      const known = metrics.get(metric.meta.name);
      const sum = (known?.sum ?? 0) + metric.sum;
      const num = (known?.num ?? 0) + metric.num;
      metrics.set(metric.meta.name, { ...(known ?? { ...metric, meta: { ...metric.meta, extra: [] } }), sum, num });
    }
  }
  return { hostsUp, hostsDown, metrics: [...metrics.values()] };
}
