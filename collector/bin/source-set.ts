/** The sources in force: started together, replaced one by one when the configuration changes. */
import type { Clock, Timer } from "../../core/base/clock.js";
import type { Component } from "../../core/base/component.js";
import { messageOf } from "../../core/base/errors.js";
import type { Logger } from "../../core/base/log.js";
import type { SourceHealth } from "../../core/model/source.js";
import type { SourceConfig } from "../../sensors/config.js";
import type { Source } from "../../sensors/source.js";

interface Entry {
  readonly config: SourceConfig;
  readonly source: Source;
  /** Why it did not start; "" if it did. */
  readonly fault: string;
}

export interface SourceSetOptions {
  readonly configs: readonly SourceConfig[];
  /** Made, not started. */
  readonly create: (config: SourceConfig) => Source;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** After a change of the configuration an address may still be taken, or not be there yet; mostly it comes. */
const RETRY_MS = 60_000;

export class SourceSet implements Component {
  readonly #options: SourceSetOptions;
  /** By name, in the order of the configuration. */
  #entries = new Map<string, Entry>();
  #stopped = false;
  #retry: Timer | undefined;
  /** One change at a time. */
  #change: Promise<unknown> = Promise.resolve();

  constructor(options: SourceSetOptions) {
    this.#options = options;
  }

  /** Rejects with the first source's error that a person must see to; all are stopped then. */
  async start(): Promise<void> {
    for (const config of this.#options.configs) {
      const source = this.#options.create(config);
      this.#entries.set(config.name, { config, source, fault: "" });
      try {
        await source.start();
      } catch (error) {
        await this.stop();
        throw error;
      }
    }
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#retry?.cancel();
    await Promise.all([...this.#entries.values()].map(({ source }) => source.stop()));
  }

  health(): SourceHealth[] {
    return [...this.#entries.values()].map(({ source, fault }) => {
      const health = source.health();
      return fault === "" ? health : { ...health, state: "failing", message: fault };
    });
  }

  /**
   * Sources whose configuration is the same go on undisturbed. A new one that
   * cannot start is told by its health and in the log, and tried again every
   * minute; the others start all the same.
   * @returns one line for each change
   */
  replace(configs: readonly SourceConfig[]): Promise<string[]> {
    return this.#inTurn(() => this.#replace(configs));
  }

  #inTurn<T>(change: () => Promise<T>): Promise<T> {
    const done = this.#change.then(change);
    this.#change = done.catch(() => {});
    return done;
  }

  async #replace(configs: readonly SourceConfig[]): Promise<string[]> {
    const before = this.#entries;
    const next = new Map<string, Entry>();
    const changes: string[] = [];
    for (const [name, entry] of before) {
      const wanted = configs.find((config) => config.name === name);
      if (wanted !== undefined && same(wanted, entry.config) && entry.fault === "") continue;
      // Stopped before anything new starts: the port it held may be wanted.
      await entry.source.stop();
      if (wanted === undefined) changes.push(`source ${name} removed`);
    }
    for (const config of configs) {
      const known = before.get(config.name);
      if (known !== undefined && same(config, known.config) && known.fault === "") {
        next.set(config.name, known);
      } else {
        changes.push(`source ${config.name} ${known === undefined ? "added" : "started anew"}`);
        next.set(config.name, await this.#begin(config));
      }
    }
    this.#entries = next;
    this.#retryLater();
    // A stop that came meanwhile has stopped the old ones only.
    if (this.#stopped) await this.stop();
    return changes;
  }

  #retryLater(): void {
    this.#retry?.cancel();
    this.#retry = undefined;
    if (this.#stopped || [...this.#entries.values()].every(({ fault }) => fault === "")) return;
    this.#retry = this.#options.clock.setTimer(() => void this.#inTurn(() => this.#tryAgain()), RETRY_MS);
  }

  /** Those that could not start, once more. */
  async #tryAgain(): Promise<void> {
    for (const [name, { config, source, fault }] of this.#entries) {
      if (fault === "" || this.#stopped) continue;
      await source.stop();
      const entry = await this.#begin(config);
      this.#entries.set(name, entry);
      if (entry.fault === "") this.#options.logger.info({ source: name }, `source ${name} started at last`);
    }
    this.#retryLater();
    if (this.#stopped) await this.stop();
  }

  async #begin(config: SourceConfig): Promise<Entry> {
    const source = this.#options.create(config);
    if (this.#stopped) return { config, source, fault: "" };
    try {
      await source.start();
      return { config, source, fault: "" };
    } catch (error) {
      const fault = messageOf(error);
      this.#options.logger.error({ source: config.name }, `source ${config.name} cannot start: ${fault}`);
      return { config, source, fault };
    }
  }
}

function same(a: SourceConfig, b: SourceConfig): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
