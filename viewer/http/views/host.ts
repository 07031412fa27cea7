/** One host, and what is new of it, built from the present. */
import { isHostUp, isStale } from "../../../core/model/liveness.js";
import { extraValues } from "../../../core/model/metric.js";
import type { ChangesDocument } from "../../../core/wire/extension/changes.js";
import type { HostAnswer, HostMetric, HostState, HostTick } from "../../api/answers.js";
import type { Present } from "../../pull/present.js";
import type { StoredCluster, StoredColumn, StoredHost } from "../../pull/stored-cluster.js";
import { choiceOf, metaOfColumn } from "./overview.js";

interface Found {
  readonly cluster: StoredCluster;
  readonly row: number;
  readonly host: StoredHost;
}

/** @returns undefined where there is no such host */
export function hostOf(present: Present, clusterName: string, hostName: string): HostAnswer | undefined {
  const found = find(present, clusterName, hostName);
  if (found === undefined) return undefined;
  const { cluster, row, host } = found;
  return {
    version: present.store.version,
    collector: present.link,
    cluster: cluster.name,
    layout: cluster.layout,
    facts: host.facts,
    state: stateOf(present, host),
    reportedMs: host.reportedMs,
    metrics: cluster.columns.flatMap((column) => {
      const metric = column === undefined ? undefined : metricOf(present, cluster, column, row);
      return metric === undefined ? [] : [metric];
    }),
    alerts: present.alerts.ofHost(cluster.name, host.facts.name),
  };
}

/** @returns undefined where there is no such host (any more) */
export function hostTickOf(
  present: Present,
  changes: ChangesDocument | undefined,
  clusterName: string,
  hostName: string,
): HostTick | undefined {
  const found = find(present, clusterName, hostName);
  if (found === undefined) return undefined;
  const { cluster, row, host } = found;
  const delta = changes?.clusters.find((one) => one.name === clusterName);
  const changed = [...(delta?.numbers ?? []), ...(delta?.texts ?? [])];
  return {
    version: present.store.version,
    nowMs: Math.round(present.nowMs()),
    state: stateOf(present, host),
    reportedMs: host.reportedMs,
    layout: cluster.layout,
    metrics: changed.flatMap((change) => {
      const column = cluster.columns[change.column];
      if (column === undefined || !change.rows.includes(row)) return [];
      return [{ name: column.name, value: cellOf(column, row), timeMs: column.timesMs[row] ?? 0 }];
    }),
  };
}

function find(present: Present, clusterName: string, hostName: string): Found | undefined {
  const cluster = present.store.clusters.get(clusterName);
  const row = cluster?.findRow(hostName) ?? -1;
  const host = cluster?.hosts[row];
  return cluster === undefined || host === undefined ? undefined : { cluster, row, host };
}

function stateOf(present: Present, host: StoredHost): HostState {
  return isHostUp((present.judgedAtMs() - host.reportedMs) / 1_000, host.facts.tmaxS) ? "up" : "down";
}

function metricOf(present: Present, cluster: StoredCluster, column: StoredColumn, row: number): HostMetric | undefined {
  const timeMs = column.timesMs[row] ?? 0;
  // Never said of this host: another host of the cluster has the metric.
  if (timeMs === 0) return undefined;
  const meta = cluster.metaOf(column, row) ?? metaOfColumn(column);
  return {
    ...choiceOf(meta),
    description: extraValues(meta, "DESC")[0] ?? "",
    type: meta.type,
    slope: meta.slope,
    tmaxS: meta.tmaxS,
    extra: meta.extra,
    value: cellOf(column, row),
    timeMs,
    stale: isStale((present.judgedAtMs() - timeMs) / 1_000, meta.tmaxS),
  };
}

function cellOf(column: StoredColumn, row: number): number | string | null {
  if (column.kind === "text") return column.texts[row] ?? null;
  const value = column.values[row];
  return value === undefined || !Number.isFinite(value) ? null : value;
}
