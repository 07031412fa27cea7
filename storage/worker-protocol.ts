/** What the main thread and the worker thread of a store say to each other; plain data only. */

import { messageOf } from "../core/base/errors.js";
import type { AlertEvent } from "../core/model/alert.js";
import type {
  ArchiveTraits,
  ManyBucketsQuery,
  ManySamplesQuery,
  SeriesQuery,
  SumTable,
} from "../core/model/archive.js";
import type { StateChanges } from "../core/model/kept-state.js";
import type { StorageConfig } from "./config.js";
import type { ClusterDescription } from "./description.js";
import { StorageError, type StorageErrorCode } from "./errors.js";
import type { EventQuery, StateQuery } from "./event-store.js";
import type { StoreHealth } from "./health.js";
import type { StoreName } from "./list.js";
import type { PackedBatches } from "./pack.js";

/** Given to the thread when it starts. */
export interface StoreWorkerData {
  readonly role: "grate-store";
  readonly store: StoreName;
  readonly stateDir: string;
  readonly config: StorageConfig;
}

export type StoreRequest =
  | { readonly op: "append"; readonly batches: PackedBatches }
  | { readonly op: "end-spill"; readonly sums: readonly SumTable[] }
  | { readonly op: "describe"; readonly clusters: readonly ClusterDescription[] }
  | { readonly op: "read"; readonly query: SeriesQuery }
  | { readonly op: "read-many"; readonly query: ManySamplesQuery }
  | { readonly op: "bucket-many"; readonly query: ManyBucketsQuery }
  | { readonly op: "coverage" }
  | { readonly op: "append-events"; readonly events: readonly AlertEvent[] }
  | { readonly op: "read-events"; readonly query: EventQuery }
  | { readonly op: "append-states"; readonly events: readonly AlertEvent[]; readonly changes: StateChanges }
  | { readonly op: "read-states"; readonly query: StateQuery }
  /** The last one: the thread ends after the answer. */
  | { readonly op: "close" };

/** Main thread to worker. */
export interface RequestMessage {
  /** Comes back with the answer. */
  readonly id: number;
  readonly request: StoreRequest;
}

/** Worker to main thread. */
export type WorkerMessage =
  /** The first one, if all went well. */
  | { readonly kind: "opened"; readonly traits: ArchiveTraits }
  /** The first and only one otherwise; the thread ends after it. */
  | { readonly kind: "refused"; readonly error: ErrorData }
  /** Every few seconds, of stores that have something to say. */
  | { readonly kind: "health"; readonly health: StoreHealth }
  | { readonly kind: "log"; readonly level: "info" | "warn"; readonly message: string }
  | { readonly kind: "done"; readonly id: number; readonly value: unknown }
  | { readonly kind: "failed"; readonly id: number; readonly error: ErrorData };

/** An error object would lose its class and its code on the way. */
export interface ErrorData {
  readonly code: StorageErrorCode;
  readonly message: string;
}

export function errorToData(error: unknown): ErrorData {
  return { code: error instanceof StorageError ? error.code : "storage-error", message: messageOf(error) };
}

export function errorFromData({ code, message }: ErrorData): StorageError {
  return new StorageError(code, message);
}
