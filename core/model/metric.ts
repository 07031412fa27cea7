/**
 * What a metric is, in Ganglia's vocabulary: a name, a declared type, units, a
 * slope, and how often it is expected.
 */

/** Types a METRIC may declare, as written in Ganglia's DTD. */
export const METRIC_TYPES = [
  "string",
  "int8",
  "uint8",
  "int16",
  "uint16",
  "int32",
  "uint32",
  "float",
  "double",
  "timestamp",
] as const;
export type MetricType = (typeof METRIC_TYPES)[number];

/** How a metric moves. The position is the number used on the wire. */
export const SLOPES = ["zero", "positive", "negative", "both", "unspecified", "derivative"] as const;
export type Slope = (typeof SLOPES)[number];

/** A column holds either numbers or text, never both. */
export type ValueKind = "number" | "text";

/** One EXTRA_ELEMENT, in document order. Keys may repeat (GROUP does). */
export type ExtraPair = readonly [key: string, value: string];

/** Everything said of a metric besides its values. */
export interface MetricMeta {
  readonly name: string;
  readonly type: MetricType;
  /** Free text as declared by the sender, "" if none. */
  readonly units: string;
  readonly slope: Slope;
  /** Longest expected time between two values, seconds. */
  readonly tmaxS: number;
  /** A value older than this is deleted, seconds; 0 keeps it for ever. */
  readonly dmaxS: number;
  readonly extra: readonly ExtraPair[];
}

/** @returns the kind of column that values of this type live in. */
export function kindOf(type: MetricType): ValueKind {
  return type === "string" ? "text" : "number";
}

export function isMetricType(text: string): text is MetricType {
  return (METRIC_TYPES as readonly string[]).includes(text);
}

export function isSlope(text: string): text is Slope {
  return (SLOPES as readonly string[]).includes(text);
}

/** @returns all values of an extra key, in order; GROUP is the one that repeats. */
export function extraValues(meta: MetricMeta, key: string): string[] {
  return meta.extra.filter((pair) => pair[0] === key).map((pair) => pair[1]);
}

/** Two metadata records say the same. */
export function sameMeta(a: MetricMeta, b: MetricMeta): boolean {
  return (
    a === b ||
    (a.name === b.name &&
      a.type === b.type &&
      a.units === b.units &&
      a.slope === b.slope &&
      a.tmaxS === b.tmaxS &&
      a.dmaxS === b.dmaxS &&
      a.extra.length === b.extra.length &&
      a.extra.every((pair, i) => pair[0] === b.extra[i]?.[0] && pair[1] === b.extra[i]?.[1]))
  );
}
