/**
 * The newest sample given of each series: what is not newer is passed over, so that a
 * batch may be given again after a crash. Maps in maps, because half a million keys of
 * three names each would repeat every name of a host fifty times.
 */
import type { SeriesKey } from "../../core/model/series.js";

/** 10,000 hosts with 100 metrics. Series beyond it are taken, but given again after a crash they are taken twice. */
const SERIES_MAX = 1_000_000;

/** What is given again is an hour or a day old. A series silent for so long has left the cluster. */
const FORGET_AFTER_MS = 30 * 86_400_000;

/** Plain data for a file: cluster, host, metric, time. */
export type NewestData = Record<string, Record<string, Record<string, number>>>;

export class NewestTimes {
  readonly #clusters = new Map<string, Map<string, Map<string, number>>>();
  #count = 0;

  /** @returns -Infinity for a series not heard of */
  get({ cluster, host, metric }: SeriesKey): number {
    return this.#clusters.get(cluster)?.get(host)?.get(metric) ?? Number.NEGATIVE_INFINITY;
  }

  /** A time that is not newer changes nothing. */
  raise(key: SeriesKey, timeMs: number): void {
    const knownMs = this.get(key);
    if (timeMs <= knownMs) return;
    if (knownMs === Number.NEGATIVE_INFINITY && ++this.#count > SERIES_MAX) {
      this.#count--;
      return;
    }
    const hosts = entryOf(this.#clusters, key.cluster, () => new Map<string, Map<string, number>>());
    entryOf(hosts, key.host, () => new Map<string, number>()).set(key.metric, timeMs);
  }

  /** Series silent for too long are forgotten first. */
  toData(): NewestData {
    this.#forget();
    const data: NewestData = Object.create(null);
    for (const [cluster, hosts] of this.#clusters) {
      const byHost: NewestData[string] = Object.create(null);
      data[cluster] = byHost;
      for (const [host, metrics] of hosts) byHost[host] = ownEntries(metrics);
    }
    return data;
  }

  /** @param data checked by who read it */
  raiseAll(data: NewestData): void {
    for (const [cluster, hosts] of Object.entries(data)) {
      for (const [host, metrics] of Object.entries(hosts)) {
        for (const [metric, timeMs] of Object.entries(metrics)) this.raise({ cluster, host, metric }, timeMs);
      }
    }
  }

  #forget(): void {
    let newestMs = Number.NEGATIVE_INFINITY;
    this.#each((_, timeMs) => {
      newestMs = Math.max(newestMs, timeMs);
    });
    this.#each((metrics, timeMs, metric) => {
      if (timeMs < newestMs - FORGET_AFTER_MS && metrics.delete(metric)) this.#count--;
    });
    for (const [cluster, hosts] of this.#clusters) {
      for (const [host, metrics] of hosts) if (metrics.size === 0) hosts.delete(host);
      if (hosts.size === 0) this.#clusters.delete(cluster);
    }
  }

  #each(visit: (metrics: Map<string, number>, timeMs: number, metric: string) => void): void {
    for (const hosts of this.#clusters.values()) {
      for (const metrics of hosts.values()) for (const [metric, timeMs] of metrics) visit(metrics, timeMs, metric);
    }
  }
}

function entryOf<V>(map: Map<string, V>, key: string, make: () => V): V {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}

/** Names are data: one may be "__proto__". */
function ownEntries(map: ReadonlyMap<string, number>): Record<string, number> {
  const entries: Record<string, number> = Object.create(null);
  for (const [key, value] of map) entries[key] = value;
  return entries;
}
