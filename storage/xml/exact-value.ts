/**
 * Values that Ganglia's VAL cannot carry as they are: minus nought, infinities, NaN with
 * a payload, texts with characters that XML forbids. VAL then has what comes nearest, for
 * everybody, and an EXTRA_ELEMENT has the rest, for us. Pure.
 */
import type { ExtraPair, MetricMeta } from "../../core/model/metric.js";

/** Stands first, because readers keep only so many of them. */
const EXACT = "GRATE_EXACT";

/** The NaN that "nan" is read as. */
const PLAIN_NAN_BITS = bitsOf(Number.NaN);

// biome-ignore lint/complexity/useRegexLiterals: an escaped literal reads worse
const FORBIDDEN = new RegExp("[\\u0000-\\u0008\\u000b\\u000c\\u000e-\\u001f\\ufffe\\uffff]|\\p{Surrogate}", "u");

/** @returns what is to be said besides VAL; undefined where VAL says it all */
export function exactPair(value: number | string): ExtraPair | undefined {
  if (typeof value === "string") return FORBIDDEN.test(value) ? [EXACT, jsonOf(value)] : undefined;
  if (Number.isFinite(value) && !Object.is(value, -0)) return undefined;
  const bits = bitsOf(value);
  return bits === PLAIN_NAN_BITS ? undefined : [EXACT, bits.toString(16).padStart(16, "0")];
}

/** @returns what exactPair said of the metric; undefined where it said nothing, or somebody else did */
export function exactOf(meta: MetricMeta, kind: "number" | "text"): number | string | undefined {
  const [key, said] = meta.extra[0] ?? [];
  if (key !== EXACT || said === undefined) return undefined;
  if (kind === "number") return /^[0-9a-f]{16}$/.test(said) ? numberOf(BigInt(`0x${said}`)) : undefined;
  try {
    const text: unknown = JSON.parse(said);
    return typeof text === "string" ? text : undefined;
  } catch {
    return undefined;
  }
}

/** @returns the metadata without what exactPair added */
export function withoutExact(meta: MetricMeta): MetricMeta {
  return meta.extra[0]?.[0] === EXACT ? { ...meta, extra: meta.extra.slice(1) } : meta;
}

export function withExact(meta: MetricMeta, pair: ExtraPair): MetricMeta {
  return { ...meta, extra: [pair, ...meta.extra] };
}

/** @returns whether an attribute gives the name back */
export function isSayable(name: string): boolean {
  return !FORBIDDEN.test(name);
}

function bitsOf(value: number): bigint {
  return new BigUint64Array(Float64Array.of(value).buffer)[0] as bigint;
}

function numberOf(bits: bigint): number {
  return new Float64Array(BigUint64Array.of(bits).buffer)[0] as number;
}

/** JSON leaves two characters as they are that XML forbids. */
function jsonOf(text: string): string {
  return JSON.stringify(text).replace(/[\ufffe\uffff]/g, (char) => `\\u${char.charCodeAt(0).toString(16)}`);
}
