/**
 * Takes samples from the queue and writes them to the remote store, one request after
 * the other, so that each series arrives in order of time.
 *
 * What the store cannot take now (5xx, 429, no answer) is tried again, later and later;
 * what it will not take (any other 4xx) is given up and counted, as the protocol asks:
 * it would be refused for ever and hold up what comes after it.
 */
import { type Clock, sleep, withDeadline } from "../../core/base/clock.js";
import { messageOf } from "../../core/base/errors.js";
import { formatDuration } from "../../core/model/duration.js";
import type { SampleQueue, Waiting } from "../queue/sample-queue.js";
import type { StoreLog } from "../store.js";
import type { RemoteConfig } from "./config.js";
import { requestHeaders } from "./credentials.js";
import { excerpt, type HttpAnswer, placeOf, post } from "./http.js";
import { retryAfterMs } from "./retry-after.js";
import { encodeWriteRequest } from "./write-request.js";

const RETRY_FIRST_MS = 1_000;
const RETRY_MAX_MS = 60_000;

/** Answers to writes are empty or one line of error. */
const ANSWER_BYTES_MAX = 64 * 2 ** 10;

/** Refusals come by the thousand or not at all. */
const REFUSAL_LOGGED_EVERY_MS = 60_000;

/** A request under way may end by itself; the thread has 4 s to close. */
const STOP_WAIT_MS = 2_000;

const HEADERS = Object.freeze({
  "content-type": "application/x-protobuf",
  "content-encoding": "snappy",
  "x-prometheus-remote-write-version": "0.1.0",
});

export interface SenderOptions {
  readonly queue: SampleQueue;
  readonly config: RemoteConfig;
  readonly clock: Clock;
  readonly log: StoreLog;
}

export interface SenderCounts {
  readonly requests: number;
  /** Taken by the store. */
  readonly samples: number;
  /** Attempts that are made again. */
  readonly failures: number;
  /** Refused by the store with a 4xx and given up. */
  readonly refusedSamples: number;
}

export class RemoteSender {
  readonly #options: SenderOptions;
  readonly #stopped = new AbortController();
  readonly #hurry = new AbortController();
  #running: Promise<void> | undefined;
  #retryMs = RETRY_FIRST_MS;
  #failure: { readonly sinceMs: number; readonly message: string } | undefined;
  #refusal = "";
  #refusalLoggedMs = Number.NEGATIVE_INFINITY;
  #refusedUnlogged = 0;
  #requests = 0;
  #samples = 0;
  #failures = 0;
  #refusedSamples = 0;

  constructor(options: SenderOptions) {
    this.#options = options;
  }

  /** Why nothing is written at the moment, or what was refused last; "" while all is well. */
  get message(): string {
    return this.#failure?.message ?? this.#refusal;
  }

  get counts(): SenderCounts {
    return {
      requests: this.#requests,
      samples: this.#samples,
      failures: this.#failures,
      refusedSamples: this.#refusedSamples,
    };
  }

  /** Something was put into the queue. Returns at once. */
  wake(): void {
    if (this.#running !== undefined || this.#stopped.signal.aborted) return;
    this.#running = this.#run().finally(() => {
      this.#running = undefined;
      // Something may have come in after the last look.
      if (!this.#options.queue.isEmpty) this.wake();
    });
  }

  /** Waits a little for the request under way. Idempotent; never rejects. What waits stays in the queue. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    const running = this.#running;
    if (running === undefined) return;
    const { clock } = this.#options;
    await withDeadline(clock, running, STOP_WAIT_MS, () => new Error("too late")).catch(() => this.#hurry.abort());
    await running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopped;
    while (!signal.aborted) {
      let waitMs = 0;
      try {
        const waiting = this.#options.queue.first();
        if (waiting === undefined) return;
        waitMs = await this.#send(waiting);
      } catch (error) {
        waitMs = this.#failed(messageOf(error), 0);
      }
      if (waitMs > 0) await sleep(this.#options.clock, waitMs, signal);
    }
  }

  /** @returns how long to wait before the next request */
  async #send({ number, batches, taken }: Waiting): Promise<number> {
    const { queue, config, clock } = this.#options;
    const all = batches.reduce((sum, { series }) => sum + series.timesMs.length, 0);
    const to = Math.min(all, taken + config["samples-per-request"]);
    const body = encodeWriteRequest(batches, { from: taken, to }, config);
    const answer = await post(clock, {
      url: config.write,
      headers: { ...(await requestHeaders(config)), ...HEADERS },
      body,
      timeoutMs: config.timeout,
      answerBytesMax: ANSWER_BYTES_MAX,
      signal: this.#hurry.signal,
    });
    this.#requests++;
    const { status } = answer;
    if (status >= 200 && status < 300) {
      queue.take(number, to);
      this.#samples += to - taken;
      this.#recovered();
      return 0;
    }
    if (status >= 400 && status < 500 && status !== 429) {
      queue.take(number, to);
      this.#refused(answer, to - taken);
      return 0;
    }
    return this.#failed(wordsOf(answer), retryAfterMs(answer.retryAfter, clock.nowMs()));
  }

  #failed(message: string, askedMs: number): number {
    const { clock, log, config } = this.#options;
    const waitMs = Math.max(this.#retryMs, askedMs);
    this.#retryMs = Math.min(this.#retryMs * 2, RETRY_MAX_MS);
    this.#failures++;
    if (this.#stopped.signal.aborted) return 0;
    if (this.#failure === undefined) log.warn(`cannot write to ${placeOf(config.write)}: ${message}; trying again`);
    this.#failure = { sinceMs: this.#failure?.sinceMs ?? clock.monotonicMs(), message };
    return waitMs;
  }

  #recovered(): void {
    const { clock, log, config, queue } = this.#options;
    this.#retryMs = RETRY_FIRST_MS;
    this.#refusal = "";
    if (this.#failure === undefined) return;
    const sinceMs = clock.monotonicMs() - this.#failure.sinceMs;
    this.#failure = undefined;
    log.info(
      `${placeOf(config.write)} takes samples again after ${formatDuration(sinceMs)}, ${queue.counts.samples} of them wait`,
    );
  }

  #refused(answer: HttpAnswer, samples: number): void {
    const { clock, log, config } = this.#options;
    this.#refusedSamples += samples;
    this.#refusedUnlogged += samples;
    this.#refusal = `samples are refused: ${wordsOf(answer)}`;
    // An answer all the same: the store is there.
    this.#failure = undefined;
    this.#retryMs = RETRY_FIRST_MS;
    if (clock.monotonicMs() - this.#refusalLoggedMs < REFUSAL_LOGGED_EVERY_MS) return;
    this.#refusalLoggedMs = clock.monotonicMs();
    log.warn(
      `${placeOf(config.write)} refuses ${this.#refusedUnlogged} samples, they are given up: ${wordsOf(answer)}`,
    );
    this.#refusedUnlogged = 0;
  }
}

function wordsOf({ status, text }: HttpAnswer): string {
  const words = excerpt(text);
  return words === "" ? `HTTP ${status}` : `HTTP ${status}: ${words}`;
}
