/** Batches as a remote store can take them: numbers only, times in whole ms. Pure. */
import type { SeriesBatch } from "../../core/model/archive.js";

/** Of several samples within one ms the first counts. @returns batches of the same arrays where nothing was to be changed */
export function wholeMs(batches: readonly SeriesBatch[]): SeriesBatch[] {
  const whole: SeriesBatch[] = [];
  for (const batch of batches) {
    const { series } = batch;
    if (series.kind !== "number" || series.timesMs.length === 0) continue;
    whole.push(series.timesMs.every(Number.isInteger) ? batch : rounded(batch));
  }
  return whole;
}

function rounded(batch: SeriesBatch): SeriesBatch {
  const timesMs = batch.series.timesMs.map(Math.floor);
  const values = batch.series.kind === "number" ? batch.series.values : new Float64Array();
  const kept = [...timesMs.keys()].filter((i) => i === 0 || timesMs[i] !== timesMs[i - 1]);
  return {
    ...batch,
    series: {
      kind: "number",
      timesMs: Float64Array.from(kept, (i) => timesMs[i] as number),
      values: Float64Array.from(kept, (i) => values[i] as number),
    },
  };
}
