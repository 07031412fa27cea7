/** Batches that can be told from their number alone: what the killed process wrote, the test knows. */
import type { SeriesBatch } from "../../../core/model/archive.js";

/** Series of each batch. */
export const SERIES = 25;
/** Samples of each series in each batch. */
export const SAMPLES = 7;

export const keyOf = (series: number) => ({ cluster: "khab", host: `node${series}`, metric: "load_one" });

export function numberedBatch(number: number): SeriesBatch[] {
  return Array.from({ length: SERIES }, (_, series) => {
    const first = number * SAMPLES;
    const timesMs = Float64Array.from({ length: SAMPLES }, (_, i) => 1_700_000_000_000 + (first + i) * 15_000);
    const values = Float64Array.from({ length: SAMPLES }, (_, i) => ((first + i) * (series + 1)) % 1_000);
    return { key: keyOf(series), type: "double", units: "", series: { kind: "number", timesMs, values } };
  });
}
