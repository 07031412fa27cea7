/** When each host of an append was heard last: how far its values are repeated in the same write. */
import type { SeriesBatch } from "../../../core/model/archive.js";
import type { NumberSeries, SeriesKey } from "../../../core/model/series.js";

/** @returns whether a batch has a file: as for gmetad, neither texts nor points in time have a curve */
export function hasCurve(batch: SeriesBatch): batch is SeriesBatch & { readonly series: NumberSeries } {
  return batch.series.kind === "number" && batch.type !== "timestamp" && batch.series.timesMs.length > 0;
}

export class NewestOfHosts {
  /** By cluster, in each by name. */
  readonly #clusters = new Map<string, Map<string, number>>();

  constructor(batches: readonly SeriesBatch[]) {
    for (const batch of batches) if (hasCurve(batch)) this.#hear(batch.key, batch.series.timesMs.at(-1) as number);
  }

  /** Epoch ms; 0 for a host of which nothing came. */
  ofMs({ cluster, host }: SeriesKey): number {
    return this.#clusters.get(cluster)?.get(host) ?? 0;
  }

  #hear({ cluster, host }: SeriesKey, timeMs: number): void {
    const hosts = this.#clusters.get(cluster) ?? new Map<string, number>();
    if (timeMs > (hosts.get(host) ?? 0)) hosts.set(host, timeMs);
    this.#clusters.set(cluster, hosts);
  }
}
