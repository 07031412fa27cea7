/** One life of a store's worker thread: questions with numbers, answers by number, and its end. */
import { type Transferable, Worker } from "node:worker_threads";
import { messageOf } from "../core/base/errors.js";
import type { ArchiveTraits } from "../core/model/archive.js";
import { StorageError } from "./errors.js";
import type { StoreHealth } from "./health.js";
import type { StoreLog } from "./store.js";
import { errorFromData, type StoreRequest, type StoreWorkerData, type WorkerMessage } from "./worker-protocol.js";

/**
 * Thousands of blobs pass through in an append and each keeps its bytes outside the heap until it is collected.
 * Collecting early saves some 50 MB at 1,000 hosts against the default. Compared on spills of 1,000 hosts and on
 * questions about them: 4 and 8 MB took the same time, within what two runs differ by.
 */
const YOUNG_GENERATION_MB = 2;

interface Pending {
  readonly bytes: number;
  resolve(value: unknown): void;
  reject(error: StorageError): void;
}

export interface WorkerThreadOptions {
  readonly url: URL;
  readonly data: StoreWorkerData;
  readonly log: StoreLog;
  onHealth(health: StoreHealth): void;
  /** Runs once, when the thread is gone, before anybody who waits hears of it. */
  onEnd(reason: StorageError): void;
}

export class WorkerThread {
  /** Rejects where the store cannot be opened. */
  readonly opened: Promise<ArchiveTraits>;
  /** Resolves when the thread is gone, for whatever reason. */
  readonly ended: Promise<void>;

  readonly #worker: Worker;
  readonly #pending = new Map<number, Pending>();
  #pendingBytes = 0;
  #nextId = 1;
  #reason: StorageError | undefined;
  #gone: StorageError | undefined;

  constructor({ url, data, log, onHealth, onEnd }: WorkerThreadOptions) {
    this.#worker = new Worker(url, {
      workerData: data,
      name: `grate ${data.store}`,
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_GENERATION_MB },
    });
    // After an error the thread is of no use; "exit" follows.
    this.#worker.on("error", (error) => this.#fail(messageOf(error)));
    this.#worker.on("messageerror", (error) => {
      this.#fail(`a message could not be read: ${messageOf(error)}`);
      void this.terminate();
    });
    this.ended = new Promise((resolve) => {
      this.#worker.once("exit", (code) => {
        this.#end(this.#fail(`it ended with code ${code}`), onEnd);
        resolve();
      });
    });
    this.opened = new Promise((resolve, reject) => {
      this.#worker.on("message", (message: WorkerMessage) => {
        if (message.kind === "opened") resolve(message.traits);
        else if (message.kind === "refused") this.#reason = errorFromData(message.error);
        else if (message.kind === "health") onHealth(message.health);
        else if (message.kind === "log") log[message.level](message.message);
        else this.#settle(message);
      });
      this.#worker.once("exit", () => reject(this.#reason));
    });
    // Whoever asks something hears of it too; nobody has to wait for this one.
    this.opened.catch(() => {});
  }

  get pendingCount(): number {
    return this.#pending.size;
  }

  /** Sum of what the callers of ask said. */
  get pendingBytes(): number {
    return this.#pendingBytes;
  }

  /** @param bytes what the request keeps in memory until it is answered */
  ask(request: StoreRequest, transfer: readonly Transferable[], bytes: number): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (this.#gone !== undefined) return reject(this.#gone);
      const id = this.#nextId++;
      // Throws, and so rejects, where the request cannot be cloned: nothing is pending then.
      this.#worker.postMessage({ id, request }, transfer);
      this.#pending.set(id, { bytes, resolve, reject });
      this.#pendingBytes += bytes;
    });
  }

  /** Ends it at once, whatever it is doing. What it was writing is written or not. */
  async terminate(): Promise<void> {
    await this.#worker.terminate();
  }

  /** @returns the first reason: an uncaught error, not the exit that comes of it */
  #fail(what: string): StorageError {
    this.#reason ??= new StorageError(
      "storage-crashed",
      `the storage worker died: ${what}; what was being appended may or may not be written, appending it again is safe`,
    );
    return this.#reason;
  }

  #settle(message: Extract<WorkerMessage, { id: number }>): void {
    const pending = this.#pending.get(message.id);
    if (pending === undefined) return;
    this.#pending.delete(message.id);
    this.#pendingBytes -= pending.bytes;
    if (message.kind === "done") pending.resolve(message.value);
    else pending.reject(errorFromData(message.error));
  }

  #end(reason: StorageError, onEnd: (reason: StorageError) => void): void {
    this.#gone = reason;
    onEnd(reason);
    for (const pending of this.#pending.values()) pending.reject(reason);
    this.#pending.clear();
    this.#pendingBytes = 0;
  }
}
