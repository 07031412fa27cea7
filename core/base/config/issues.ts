/**
 * What zod found wrong, in words for the person who wrote the file: the place,
 * what was expected, what stands there.
 */
import type { z } from "zod";
import type { ConfigFault } from "../errors.js";
import { type JsonSchema, knownKeys } from "./json-schema.js";
import { describe, type Located, type LocatedEntry, plainValue } from "./located.js";
import { sourceOffsetOf } from "./scalar-offset.js";
import { isSecretKey, maskUrls } from "./secrets.js";
import type { Place } from "./source-text.js";
import { closest } from "./suggest.js";

type Issue = z.core.$ZodIssue;
type Path = readonly PropertyKey[];

const TYPE_WORDS: Readonly<Record<string, string>> = Object.freeze({
  string: "text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  object: "a map",
  record: "a map",
  array: "a list",
  null: "nothing",
});

/** Handed to zod: texts for fields whose schema brings none of its own. */
export function expectation(issue: z.core.$ZodRawIssue): string {
  switch (issue.code) {
    case "invalid_type":
      return `expected ${TYPE_WORDS[issue.expected] ?? issue.expected}`;
    case "invalid_value":
      return `expected ${orList(issue.values.map(String))}`;
    case "too_small":
      return `expected ${issue.inclusive === false ? "more than" : "at least"} ${amount(issue.minimum, issue.origin)}`;
    case "too_big":
      return `expected ${issue.inclusive === false ? "less than" : "at most"} ${amount(issue.maximum, issue.origin)}`;
    case "not_multiple_of":
      return `expected a multiple of ${issue.divisor}`;
    case "invalid_format":
      return issue.format === "regex" ? `expected text that matches ${issue.pattern}` : `expected ${issue.format}`;
    default:
      // Unions and keys get their words below, where the branches are known.
      return "";
  }
}

function amount(limit: number | bigint, origin: string): string {
  const one = Number(limit) === 1;
  if (origin === "string") return `${limit} character${one ? "" : "s"}`;
  if (origin === "array" || origin === "set") return `${limit} entr${one ? "y" : "ies"}`;
  return String(limit);
}

/** "a, b or c" */
export function orList(words: readonly string[]): string {
  return words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} or ${words.at(-1)}`;
}

/** @param jsonSchema asked for only when a key is unknown */
export function faultsOf(issues: readonly Issue[], root: Located, jsonSchema: () => JsonSchema): ConfigFault[] {
  return issues
    .flatMap((issue) => faultsOfIssue(issue, issue.path, root, jsonSchema))
    .map((fault) => ({ ...fault, message: maskUrls(fault.message) }));
}

function faultsOfIssue(issue: Issue, path: Path, root: Located, jsonSchema: () => JsonSchema): ConfigFault[] {
  const spot = find(root, path);
  if (issue.code === "unrecognized_keys") {
    const known = knownKeys(jsonSchema(), plainValue(root), path);
    return issue.keys.map((key) => {
      const at = find(root, [...path, key]);
      return { ...at.keyPlace, message: `unknown key ${JSON.stringify(key)}, ${hint(key, known)}` };
    });
  }
  if (issue.code === "invalid_key") {
    const reason = issue.issues.map((inner) => inner.message).join("; ");
    return [{ ...spot.keyPlace, message: `bad name ${JSON.stringify(String(path.at(-1)))}, ${reason}` }];
  }
  if (spot.node === undefined) {
    const missing = path.slice(spot.depth).map(String).join(".");
    return [{ ...spot.place, message: `${JSON.stringify(missing)} is missing, ${expected(issue)}` }];
  }
  if (issue.code === "custom") {
    const offset: unknown = issue.params?.["offset"];
    if (typeof offset === "number" && spot.node.kind === "scalar") {
      return [{ ...spot.node.source.place(sourceOffsetOf(spot.node, offset)), message: issue.message }];
    }
    return [{ ...spot.place, message: issue.message }];
  }
  if (issue.code === "invalid_union" && issue.message === "" && issue.errors.length > 0) {
    const branch = meantBranch(issue.errors);
    if (branch !== undefined) {
      return branch.flatMap((inner) => faultsOfIssue(inner, [...path, ...inner.path], root, jsonSchema));
    }
  }
  return [{ ...spot.place, message: `${expected(issue)}, found ${found(spot.node, path)}` }];
}

/** A branch that took the value and failed deeper is the one that was meant; undefined where none or several did. */
function meantBranch(branches: readonly (readonly Issue[])[]): readonly Issue[] | undefined {
  const entered = branches.filter((issues) => !issues.some(isRefusal));
  return entered.length === 1 ? entered[0] : undefined;
}

function isRefusal(issue: Issue): boolean {
  return issue.path.length === 0 && (issue.code === "invalid_type" || issue.code === "invalid_value");
}

function expected(issue: Issue): string {
  if (issue.message !== "" || issue.code !== "invalid_union") return issue.message;
  const options = (issue as { options?: readonly unknown[] }).options;
  if (options !== undefined && options.length > 0) return `expected ${orList(options.map(String))}`;
  const wanted = issue.errors.flatMap((branch) => branch.map((inner) => inner.message.replace(/^expected /, "")));
  return `expected ${orList([...new Set(wanted)])}`;
}

/** A value that may be a secret is not repeated in a message that ends up in a log. */
function found(node: Located, path: Path): string {
  const isSecret = path.some((step) => typeof step === "string" && isSecretKey(step));
  return isSecret && node.kind === "scalar" && typeof node.value === "string" ? "text" : describe(node);
}

function hint(key: string, known: readonly string[]): string {
  const near = closest(key, known);
  if (near !== undefined) return `did you mean ${JSON.stringify(near)}?`;
  return known.length > 0 ? `expected ${orList(known)}` : "expected none";
}

/** What is wrong with the value at the path, found by other means than a schema; of a value left out, with what it is missing from. */
export function faultAt(root: Located, path: Path, message: string): ConfigFault {
  return { ...find(root, path).place, message: maskUrls(message) };
}

interface Spot {
  /** undefined where the path leads to nothing. */
  readonly node: Located | undefined;
  /** Steps of the path that exist. */
  readonly depth: number;
  /** Of the value, or of what it is missing from. */
  readonly place: Place;
  /** Of the key, where the last step is one. */
  readonly keyPlace: Place;
}

function find(root: Located, path: Path): Spot {
  let node: Located = root;
  let entry: LocatedEntry | undefined;
  for (const [depth, step] of path.entries()) {
    let next: Located | undefined;
    let nextEntry: LocatedEntry | undefined;
    if (node.kind === "map") {
      nextEntry = node.entries.get(String(step));
      next = nextEntry?.value;
    } else if (node.kind === "list") {
      next = node.items[Number(step)];
    }
    if (next === undefined) {
      const place = placeOf(node, entry);
      return { node: undefined, depth, place, keyPlace: place };
    }
    node = next;
    entry = nextEntry;
  }
  const place = node.source.place(node.offset);
  return { node, depth: path.length, place, keyPlace: placeOf(node, entry) };
}

function placeOf(node: Located, entry: LocatedEntry | undefined): Place {
  return entry === undefined ? node.source.place(node.offset) : entry.source.place(entry.keyOffset);
}
