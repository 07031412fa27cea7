/** Keeps the Present up to date: a long poll for changes, and a look at alerts and status beside it. */
import { type Clock, sleep } from "../../core/base/clock.js";
import type { Component } from "../../core/base/component.js";
import { messageOf } from "../../core/base/errors.js";
import { type Logger, type RateLimitedLog, rateLimited } from "../../core/base/log.js";
import { type CollectorClient, MalformedAnswer } from "./client.js";
import type { Present } from "./present.js";

/** Hosts fall silent without any frame: states are looked at again this often. */
export const CHANGES_WAIT_MS = 10_000;
/** While there is nothing to show: sums, unlike frames, do not end a wait. */
export const EMPTY_WAIT_MS = 1_000;
/** Frames from a busy channel come each second; faster than this nobody can look. */
export const CHANGES_PAUSE_MS = 500;
/** Notices and command results change no count that the changes carry. */
export const ALERTS_EVERY_MS = 3_000;
export const STATUS_EVERY_MS = 10_000;
/** What the alerts page shows first. */
export const EVENTS_HELD = 200;
const BACKOFF_FIRST_MS = 500;
const BACKOFF_MAX_MS = 10_000;

export interface PullerParts {
  readonly client: CollectorClient;
  readonly present: Present;
  readonly clock: Clock;
  readonly logger: Logger;
}

export class Puller implements Component {
  readonly #client: CollectorClient;
  readonly #present: Present;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #log: RateLimitedLog;
  readonly #stopping = new AbortController();
  #running: Promise<unknown> = Promise.resolve();
  /** Set when alerts should be read at once. */
  #wakeAlerts: () => void = () => {};

  constructor(parts: PullerParts) {
    this.#client = parts.client;
    this.#present = parts.present;
    this.#clock = parts.clock;
    this.#logger = parts.logger;
    this.#log = rateLimited(parts.logger, parts.clock);
  }

  start(): Promise<void> {
    this.#running = Promise.all([this.#pullChanges(), this.#pullAlerts(), this.#pullStatus()]);
    return Promise.resolve();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  get #stopped(): boolean {
    return this.#stopping.signal.aborted;
  }

  #waitMs(): number {
    const { clusters, sums } = this.#present.store;
    return clusters.size + sums.size === 0 ? EMPTY_WAIT_MS : CHANGES_WAIT_MS;
  }

  async #pullChanges(): Promise<void> {
    const { signal } = this.#stopping;
    let failures = 0;
    let counts = "";
    /** What is held may be what the last answer did not fit on: ask for everything. */
    let afresh = false;
    while (!this.#stopped) {
      try {
        const since = afresh ? undefined : this.#present.store.since;
        // A collector that is back should show at once, not at its next frame.
        const changes = await this.#client.changes(since, failures > 0 ? 0 : this.#waitMs(), signal);
        if (this.#stopped) return;
        this.#present.apply(changes);
        if (failures > 0) this.#logger.info({ failures }, "the collector answers again");
        failures = 0;
        afresh = false;
        const newCounts = changes.clusters.map((cluster) => cluster.firing).join();
        if (newCounts !== counts) this.#wakeAlerts();
        counts = newCounts;
        await sleep(this.#clock, CHANGES_PAUSE_MS, signal);
      } catch (error) {
        if (this.#stopped) return;
        failures++;
        this.#failed("changes", error);
        this.#present.disconnected(messageOf(error));
        afresh = error instanceof MalformedAnswer;
        await sleep(this.#clock, backoffMs(failures), signal);
      }
    }
  }

  async #pullAlerts(): Promise<void> {
    const { signal } = this.#stopping;
    while (!this.#stopped) {
      await this.#attempt("alerts", async () => {
        this.#present.setAlerts(await this.#client.alerts(EVENTS_HELD, undefined, signal));
      });
      const pause = new AbortController();
      const wake = () => pause.abort();
      this.#wakeAlerts = wake;
      signal.addEventListener("abort", wake);
      await sleep(this.#clock, ALERTS_EVERY_MS, pause.signal);
      signal.removeEventListener("abort", wake);
    }
  }

  async #pullStatus(): Promise<void> {
    const { signal } = this.#stopping;
    while (!this.#stopped) {
      await this.#attempt("status", async () => {
        this.#present.status = await this.#client.status(signal);
      });
      await sleep(this.#clock, STATUS_EVERY_MS, signal);
    }
  }

  /** Failures here are only counted: the long poll decides whether there is a collector. */
  async #attempt(what: string, read: () => Promise<void>): Promise<void> {
    try {
      await read();
    } catch (error) {
      if (!this.#stopped) this.#failed(what, error);
    }
  }

  #failed(what: string, error: unknown): void {
    const malformed = error instanceof MalformedAnswer;
    if (malformed) this.#present.counters.malformed++;
    else this.#present.counters.failures++;
    const kind = malformed ? "malformed answer" : "no answer";
    this.#log.warn(`${what} ${kind}`, { what, error: messageOf(error) }, `${kind} of the collector`);
  }
}

/** @param failures in a row, from 1 */
export function backoffMs(failures: number): number {
  return Math.min(BACKOFF_MAX_MS, BACKOFF_FIRST_MS * 2 ** (failures - 1));
}
