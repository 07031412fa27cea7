/**
 * The trigger engine: judges every frame, keeps the state of each trigger on
 * each host, and sees to it that people are told and commands run. Everything it
 * decides is in the journal before anything is done about it; a start goes on
 * where the journal ends.
 */
import { randomBytes } from "node:crypto";
import { type Clock, sleep, type Timer } from "../core/base/clock.js";
import type { Component } from "../core/base/component.js";
import { messageOf } from "../core/base/errors.js";
import { type Logger, type RateLimitedLog, rateLimited } from "../core/base/log.js";
import type { Alert, AlertEvent } from "../core/model/alert.js";
import type { ClusterView } from "../core/model/columns.js";
import { CommandDesk, type CommandHealth } from "./actions/desk.js";
import { processRunner, type RunProcess } from "./actions/process.js";
import type { TriggersConfig } from "./config.js";
import { Book, type JournalHealth } from "./engine/book.js";
import { EventFeed, type EventSink } from "./engine/event-feed.js";
import type { OpenJournal } from "./engine/journal.js";
import { Judge } from "./engine/judge.js";
import { Pass } from "./engine/pass.js";
import { restoreFrom } from "./engine/restore.js";
import { StateMirror } from "./engine/state-mirror.js";
import { prepareTrigger } from "./engine/trigger.js";
import { makeReceiver } from "./notify/list.js";
import { Notifier } from "./notify/notifier.js";
import type { QueueHealth } from "./notify/queue.js";
import type { Receiver } from "./notify/receiver.js";

export interface TriggerEngineOptions {
  /** Checked: relationFaults found none. */
  readonly config: TriggersConfig;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly openJournal: OpenJournal;
  /** Keeps events for longer than memory does. */
  readonly eventSink?: EventSink;
  /** Instead of those the configuration describes; for tests. */
  readonly receivers?: ReadonlyMap<string, Receiver>;
  readonly runProcess?: RunProcess;
  /** The journal is written anew when it has grown by this much, or to three times what is needed. */
  readonly compactBytes?: number;
  /** Eight letters or digits, another one at each start. */
  readonly run?: string;
}

export interface TriggerHealth {
  readonly journal: JournalHealth;
  readonly triggers: number;
  readonly pending: number;
  readonly firing: number;
  /** Frames judged since the start. */
  readonly frames: number;
  /** What the newest frame took, ms. */
  readonly lastFrameMs: number;
  /** Triggers that could not be judged, counted with each frame. */
  readonly failures: number;
  readonly receivers: readonly QueueHealth[];
  readonly commands: CommandHealth;
}

/** A clean stop has 5 s in all; this is what commands and mails under way may take of it. */
const STOP_MS = 3_000;

export class TriggerEngine implements Component {
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #warnings: RateLimitedLog;
  readonly #triggers: number;
  readonly #run: string;
  readonly #book: Book;
  readonly #eventSink: EventSink | undefined;
  readonly #feed: EventFeed | undefined;
  readonly #notifier: Notifier;
  readonly #desk: CommandDesk;
  readonly #judge: Judge;
  /** Deleted hosts by cluster, not yet dealt with. */
  readonly #gone = new Map<string, Set<string>>();
  #goneTimer: Timer | undefined;
  #running = false;
  #stopping: Promise<void> | undefined;
  #frames = 0;
  #lastFrameMs = 0;

  constructor(options: TriggerEngineOptions) {
    const { config, clock, logger, openJournal, eventSink } = options;
    this.#clock = clock;
    this.#logger = logger;
    this.#warnings = rateLimited(logger, clock);
    this.#run = options.run ?? randomBytes(4).toString("hex");
    let mirror: StateMirror | undefined;
    this.#book = new Book({
      open: openJournal,
      clock,
      logger,
      onRecorded: () => this.#feed?.poke(),
      onChanged: (key) => mirror?.changed(key),
      ...(options.compactBytes === undefined ? {} : { compactBytes: options.compactBytes }),
    });
    const { ledger } = this.#book;
    if (eventSink?.states !== undefined) mirror = new StateMirror(ledger, clock, this.#run);
    const triggers = new Map(config.triggers.map((trigger) => [trigger.name, prepareTrigger(trigger)]));
    this.#triggers = triggers.size;
    this.#judge = new Judge({ triggers, ledger, clock, warnings: this.#warnings });
    this.#eventSink = eventSink;
    this.#feed =
      eventSink && new EventFeed({ sink: eventSink, ring: ledger.events, mirror, recorded: this.#book, clock, logger });
    const receivers =
      options.receivers ??
      new Map(Object.entries(config.receivers).map(([name, receiver]) => [name, makeReceiver(receiver, { logger })]));
    this.#notifier = new Notifier(this.#book, receivers, clock, logger);
    const runProcess = options.runProcess ?? processRunner(clock);
    this.#desk = new CommandDesk(this.#book, config.commands, runProcess, clock, logger);
  }

  /** Rejects if the journal is there but not readable; one that cannot be written is only told by health. */
  async start(): Promise<void> {
    this.#book.open();
    await this.#restore();
    this.#book.begin();
    this.#pass((pass) => this.#judge.close(pass), false);
    this.#desk.restore();
    this.#notifier.restore();
    this.#running = true;
  }

  /** See engine/restore.ts. */
  async #restore(): Promise<void> {
    if (this.#eventSink === undefined) return;
    try {
      const restored = await restoreFrom(this.#eventSink, this.#book);
      if (restored === undefined) return;
      const words = "the journal of the triggers is missing or not whole: how alerts stand was taken from the history";
      this.#logger.warn(restored, words);
    } catch (error) {
      // Judging by the journal alone, or from nothing, is better than not judging.
      this.#logger.error({ error: messageOf(error) }, "the history cannot be asked how alerts stood");
    }
  }

  async stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    await this.#stopping;
  }

  async #stop(): Promise<void> {
    if (!this.#running) return;
    this.#flushGone();
    this.#running = false;
    await Promise.all([this.#desk.stop(STOP_MS), this.#notifier.stop(STOP_MS)]);
    this.#book.close();
    if (this.#feed !== undefined) await Promise.race([this.#feed.stop(), sleep(this.#clock, STOP_MS / 3)]);
  }

  /**
   * Judges a cluster as it is after a frame.
   * @param frameTimeMs the frame's time, epoch ms; an older one than the last moves no time forward
   */
  evaluate(view: ClusterView, frameTimeMs: number): void {
    if (!this.#running || !(frameTimeMs > 0)) return;
    const startedMs = this.#clock.monotonicMs();
    const { name } = view.directory;
    this.#flushGone();
    try {
      this.#pass((pass) => this.#judge.frame(pass, view, frameTimeMs));
    } catch (error) {
      // The next frame is a new chance; the collector must not fall over it.
      this.#judge.failures++;
      this.#warnings.warn(name, { cluster: name, error: messageOf(error) }, "BUG: a frame was not judged");
      return;
    }
    this.#notifier.release(name);
    this.#desk.release(name);
    this.#frames++;
    this.#lastFrameMs = this.#clock.monotonicMs() - startedMs;
  }

  /**
   * The host was deleted: its episodes end as "expired". Hosts that go in one
   * wave are dealt with together, at once or when anyone looks.
   */
  hostGone(cluster: string, host: string): void {
    if (!this.#running) return;
    const hosts = this.#gone.get(cluster);
    if (hosts === undefined) this.#gone.set(cluster, new Set([host]));
    else hosts.add(host);
    this.#goneTimer ??= this.#clock.setTimer(() => this.#flushGone(), 0);
  }

  /** Everything that is pending or firing. */
  alerts(): Alert[] {
    this.#flushGone();
    const alerts: Alert[] = [];
    for (const located of this.#book.ledger.allPairs()) alerts.push(this.#judge.alert(located));
    return alerts;
  }

  /**
   * Newest first, from memory: the last 10,000.
   * @param beforeSequence only older ones than this
   */
  events(limit: number, beforeSequence?: number): AlertEvent[] {
    this.#flushGone();
    return this.#book.ledger.events.newest(limit, beforeSequence);
  }

  /** health().journal.ok, without the work of the rest. */
  get journalOk(): boolean {
    return this.#book.health().ok;
  }

  health(): TriggerHealth {
    let pending = 0;
    let firing = 0;
    for (const { pair } of this.#book.ledger.allPairs()) {
      if (pair.state === "pending") pending++;
      else firing++;
    }
    return {
      journal: this.#book.health(),
      triggers: this.#triggers,
      pending,
      firing,
      frames: this.#frames,
      lastFrameMs: this.#lastFrameMs,
      failures: this.#judge.failures,
      receivers: this.#notifier.health(),
      commands: this.#desk.health(),
    };
  }

  /** One transaction, and afterwards what it ordered. */
  #pass(build: (pass: Pass) => void, act = true): void {
    let pass: Pass | undefined;
    let fault: unknown;
    const recorded = this.#book.transact((transaction) => {
      pass = new Pass(transaction, {
        run: this.#run,
        refusal: (order) => this.#desk.refusal(order),
      });
      try {
        build(pass);
      } catch (error) {
        fault = error;
      }
      // What was decided before a fault is told all the same.
      pass.finish();
    });
    if (pass === undefined) return;
    if (!recorded) {
      for (const id of pass.notices) this.#book.ledger.markUnrecorded(id);
      this.#desk.refuseAll(pass.orders, `the journal cannot be written: ${this.#book.health().message}`);
    }
    if (act) {
      for (const id of pass.notices) this.#notifier.add(id);
      if (recorded) this.#desk.add(pass.orders);
    }
    if (fault !== undefined) throw fault;
  }

  #flushGone(): void {
    this.#goneTimer?.cancel();
    this.#goneTimer = undefined;
    if (this.#gone.size === 0 || !this.#running) return;
    const gone = [...this.#gone];
    this.#gone.clear();
    this.#pass((pass) => {
      for (const [cluster, hosts] of gone) this.#judge.gone(pass, cluster, hosts);
    });
  }
}
