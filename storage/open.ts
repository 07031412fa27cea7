/** Opens the configured store in a worker thread: what composition roots call. */
import { resolve } from "node:path";
import type { Clock } from "../core/base/clock.js";
import type { Logger } from "../core/base/log.js";
import type { Archive } from "../core/model/archive.js";
import type { StorageConfig } from "./config.js";
import type { EventStore } from "./event-store.js";
import { WorkerArchive, WorkerEventStore } from "./worker-archive.js";
import { WorkerClient } from "./worker-client.js";

export interface StorageOptions {
  /** Paths in the configuration are relative to it. Made if it is not there. */
  readonly stateDir: string;
  readonly config: StorageConfig;
  readonly logger: Logger;
  readonly clock: Clock;
  /** The compiled worker.ts; tests, which run sources, give another one. */
  readonly workerUrl?: URL;
}

export interface Storage {
  readonly archive: Archive;
  readonly events: EventStore;
  /** Waits for appends under way, up to some seconds. Idempotent; never rejects. */
  close(): Promise<void>;
}

/** @throws StorageError: a damaged file, a network file system ...; the message says what to do */
export async function openStorage({ stateDir, config, logger, clock, workerUrl }: StorageOptions): Promise<Storage> {
  const client = new WorkerClient({
    url: workerUrl ?? new URL("./worker.js", import.meta.url),
    data: { role: "grate-store", store: "sqlite", stateDir: resolve(stateDir), config },
    logger,
    clock,
  });
  const traits = await client.start();
  const archive = new WorkerArchive(client, traits);
  return { archive, events: new WorkerEventStore(client), close: () => archive.close() };
}
