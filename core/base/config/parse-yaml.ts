/**
 * YAML 1.2 to located values. What a configuration has no use for is refused
 * where it stands: tags, keys that are not text, keys given twice, aliases that
 * blow up or turn in circles.
 */
import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type Node,
  type Pair,
  parseDocument,
  type YAMLMap,
} from "yaml";
import type { ConfigFault } from "../errors.js";
import type { Located, LocatedEntry, LocatedScalar } from "./located.js";
import { formatPlace, type SourceText } from "./source-text.js";

/** Values in one file after aliases are expanded: 10,000 triggers of ten keys fit, a bomb does not. */
export const VALUES_MAX = 200_000;
/** Nobody writes deeper; the recursion below stays far from the end of the stack. */
const DEPTH_MAX = 50;

const STYLES: Readonly<Record<string, LocatedScalar["style"]>> = Object.freeze({
  PLAIN: "plain",
  QUOTE_SINGLE: "single",
  QUOTE_DOUBLE: "double",
  BLOCK_LITERAL: "literal",
  BLOCK_FOLDED: "folded",
});

export interface ParsedYaml {
  /** undefined where the file holds nothing, or where it has faults. */
  readonly root: Located | undefined;
  readonly faults: readonly ConfigFault[];
}

export function parseYaml(source: SourceText): ParsedYaml {
  let document: Document.Parsed;
  try {
    document = parseDocument(source.text, { prettyErrors: false, uniqueKeys: false, schema: "core", version: "1.2" });
  } catch (error) {
    // The parser recurses; a file of nothing but brackets ends its stack.
    const reason = error instanceof RangeError ? "it is nested too deeply" : String(error);
    return { root: undefined, faults: [{ ...source.place(0), message: `cannot parse the file as YAML: ${reason}` }] };
  }
  const problems = [...document.errors, ...document.warnings];
  if (problems.length > 0) {
    return {
      root: undefined,
      faults: problems.map((problem) => ({
        ...source.place(problem.pos[0]),
        message: `bad YAML: ${PROBLEMS[problem.code] ?? problem.message}`,
      })),
    };
  }
  if (document.directives?.yaml.version !== "1.2") {
    return {
      root: undefined,
      faults: [{ ...source.place(0), message: "bad YAML: expected version 1.2 of the language" }],
    };
  }
  if (document.contents === null) return { root: undefined, faults: [] };
  const converter = new Converter(source);
  const root = converter.convert(document.contents, 0);
  return converter.faults.length > 0 ? { root: undefined, faults: converter.faults } : { root, faults: [] };
}

/** In place of the parser's words where they are meant for programmers. */
const PROBLEMS: Readonly<Record<string, string>> = Object.freeze({
  MULTIPLE_DOCS: "a second document begins here, expected one in each file",
  TAB_AS_INDENT: "a tab is used as indentation, expected blanks",
  BLOCK_AS_IMPLICIT_KEY: 'a second ":" on this line; put the value in quotes, or the inner map on lines of its own',
  TAG_RESOLVE_FAILED: "tags (!name) are not used here",
});

class Converter {
  readonly faults: ConfigFault[] = [];
  readonly #source: SourceText;
  /** The last node with each anchor so far; the parser's own look-up walks the document for every alias. */
  readonly #anchors = new Map<string, Node>();
  #expanding = 0;
  #values = 0;

  constructor(source: SourceText) {
    this.#source = source;
  }

  /** @returns undefined where a fault was noted */
  convert(node: Node, depth: number): Located | undefined {
    const source = this.#source;
    const offset = node.range?.[0] ?? 0;
    if (++this.#values > VALUES_MAX) {
      if (this.#values === VALUES_MAX + 1) this.#fault(offset, `more than ${VALUES_MAX} values, aliases counted`);
      return undefined;
    }
    if (depth > DEPTH_MAX) return this.#fault(offset, `nested more than ${DEPTH_MAX} deep, or an alias of itself`);
    if (isAlias(node)) {
      const target = this.#anchors.get(node.source);
      if (target === undefined) return this.#fault(offset, `the alias *${node.source} names no anchor before it`);
      this.#expanding++;
      const value = this.convert(target, depth + 1);
      this.#expanding--;
      // Text keeps its own place, so that an offset into it can be found.
      return value === undefined || value.kind === "scalar" ? value : { ...value, offset };
    }
    this.#remember(node);
    if (node.tag !== undefined) return this.#fault(offset, "tags (!name) are not used here");
    if (isMap(node)) return this.#map(node, offset, depth);
    if (isSeq(node)) {
      const items: Located[] = [];
      for (const item of node.items) {
        const value = this.convert(item as Node, depth + 1);
        if (value !== undefined) items.push(value);
      }
      return { kind: "list", source, offset, items };
    }
    if (!isScalar(node)) return this.#fault(offset, "expected a value");
    const { value } = node;
    const good = value === null || ["string", "number", "boolean"].includes(typeof value);
    if (!good) return this.#fault(offset, "expected text, a number, true or false");
    return {
      kind: "scalar",
      source,
      offset,
      end: node.range?.[1] ?? offset,
      value: value as LocatedScalar["value"],
      style: STYLES[node.type ?? "PLAIN"] ?? "plain",
    };
  }

  #map(node: YAMLMap, offset: number, depth: number): Located {
    const entries = new Map<string, LocatedEntry>();
    for (const pair of node.items as Pair<Node, Node | null>[]) {
      const keyOffset = pair.key.range?.[0] ?? offset;
      const key = this.#key(pair.key);
      if (key === undefined) continue;
      const earlier = entries.get(key);
      if (earlier !== undefined) {
        const first = formatPlace(this.#source.place(earlier.keyOffset));
        this.#fault(keyOffset, `the key ${JSON.stringify(key)} is given twice, first at ${first}`);
        continue;
      }
      const value = pair.value === null ? this.#nothing(keyOffset + key.length) : this.convert(pair.value, depth + 1);
      if (value !== undefined) entries.set(key, { source: this.#source, keyOffset, value });
    }
    return { kind: "map", source: this.#source, offset, entries };
  }

  #remember(node: Node): void {
    const { anchor } = node as { anchor?: string };
    // A target visited again through its alias is older than what came since.
    if (anchor !== undefined && this.#expanding === 0) this.#anchors.set(anchor, node);
  }

  #key(node: Node): string | undefined {
    const offset = node.range?.[0] ?? 0;
    this.#remember(node);
    if (!isScalar(node) || node.tag !== undefined) {
      this.#fault(offset, "expected a name as key");
      return undefined;
    }
    // 007 or 1e3 as a key is the name that was written, not the number.
    const key = typeof node.value === "string" ? node.value : (node.source ?? "");
    if (key === "__proto__") {
      this.#fault(offset, "__proto__ cannot be used as a key");
      return undefined;
    }
    return key;
  }

  /** "key:" without a value inside of braces has no node of its own. */
  #nothing(offset: number): LocatedScalar {
    return { kind: "scalar", source: this.#source, offset, end: offset, value: null, style: "plain" };
  }

  #fault(offset: number, message: string): undefined {
    this.faults.push({ ...this.#source.place(offset), message });
    return undefined;
  }
}
