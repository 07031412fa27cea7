/**
 * The main thread's end of a store that lives in a worker thread. If the thread
 * dies, all that waits is rejected and the next call starts a new one, though not
 * more often than the back-off allows: a store that crashes at once must not keep a
 * core busy. Nothing is sent twice by itself; the callers know what they still have.
 */
import type { Transferable } from "node:worker_threads";
import { type Clock, withDeadline } from "../core/base/clock.js";
import { messageOf } from "../core/base/errors.js";
import type { Logger } from "../core/base/log.js";
import type { ArchiveTraits } from "../core/model/archive.js";
import { formatDuration } from "../core/model/duration.js";
import { StorageError } from "./errors.js";
import type { StoreHealth } from "./health.js";
import type { StoreRequest, StoreWorkerData } from "./worker-protocol.js";
import { WorkerThread } from "./worker-thread.js";

/** Requests that may wait: far more than the viewers of a page, few enough to answer within seconds. */
const REQUESTS_MAX = 256;

/** Appends that may wait: 10,000 hosts x 35 metrics x 40 samples of 16 bytes are 224 MB. */
const BYTES_MAX = 512 * 2 ** 20;

const BACKOFF_FIRST_MS = 1_000;
const BACKOFF_MAX_MS = 60_000;

/** The whole process has 5 s to stop. A thread that is killed in mid-append leaves a sound file. */
const CLOSE_MAX_MS = 4_000;

export interface WorkerClientOptions {
  readonly url: URL;
  readonly data: StoreWorkerData;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly requestsMax?: number;
  readonly bytesMax?: number;
}

export class WorkerClient {
  readonly #options: WorkerClientOptions;
  readonly #requestsMax: number;
  readonly #bytesMax: number;
  #thread: WorkerThread | undefined;
  /** Deaths since the last answer. */
  #failures = 0;
  #retryAtMs = 0;
  #lastReason = "";
  #opened = false;
  #closing: Promise<void> | undefined;
  #health: StoreHealth | undefined;

  constructor(options: WorkerClientOptions) {
    this.#options = options;
    this.#requestsMax = options.requestsMax ?? REQUESTS_MAX;
    this.#bytesMax = options.bytesMax ?? BYTES_MAX;
  }

  /** As the store told it last, or that its thread is gone. */
  get health(): StoreHealth {
    const { store } = this.#options.data;
    const told = this.#health ?? { store, message: "", counters: {} };
    return this.#thread === undefined && this.#opened ? { ...told, message: this.#lastReason } : told;
  }

  /** Opens the store. @throws StorageError if it cannot be opened; there is nothing to close then */
  async start(): Promise<ArchiveTraits> {
    const traits = await this.#startThread().opened;
    this.#opened = true;
    return traits;
  }

  /**
   * @param transfer buffers that change their owner
   * @param bytes what the request keeps in memory until it is answered
   * @throws StorageError of the store, or storage-closed, storage-busy, storage-too-much, storage-crashed
   */
  async request(request: StoreRequest, transfer: readonly Transferable[] = [], bytes = 0): Promise<unknown> {
    if (this.#closing !== undefined) {
      throw new StorageError("storage-closed", `cannot ${request.op}: the storage is closed`);
    }
    const thread = this.#thread ?? this.#restart(request.op);
    this.#requireRoom(thread, request.op, bytes);
    const answer = await thread.ask(request, transfer, bytes);
    this.#failures = 0;
    return answer;
  }

  /** Waits for what was asked before, within CLOSE_MAX_MS. Idempotent; never rejects. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  #requireRoom(thread: WorkerThread, op: string, bytes: number): void {
    if (bytes > this.#bytesMax) {
      throw new StorageError(
        "storage-too-much",
        `cannot ${op} ${bytes} bytes at once: at most ${this.#bytesMax}; give them in several parts`,
      );
    }
    if (thread.pendingCount >= this.#requestsMax || thread.pendingBytes + bytes > this.#bytesMax) {
      throw new StorageError(
        "storage-busy",
        `cannot ${op}: ${thread.pendingCount} requests with ${thread.pendingBytes} bytes wait for the storage already, ` +
          `at most ${this.#requestsMax} and ${this.#bytesMax} may; try again later`,
      );
    }
  }

  #restart(op: string): WorkerThread {
    const waitMs = this.#retryAtMs - this.#options.clock.monotonicMs();
    if (waitMs <= 0) return this.#startThread();
    throw new StorageError(
      "storage-crashed",
      `cannot ${op}: ${this.#lastReason}; the storage is opened again in ${formatDuration(waitMs)} at the earliest`,
    );
  }

  #startThread(): WorkerThread {
    const { url, data, logger } = this.#options;
    const log = {
      info: (message: string) => logger.info({ store: data.store }, message),
      warn: (message: string) => logger.warn({ store: data.store }, message),
    };
    this.#thread = new WorkerThread({
      url,
      data,
      log,
      onHealth: (health) => {
        this.#health = health;
      },
      onEnd: (reason) => this.#threadEnded(reason),
    });
    return this.#thread;
  }

  #threadEnded(reason: StorageError): void {
    this.#thread = undefined;
    if (this.#closing !== undefined) return;
    const { clock, data, logger } = this.#options;
    const backoffMs = Math.min(BACKOFF_FIRST_MS * 2 ** this.#failures, BACKOFF_MAX_MS);
    this.#failures++;
    this.#retryAtMs = clock.monotonicMs() + backoffMs;
    this.#lastReason = reason.message;
    // The caller of start() tells its error.
    if (this.#opened) logger.error({ store: data.store, code: reason.code, backoffMs }, reason.message);
  }

  async #close(): Promise<void> {
    const thread = this.#thread;
    if (thread === undefined) return;
    const { clock, data, logger } = this.#options;
    const closed = thread.ask({ op: "close" }, [], 0).then(() => thread.ended);
    const tooLate = () => new Error(`it did not within ${formatDuration(CLOSE_MAX_MS)}`);
    try {
      await withDeadline(clock, closed, CLOSE_MAX_MS, tooLate);
    } catch (error) {
      logger.warn({ store: data.store }, `cannot close the storage, ending its thread: ${messageOf(error)}`);
      await thread.terminate();
    }
  }
}
