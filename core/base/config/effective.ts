/**
 * The configuration in force, in the notation of the file: what was written in
 * all files, with the defaults filled in, and without secrets.
 */
import { stringify } from "yaml";
import { formatAddress } from "../address.js";
import { type JsonSchema, schemasAt } from "./json-schema.js";
import { isSecretKey, MASK, maskUrls } from "./secrets.js";

type Plain = Readonly<Record<string, unknown>>;

/**
 * @param written as in the files, before defaults
 * @param parsed the same after the schema, with defaults
 * @returns YAML that loads to the same configuration, but for what is masked
 */
export function effectiveYaml(written: unknown, parsed: unknown, schema: JsonSchema): string {
  return stringify(mask(fill(written, parsed, schema, written, [])), { lineWidth: 0 });
}

/** What is written stays as written; what only the schema knows is added. */
function fill(
  written: unknown,
  parsed: unknown,
  root: JsonSchema,
  whole: unknown,
  path: readonly PropertyKey[],
): unknown {
  if (Array.isArray(written)) {
    const values: readonly unknown[] = Array.isArray(parsed) ? parsed : [];
    return written.map((item, i) => fill(item, values[i], root, whole, [...path, i]));
  }
  if (!isPlain(written)) return written;
  const result: Record<string, unknown> = {};
  const values = isPlain(parsed) ? parsed : {};
  for (const [key, value] of Object.entries(written)) {
    result[key] = fill(value, values[key], root, whole, [...path, key]);
  }
  for (const here of schemasAt(root, whole, path)) {
    for (const [key, property] of Object.entries(here.properties ?? {})) {
      if (key in result || values[key] === undefined) continue;
      const text = inNotation(values[key], property);
      if (text !== undefined) result[key] = text;
    }
  }
  return result;
}

/** @returns a default as one would write it, or undefined where it has no plain form */
function inNotation(value: unknown, schema: JsonSchema): unknown {
  if (typeof value === "number" && allows(schema, "string") && !allows(schema, "integer")) return exactDuration(value);
  if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") return value;
  if (Array.isArray(value)) {
    const items = value.map((item) => inNotation(item, schema.items ?? {}));
    return items.includes(undefined) ? undefined : items;
  }
  if (!isPlain(value)) return undefined;
  const { host, port } = value;
  if (allows(schema, "string") && typeof host === "string" && typeof port === "number")
    return formatAddress({ host, port });
  const result: Record<string, unknown> = {};
  for (const [key, inner] of Object.entries(value)) {
    const property = schema.properties?.[key];
    const text = property === undefined ? undefined : inNotation(inner, property);
    if (text !== undefined) result[key] = text;
  }
  return result;
}

function allows(schema: JsonSchema, type: string): boolean {
  return schema.type === type || (schema.anyOf ?? []).some((branch) => allows(branch, type));
}

/** Unlike formatDuration, which rounds for the eye, this loses nothing: 90000 is "90s". */
function exactDuration(valueMs: number): string {
  for (const [unit, unitMs] of [
    ["d", 86_400_000],
    ["h", 3_600_000],
    ["m", 60_000],
    ["s", 1_000],
  ] as const) {
    if (valueMs > 0 && valueMs % unitMs === 0) return `${valueMs / unitMs}${unit}`;
  }
  return `${valueMs}ms`;
}

function isPlain(value: unknown): value is Plain {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Passwords in URLs and under telling keys; { file: PATH } names a secret without holding it. */
function mask(value: unknown): unknown {
  if (typeof value === "string") return maskUrls(value);
  if (Array.isArray(value)) return value.map(mask);
  if (!isPlain(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      key,
      isSecretKey(key) && (typeof inner === "string" || typeof inner === "number") ? MASK : mask(inner),
    ]),
  );
}
