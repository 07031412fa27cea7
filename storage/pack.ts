/**
 * An append as a few large arrays, to hand to another thread: arrays change their
 * owner without a copy, while 35,000 batches as they are would each be cloned. The
 * caller's arrays are copied into the large ones and stay the caller's.
 */
import type { SeriesBatch } from "../core/model/archive.js";
import { type MetricType, SLOPES } from "../core/model/metric.js";

/** Numbers of a batch in PackedBatches.heads. */
const HEAD = { cluster: 0, host: 1, metric: 2, type: 3, units: 4, count: 5, text: 6, tmaxS: 7, slope: 8 } as const;
const HEAD_LENGTH = 9;

export interface PackedBatches {
  /** Each different name, type and unit once. */
  readonly strings: readonly string[];
  /**
   * Nine for each batch: positions of cluster, host, metric, type, units in strings; count of samples;
   * 1 if text; longest expected time between two samples, whole seconds, 0 if not known;
   * 1 + position of the slope in SLOPES, 0 if not known.
   */
  readonly heads: Uint32Array<ArrayBuffer>;
  /** Of all batches, one after the other. */
  readonly timesMs: Float64Array<ArrayBuffer>;
  /** Of all batches of numbers. */
  readonly values: Float64Array<ArrayBuffer>;
  /** Of all batches of text. */
  readonly texts: readonly string[];
}

/** @param batches checked: as many values as times */
export function packBatches(batches: readonly SeriesBatch[]): PackedBatches {
  const strings = new StringTable();
  const heads = new Uint32Array(batches.length * HEAD_LENGTH);
  const timesMs = new Float64Array(total(batches, ({ series }) => series.timesMs.length));
  const values = new Float64Array(
    total(batches, ({ series }) => (series.kind === "number" ? series.values.length : 0)),
  );
  const texts: string[] = [];
  let timeAt = 0;
  let valueAt = 0;
  for (const [i, { key, type, units, tmaxS, slope, series }] of batches.entries()) {
    const at = i * HEAD_LENGTH;
    heads[at + HEAD.cluster] = strings.positionOf(key.cluster);
    heads[at + HEAD.host] = strings.positionOf(key.host);
    heads[at + HEAD.metric] = strings.positionOf(key.metric);
    heads[at + HEAD.type] = strings.positionOf(type);
    heads[at + HEAD.units] = strings.positionOf(units);
    heads[at + HEAD.tmaxS] = Math.ceil(tmaxS ?? 0);
    heads[at + HEAD.slope] = slope === undefined ? 0 : 1 + SLOPES.indexOf(slope);
    const count = series.timesMs.length;
    heads[at + HEAD.count] = count;
    timesMs.set(series.timesMs, timeAt);
    timeAt += count;
    if (series.kind === "number") {
      values.set(series.values, valueAt);
      valueAt += count;
    } else {
      heads[at + HEAD.text] = 1;
      for (const text of series.texts) texts.push(text);
    }
  }
  return { strings: strings.all(), heads, timesMs, values, texts };
}

/** Each different string once. */
class StringTable {
  readonly #positions = new Map<string, number>();

  positionOf(text: string): number {
    const known = this.#positions.get(text);
    if (known !== undefined) return known;
    this.#positions.set(text, this.#positions.size);
    return this.#positions.size - 1;
  }

  all(): string[] {
    return [...this.#positions.keys()];
  }
}

/** @returns batches whose arrays are views of the packed ones */
export function unpackBatches({ strings, heads, timesMs, values, texts }: PackedBatches): SeriesBatch[] {
  const batches: SeriesBatch[] = [];
  let timeAt = 0;
  let valueAt = 0;
  let textAt = 0;
  for (let at = 0; at < heads.length; at += HEAD_LENGTH) {
    const text = (part: keyof typeof HEAD) => strings[heads[at + HEAD[part]] as number] as string;
    const count = heads[at + HEAD.count] as number;
    const times = timesMs.subarray(timeAt, timeAt + count);
    timeAt += count;
    const isText = heads[at + HEAD.text] === 1;
    batches.push({
      key: { cluster: text("cluster"), host: text("host"), metric: text("metric") },
      type: text("type") as MetricType,
      units: text("units"),
      tmaxS: heads[at + HEAD.tmaxS] || undefined,
      slope: SLOPES[(heads[at + HEAD.slope] as number) - 1],
      series: isText
        ? { kind: "text", timesMs: times, texts: texts.slice(textAt, textAt + count) }
        : { kind: "number", timesMs: times, values: values.subarray(valueAt, valueAt + count) },
    });
    if (isText) textAt += count;
    else valueAt += count;
  }
  return batches;
}

/** The arrays that may change their owner. */
export function buffersOf({ heads, timesMs, values }: PackedBatches): ArrayBuffer[] {
  return [heads.buffer, timesMs.buffer, values.buffer];
}

/** What a message of it holds in memory, about. */
export function bytesOfPacked({ heads, timesMs, values, texts, strings }: PackedBatches): number {
  const characters = total([...texts, ...strings], (text) => text.length);
  return heads.byteLength + timesMs.byteLength + values.byteLength + 2 * characters;
}

function total<T>(items: readonly T[], sizeOf: (item: T) => number): number {
  return items.reduce((sum, item) => sum + sizeOf(item), 0);
}
