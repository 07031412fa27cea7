/** What a kind of store must offer; list.ts names all kinds. */
import type { Clock } from "../core/base/clock.js";
import type { Archive } from "../core/model/archive.js";
import type { StorageConfig } from "./config.js";
import type { ClusterDescription } from "./description.js";
import type { EventStore } from "./event-store.js";
import type { StoreHealth } from "./health.js";

/** Lines for the log; a store runs in a worker thread, where the logger is not. */
export interface StoreLog {
  info(message: string): void;
  warn(message: string): void;
}

export interface StoreContext {
  /** Absolute. Paths in the configuration are relative to it. */
  readonly stateDir: string;
  readonly config: StorageConfig;
  readonly clock: Clock;
  readonly log: StoreLog;
}

export interface Store {
  /** Closing it closes the event store too. */
  readonly archive: Archive;
  /** Absent: the store keeps samples only. */
  readonly events?: EventStore;
  /** Absent: the store has nothing to say beside its answers. */
  health?(): StoreHealth;
  /** Its health changes without requests, while all is well too. What is not well may always pass by itself. */
  readonly worksAlone?: boolean;
  /** Told before the end of each spill; absent: the store keeps nothing but samples. */
  describe?(clusters: readonly ClusterDescription[]): Promise<void>;
}

/** Runs in the worker thread. @throws StorageError */
export type OpenStore = (context: StoreContext) => Store;
