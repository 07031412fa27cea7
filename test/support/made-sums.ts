/** Sums as a source tells them of a grid or cluster without its hosts. */
import { NO_CLUSTER_FACTS } from "../../core/model/host.js";
import type { MetricSum, ReportedSums } from "../../core/model/summary.js";
import { metaOf } from "./made-cluster.js";

/** Two hosts up and one down, read at 1,000 s and every 15 s, unless said otherwise. */
export function madeSums(kind: ReportedSums["kind"], name: string, more: Partial<ReportedSums> = {}): ReportedSums {
  return {
    kind,
    name,
    source: "above",
    authority: kind === "grid" ? `http://${name.length}.example.org/ganglia/` : "",
    facts: NO_CLUSTER_FACTS,
    timeMs: 1_000_000,
    tmaxS: 15,
    summary: { hostsUp: 2, hostsDown: 1, metrics: [madeSum("load_one", 1.5, 2)] },
    ...more,
  };
}

export function madeSum(name: string, sum: number, num: number, decimals = 2): MetricSum {
  return { meta: metaOf(name, { type: "double", units: " " }), sum, num, decimals };
}
