/** Configuration values that remember where they were written; merged files keep both places. */
import type { SourceText } from "./source-text.js";

interface LocatedBase {
  readonly source: SourceText;
  /** Where the value begins in the source. */
  readonly offset: number;
}

export interface LocatedScalar extends LocatedBase {
  readonly kind: "scalar";
  readonly value: string | number | boolean | null;
  readonly style: "plain" | "single" | "double" | "literal" | "folded";
  /** First offset behind the value. */
  readonly end: number;
}

export interface LocatedList extends LocatedBase {
  readonly kind: "list";
  readonly items: readonly Located[];
}

export interface LocatedEntry {
  readonly source: SourceText;
  readonly keyOffset: number;
  readonly value: Located;
}

export interface LocatedMap extends LocatedBase {
  readonly kind: "map";
  readonly entries: ReadonlyMap<string, LocatedEntry>;
}

export type Located = LocatedScalar | LocatedList | LocatedMap;

/** @returns the plain value, without places */
export function plainValue(node: Located): unknown {
  switch (node.kind) {
    case "scalar":
      return node.value;
    case "list":
      return node.items.map(plainValue);
    case "map":
      return Object.fromEntries([...node.entries].map(([key, entry]) => [key, plainValue(entry.value)]));
  }
}

/** What stands there, for "found ..."; long text is cut. */
export function describe(node: Located): string {
  if (node.kind !== "scalar") return node.kind === "map" ? "a map" : "a list";
  if (node.value === null) return "nothing";
  if (typeof node.value !== "string") return String(node.value);
  return JSON.stringify(node.value.length > 60 ? `${node.value.slice(0, 60)}...` : node.value);
}
