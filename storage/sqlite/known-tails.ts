/**
 * What an append has to know of a series before it can put samples behind its tail,
 * kept in memory by name: an append touches every series, and to look each of them up
 * in the file took a third of the time of a spill. The tails themselves are not kept.
 *
 * True only as long as nobody else writes to the file: the archive forgets all of it when
 * SQLite says that somebody has, and after a transaction that failed.
 */
import type { MetricType } from "../../core/model/metric.js";
import type { SeriesKey } from "../../core/model/series.js";

/** Of a series: 37 bytes in the arrays, some 50 in the map. */
const BYTES_PER_SERIES = 90;

/** A host has a map of its own. */
const BYTES_PER_HOST = 500;

/** Some 600,000 series. At the limit all is forgotten and learnt again, each series from the file. */
const BYTES_MAX = 64 * 2 ** 20;

export interface KnownTail {
  readonly id: number;
  readonly type: MetricType;
  readonly units: string;
  readonly isText: boolean;
  /** Of the newest sample; -Infinity: it has none. */
  readonly endMs: number;
  /** Samples and bytes of the tail. */
  readonly count: number;
  readonly bytes: number;
}

export class KnownTails {
  readonly #bytesMax: number;
  /** Cluster, host, metric: place in the arrays. */
  readonly #clusters = new Map<string, Map<string, Map<string, number>>>();
  #count = 0;
  #bytesUsed = 0;
  ids = new Float64Array(0);
  endsMs = new Float64Array(0);
  counts = new Uint32Array(0);
  bytes = new Uint32Array(0);
  isText = new Uint8Array(0);
  #types: MetricType[] = [];
  #units: string[] = [];

  constructor(bytesMax = BYTES_MAX) {
    this.#bytesMax = bytesMax;
  }

  /** Series known. */
  get size(): number {
    return this.#count;
  }

  /** Hot: for each series of a spill. @returns its place in the arrays; undefined: not known */
  placeOf({ cluster, host, metric }: SeriesKey): number | undefined {
    return this.#clusters.get(cluster)?.get(host)?.get(metric);
  }

  isAs(place: number, type: MetricType, units: string): boolean {
    return this.#types[place] === type && this.#units[place] === units;
  }

  /** Another type or other units. */
  rename(place: number, type: MetricType, units: string): void {
    this.#types[place] = type;
    this.#units[place] = units;
  }

  /** Takes the place of what was known of the series. */
  set(key: SeriesKey, tail: KnownTail): void {
    const place = this.placeOf(key) ?? this.#add(key, tail.units);
    this.ids[place] = tail.id;
    this.endsMs[place] = tail.endMs;
    this.counts[place] = tail.count;
    this.bytes[place] = tail.bytes;
    this.isText[place] = tail.isText ? 1 : 0;
    this.rename(place, tail.type, tail.units);
  }

  /** Samples were put behind the tail. */
  grow(place: number, endMs: number, count: number, bytes: number): void {
    this.endsMs[place] = endMs;
    this.counts[place] = (this.counts[place] as number) + count;
    this.bytes[place] = (this.bytes[place] as number) + bytes;
  }

  clear(): void {
    this.#clusters.clear();
    this.#count = 0;
    this.#bytesUsed = 0;
    this.#types = [];
    this.#units = [];
    this.#resize(0);
  }

  #add({ cluster, host, metric }: SeriesKey, units: string): number {
    if (this.#bytesUsed >= this.#bytesMax) this.clear();
    let hosts = this.#clusters.get(cluster);
    if (hosts === undefined) {
      hosts = new Map();
      this.#clusters.set(cluster, hosts);
    }
    let metrics = hosts.get(host);
    if (metrics === undefined) {
      metrics = new Map();
      hosts.set(host, metrics);
      this.#bytesUsed += BYTES_PER_HOST + 2 * (host.length + cluster.length);
    }
    const place = this.#count++;
    metrics.set(metric, place);
    // Mostly shared with other series; counted as if they were not.
    this.#bytesUsed += BYTES_PER_SERIES + 2 * (metric.length + units.length);
    if (place === this.ids.length) this.#resize(Math.max(1_024, Math.ceil(place * 1.5)));
    return place;
  }

  #resize(length: number): void {
    this.ids = resized(this.ids, new Float64Array(length));
    this.endsMs = resized(this.endsMs, new Float64Array(length));
    this.counts = resized(this.counts, new Uint32Array(length));
    this.bytes = resized(this.bytes, new Uint32Array(length));
    this.isText = resized(this.isText, new Uint8Array(length));
  }
}

function resized<T extends Float64Array | Uint32Array | Uint8Array>(from: T, to: T): T {
  to.set(from.subarray(0, to.length));
  return to;
}
