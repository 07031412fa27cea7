/**
 * The body of a remote write: a protobuf WriteRequest, compressed as a Snappy block.
 * Field numbers are those of Prometheus' remote.proto and types.proto. Pure.
 */
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { compress } from "snappyjs";
import type { SeriesBatch } from "../../core/model/archive.js";
import { labelsOf, type Naming } from "./names.js";

const FIELD = {
  request: { timeseries: 1 },
  series: { label: 1, sample: 2 },
  label: { name: 1, value: 2 },
  sample: { value: 1, timestampMs: 2 },
} as const;

/**
 * The NaN that says "no value from here on". Its bits matter and would not survive
 * being handled as a number: it is a signalling NaN.
 */
const STALE_MARKER_BITS = 0x7ff0000000000002n;

/** A part of a list of batches: samples from the first up to, not including, the last, counted over all batches. */
export interface SampleRange {
  readonly from: number;
  readonly to: number;
}

/** @param batches of numbers, times in whole ms */
export function encodeWriteRequest(
  batches: readonly SeriesBatch[],
  range: SampleRange,
  naming: Naming,
): Uint8Array<ArrayBuffer> {
  const writer = new BinaryWriter();
  let before = 0;
  for (const batch of batches) {
    const count = batch.series.timesMs.length;
    const from = Math.max(0, range.from - before);
    const to = Math.min(count, range.to - before);
    before += count;
    if (from < to) writeSeries(writer, batch, from, to, naming);
  }
  return compress(writer.finish());
}

function writeSeries(writer: BinaryWriter, { key, series }: SeriesBatch, from: number, to: number, naming: Naming) {
  if (series.kind !== "number") throw new Error("BUG: text cannot be written to a remote store");
  writer.tag(FIELD.request.timeseries, WireType.LengthDelimited).fork();
  for (const [name, value] of labelsOf(key, naming)) {
    writer.tag(FIELD.series.label, WireType.LengthDelimited).fork();
    writer.tag(FIELD.label.name, WireType.LengthDelimited).string(name);
    writer.tag(FIELD.label.value, WireType.LengthDelimited).string(value);
    writer.join();
  }
  for (let i = from; i < to; i++) {
    const value = series.values[i] as number;
    writer.tag(FIELD.series.sample, WireType.LengthDelimited).fork();
    writer.tag(FIELD.sample.value, WireType.Bit64);
    if (Number.isNaN(value)) writer.fixed64(STALE_MARKER_BITS);
    else writer.double(value);
    writer.tag(FIELD.sample.timestampMs, WireType.Varint).int64(series.timesMs[i] as number);
    writer.join();
  }
  writer.join();
}
