/**
 * Which series have ended: a value holds for four times its TMAX, as everywhere in
 * Grate. At that moment the store is given Prometheus' staleness marker, once, so that
 * a host that left is not drawn on.
 *
 * What is overdue is judged by the newest sample of the same cluster, never by a clock:
 * while a whole cluster is silent, or samples have waited, nobody knows who has left,
 * and a marker too early would have the series' next samples refused as too old.
 */
import type { SeriesBatch } from "../../core/model/archive.js";
import { isStale, TMAX_FACTOR } from "../../core/model/liveness.js";

/** As many as the queue remembers; of those beyond it no end is told. */
const SERIES_MAX = 1_000_000;

interface ClusterEnds {
  newestMs: number;
  /** Host, metric, time of the newest sample; of series that have not ended. */
  readonly hosts: Map<string, Map<string, number>>;
  /** By metric, seconds: the same for all hosts, or the longest of them. */
  readonly tmaxS: Map<string, number>;
}

export class SeriesEnds {
  readonly #clusters = new Map<string, ClusterEnds>();
  #count = 0;
  /** Told since the start. */
  told = 0;

  /** @param batches of numbers that the store was given, the same once more at worst */
  note(batches: readonly SeriesBatch[]): void {
    for (const { key, series, tmaxS = 0 } of batches) {
      const lastMs = series.timesMs.at(-1);
      if (lastMs === undefined || series.kind !== "number" || tmaxS <= 0) continue;
      const cluster = entryOf(this.#clusters, key.cluster, newCluster);
      cluster.newestMs = Math.max(cluster.newestMs, lastMs);
      cluster.tmaxS.set(key.metric, Math.max(tmaxS, cluster.tmaxS.get(key.metric) ?? 0));
      const metrics = entryOf(cluster.hosts, key.host, () => new Map<string, number>());
      const knownMs = metrics.get(key.metric);
      if (knownMs === undefined && this.#count >= SERIES_MAX) continue;
      if (knownMs === undefined) this.#count++;
      metrics.set(key.metric, Math.max(lastMs, knownMs ?? lastMs));
      // It said itself that there is no value from here on.
      if (Number.isNaN(series.values.at(-1))) this.#forget(cluster, key.host, key.metric);
    }
  }

  /**
   * Markers of series that have ended, in parts.
   * @returns a part counts as told when the next one is asked for
   */
  *take(partMax: number): Generator<SeriesBatch[]> {
    for (const [name, cluster] of this.#clusters) {
      let part: SeriesBatch[] = [];
      for (const marker of markers(name, cluster)) {
        part.push(marker);
        if (part.length < partMax) continue;
        yield part;
        this.#ended(cluster, part);
        part = [];
      }
      if (part.length > 0) yield part;
      this.#ended(cluster, part);
    }
  }

  #ended(cluster: ClusterEnds, part: readonly SeriesBatch[]): void {
    this.told += part.length;
    for (const { key } of part) this.#forget(cluster, key.host, key.metric);
  }

  #forget({ hosts }: ClusterEnds, host: string, metric: string): void {
    const metrics = hosts.get(host);
    if (metrics?.delete(metric)) this.#count--;
    if (metrics?.size === 0) hosts.delete(host);
  }
}

function* markers(cluster: string, { newestMs, hosts, tmaxS }: ClusterEnds): Generator<SeriesBatch> {
  for (const [host, metrics] of hosts) {
    for (const [metric, lastMs] of metrics) {
      const longestS = tmaxS.get(metric) ?? 0;
      if (!isStale((newestMs - lastMs) / 1_000, longestS)) continue;
      const timesMs = Float64Array.of(Math.floor(lastMs + longestS * TMAX_FACTOR * 1_000));
      const series = { kind: "number" as const, timesMs, values: Float64Array.of(Number.NaN) };
      yield { key: { cluster, host, metric }, type: "double", units: "", series };
    }
  }
}

function newCluster(): ClusterEnds {
  return { newestMs: Number.NEGATIVE_INFINITY, hosts: new Map(), tmaxS: new Map() };
}

function entryOf<V>(map: Map<string, V>, key: string, make: () => V): V {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}
