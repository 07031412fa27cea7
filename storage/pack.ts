/**
 * An append as one piece of memory, to hand to another thread: it changes its owner
 * without a copy, while 35,000 batches as they are would each be cloned. What the caller
 * gave is checked and copied here, once for all stores, and stays the caller's. Each
 * further store gets a copy of the piece. Shared memory would save these copies, but nobody
 * counts it as garbage: at 1,000 hosts the process kept 50 MB more of it.
 */
import type { Archive, SeriesBatch } from "../core/model/archive.js";
import { kindOf, type MetricType, SLOPES } from "../core/model/metric.js";
import { nameFault } from "../core/model/names.js";
import type { Series } from "../core/model/series.js";
import { takeAppendMemory } from "./append-memory.js";
import { noteChecked, requireBatches, TIME_MS_MAX } from "./batch.js";

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

/** A store that takes batches packed, so that whoever has several stores checks and packs once. */
export interface PackedTaker {
  /**
   * @param packed the store's from now on
   * @param batches the same, the caller's again once it has resolved: for who has to keep them if the store cannot take them
   */
  appendPacked?(packed: PackedBatches, batches: readonly SeriesBatch[]): Promise<void>;
}

/** Gives them to a store as it can take them, in any case such that only it has: it may be too late with them. */
export function givePacked(
  store: Archive & PackedTaker,
  packed: PackedBatches,
  batches: readonly SeriesBatch[],
): Promise<void> {
  return store.appendPacked?.(packed, batches) ?? store.append(unpackBatches(packed));
}

/**
 * Hot: on the main thread, for each part of a spill.
 * @throws StorageError "storage-bad-batch" naming the first batch with a fault, as requireBatches does
 */
export function packBatches(batches: readonly SeriesBatch[]): PackedBatches {
  const packed = packSound(batches);
  if (packed !== undefined) return packed;
  requireBatches(batches);
  throw new Error("BUG: batches are refused, but none of them has a fault");
}

/** @returns undefined where one of them has a fault; the same rules as batchFault in batch.ts, but each name is looked at once */
function packSound(batches: readonly SeriesBatch[]): PackedBatches | undefined {
  const strings = new StringTable();
  const { heads, timesMs, values } = arraysFor(batches);
  const texts: string[] = [];
  let timeAt = 0;
  let valueAt = 0;
  let at = 0;
  for (const { key, type, units, tmaxS, slope, series } of batches) {
    const count = series.timesMs.length;
    if (series.kind !== kindOf(type) || count !== valuesIn(series)) return undefined;
    heads[at + HEAD.cluster] = strings.positionOfName(key.cluster);
    heads[at + HEAD.host] = strings.positionOfName(key.host);
    heads[at + HEAD.metric] = strings.positionOfName(key.metric);
    heads[at + HEAD.type] = strings.positionOf(type);
    heads[at + HEAD.units] = strings.positionOf(units);
    heads[at + HEAD.tmaxS] = Math.ceil(tmaxS ?? 0);
    heads[at + HEAD.slope] = slope === undefined ? 0 : 1 + SLOPES.indexOf(slope);
    heads[at + HEAD.count] = count;
    heads[at + HEAD.text] = 0;
    if (!copyTimes(series.timesMs, timesMs, timeAt)) return undefined;
    timeAt += count;
    if (series.kind === "number") {
      // Copied as bytes: through a number the payload of a NaN would be lost.
      values.set(series.values, valueAt);
      valueAt += count;
    } else {
      heads[at + HEAD.text] = 1;
      for (const text of series.texts) texts.push(text);
    }
    at += HEAD_LENGTH;
  }
  return strings.hasBadName ? undefined : { strings: strings.all(), heads, timesMs, values, texts };
}

/** One piece of memory for all; there may be more of it. */
function arraysFor(batches: readonly SeriesBatch[]) {
  let times = 0;
  let numbers = 0;
  for (const { series } of batches) {
    times += series.timesMs.length;
    if (series.kind === "number") numbers += series.values.length;
  }
  const buffer = takeAppendMemory(8 * (times + numbers) + 4 * HEAD_LENGTH * batches.length);
  return {
    timesMs: new Float64Array(buffer, 0, times),
    values: new Float64Array(buffer, 8 * times, numbers),
    heads: new Uint32Array(buffer, 8 * (times + numbers), HEAD_LENGTH * batches.length),
  };
}

function valuesIn(series: Series): number {
  return series.kind === "number" ? series.values.length : series.texts.length;
}

/** @returns whether they are times, and increase */
function copyTimes(from: Float64Array, to: Float64Array, at: number): boolean {
  let previousMs = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < from.length; i++) {
    const timeMs = from[i] as number;
    if (!(timeMs > previousMs && Math.abs(timeMs) <= TIME_MS_MAX)) return false;
    to[at + i] = timeMs;
    previousMs = timeMs;
  }
  return true;
}

/** Each different string once. */
class StringTable {
  readonly #positions = new Map<string, number>();
  /** Strings that were looked at as names. */
  readonly #names = new Set<number>();
  hasBadName = false;

  positionOf(text: string): number {
    const known = this.#positions.get(text);
    if (known !== undefined) return known;
    this.#positions.set(text, this.#positions.size);
    return this.#positions.size - 1;
  }

  positionOfName(name: string): number {
    const position = this.positionOf(name);
    if (!this.#names.has(position)) {
      this.#names.add(position);
      this.hasBadName ||= nameFault(name) !== undefined;
    }
    return position;
  }

  all(): string[] {
    return [...this.#positions.keys()];
  }
}

/** @returns batches whose arrays are views of the packed ones */
export function unpackBatches({ strings, heads, timesMs, values, texts }: PackedBatches): readonly SeriesBatch[] {
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
  return noteChecked(batches);
}

/** For a further owner. */
export function copyPacked({ strings, heads, timesMs, values, texts }: PackedBatches): PackedBatches {
  const bytes = heads.byteOffset + heads.byteLength;
  const buffer = takeAppendMemory(bytes);
  new Uint8Array(buffer).set(new Uint8Array(heads.buffer, 0, bytes));
  return {
    strings,
    heads: new Uint32Array(buffer, heads.byteOffset, heads.length),
    timesMs: new Float64Array(buffer, timesMs.byteOffset, timesMs.length),
    values: new Float64Array(buffer, values.byteOffset, values.length),
    texts,
  };
}

/** What may change its owner: all of it but the strings. */
export function memoryOf({ heads }: PackedBatches): ArrayBuffer {
  return heads.buffer;
}

/** What a message of it holds in memory, about. */
export function bytesOfPacked({ heads, timesMs, values, texts, strings }: PackedBatches): number {
  let characters = 0;
  for (const text of texts) characters += text.length;
  for (const text of strings) characters += text.length;
  return heads.byteLength + timesMs.byteLength + values.byteLength + 2 * characters;
}
