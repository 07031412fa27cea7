/** Opens the configured stores, each in a worker thread of its own: what composition roots call. */
import { join, resolve } from "node:path";
import type { Clock } from "../core/base/clock.js";
import type { Logger } from "../core/base/log.js";
import { nodeLogFiles } from "../core/base/record-log-files.js";
import type { Archive } from "../core/model/archive.js";
import type { ClusterDirectory } from "../core/model/directory.js";
import type { StorageConfig } from "./config.js";
import { DescribingArchive } from "./describing-archive.js";
import type { EventStore } from "./event-store.js";
import type { StoreHealth } from "./health.js";
import { STORES, type StoreName } from "./list.js";
import { SampleQueue } from "./queue/sample-queue.js";
import { CatchUpArchive } from "./several/catch-up-archive.js";
import { SeveralArchive } from "./several/several-archive.js";
import type { StoreLog } from "./store.js";
import { WorkerArchive, WorkerEventStore } from "./worker-archive.js";
import { WorkerClient } from "./worker-client.js";

/** Of a store that fails beside others that do not: some days of 1,000 hosts. */
const BACKLOG_BYTES_MAX = 2 ** 30;

/** A queue of its own is what such a store appends to anyway. */
const WITH_OWN_QUEUE: readonly StoreName[] = ["remote"];

/** They keep what is said of hosts and metrics too. */
const DESCRIBED: readonly StoreName[] = ["xml"];

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
  /** From now on stores that want it are told, at each end of a spill, what these say of hosts and metrics. */
  describeBy(directories: () => Iterable<ClusterDirectory>): void;
  /** Of each store, as it told it last; of several also what waits for one of them. */
  health(): readonly StoreHealth[];
  /** Waits for appends under way, up to some seconds. Idempotent; never rejects. */
  close(): Promise<void>;
}

/** One store in its thread. */
interface Opened {
  readonly client: WorkerClient;
  readonly archive: WorkerArchive;
  readonly name: StoreName;
}

/** @throws StorageError: a damaged file, a network file system ...; the message says what to do */
export async function openStorage(options: StorageOptions): Promise<Storage> {
  const opened: Opened[] = [];
  try {
    // One after the other: the first makes the state directory.
    for (const name of configured(options.config)) opened.push(await openOne(name, options));
    return joined(opened, options);
  } catch (error) {
    await Promise.all(opened.map(({ archive }) => archive.close()));
    throw error;
  }
}

/** Every store has a key in the configuration; those that are there are opened. */
function configured(config: StorageConfig): StoreName[] {
  return (Object.keys(STORES) as StoreName[]).filter((name) => config[name] !== undefined);
}

async function openOne(name: StoreName, { stateDir, config, logger, clock, workerUrl }: StorageOptions) {
  const client = new WorkerClient({
    url: workerUrl ?? new URL("./worker.js", import.meta.url),
    data: { role: "grate-store", store: name, stateDir: resolve(stateDir), config },
    logger,
    clock,
  });
  const Kind = DESCRIBED.includes(name) ? DescribingArchive : WorkerArchive;
  return { name, client, archive: new Kind(client, await client.start()) };
}

function joined(opened: readonly Opened[], options: StorageOptions): Storage {
  const keeper = opened.find(({ name }) => name === "sqlite");
  const first = opened[0];
  if (keeper === undefined || first === undefined) throw new Error("BUG: no store keeps the events");
  const events = new WorkerEventStore(keeper.client);
  const describeBy = (directories: () => Iterable<ClusterDirectory>) => {
    for (const { archive } of opened) if (archive instanceof DescribingArchive) archive.directories = directories;
  };
  if (opened.length === 1) {
    const health = () => [first.client.health];
    return { archive: first.archive, events, describeBy, health, close: () => first.archive.close() };
  }
  const catchUps = new Map<StoreName, CatchUpArchive>();
  const stores = opened.map(({ name, archive }): Archive => {
    if (WITH_OWN_QUEUE.includes(name)) return archive;
    const catchUp = withBacklog(name, archive, options);
    catchUps.set(name, catchUp);
    return catchUp;
  });
  const archive = new SeveralArchive(stores, options.clock, logOf(options.logger, "storage"));
  return {
    archive,
    events,
    describeBy,
    health: () => opened.map(({ name, client }) => united(client.health, catchUps.get(name)?.health())),
    close: () => archive.close(),
  };
}

function withBacklog(name: StoreName, store: Archive, { stateDir, clock, logger }: StorageOptions): CatchUpArchive {
  const log = logOf(logger, name);
  const files = nodeLogFiles(join(resolve(stateDir), "backlog", name));
  const backlog = new SampleQueue({ files, bytesMax: BACKLOG_BYTES_MAX, clock, log, name });
  return new CatchUpArchive({ store, backlog, clock, log });
}

function united(store: StoreHealth, backlog: StoreHealth | undefined): StoreHealth {
  if (backlog === undefined) return store;
  const messages = [store.message, backlog.message].filter((message) => message !== "");
  return {
    store: store.store,
    message: [...new Set(messages)].join("; "),
    counters: { ...store.counters, ...backlog.counters },
  };
}

function logOf(logger: Logger, store: string): StoreLog {
  return {
    info: (message) => logger.info({ store }, message),
    warn: (message) => logger.warn({ store }, message),
  };
}
