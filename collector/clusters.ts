/**
 * The clusters of a collector: their directories and tables, made when a source names them first. One that nobody
 * claims any more leaves the present and keeps its directory, by which its history is found and by which it comes
 * back if somebody tells of it again.
 */
import type { Logger } from "../core/base/log.js";
import { ClusterDirectory, type DirectoryLimits } from "../core/model/directory.js";
import { nameFault, quoteName } from "../core/model/names.js";
import { ClusterTable } from "./table/cluster-table.js";

export interface ClusterLimits extends DirectoryLimits {
  readonly clustersMax: number;
}

/** Names of refused clusters remembered, so that each is told once; a hostile source gets no more memory than this. */
const REFUSED_NAMES_MAX = 100;

export class Clusters {
  readonly #limits: ClusterLimits;
  readonly #logger: Logger;
  readonly #tables = new Map<string, ClusterTable>();
  /** Names of those that are not part of the present. */
  readonly #absent = new Set<string>();
  readonly #refusedNames = new Set<string>();
  /** Times that a cluster was refused, by bad name or by limit. */
  refused = 0;

  constructor(limits: ClusterLimits, logger: Logger) {
    this.#limits = limits;
    this.#logger = logger;
  }

  get(name: string): ClusterTable | undefined {
    return this.#tables.get(name);
  }

  /** In the order in which they were first named, absent ones too. */
  tables(): IterableIterator<ClusterTable> {
    return this.#tables.values();
  }

  /** Of the present, in the same order. */
  present(): ClusterTable[] {
    const tables = [...this.#tables.values()];
    return this.#absent.size === 0 ? tables : tables.filter(({ directory }) => !this.#absent.has(directory.name));
  }

  /** @returns undefined for one that is not part of the present */
  presentTable(name: string): ClusterTable | undefined {
    return this.#absent.has(name) ? undefined : this.#tables.get(name);
  }

  leave(name: string): void {
    this.#absent.add(name);
  }

  enter(name: string): void {
    this.#absent.delete(name);
  }

  /** Of one that is absent and of which nobody has a row any more, only the directory stays. */
  shrink(name: string): void {
    const table = this.#tables.get(name);
    if (table === undefined || !this.#absent.has(name) || !table.isEmpty || table.rowCount === 0) return;
    const bare = new ClusterTable(table.directory);
    bare.malformed = table.malformed;
    bare.notNumbers = table.notNumbers;
    this.#tables.set(name, bare);
  }

  /** @returns undefined if the name is bad or there are too many */
  directory(name: string): ClusterDirectory | undefined {
    const known = this.#tables.get(name);
    if (known !== undefined) return known.directory;
    const fault =
      nameFault(name) ??
      (this.#size >= this.#limits.clustersMax
        ? `there are ${this.#size} clusters, at most ${this.#limits.clustersMax} are allowed (limits.clusters)`
        : undefined);
    if (fault !== undefined) {
      this.#refuse(name, fault);
      return undefined;
    }
    const directory = new ClusterDirectory(name, this.#limits);
    this.#tables.set(name, new ClusterTable(directory));
    return directory;
  }

  get #size(): number {
    return this.#tables.size - this.#absent.size;
  }

  #refuse(name: string, fault: string): void {
    this.refused++;
    if (this.#refusedNames.has(name) || this.#refusedNames.size >= REFUSED_NAMES_MAX) return;
    this.#refusedNames.add(name);
    this.#logger.warn({ cluster: quoteName(name) }, `cluster refused: ${fault}`);
  }
}
