/**
 * Holds the trigger engine and swaps it when triggers, receivers or commands
 * change: the old one stops, the new one goes on where the journal ends. Frames
 * that come in between are judged by the next one, as after a restart.
 */
import type { Component } from "../../core/base/component.js";
import { messageOf } from "../../core/base/errors.js";
import type { Logger } from "../../core/base/log.js";
import type { Alert, AlertEvent } from "../../core/model/alert.js";
import type { ClusterView } from "../../core/model/columns.js";
import type { TriggersConfig } from "../../triggers/config.js";
import type { TriggerEngine } from "../../triggers/engine.js";

/** What is used of an engine. */
export type Engine = Pick<
  TriggerEngine,
  "start" | "stop" | "evaluate" | "hostGone" | "alerts" | "events" | "health" | "journalOk"
>;

export interface TriggerHostOptions {
  readonly config: TriggersConfig;
  readonly create: (config: TriggersConfig) => Engine;
  /** The present, which a new engine judges at once. */
  readonly views: () => readonly ClusterView[];
  readonly logger: Logger;
}

export class TriggerHost implements Component {
  readonly #options: TriggerHostOptions;
  #engine: Engine;
  #fault = "";
  #stopped = false;

  constructor(options: TriggerHostOptions) {
    this.#options = options;
    this.#engine = options.create(options.config);
  }

  start(): Promise<void> {
    return this.#engine.start();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#engine.stop();
  }

  /** @param frameTimeMs of the frame that brought the news, epoch ms */
  evaluate(view: ClusterView, frameTimeMs: number): void {
    this.#engine.evaluate(view, frameTimeMs);
  }

  hostGone(cluster: string, host: string): void {
    this.#engine.hostGone(cluster, host);
  }

  alerts(): Alert[] {
    return this.#engine.alerts();
  }

  events(limit: number, before?: number): AlertEvent[] {
    return this.#engine.events(limit, before);
  }

  get journalOk(): boolean {
    return this.#engine.journalOk;
  }

  health(): ReturnType<Engine["health"]> {
    return this.#engine.health();
  }

  /** Why nothing is judged; "" while all is well. */
  get fault(): string {
    return this.#fault;
  }

  async replace(config: TriggersConfig): Promise<void> {
    await this.#engine.stop();
    if (this.#stopped) return;
    const engine = this.#options.create(config);
    this.#engine = engine;
    try {
      await engine.start();
      this.#fault = "";
    } catch (error) {
      this.#fault = `triggers are not judged: ${messageOf(error)}`;
      this.#options.logger.error({ err: error }, this.#fault);
      return;
    }
    for (const view of this.#options.views()) this.evaluate(view, view.frameTimeMs);
  }
}
