/**
 * Several files as one configuration. Sections (maps of the top level) merge key
 * by key and lists append, so that a package or a colleague can drop in a file;
 * anything else given twice is a fault, because no order of files should decide
 * which of two values counts.
 */
import type { ConfigFault } from "../errors.js";
import type { Located, LocatedEntry, LocatedMap } from "./located.js";
import { formatPlace } from "./source-text.js";

/** The root and its sections merge; what has a name inside of a section is one thing and stands in one place. */
const MERGE_DEPTH = 2;

export interface Merged {
  readonly root: LocatedMap;
  readonly faults: readonly ConfigFault[];
}

/** @param roots in order of precedence for messages only: the first file is the one that others collide with */
export function mergeConfigs(roots: readonly [LocatedMap, ...LocatedMap[]]): Merged {
  const faults: ConfigFault[] = [];
  const [first, ...others] = roots;
  const root = others.reduce((merged, other) => mergeMaps(merged, other, MERGE_DEPTH, "", faults), first);
  return { root, faults };
}

function mergeMaps(a: LocatedMap, b: LocatedMap, depth: number, path: string, faults: ConfigFault[]): LocatedMap {
  const entries = new Map(a.entries);
  for (const [key, entry] of b.entries) {
    const earlier = entries.get(key);
    entries.set(key, earlier === undefined ? entry : mergeEntries(earlier, entry, depth, `${path}${key}`, faults));
  }
  return { ...a, entries };
}

function mergeEntries(
  a: LocatedEntry,
  b: LocatedEntry,
  depth: number,
  path: string,
  faults: ConfigFault[],
): LocatedEntry {
  const merged = mergeValues(a.value, b.value, depth, path, faults);
  if (merged !== undefined) return { ...a, value: merged };
  const first = formatPlace(a.source.place(a.keyOffset));
  const message = `${path} is set twice, first at ${first}; expected it in one place`;
  faults.push({ ...b.source.place(b.keyOffset), message });
  return a;
}

function mergeValues(a: Located, b: Located, depth: number, path: string, faults: ConfigFault[]): Located | undefined {
  if (a.kind === "list" && b.kind === "list") return { ...a, items: [...a.items, ...b.items] };
  if (a.kind === "map" && b.kind === "map" && depth > 1) return mergeMaps(a, b, depth - 1, `${path}.`, faults);
  return undefined;
}
