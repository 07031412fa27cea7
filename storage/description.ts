/**
 * What is said of hosts and metrics besides their samples, for stores that write it down
 * too. Made on the main thread from the collector's directories, plain data for the
 * worker's. Most metrics are described alike on all hosts; only others are listed.
 */
import { type ClusterDirectory, NONE } from "../core/model/directory.js";
import type { ClusterFacts, HostFacts } from "../core/model/host.js";
import type { MetricMeta } from "../core/model/metric.js";

export interface ClusterDescription {
  readonly name: string;
  readonly facts: ClusterFacts;
  readonly hosts: readonly HostFacts[];
  /** Of hosts that are not among the exceptions. */
  readonly metrics: readonly MetricMeta[];
  /** By place in `hosts`. */
  readonly exceptions: readonly { readonly host: number; readonly meta: MetricMeta }[];
}

export function describeCluster(directory: ClusterDirectory): ClusterDescription {
  const hosts: HostFacts[] = [];
  const rows: number[] = [];
  for (let row = 0; row < directory.rowCount; row++) {
    const facts = directory.host(row);
    if (facts === undefined) continue;
    hosts.push(facts);
    rows.push(row);
  }
  const metrics: MetricMeta[] = [];
  const exceptions: { host: number; meta: MetricMeta }[] = [];
  for (let column = 0; column < directory.columnCount; column++) {
    const common = directory.meta(NONE, column);
    if (common === undefined) continue;
    metrics.push(common);
    // Hot for large clusters: hosts that say the same share one object.
    for (const [host, row] of rows.entries()) {
      const meta = directory.meta(row, column);
      if (meta !== undefined && meta !== common) exceptions.push({ host, meta });
    }
  }
  return { name: directory.name, facts: directory.facts, hosts, metrics, exceptions };
}
