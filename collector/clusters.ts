/** The clusters of a collector: their directories and tables, made when a source names them first. */
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

  /** In the order in which they were first named. */
  tables(): IterableIterator<ClusterTable> {
    return this.#tables.values();
  }

  /** @returns undefined if the name is bad or there are too many */
  directory(name: string): ClusterDirectory | undefined {
    const known = this.#tables.get(name);
    if (known !== undefined) return known.directory;
    const fault =
      nameFault(name) ??
      (this.#tables.size >= this.#limits.clustersMax
        ? `there are ${this.#tables.size} clusters, at most ${this.#limits.clustersMax} are allowed (limits.clusters)`
        : undefined);
    if (fault !== undefined) {
      this.#refuse(name, fault);
      return undefined;
    }
    const directory = new ClusterDirectory(name, this.#limits);
    this.#tables.set(name, new ClusterTable(directory));
    return directory;
  }

  #refuse(name: string, fault: string): void {
    this.refused++;
    if (this.#refusedNames.has(name) || this.#refusedNames.size >= REFUSED_NAMES_MAX) return;
    this.#refusedNames.add(name);
    this.#logger.warn({ cluster: quoteName(name) }, `cluster refused: ${fault}`);
  }
}
