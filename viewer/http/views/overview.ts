/** The overview and its ticks, built from the present. Pure: what comes out depends only on what is held. */
import { isHostUp, isStale } from "../../../core/model/liveness.js";
import { extraValues, type MetricMeta } from "../../../core/model/metric.js";
import type { ChangesDocument, ClusterDelta } from "../../../core/wire/extension/changes.js";
import {
  type ClusterColumns,
  type ClusterTick,
  type MetricChoice,
  type OverviewAnswer,
  STATE,
  type TickEvent,
} from "../../api/answers.js";
import { isFiring } from "../../pull/alert-board.js";
import type { Present } from "../../pull/present.js";
import type { Store } from "../../pull/store.js";
import type { StoredCluster, StoredColumn } from "../../pull/stored-cluster.js";
import { sumsOf } from "./sums.js";

/** What people look at first, where the cluster has it. */
const FAVOURITES = ["load_one", "cpu_user"];
/** Alerts named on the overview itself; the rest is a click away. */
const FIRING_SHOWN = 5;
const FAULTS_SHOWN = 10;

export function overviewOf(present: Present, asked: string | undefined): OverviewAnswer {
  const clusters = [...present.store.clusters.values()];
  const metrics = metricChoices(present.store);
  const metric = chooseMetric(metrics, asked);
  return {
    version: present.store.version,
    collector: present.link,
    metric,
    metrics,
    clusters: clusters.map((cluster) => columnsOf(present, cluster, metric)),
    sums: sumsOf(present, metric),
    counts: present.alerts.counts,
    firing: present.alerts.alerts.filter(isFiring).slice(0, FIRING_SHOWN),
    faults: faultsOf(present),
  };
}

/** @param changes what was applied last; undefined when nothing was */
export function tickOf(present: Present, changes: ChangesDocument | undefined, metric: string | null): TickEvent {
  const changed = new Map(changes?.clusters.map((cluster) => [cluster.name, cluster]));
  return {
    version: present.store.version,
    nowMs: Math.round(present.nowMs()),
    clusters: [...present.store.clusters.values()].map((cluster) =>
      clusterTick(present, cluster, changed.get(cluster.name), metric),
    ),
    sums: sumsOf(present, metric),
    counts: present.alerts.counts,
  };
}

/** A metric that is asked for stays chosen even where no host has it (any more): a permalink must not lie. */
export function chooseMetric(metrics: readonly MetricChoice[], asked: string | undefined): string | null {
  if (asked !== undefined && asked !== "") return asked;
  const names = new Set(metrics.map((metric) => metric.name));
  return FAVOURITES.find((name) => names.has(name)) ?? metrics[0]?.name ?? null;
}

/** Every number metric once, by group, then by name. Hosts say more of a metric than sums do, so they go first. */
export function metricChoices({ clusters, sums }: Pick<Store, "clusters" | "sums">): MetricChoice[] {
  const choices = new Map<string, MetricChoice>();
  for (const cluster of clusters.values()) {
    for (const column of cluster.columns) {
      if (column?.kind === "number" && !choices.has(column.name))
        choices.set(column.name, choiceOf(metaOfColumn(column)));
    }
  }
  for (const { summary } of sums.values()) {
    for (const { meta } of summary.metrics) if (!choices.has(meta.name)) choices.set(meta.name, choiceOf(meta));
  }
  return [...choices.values()].sort(
    (a, b) => compareText(a.groups[0] ?? "~", b.groups[0] ?? "~") || compareText(a.name, b.name),
  );
}

/** Values may come before anybody has said what they are (a gmond that has just started). */
export function metaOfColumn(column: StoredColumn): MetricMeta {
  const { name, kind, meta, rowMetas } = column;
  const said = meta ?? rowMetas.values().next().value;
  if (said !== undefined) return said;
  const type = kind === "number" ? "double" : "string";
  return { name, type, units: "", slope: "unspecified", tmaxS: 0, dmaxS: 0, extra: [] };
}

export function choiceOf(meta: MetricMeta): MetricChoice {
  return {
    name: meta.name,
    title: extraValues(meta, "TITLE")[0] ?? meta.name,
    units: meta.units.trim(),
    groups: extraValues(meta, "GROUP"),
  };
}

function columnsOf(present: Present, cluster: StoredCluster, metric: string | null): ClusterColumns {
  const column = metric === null ? undefined : cluster.findColumn(metric, "number");
  const rows = rowsOf(cluster);
  const { states, alerts, up, down } = lettersOf(present, cluster, column, rows);
  return {
    name: cluster.name,
    owner: cluster.facts.owner,
    url: cluster.facts.url,
    layout: cluster.layout,
    frameTimeMs: cluster.frameTimeMs,
    up,
    down,
    hosts: rows.map((row) => cluster.hosts[row]?.facts.name ?? ""),
    values: rows.map((row) => cellOf(column, row)),
    timesS: rows.map((row) => timeOf(column, row)),
    states,
    alerts,
  };
}

function clusterTick(
  present: Present,
  cluster: StoredCluster,
  delta: ClusterDelta | undefined,
  metric: string | null,
): ClusterTick {
  const column = metric === null ? undefined : cluster.findColumn(metric, "number");
  const rows = rowsOf(cluster);
  const cells = delta?.numbers.filter((one) => one.column === column?.number) ?? [];
  const changedRows = new Set(cells.flatMap((one) => [...one.rows]));
  const at = changedRows.size === 0 ? [] : rows.flatMap((row, i) => (changedRows.has(row) ? [i] : []));
  const { states, alerts, up, down } = lettersOf(present, cluster, column, rows);
  return {
    name: cluster.name,
    layout: cluster.layout,
    frameTimeMs: cluster.frameTimeMs,
    up,
    down,
    at,
    values: at.map((i) => cellOf(column, rows[i] as number)),
    timesS: at.map((i) => timeOf(column, rows[i] as number)),
    states,
    alerts,
  };
}

/** Rows that hold a host; the n-th of them is position n of all columns. */
function rowsOf(cluster: StoredCluster): number[] {
  const rows: number[] = [];
  for (let row = 0; row < cluster.hosts.length; row++) if (cluster.hosts[row] !== undefined) rows.push(row);
  return rows;
}

function lettersOf(
  present: Present,
  cluster: StoredCluster,
  column: StoredColumn | undefined,
  rows: readonly number[],
) {
  const judgedAtMs = present.judgedAtMs();
  let states = "";
  let alerts = "";
  let up = 0;
  for (const row of rows) {
    const host = cluster.hosts[row];
    if (host === undefined) continue;
    const isUp = isHostUp((judgedAtMs - host.reportedMs) / 1_000, host.facts.tmaxS);
    if (isUp) up++;
    states += isUp ? valueState(cluster, column, row, judgedAtMs) : STATE.down;
    alerts += present.alerts.letter(cluster.name, host.facts.name);
  }
  return { states, alerts, up, down: rows.length - up };
}

function valueState(cluster: StoredCluster, column: StoredColumn | undefined, row: number, judgedAtMs: number): string {
  if (column === undefined || cellOf(column, row) === null) return STATE.none;
  const ageS = (judgedAtMs - (column.timesMs[row] ?? 0)) / 1_000;
  return isStale(ageS, cluster.metaOf(column, row)?.tmaxS ?? 0) ? STATE.stale : STATE.up;
}

function cellOf(column: StoredColumn | undefined, row: number): number | null {
  const value = column?.values[row];
  return value === undefined || !Number.isFinite(value) ? null : value;
}

function timeOf(column: StoredColumn | undefined, row: number): number {
  return Math.round((column?.timesMs[row] ?? 0) / 1_000);
}

/** A source that fails explains why hosts fall silent, so it is said on the first page. */
function faultsOf(present: Present): string[] {
  const sources = present.status?.sources ?? [];
  return sources
    .filter((source) => source.state === "failing")
    .slice(0, FAULTS_SHOWN)
    .map((source) => `${source.name}: ${source.message || "failing"}`);
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
