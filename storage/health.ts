/** What a store says of itself, beside its history: for the status page, /readyz and /metrics. */

export interface StoreHealth {
  /** As in the configuration: sqlite, remote. */
  readonly store: string;
  /** One line for a person; "" while all is well. */
  readonly message: string;
  /** What the store counts, by name; names that end in Total only grow. */
  readonly counters: Readonly<Record<string, number>>;
}

/** What a remote store has not taken for so long is no longer its pace. */
const QUEUE_AGE_MAX_MS = 600_000;

/** @returns how many of several stores do not get what the others have */
export function storesBehind(stores: readonly StoreHealth[]): number {
  return stores.filter(
    ({ counters }) => (counters["backlogSamples"] ?? 0) > 0 || (counters["queueAgeMs"] ?? 0) > QUEUE_AGE_MAX_MS,
  ).length;
}
