/** The JSON schema of a configuration, from the one source that also validates it. */
import { z } from "zod";

/** What we read of it ourselves; there is more. */
export interface JsonSchema {
  readonly type?: string | readonly string[];
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly additionalProperties?: JsonSchema | boolean;
  readonly items?: JsonSchema;
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
  readonly allOf?: readonly JsonSchema[];
  readonly $ref?: string;
  readonly $defs?: Readonly<Record<string, JsonSchema>>;
}

/** As users write it: durations and addresses are text. */
export function jsonSchemaOf(schema: z.ZodType): JsonSchema {
  return z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }) as JsonSchema;
}

/**
 * The schemas that may apply at a path of a given configuration. Branches of a
 * choice that contradict a constant written there (type: sensor) drop out.
 * @param value the whole configuration as written
 */
export function schemasAt(root: JsonSchema, value: unknown, path: readonly PropertyKey[]): JsonSchema[] {
  let schemas = flatten(root, root, value);
  let here = value;
  for (const step of path) {
    here = (here as Record<PropertyKey, unknown> | null | undefined)?.[step];
    const next: JsonSchema[] = [];
    for (const schema of schemas) {
      const below =
        typeof step === "number" ? schema.items : (schema.properties?.[String(step)] ?? schema.additionalProperties);
      if (typeof below === "object") next.push(...flatten(root, below, here));
    }
    schemas = next;
  }
  return schemas;
}

function flatten(root: JsonSchema, schema: JsonSchema, value: unknown): JsonSchema[] {
  if (schema.$ref !== undefined) {
    const target = schema.$ref === "#" ? root : root.$defs?.[schema.$ref.replace("#/$defs/", "")];
    return target === undefined ? [] : flatten(root, target, value);
  }
  const branches = [...(schema.anyOf ?? []), ...(schema.oneOf ?? [])];
  if (branches.length === 0 && schema.allOf === undefined) return [schema];
  const chosen = branches.filter((branch) => !contradicts(branch, value));
  const kept = chosen.length > 0 ? chosen : branches;
  return [...kept, ...(schema.allOf ?? [])].flatMap((branch) => flatten(root, branch, value));
}

function contradicts(schema: JsonSchema, value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  return Object.entries(schema.properties ?? {}).some(
    ([key, property]) => property.const !== undefined && (value as Record<string, unknown>)[key] !== property.const,
  );
}

/** Keys that may stand in a map at the path, in the order of the schema. */
export function knownKeys(root: JsonSchema, value: unknown, path: readonly PropertyKey[]): string[] {
  return [...new Set(schemasAt(root, value, path).flatMap((schema) => Object.keys(schema.properties ?? {})))];
}
