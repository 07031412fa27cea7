/**
 * When was a value taken, on our clock? A document says how old it is (TN) and
 * what its writer's clock showed (LOCALTIME), both in whole seconds.
 *
 * gmond counts TN to its own LOCALTIME. gmetad counts it anew with each answer,
 * up to the LOCALTIME of its outermost GRID, while the LOCALTIME of a CLUSTER
 * stands still between its polls and for ever once the cluster is dead.
 *
 * Where the writer's clock agrees with ours its seconds are taken, because they
 * are the same for every reader; where it does not, age is counted back from the
 * second in which the document came.
 */

/** Whole seconds and the time on the way make up to this much of nothing. */
const SKEW_TOLERATED_S = 2;
/**
 * A clock once found wrong must come this near to be right again. Without the
 * gap, a clock that is off by two seconds and a half would change sides with
 * each document, and every value would seem to be taken anew.
 */
const SKEW_RECOVERED_S = 1;

export class SourceClock {
  /** The writer's clock is taken as ours. */
  readonly trusted: boolean;
  /** The writer's clock minus ours, ms; 0 where it is tolerated or not known. */
  readonly skewMs: number;
  /** The instant from which ages are counted back, epoch ms. */
  readonly referenceMs: number;
  readonly #clusterTimeS: number;

  /**
   * @param writtenS the writer's clock, epoch seconds; 0 if the document does not tell
   * @param clusterTimeS LOCALTIME of the cluster, the clock that REPORTED is read from; 0 if missing
   * @param wasSkewed what was found the last time
   */
  constructor(writtenS: number, clusterTimeS: number, receivedMs: number, wasSkewed: boolean) {
    const receivedS = Math.floor(receivedMs / 1_000);
    const skewS = writtenS > 0 ? writtenS - receivedS : 0;
    this.trusted = writtenS > 0 && Math.abs(skewS) <= (wasSkewed ? SKEW_RECOVERED_S : SKEW_TOLERATED_S);
    this.skewMs = this.trusted ? 0 : skewS * 1_000;
    this.referenceMs = (this.trusted ? writtenS : receivedS) * 1_000;
    this.#clusterTimeS = clusterTimeS || writtenS || receivedS;
  }

  /**
   * @param reportedS when the host was heard on its cluster's clock, epoch seconds; 0 if missing
   * @param tnS seconds since; -1 if missing, as before 2.5
   * @returns when the host was heard, epoch ms; 0 = never
   */
  heardMs(reportedS: number, tnS: number): number {
    // Without TN the two clocks are compared as gmetad does: too far ahead is as bad as too far behind.
    const silenceS = tnS >= 0 ? tnS : Math.abs(this.#clusterTimeS - reportedS);
    const byAgeMs = Math.max(0, this.referenceMs - silenceS * 1_000);
    // REPORTED does not waver by a second from one document to the next, as ages in whole seconds do.
    const agree = Math.abs(byAgeMs - reportedS * 1_000) <= SKEW_TOLERATED_S * 1_000;
    return this.trusted && agree ? reportedS * 1_000 : byAgeMs;
  }
}
