/** Looks after claims while a collector runs: asks who waits again, and writes down what was learnt. */
import type { Clock } from "../../core/base/clock.js";
import { messageOf } from "../../core/base/errors.js";
import type { RateLimitedLog } from "../../core/base/log.js";
import type { ClaimStore } from "./claim-file.js";
import { ClusterClaims, type SourceClaim } from "./cluster-claims.js";

export interface ClaimKeeperOptions {
  readonly store: ClaimStore | undefined;
  readonly clock: Clock;
  readonly log: RateLimitedLog;
  /** The cluster leaves the present. */
  readonly drop: (cluster: string) => void;
}

export class ClaimKeeper {
  readonly #options: ClaimKeeperOptions;
  readonly #claims: ClusterClaims;
  /** Clusters that nobody claims, and that somebody may claim yet. */
  #waiting: ReadonlySet<string> = new Set();

  constructor(options: ClaimKeeperOptions) {
    this.#options = options;
    this.#claims = new ClusterClaims(options.store);
  }

  /** See ClusterClaims; costs a look-up or two a frame. */
  told(source: string, cluster: string): void {
    this.#claims.told(source, cluster, this.#options.clock.monotonicMs());
  }

  /** See ClusterClaims. */
  worked(source: string): void {
    this.#claims.worked(source, this.#options.clock.monotonicMs());
  }

  /**
   * @param clusters those of the present
   * @returns tells of a source before whether nobody reads any more what it read
   */
  replace(claims: readonly SourceClaim[], clusters: Iterable<string>): (source: string) => boolean {
    const isGone = this.#claims.replace(claims);
    this.#waiting = new Set(clusters);
    this.look();
    return isGone;
  }

  /** Call it now and then: who waits is dropped when nobody is left to wait for. */
  look(): void {
    const waiting = new Set<string>();
    for (const cluster of this.#waiting) {
      const state = this.#claims.stateOf(cluster, this.#options.clock.monotonicMs());
      if (state === "waits") waiting.add(cluster);
      else if (state === "unclaimed") this.#options.drop(cluster);
    }
    this.#waiting = waiting;
  }

  /** Call it now and then; what cannot be written is tried again. */
  save(): void {
    try {
      this.#claims.save();
    } catch (error) {
      const fields = { error: messageOf(error) };
      this.#options.log.warn("claims", fields, "cannot write down which source tells of which cluster");
    }
  }
}
