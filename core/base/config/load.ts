/**
 * From a configuration file to a typed, frozen object, or to every fault with
 * its place. The main file, conf.d/*.yaml beside it and the files that
 * trigger-files names are one configuration.
 */
import { dirname, join } from "node:path";
import type { z } from "zod";
import { ConfigError, type ConfigFault, codeOf, messageOf } from "../errors.js";
import { type ConfigFiles, nodeConfigFiles } from "./config-files.js";
import { expandGlob } from "./glob.js";
import { expectation, faultAt, faultsOf } from "./issues.js";
import { jsonSchemaOf } from "./json-schema.js";
import { describe, type Located, type LocatedEntry, type LocatedMap, plainValue } from "./located.js";
import { mergeConfigs } from "./merge.js";
import { parseYaml } from "./parse-yaml.js";
import { SourceText } from "./source-text.js";

/** 1 MiB is some 20,000 triggers; anything larger is not a configuration. */
export const FILE_BYTES_MAX = 2 ** 20;
/** Of conf.d and trigger-files together. */
export const FILES_MAX = 1_000;
/** Faults told; the rest follow from the first more often than not. */
const FAULTS_MAX = 100;

export interface LoadOptions {
  readonly files?: ConfigFiles;
}

export interface LoadedConfig<T> {
  /** Frozen to its leaves. */
  readonly config: T;
  /** As written, all files merged, before defaults. */
  readonly written: unknown;
  /** Every file that was read, the main file first. */
  readonly files: readonly string[];
  /** A fault of the value at a path, with the place where it is written. */
  readonly faultAt: (path: readonly PropertyKey[], message: string) => ConfigFault;
}

/** @throws ConfigError with all faults in the order of files, lines and columns */
export function loadConfig<S extends z.ZodType>(file: string, schema: S, options: LoadOptions = {}): z.output<S> {
  return loadConfigFiles(file, schema, options).config;
}

/** loadConfig, and what `grate check --print` wants to know besides. */
export function loadConfigFiles<S extends z.ZodType>(
  file: string,
  schema: S,
  options: LoadOptions = {},
): LoadedConfig<z.output<S>> {
  const loader = new Loader(options.files ?? nodeConfigFiles);
  const root = loader.load(file);
  loader.throwFaults();
  const written = plainValue(root);
  const result = schema.safeParse(written, { error: expectation });
  if (!result.success) {
    loader.faults.push(...faultsOf(result.error.issues, root, () => jsonSchemaOf(schema)));
    loader.throwFaults();
    throw new ConfigError([{ file, line: 1, column: 1, message: "the configuration is refused" }]);
  }
  return {
    config: deepFreeze(result.data),
    written,
    files: loader.paths,
    faultAt: (path, message) => faultAt(root, path, message),
  };
}

class Loader {
  readonly faults: ConfigFault[] = [];
  readonly paths: string[] = [];
  readonly #files: ConfigFiles;

  constructor(files: ConfigFiles) {
    this.#files = files;
  }

  load(file: string): LocatedMap {
    const roots: [LocatedMap, ...LocatedMap[]] = [this.#readRoot(file)];
    const directory = join(dirname(file), "conf.d");
    for (const name of this.#namesIn(directory)) roots.push(this.#readRoot(join(directory, name)));
    const merged = mergeConfigs(roots);
    this.faults.push(...merged.faults);
    return this.#withTriggerFiles(merged.root);
  }

  /** @throws ConfigError where there are any, sorted by place */
  throwFaults(): void {
    if (this.faults.length === 0) return;
    const rank = (fault: ConfigFault): number => this.paths.indexOf(fault.file);
    const sorted = this.faults.toSorted((a, b) => rank(a) - rank(b) || a.line - b.line || a.column - b.column);
    const shown = sorted.slice(0, FAULTS_MAX);
    const last = shown.at(-1) as ConfigFault;
    if (sorted.length > shown.length) {
      shown[FAULTS_MAX - 1] = {
        ...last,
        message: `${last.message} (${sorted.length - FAULTS_MAX} more faults not shown)`,
      };
    }
    throw new ConfigError(shown);
  }

  #namesIn(directory: string): string[] {
    try {
      // A name that begins with a dot is an editor's or a package manager's.
      return [...this.#files.list(directory)].filter((name) => /^[^.].*\.yaml$/.test(name)).sort();
    } catch (error) {
      // Having none is the usual case.
      if (!["ENOENT", "ENOTDIR"].includes(codeOf(error))) this.#fault(directory, reasonOf(error));
      return [];
    }
  }

  #readRoot(file: string): LocatedMap {
    const root = this.#read(file);
    if (root?.kind === "map") return root;
    const source = root?.source ?? new SourceText(file, "");
    if (root !== undefined) {
      const message = `expected a map of sections such as "sources:", found ${describe(root)}`;
      this.faults.push({ ...source.place(root.offset), message });
    }
    return { kind: "map", source, offset: 0, entries: new Map() };
  }

  /** @returns undefined where the file is empty or has faults, which are noted */
  #read(path: string): Located | undefined {
    if (this.paths.length >= FILES_MAX) {
      if (this.paths.length === FILES_MAX) this.#fault(path, `more than ${FILES_MAX} files make one configuration`);
      return undefined;
    }
    this.paths.push(path);
    let bytes: Uint8Array;
    try {
      bytes = this.#files.read(path, FILE_BYTES_MAX + 1);
    } catch (error) {
      return this.#fault(path, reasonOf(error));
    }
    if (bytes.length > FILE_BYTES_MAX) {
      return this.#fault(path, `the file is larger than ${FILE_BYTES_MAX} bytes, which no configuration should be`);
    }
    const source = new SourceText(path, new TextDecoder().decode(bytes));
    const invalid = invalidUtf8At(bytes, source.text);
    if (invalid !== undefined) {
      this.faults.push({ ...source.place(invalid), message: "expected UTF-8 text" });
      return undefined;
    }
    const parsed = parseYaml(source);
    this.faults.push(...parsed.faults);
    return parsed.root;
  }

  /** Appends the triggers of all files that trigger-files names to triggers. */
  #withTriggerFiles(root: LocatedMap): LocatedMap {
    const patterns = root.entries.get("trigger-files")?.value;
    // Anything but a list of texts is for the schema to refuse.
    if (patterns?.kind !== "list") return root;
    const own = root.entries.get("triggers");
    if (own !== undefined && own.value.kind !== "list") return root;
    const items: Located[] = own?.value.kind === "list" ? [...own.value.items] : [];
    const seen = new Set<string>();
    for (const pattern of patterns.items) {
      for (const path of this.#expand(pattern)) {
        if (!seen.has(path)) items.push(...this.#triggersIn(path));
        seen.add(path);
      }
    }
    const list: Located = { ...(own?.value ?? patterns), kind: "list", items };
    const entry: LocatedEntry = own ?? (root.entries.get("trigger-files") as LocatedEntry);
    return { ...root, entries: new Map(root.entries).set("triggers", { ...entry, value: list }) };
  }

  #expand(pattern: Located): string[] {
    if (pattern.kind !== "scalar" || typeof pattern.value !== "string") return [];
    const base = dirname(pattern.source.file);
    try {
      return expandGlob(base, pattern.value, (directory) => this.#files.list(directory));
    } catch (error) {
      // A mistyped directory must not lose its triggers in silence; one without files yet is fine.
      const message = `cannot list the files that ${JSON.stringify(pattern.value)} names: ${systemReason(error)}`;
      this.faults.push({ ...pattern.source.place(pattern.offset), message });
      return [];
    }
  }

  #triggersIn(path: string): readonly Located[] {
    const root = this.#read(path);
    if (root === undefined) return [];
    if (root.kind === "list") return root.items;
    if (root.kind === "map") {
      for (const [key, entry] of root.entries) {
        if (key === "triggers") continue;
        const message = `unknown key ${JSON.stringify(key)} in a trigger file, expected "triggers" only`;
        this.faults.push({ ...entry.source.place(entry.keyOffset), message });
      }
    }
    const list = root.kind === "map" ? root.entries.get("triggers")?.value : root;
    if (list === undefined) return [];
    if (list.kind === "list") return list.items;
    const message = `expected a list of triggers, found ${describe(list)}`;
    this.faults.push({ ...list.source.place(list.offset), message });
    return [];
  }

  #fault(file: string, message: string): undefined {
    this.faults.push({ file, line: 1, column: 1, message });
    return undefined;
  }
}

/** Found by asking again strictly; only then is a U+FFFD in the text known to be no character of the author's. */
function invalidUtf8At(bytes: Uint8Array, text: string): number | undefined {
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return undefined;
  } catch {
    return Math.max(0, text.indexOf("\uFFFD"));
  }
}

const REASONS: Readonly<Record<string, string>> = Object.freeze({
  ENOENT: "there is no such file",
  ENOTDIR: "there is no such directory",
  EISDIR: "it is a directory, expected a file",
  EACCES: "permission denied",
  EPERM: "permission denied",
});

function reasonOf(error: unknown): string {
  return `cannot read the configuration: ${systemReason(error)}`;
}

function systemReason(error: unknown): string {
  return REASONS[codeOf(error)] ?? messageOf(error);
}

/** Plain objects and lists only: a compiled expression or a pattern is its owner's business. */
export function deepFreeze<T>(value: T): T {
  if (typeof value !== "object" || value === null || Object.isFrozen(value)) return value;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null && !Array.isArray(value)) return value;
  Object.freeze(value);
  for (const inner of Object.values(value)) deepFreeze(inner);
  return value;
}
