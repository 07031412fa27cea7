/** What the viewer knows of the present: its own copy of the collector's columns. */
import { quoteName } from "../../core/model/names.js";
import type { ChangesDocument } from "../../core/wire/extension/changes.js";
import type { Since } from "../../core/wire/extension/request.js";
import { MalformedAnswer } from "./client.js";
import { StoredCluster } from "./stored-cluster.js";
import { applySums, type SumsByKey } from "./stored-sums.js";

/** A collector of more clusters than this is none. */
const CLUSTERS_MAX = 1_024;

export class Store {
  /** In the order of the collector. */
  clusters: ReadonlyMap<string, StoredCluster> = new Map();
  /** Grids and clusters of which only sums are known, in the order of the collector. */
  sums: SumsByKey = new Map();
  /** undefined before the first answer. */
  since: Since | undefined;
  /** The collector's clock in the newest answer, epoch ms. */
  nowMs = 0;
  /** Highest layout ever used: what comes back must not look as it did before. */
  #layoutMax = 0;

  /** Names what is held; "0-0" before the first answer. */
  get version(): string {
    return this.since === undefined ? "0-0" : `${this.since.instance}-${this.since.frame}`;
  }

  /**
   * A full answer replaces all, another adds to what is held. Every cluster and
   * all sums stand in each answer: what is missing is gone.
   * @throws MalformedAnswer with nothing changed
   */
  apply(changes: ChangesDocument): void {
    if (!changes.full && changes.instance !== this.since?.instance) {
      const held = quoteName(this.since?.instance ?? "none");
      throw new MalformedAnswer(`changes of instance ${quoteName(changes.instance)} came, expected those of ${held}`);
    }
    if (changes.clusters.length > CLUSTERS_MAX) {
      throw new MalformedAnswer(`${changes.clusters.length} clusters came, at most ${CLUSTERS_MAX} are held`);
    }
    const next = new Map<string, StoredCluster>();
    for (const delta of changes.clusters) {
      if (next.has(delta.name)) throw new MalformedAnswer(`cluster ${quoteName(delta.name)} came twice`);
      const held = changes.full || delta.full ? undefined : this.clusters.get(delta.name);
      const cluster = held ?? new StoredCluster(delta.name, this.#layoutMax + 1);
      cluster.check(delta);
      next.set(delta.name, cluster);
    }
    const sums = applySums(changes.full ? new Map() : this.sums, changes, this.#layoutMax + 1);
    for (const { layout } of sums.values()) this.#layoutMax = Math.max(this.#layoutMax, layout);
    for (const delta of changes.clusters) {
      const cluster = next.get(delta.name);
      cluster?.apply(delta);
      this.#layoutMax = Math.max(this.#layoutMax, cluster?.layout ?? 0);
    }
    this.clusters = next;
    this.sums = sums;
    this.since = { instance: changes.instance, frame: changes.frame };
    this.nowMs = changes.nowMs;
  }
}
