/**
 * The few numbers by which people judge a host, from whatever its cluster
 * reports. A value that should have been renewed by now is none.
 */
import { isHostUp, isStale } from "../../core/model/liveness.js";
import type { Store } from "../pull/store.js";
import type { StoredCluster, StoredColumn } from "../pull/stored-cluster.js";
import { compareHosts } from "./host-list.js";

export interface HostRow {
  readonly cluster: string;
  readonly host: string;
  readonly state: "up" | "down";
  /** Last heard, epoch ms; 0 = never. */
  readonly reportedMs: number;
  /** null where unknown. */
  readonly cpus: number | null;
  readonly load1: number | null;
  /** Share of CPU time spent at work, waiting for disks not counted; %. */
  readonly cpuPercent: number | null;
  /** Share of memory that a new program could not get; %. */
  readonly memoryPercent: number | null;
  /** The hottest sensor, degrees Celsius. */
  readonly celsius: number | null;
}

/** @returns by cluster in the collector's order, then by host */
export function hostRows(store: Store): HostRow[] {
  return [...store.clusters.values()].flatMap((cluster) => {
    const temperatures = cluster.columns.filter((column) => column !== undefined && isTemperature(column));
    return cluster.hosts
      .flatMap((host, row) => {
        if (host === undefined) return [];
        const up = isHostUp((store.nowMs - host.reportedMs) / 1_000, host.facts.tmaxS);
        const value = (metric: string) => numberOf(cluster, cluster.findColumn(metric, "number"), row, store.nowMs);
        const celsius = temperatures
          .map((column) => numberOf(cluster, column, row, store.nowMs))
          .filter((one) => one !== null);
        return [
          {
            cluster: cluster.name,
            host: host.facts.name,
            state: up ? ("up" as const) : ("down" as const),
            reportedMs: host.reportedMs,
            cpus: value("cpu_num"),
            load1: value("load_one"),
            cpuPercent: cpuPercent(value),
            memoryPercent: memoryPercent(value),
            celsius: celsius.length === 0 ? null : Math.max(...celsius),
          },
        ];
      })
      .sort((a, b) => compareHosts(a.host, b.host));
  });
}

type Value = (metric: string) => number | null;

function cpuPercent(value: Value): number | null {
  const idle = value("cpu_idle");
  return idle === null ? null : clampPercent(100 - idle - (value("cpu_wio") ?? 0));
}

function memoryPercent(value: Value): number | null {
  const total = value("mem_total");
  if (total === null || total <= 0) return null;
  const free = value("mem_free");
  // Caches are given back on demand; the kernel's own estimate is better where it is sent.
  const available =
    value("mem_available") ?? (free === null ? null : free + (value("mem_buffers") ?? 0) + (value("mem_cached") ?? 0));
  return available === null ? null : clampPercent(((total - available) / total) * 100);
}

const clampPercent = (value: number): number => Math.min(100, Math.max(0, value));

function isTemperature(column: StoredColumn): boolean {
  // What we say of our own probes is no reading, though one of them is called temperature.
  if (column.kind !== "number" || column.name.startsWith("grate_")) return false;
  const units = (column.meta ?? column.rowMetas.values().next().value)?.units.trim() ?? "";
  if (/^(?:°?C|deg(?:rees)?\.? ?C|Celsius)$/i.test(units)) return true;
  return units === "" && /(?:^|[^a-z])temp(?:erature)?(?:$|[^a-z])/i.test(column.name);
}

function numberOf(cluster: StoredCluster, column: StoredColumn | undefined, row: number, nowMs: number): number | null {
  const value = column?.values[row];
  if (column === undefined || value === undefined || !Number.isFinite(value)) return null;
  const tmaxS = cluster.metaOf(column, row)?.tmaxS ?? 0;
  return isStale((nowMs - (column.timesMs[row] ?? 0)) / 1_000, tmaxS) ? null : value;
}
