/**
 * Values from the channel into a frame. A value packet does not say what it is:
 * type and units come from a metadata packet, which a default gmond sends only
 * when it starts. So what is not known is looked for in what the cluster's
 * directory holds (a poll fills it, and other hosts do), then in the table of
 * gmond's own metrics; else the latest value waits until somebody tells.
 */
import { type ClusterDirectory, NONE } from "../../core/model/directory.js";
import type { Frame } from "../../core/model/frame.js";
import { kindOf, type MetricMeta } from "../../core/model/metric.js";
import { decimalsOf, formatNumber, parseNumber } from "../../core/model/number-text.js";
import { BUILTIN_METRICS, builtinMeta } from "../../core/wire/ganglia/builtin-metrics.js";
import type { ValueShape, ValueShapes } from "../../core/wire/ganglia/packets/shapes.js";
import type { ChannelHost, MetricSlot, PacketValue, ReadText } from "./channel-host.js";

const BUILTIN: ReadonlyMap<string, MetricMeta> = new Map(
  BUILTIN_METRICS.map((builtin) => [builtin.name, builtinMeta(builtin)]),
);

export interface MetricLimits {
  /** Metrics of all hosts together; those of further ones are dropped. */
  readonly slotsMax: number;
  /** Metrics that wait for metadata; values of further ones are dropped. */
  readonly waitingMax: number;
}

/** 50,000 hosts, the largest cluster known, with 40 metrics each. */
export const DEFAULT_METRIC_LIMITS: MetricLimits = Object.freeze({ slotsMax: 2_000_000, waitingMax: 10_000 });

export class ChannelMetrics {
  /** Values that nothing could be done with because of a limit. */
  dropped = 0;
  readonly #directory: ClusterDirectory;
  readonly #frame: Frame;
  readonly #limits: MetricLimits;
  readonly #waiting = new Set<MetricSlot>();
  #slots = 0;

  constructor(directory: ClusterDirectory, frame: Frame, limits: MetricLimits = DEFAULT_METRIC_LIMITS) {
    this.#directory = directory;
    this.#frame = frame;
    this.#limits = limits;
  }

  /** Metrics whose latest value waits for metadata. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** A value of a host that has a row. @returns the metric's place; undefined where there is none left */
  value(host: ChannelHost, name: string, value: PacketValue, timeMs: number): MetricSlot | undefined {
    const slot = host.metrics.get(name) ?? this.#newSlot(host, name);
    if (slot === undefined) {
      this.dropped++;
      return undefined;
    }
    if (slot.column === NONE) this.#lookUp(slot, value);
    if (slot.column === NONE) this.#wait(slot, value, timeMs);
    else this.#push(slot, value, timeMs);
    return slot;
  }

  /** Metrics whose values wait for metadata, in the order in which they came. */
  waitingSlots(): Iterable<MetricSlot> {
    return this.#waiting;
  }

  /**
   * A value packet whose shape is known, the hot path: in a running cluster these
   * are nearly all packets, and none of them makes an object.
   * @returns false if it has to be read the long way
   */
  knownValue(slot: MetricSlot, shape: ValueShape, shapes: ValueShapes, timeMs: number): boolean {
    if (slot.column === NONE) return false;
    const { row } = slot.host;
    if (!shape.isText) {
      if (!slot.isNumber) return false;
      const number = shapes.number(shape);
      if (shapes.isCut) return false;
      this.#frame.pushNumber(row, slot.column, number, timeMs, shape.decimals);
      return true;
    }
    const known = slot.text;
    const text = shapes.text(known === undefined ? "" : known.text);
    if (shapes.isCut) return false;
    if (!slot.isNumber) {
      if (known === undefined || known.text !== text) slot.text = { text, number: Number.NaN, decimals: 0 };
      this.#frame.pushText(row, slot.column, text, timeMs);
    } else {
      const read = known !== undefined && known.text === text ? known : readText(text);
      slot.text = read;
      this.#frame.pushNumber(row, slot.column, read.number, timeMs, read.decimals);
    }
    return true;
  }

  /** Metadata of a host that has a row. */
  describe(host: ChannelHost, meta: MetricMeta): void {
    const slot = host.metrics.get(meta.name) ?? this.#newSlot(host, meta.name);
    if (slot === undefined) this.dropped++;
    else this.#describe(slot, meta);
  }

  /** Looks again for what waits: the directory may have learnt something. */
  retryWaiting(): void {
    for (const slot of this.#waiting) {
      // The row of a host that its cluster has forgotten may be another's by now.
      const isCurrent = this.#directory.host(slot.host.row)?.name === slot.host.name;
      if (isCurrent && slot.waiting !== undefined) this.#lookUp(slot, slot.waiting);
    }
  }

  /** The host is forgotten. */
  forget(host: ChannelHost): void {
    for (const slot of host.metrics.values()) this.#waiting.delete(slot);
    this.#slots -= host.metrics.size;
    host.metrics.clear();
    host.byShape.length = 0;
  }

  #newSlot(host: ChannelHost, name: string): MetricSlot | undefined {
    if (this.#slots >= this.#limits.slotsMax) return undefined;
    const slot: MetricSlot = { host, name, column: NONE, isNumber: false, text: undefined, waiting: undefined };
    host.metrics.set(name, slot);
    this.#slots++;
    return slot;
  }

  #lookUp(slot: MetricSlot, value: PacketValue): void {
    const meta = this.#fromDirectory(slot, value) ?? BUILTIN.get(slot.name);
    if (meta !== undefined) this.#describe(slot, meta);
  }

  /** A name may stand for a number on one host and for text on another; the value then says which is meant. */
  #fromDirectory(slot: MetricSlot, value: PacketValue): MetricMeta | undefined {
    const number = this.#meta(slot, "number");
    const text = this.#meta(slot, "text");
    if (number === undefined || text === undefined) return number ?? text;
    return value.isText && Number.isNaN(parseNumber(value.text)) ? text : number;
  }

  #meta(slot: MetricSlot, kind: "number" | "text"): MetricMeta | undefined {
    const column = this.#directory.findColumn(slot.name, kind);
    return column === NONE ? undefined : this.#directory.meta(slot.host.row, column);
  }

  #describe(slot: MetricSlot, meta: MetricMeta): void {
    const kind = kindOf(meta.type);
    slot.column = this.#directory.column(meta.name, kind);
    slot.isNumber = kind === "number";
    slot.text = undefined;
    if (slot.column === NONE) {
      // A bad name or too many metrics: the directory counts it as refused.
      this.dropped++;
    } else {
      this.#directory.describeMetric(slot.host.row, slot.column, meta);
      if (slot.waiting !== undefined) this.#push(slot, slot.waiting, slot.waiting.timeMs);
    }
    slot.waiting = undefined;
    this.#waiting.delete(slot);
  }

  #wait(slot: MetricSlot, value: PacketValue, timeMs: number): void {
    if (slot.waiting === undefined && this.#waiting.size >= this.#limits.waitingMax) {
      this.dropped++;
      return;
    }
    const { isText, text, decimals } = value;
    slot.waiting = { isText, text, value: value.value, decimals, timeMs };
    this.#waiting.add(slot);
  }

  #push(slot: MetricSlot, value: PacketValue, timeMs: number): void {
    const { row } = slot.host;
    if (slot.isNumber) {
      // gmetric sends every value as text, whatever its type.
      const { number, decimals } = value.isText
        ? readText(value.text)
        : { number: value.value, decimals: value.decimals };
      this.#frame.pushNumber(row, slot.column, number, timeMs, decimals);
    } else if (value.isText) {
      this.#frame.pushText(row, slot.column, value.text, timeMs);
    } else {
      const text = Number.isNaN(value.value) ? "nan" : formatNumber(value.value, value.decimals);
      this.#frame.pushText(row, slot.column, text, timeMs);
    }
  }
}

function readText(text: string): ReadText {
  return { text, number: parseNumber(text), decimals: decimalsOf(text.trim()) };
}
