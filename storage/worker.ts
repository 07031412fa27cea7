/**
 * The worker thread of a store: opens it and answers requests one after the other.
 * Reading and writing files takes its time here, and the main loop never waits.
 * Importing this file does nothing, unless it is the start of such a thread.
 */
import { isMainThread, type MessagePort, parentPort, workerData } from "node:worker_threads";
import { systemClock } from "../core/base/clock.js";
import type { Series } from "../core/model/series.js";
import { STORES } from "./list.js";
import { unpackBatches } from "./pack.js";
import type { Store } from "./store.js";
import {
  errorToData,
  type RequestMessage,
  type StoreRequest,
  type StoreWorkerData,
  type WorkerMessage,
} from "./worker-protocol.js";

function serveStore(port: MessagePort, { store: name, stateDir, config }: StoreWorkerData): void {
  const post = (message: WorkerMessage, transfer: ArrayBuffer[] = []) => port.postMessage(message, transfer);
  const log = {
    info: (message: string) => post({ kind: "log", level: "info", message }),
    warn: (message: string) => post({ kind: "log", level: "warn", message }),
  };
  let store: Store;
  try {
    store = STORES[name]({ stateDir, config, clock: systemClock, log });
  } catch (error) {
    post({ kind: "refused", error: errorToData(error) });
    port.close();
    return;
  }
  post({ kind: "opened", traits: store.archive.traits });
  port.on("message", async ({ id, request }: RequestMessage) => {
    try {
      const value = await answer(store, request);
      post({ kind: "done", id, value }, request.op === "read" ? buffersOfSeries(value as Series | undefined) : []);
    } catch (error) {
      post({ kind: "failed", id, error: errorToData(error) });
    }
    // Nothing else keeps the thread alive.
    if (request.op === "close") port.close();
  });
}

function answer({ archive, events }: Store, request: StoreRequest): Promise<unknown> {
  switch (request.op) {
    case "append":
      return archive.append(unpackBatches(request.batches));
    case "read":
      return archive.read(request.query);
    case "coverage":
      return archive.coverage();
    case "append-events":
      return events.append(request.events);
    case "read-events":
      return events.read(request.query);
    case "close":
      return archive.close();
  }
}

/** A series just read belongs to nobody else. */
function buffersOfSeries(series: Series | undefined): ArrayBuffer[] {
  if (series === undefined) return [];
  const arrays = series.kind === "number" ? [series.timesMs, series.values] : [series.timesMs];
  return arrays.map((array) => array.buffer as ArrayBuffer);
}

if (!isMainThread && parentPort !== null && (workerData as Partial<StoreWorkerData> | null)?.role === "grate-store") {
  serveStore(parentPort, workerData as StoreWorkerData);
}
