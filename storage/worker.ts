/**
 * The worker thread of a store: opens it and answers requests one after the other.
 * Reading and writing files takes its time here, and the main loop never waits.
 * Importing this file does nothing, unless it is the start of such a thread.
 */
import { setPriority } from "node:os";
import { isMainThread, type MessagePort, parentPort, workerData } from "node:worker_threads";
import { systemClock, type Timer } from "../core/base/clock.js";
import type { Archive, NamedBuckets, NamedSeries } from "../core/model/archive.js";
import type { Series } from "../core/model/series.js";
import { StorageError } from "./errors.js";
import type { EventStore, StateStore } from "./event-store.js";
import { STORES } from "./list.js";
import { memoryOf, type PackedBatches, unpackBatches } from "./pack.js";
import type { Store } from "./store.js";
import {
  errorToData,
  type RequestMessage,
  type StoreRequest,
  type StoreWorkerData,
  type WorkerMessage,
} from "./worker-protocol.js";

async function serveStore(port: MessagePort, { store: name, stateDir, config }: StoreWorkerData): Promise<void> {
  const post = (message: WorkerMessage, transfer: ArrayBuffer[] = []) => port.postMessage(message, transfer);
  const log = {
    info: (message: string) => post({ kind: "log", level: "info", message }),
    warn: (message: string) => post({ kind: "log", level: "warn", message }),
  };
  let store: Store;
  try {
    const open = await STORES[name]();
    store = open({ stateDir, config, clock: systemClock, log });
  } catch (error) {
    post({ kind: "refused", error: errorToData(error) });
    port.close();
    return;
  }
  post({ kind: "opened", traits: store.archive.traits });
  const health = tellHealth(store, post);
  port.on("message", async ({ id, request }: RequestMessage) => {
    try {
      const value = await answer(store, request);
      post({ kind: "done", id, value }, buffersOf(request.op, value));
    } catch (error) {
      post({ kind: "failed", id, error: errorToData(error) });
    }
    if (request.op !== "close") return health.look();
    // Nothing else keeps the thread alive.
    health.end();
    port.close();
  });
}

/** A third of the usual weight: questions about history still get their turn on a busy machine. */
const NICENESS = 5;

/**
 * On two cores a spill keeps both busy with two stores, while the main loop, which takes polls and judges alerts, waits for
 * a core; and whatever else the machine does goes before history. On Linux a priority is a thread's: this one's, not the
 * process's.
 */
function giveWay(): void {
  if (process.platform !== "linux") return;
  try {
    setPriority(0, NICENESS);
  } catch {
    // A sandbox may refuse; then the stores are as important as all else.
  }
}

/** Of what changes by itself; requests are looked behind at once. */
const HEALTH_EVERY_MS = 10_000;

/**
 * Tells the health whenever it has changed, and only then: each message wakes the main loop. A store that is well and
 * does nothing by itself is not looked at between requests, so that its thread sleeps.
 */
function tellHealth(store: Store, post: (message: WorkerMessage) => void): { look(): void; end(): void } {
  if (store.health === undefined) return { look() {}, end() {} };
  let timer: Timer | undefined;
  let ended = false;
  let told = "";
  const look = () => {
    const health = store.health?.();
    if (health === undefined || ended) return;
    timer?.cancel();
    const changesAlone = store.worksAlone === true || health.message !== "";
    timer = changesAlone ? systemClock.setTimer(look, HEALTH_EVERY_MS) : undefined;
    const text = JSON.stringify(health);
    if (text === told) return;
    told = text;
    post({ kind: "health", health });
  };
  look();
  const end = () => {
    ended = true;
    timer?.cancel();
  };
  return { look, end };
}

const keepsNone = () => Promise.reject(new StorageError("storage-error", "BUG: this store keeps no events or states"));

/** Asked of a store without events. */
const NO_EVENTS: EventStore = { append: keepsNone, read: keepsNone };
const NO_STATES: StateStore = { append: keepsNone, read: keepsNone };

function answer({ archive, events = NO_EVENTS, describe }: Store, request: StoreRequest): Promise<unknown> {
  const { states = NO_STATES } = events;
  switch (request.op) {
    case "append":
      return append(archive, request.batches);
    case "end-spill":
      return archive.endSpill?.(request.sums) ?? Promise.resolve();
    case "describe":
      return describe?.(request.clusters) ?? Promise.resolve();
    case "read":
      return archive.read(request.query);
    case "read-many":
      return archive.readMany?.(request.query) ?? Promise.resolve(undefined);
    case "bucket-many":
      return archive.bucketMany?.(request.query) ?? Promise.resolve(undefined);
    case "coverage":
      return archive.coverage();
    case "append-events":
      return events.append(request.events);
    case "read-events":
      return events.read(request.query);
    case "append-states":
      return states.append(request.events, request.changes);
    case "read-states":
      return states.read(request.query);
    case "close":
      return archive.close();
  }
}

/** @returns the memory in which they came, to be used again */
async function append(archive: Archive, packed: PackedBatches): Promise<ArrayBuffer> {
  await archive.append(unpackBatches(packed));
  return memoryOf(packed);
}

/** What was just read belongs to nobody else: its arrays change their owner instead of being copied. */
function buffersOf(op: StoreRequest["op"], value: unknown): ArrayBuffer[] {
  if (op === "append") return [value as ArrayBuffer];
  const arrays: (Float64Array | Uint32Array)[] = [];
  if (op === "read" && value !== undefined) arrays.push(...arraysOf(value as Series));
  if (op === "read-many") for (const { series } of (value ?? []) as NamedSeries[]) arrays.push(...arraysOf(series));
  if (op === "bucket-many" && value !== undefined) {
    const { counts, sums, min, max } = (value as NamedBuckets).table;
    arrays.push(counts, sums, min, max);
  }
  // An array may be given to one owner only.
  return [...new Set(arrays.map((array) => array.buffer as ArrayBuffer))];
}

function arraysOf(series: Series): Float64Array[] {
  return series.kind === "number" ? [series.timesMs, series.values] : [series.timesMs];
}

if (!isMainThread && parentPort !== null && (workerData as Partial<StoreWorkerData> | null)?.role === "grate-store") {
  giveWay();
  await serveStore(parentPort, workerData as StoreWorkerData);
}
