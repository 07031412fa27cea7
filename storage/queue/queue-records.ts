/** Records of a sample queue as bytes and back. The layout is on FORMAT.md. Pure. */
import { deflateRawSync, inflateRawSync } from "node:zlib";
import { messageOf } from "../../core/base/errors.js";
import type { Coverage, SeriesBatch } from "../../core/model/archive.js";
import { isMetricType, type MetricType, SLOPES, type Slope } from "../../core/model/metric.js";
import type { SeriesKey } from "../../core/model/series.js";
import { ByteReader, ByteWriter } from "../sqlite/bytes.js";
import { decodeChunk, encodeChunk } from "../sqlite/chunk-codec.js";
import type { NewestData } from "./newest-times.js";

export const RECORD = { samples: 1, taken: 2, state: 3 } as const;

/** Names of a record or times of a million series; what claims more is damaged. */
const INFLATED_BYTES_MAX = 256 * 2 ** 20;

/** A record that no queue has written. */
export class QueueRecordError extends Error {
  override readonly name = "QueueRecordError";
}

/** How far the samples are delivered: all of the records before `number`, and the first `samples` of that one. */
export interface Position {
  readonly number: number;
  readonly samples: number;
}

export interface SamplesHead {
  /** Counts up by one with every record of a queue. */
  readonly number: number;
  /** Wall clock, epoch ms. */
  readonly queuedAtMs: number;
  /** In all batches together. */
  readonly samples: number;
}

/** Stands first in each segment, so that the ones before are not needed once they are delivered. */
export interface QueueState {
  readonly taken: Position;
  readonly coverage: Coverage | undefined;
  readonly newest: NewestData;
}

/** One series of a record. */
interface SeriesHead {
  readonly key: SeriesKey;
  readonly type: MetricType;
  readonly units: string;
  readonly tmaxS: number | undefined;
  readonly slope: Slope | undefined;
  readonly fromMs: number;
  readonly toMs: number;
  readonly blobBytes: number;
}

/** Numbers of one series in the list. */
const LIST_WIDTH = 8;
/** Numbers of one series in the second list, which records written before 2026-11-22 lack. */
const EXTRA_WIDTH = 2;

/** @param batches each with samples */
export function encodeSamples(head: SamplesHead, batches: readonly SeriesBatch[]): Buffer {
  const names = new Map<string, number>();
  const place = (text: string) => {
    const known = names.get(text);
    if (known !== undefined) return known;
    names.set(text, names.size);
    return names.size - 1;
  };
  const series: number[] = [];
  const extra: number[] = [];
  const blobs = new ByteWriter(64 + 4 * head.samples);
  for (const { key, type, units, tmaxS, slope, series: samples } of batches) {
    const blob = encodeChunk(samples, false);
    const { timesMs } = samples;
    series.push(place(key.cluster), place(key.host), place(key.metric), place(type), place(units));
    series.push(timesMs[0] as number, timesMs.at(-1) as number, blob.length);
    extra.push(tmaxS ?? 0, slope === undefined ? 0 : 1 + SLOPES.indexOf(slope));
    blobs.raw(blob);
  }
  const list = deflateRawSync(JSON.stringify([[...names.keys()], series, extra]), { level: 1 });
  const writer = new ByteWriter(64 + list.length + blobs.written().length);
  writer.varint(head.number);
  writer.varint(head.queuedAtMs);
  writer.varint(head.samples);
  writer.varint(list.length);
  writer.raw(list);
  writer.raw(blobs.written());
  return writer.written();
}

/** What stands before the samples, without decoding them. @throws QueueRecordError */
export function decodeHead(payload: Uint8Array): { readonly head: SamplesHead; readonly series: SeriesHead[] } {
  return guarded("samples", () => readHead(new ByteReader(payload)));
}

/** @throws QueueRecordError */
export function decodeSamples(payload: Uint8Array): SeriesBatch[] {
  return guarded("samples", () => {
    const reader = new ByteReader(payload);
    const { series } = readHead(reader);
    return series.map(({ key, type, units, tmaxS, slope, blobBytes }) => ({
      key,
      type,
      units,
      tmaxS,
      slope,
      series: decodeChunk(reader.raw(blobBytes)),
    }));
  });
}

/** Which of the queue's records it is, of those with samples. @throws QueueRecordError */
export function numberOf(payload: Uint8Array): number {
  return guarded("samples", () => new ByteReader(payload).varint());
}

export function encodeTaken({ number, samples }: Position): Buffer {
  const writer = new ByteWriter(16);
  writer.varint(number);
  writer.varint(samples);
  return writer.written();
}

/** @throws QueueRecordError */
export function decodeTaken(payload: Uint8Array): Position {
  return guarded("a position", () => {
    const reader = new ByteReader(payload);
    return { number: reader.varint(), samples: reader.varint() };
  });
}

export function encodeState({ taken, coverage, newest }: QueueState): Buffer {
  return deflateRawSync(JSON.stringify({ taken, coverage, newest }), { level: 1 });
}

/** @throws QueueRecordError */
export function decodeState(payload: Uint8Array): QueueState {
  return guarded("a state", () => {
    const { taken, coverage, newest } = JSON.parse(inflated(payload)) as Partial<QueueState>;
    if (typeof taken?.number !== "number" || typeof taken.samples !== "number") throw new Error("it has no position");
    if (typeof newest !== "object") throw new Error("it has no times");
    return { taken, coverage, newest };
  });
}

function readHead(reader: ByteReader): { head: SamplesHead; series: SeriesHead[] } {
  const head = { number: reader.varint(), queuedAtMs: reader.varint(), samples: reader.varint() };
  const [names, list, extra = []] = JSON.parse(inflated(reader.raw(reader.varint()))) as [
    string[],
    number[],
    number[]?,
  ];
  const series: SeriesHead[] = [];
  for (let at = 0; at < list.length; at += LIST_WIDTH) {
    const [cluster, host, metric, type, units] = list.slice(at, at + 5).map((place) => names[place]);
    if (cluster === undefined || host === undefined || metric === undefined || units === undefined) {
      throw new Error(`series ${at / LIST_WIDTH} lacks a name`);
    }
    if (type === undefined || !isMetricType(type)) throw new Error(`series ${at / LIST_WIDTH} is of type ${type}`);
    const [fromMs, toMs, blobBytes] = list.slice(at + 5, at + LIST_WIDTH) as [number, number, number];
    const extraAt = (at / LIST_WIDTH) * EXTRA_WIDTH;
    series.push({
      key: { cluster, host, metric },
      type,
      units,
      tmaxS: extra[extraAt] || undefined,
      slope: SLOPES[(extra[extraAt + 1] ?? 0) - 1],
      fromMs,
      toMs,
      blobBytes,
    });
  }
  return { head, series };
}

function inflated(bytes: Uint8Array): string {
  return inflateRawSync(bytes, { maxOutputLength: INFLATED_BYTES_MAX }).toString("utf8");
}

function guarded<T>(what: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new QueueRecordError(`a record is not ${what} of a sample queue: ${messageOf(error)}`);
  }
}
