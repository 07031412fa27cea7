/**
 * The Archive port in its plainest form: everything in memory, nothing on disk.
 * The reference that other stores are compared with, and for embedding.
 */
import type { Archive, ArchiveTraits, Coverage, SeriesBatch, SeriesQuery } from "../../core/model/archive.js";
import type { Series, SeriesKey } from "../../core/model/series.js";
import { requireBatches } from "../batch.js";
import { StorageError } from "../errors.js";
import { cutSeries, firstAfter, joinSeries, sliceSeries } from "../series.js";

/** Parts in order of time, by key text. May outlive the archive, as a file would. */
export type MemoryData = Map<string, Series[]>;

export class MemoryArchive implements Archive {
  readonly traits: ArchiveTraits = Object.freeze({
    name: "memory",
    resolutionMs: 0,
    exact: true,
    text: true,
    visibilityDelayMs: 0,
  });
  readonly #data: MemoryData;
  #closed = false;

  constructor(data: MemoryData = new Map()) {
    this.#data = data;
  }

  async append(batches: readonly SeriesBatch[]): Promise<void> {
    this.#requireOpen();
    requireBatches(batches);
    for (const { key, series } of batches) {
      const parts = this.#data.get(keyText(key)) ?? [];
      const newestMs = parts.at(-1)?.timesMs.at(-1) ?? Number.NEGATIVE_INFINITY;
      // Joined with nothing else: a copy, so that the caller may use the arrays again.
      const fresh = joinSeries([sliceSeries(series, firstAfter(series.timesMs, newestMs))]);
      if (fresh === undefined) continue;
      parts.push(fresh);
      this.#data.set(keyText(key), parts);
    }
  }

  async read({ key, fromMs, toMs }: SeriesQuery): Promise<Series | undefined> {
    this.#requireOpen();
    const parts = this.#data.get(keyText(key)) ?? [];
    return joinSeries(parts.map((part) => cutSeries(part, fromMs, toMs)));
  }

  async coverage(): Promise<Coverage | undefined> {
    this.#requireOpen();
    let fromMs = Number.POSITIVE_INFINITY;
    let toMs = Number.NEGATIVE_INFINITY;
    for (const parts of this.#data.values()) {
      fromMs = Math.min(fromMs, parts.at(0)?.timesMs.at(0) ?? fromMs);
      toMs = Math.max(toMs, parts.at(-1)?.timesMs.at(-1) ?? toMs);
    }
    return fromMs <= toMs ? { fromMs, toMs } : undefined;
  }

  async close(): Promise<void> {
    this.#closed = true;
  }

  #requireOpen(): void {
    if (this.#closed) throw new StorageError("storage-closed", "the memory archive is closed");
  }
}

/** Names have no control characters, so NUL keeps the parts apart. */
function keyText(key: SeriesKey): string {
  return `${key.cluster}\0${key.host}\0${key.metric}`;
}
