/** What every store demands of the batches and events it is given, checked before anything is written. */
import type { AlertEvent } from "../core/model/alert.js";
import type { SeriesBatch } from "../core/model/archive.js";
import { kindOf } from "../core/model/metric.js";
import { nameFault, quoteName } from "../core/model/names.js";
import type { Series } from "../core/model/series.js";
import { StorageError } from "./errors.js";

/** What a Date can hold: 100 million days around 1970. */
export const TIME_MS_MAX = 8.64e15;

/** Why a batch is refused, in words for a message; undefined when it is fine. */
export function batchFault(batch: SeriesBatch): string | undefined {
  for (const part of ["cluster", "host", "metric"] as const) {
    const fault = nameFault(batch.key[part]);
    if (fault !== undefined) return `the name of the ${part} is refused: ${fault}`;
  }
  const { series } = batch;
  if (series.kind !== kindOf(batch.type)) {
    return `a metric of type ${batch.type} has ${kindOf(batch.type)} samples, these are of kind ${series.kind}`;
  }
  const lengths = lengthFault(series);
  if (lengths !== undefined) return lengths;
  const { timesMs } = series;
  let previousMs = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < timesMs.length; i++) {
    const timeMs = timesMs[i] as number;
    if (!(Math.abs(timeMs) <= TIME_MS_MAX)) return `time ${i} is ${timeMs}, expected epoch milliseconds`;
    if (!(timeMs > previousMs)) return `time ${i} is ${timeMs} after ${previousMs}, expected increasing times`;
    previousMs = timeMs;
  }
  return undefined;
}

function lengthFault(series: Series): string | undefined {
  const timeCount = series.timesMs.length;
  const valueCount = series.kind === "number" ? series.values.length : series.texts.length;
  if (valueCount === timeCount) return undefined;
  return `it has ${timeCount} times and ${valueCount} values, expected as many`;
}

/** Batches that were looked at where they were packed, and that nobody else has: in the thread of a store. */
const checked = new WeakSet<readonly SeriesBatch[]>();

/** @param batches sound ones, that nobody changes any more @returns the same; requireBatches does not look at them again */
export function noteChecked(batches: readonly SeriesBatch[]): readonly SeriesBatch[] {
  checked.add(batches);
  return batches;
}

/** @throws StorageError "storage-bad-batch" naming the first batch with a fault */
export function requireBatches(batches: readonly SeriesBatch[]): void {
  if (checked.has(batches)) return;
  for (const batch of batches) refuse(batch, batchFault(batch));
}

function refuse({ key }: SeriesBatch, fault: string | undefined): void {
  if (fault === undefined) return;
  const who = [key.cluster, key.host, key.metric].map(quoteName).join(" / ");
  throw new StorageError("storage-bad-batch", `cannot append samples of ${who}: ${fault}`);
}

/** @throws StorageError "storage-bad-batch" */
export function requireSequences(events: readonly AlertEvent[]): void {
  for (const { sequence } of events) {
    if (Number.isSafeInteger(sequence)) continue;
    throw new StorageError("storage-bad-batch", `cannot append an event: sequence ${sequence} is no whole number`);
  }
}
