/**
 * Which clusters somebody still asks for. A cluster stays in the present as long as a source of the configuration
 * claims it; that the source is down changes nothing, and its hosts are down then.
 *
 * - A channel and a sensor claim the cluster that the configuration names.
 * - Whoever reads documents claims the clusters that it has told of, in this run or in one before. What it is called
 *   does not matter, what it reads does: the same addresses with the same renames.
 * - One that reads something new and has not told of a cluster may still do so: a cluster that nobody claims waits for
 *   it, until it has told of something for ten minutes in at least ten documents. So a new address, or a gmetad that
 *   has just been started, costs no cluster. One that cannot be reached has not told of anything, and all wait for it.
 *   A cluster that it renames cannot come from it and does not wait. When the configuration changes, who was there
 *   before and has told of something is taken at its word.
 *
 * A cluster that nobody claims and that waits for nobody leaves: at once when the configuration changes, or a little
 * after the start where the log brought it back. Its history stays.
 */
import { type ClaimStore, formatTold, parseTold } from "./claim-file.js";

export interface SourceClaim {
  /** In the configuration, as frames have it. */
  readonly name: string;
  /** The same text means the same clusters, whatever the source is called. */
  readonly reads: string;
  /** Of which it may tell with their hosts; "any" where its peer decides. */
  readonly clusters: "any" | readonly string[];
  /** Of "any", those that it calls by other names. */
  readonly never: ReadonlySet<string>;
}

/** gmetad asks every 15 s; after this one that was just started has told of everything that it can reach. */
const SETTLED_MS = 600_000;
const SETTLED_DOCUMENTS = 10;
/** Frames that come closer together are of one document, which may have many clusters. */
const SAME_DOCUMENT_MS = 1_000;

interface Reader {
  readonly claim: SourceClaim;
  /** Shared by all that read the same. */
  readonly told: Set<string>;
  /** It had told of something before this run began, or before the configuration changed. */
  readonly isKnown: boolean;
  documents: number;
  firstMs: number;
  lastMs: number;
}

export class ClusterClaims {
  readonly #store: ClaimStore | undefined;
  /** By what is read; from the runs before, until the configuration is known. */
  #told: ReadonlyMap<string, Set<string>>;
  /** By name; undefined until the configuration is known. */
  #readers: Map<string, Reader> | undefined;
  #isDirty = false;

  /** @param store where it is remembered over restarts */
  constructor(store?: ClaimStore) {
    this.#store = store;
    this.#told = parseTold(store?.load());
  }

  /**
   * These are the sources from now on.
   * @returns tells of a source before whether none of them reads what it read
   */
  replace(claims: readonly SourceClaim[]): (source: string) => boolean {
    const before = this.#readers ?? new Map<string, Reader>();
    const byReads = new Map([...before.values()].map((reader) => [reader.claim.reads, reader]));
    const told = new Map<string, Set<string>>();
    this.#readers = new Map();
    for (const claim of claims) {
      const { name, reads } = claim;
      const known = byReads.get(reads);
      const clusters = known?.told ?? told.get(reads) ?? this.#told.get(reads) ?? new Set();
      const isKnown = known === undefined ? clusters.size > 0 : known.isKnown || known.documents > 0;
      const fresh = { documents: 0, firstMs: 0, lastMs: Number.NEGATIVE_INFINITY };
      told.set(reads, clusters);
      this.#readers.set(name, { ...(known ?? fresh), told: clusters, isKnown, claim });
    }
    this.#isDirty ||= [...this.#told.keys()].some((reads) => !told.has(reads));
    this.#told = told;
    return (source) => !told.has(before.get(source)?.claim.reads ?? "");
  }

  /** The source has told of the cluster and its hosts. To be called with each frame. */
  told(source: string, cluster: string, nowMs: number): void {
    const reader = this.#readers?.get(source);
    if (reader === undefined || reader.claim.clusters !== "any") return;
    count(reader, nowMs);
    if (reader.told.has(cluster)) return;
    reader.told.add(cluster);
    this.#isDirty = true;
  }

  /** The source has told of something that has no hosts. */
  worked(source: string, nowMs: number): void {
    const reader = this.#readers?.get(source);
    if (reader !== undefined) count(reader, nowMs);
  }

  /**
   * @param nowMs of a clock that nobody sets
   * @returns "waits": nobody claims it, but somebody may yet
   */
  stateOf(cluster: string, nowMs: number): "claimed" | "waits" | "unclaimed" {
    if (this.#readers === undefined) return "claimed";
    let state: "waits" | "unclaimed" = "unclaimed";
    for (const reader of this.#readers.values()) {
      const { clusters, never } = reader.claim;
      if (clusters === "any" ? reader.told.has(cluster) : clusters.includes(cluster)) return "claimed";
      if (clusters === "any" && !never.has(cluster) && !isSettled(reader, nowMs)) state = "waits";
    }
    return state;
  }

  /**
   * Writes down what is new. Call it now and then.
   * @throws what the store throws; it is tried again with the next call
   */
  save(): void {
    if (!this.#isDirty) return;
    this.#store?.save(formatTold(this.#told));
    this.#isDirty = false;
  }
}

function count(reader: Reader, nowMs: number): void {
  if (nowMs - reader.lastMs < SAME_DOCUMENT_MS) return;
  if (reader.documents === 0) reader.firstMs = nowMs;
  reader.documents++;
  reader.lastMs = nowMs;
}

function isSettled({ isKnown, documents, firstMs }: Reader, nowMs: number): boolean {
  return isKnown || (documents >= SETTLED_DOCUMENTS && nowMs - firstMs >= SETTLED_MS);
}
