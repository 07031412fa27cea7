/** What a store says of itself, beside its history: for the status page, /readyz and /metrics. */

export interface StoreHealth {
  /** As in the configuration: sqlite, remote. */
  readonly store: string;
  /** One line for a person; "" while all is well. */
  readonly message: string;
  /** What the store counts, by name; names that end in Total only grow. */
  readonly counters: Readonly<Record<string, number>>;
}
