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
import { NONE } from "../core/model/directory.js";
import { CommandDesk, type CommandHealth } from "./actions/desk.js";
import { processRunner, type RunProcess } from "./actions/process.js";
import type { TriggersConfig } from "./config.js";
import { Book, type JournalHealth } from "./engine/book.js";
import { ClusterState, type FollowedTrigger } from "./engine/cluster.js";
import { EventFeed, type EventSink } from "./engine/event-feed.js";
import type { OpenJournal } from "./engine/journal.js";
import type { LocatedPair } from "./engine/ledger.js";
import { Pass } from "./engine/pass.js";
import { closedPairs } from "./engine/reconcile.js";
import { Changes } from "./engine/rows.js";
import { prepareTrigger, type Trigger } from "./engine/trigger.js";
import { evidenceOf } from "./expression/evidence.js";
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

/** Hosts from before the start that no frame shows: after this much frame time they are gone. */
const ABSENT_MS = 3_600_000;

/** While something is pending, the journal is told of the time this often. */
const TIME_RECORD_MS = 1_000;

export class TriggerEngine implements Component {
  readonly #clock: Clock;
  readonly #warnings: RateLimitedLog;
  readonly #triggers: ReadonlyMap<string, Trigger>;
  readonly #run: string;
  readonly #book: Book;
  readonly #feed: EventFeed | undefined;
  readonly #notifier: Notifier;
  readonly #desk: CommandDesk;
  readonly #clusters = new Map<string, ClusterState>();
  readonly #changes = new Changes();
  /** Deleted hosts by cluster, not yet dealt with. */
  readonly #gone = new Map<string, Set<string>>();
  #goneTimer: Timer | undefined;
  #running = false;
  #stopping: Promise<void> | undefined;
  #frames = 0;
  #lastFrameMs = 0;
  #failures = 0;

  constructor(options: TriggerEngineOptions) {
    const { config, clock, logger, openJournal, eventSink } = options;
    this.#clock = clock;
    this.#warnings = rateLimited(logger, clock);
    this.#run = options.run ?? randomBytes(4).toString("hex");
    this.#triggers = new Map(config.triggers.map((trigger) => [trigger.name, prepareTrigger(trigger)]));
    this.#book = new Book({
      open: openJournal,
      clock,
      logger,
      onRecorded: () => this.#feed?.poke(),
      ...(options.compactBytes === undefined ? {} : { compactBytes: options.compactBytes }),
    });
    const { ledger } = this.#book;
    this.#feed = eventSink && new EventFeed(eventSink, ledger.events, () => this.#book.recordedSequence, clock, logger);
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
    this.#pass((pass) => {
      for (const { pair, host, trigger, cluster, reason } of closedPairs(this.#book.ledger, this.#triggers)) {
        if (pair.state === "pending") pass.clear(trigger, cluster, [host]);
        else pass.end("closed", pair, this.#triggers.get(trigger)?.forMs ?? 0, this.#clock.nowMs(), "", reason);
      }
    }, false);
    this.#desk.restore();
    this.#notifier.restore();
    this.#running = true;
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
    const cluster = this.#follow(view.directory.name);
    this.#flushGone();
    try {
      this.#pass((pass) => this.#judge(pass, cluster, view, frameTimeMs));
    } catch (error) {
      // The next frame is a new chance; the collector must not fall over it.
      this.#failures++;
      this.#warnings.warn(
        cluster.name,
        { cluster: cluster.name, error: messageOf(error) },
        "BUG: a frame was not judged",
      );
      return;
    }
    this.#notifier.release(cluster.name);
    this.#desk.release(cluster.name);
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
    for (const located of this.#book.ledger.allPairs()) alerts.push(this.#alert(located));
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

  health(): TriggerHealth {
    let pending = 0;
    let firing = 0;
    for (const { pair } of this.#book.ledger.allPairs()) {
      if (pair.state === "pending") pending++;
      else firing++;
    }
    return {
      journal: this.#book.health(),
      triggers: this.#triggers.size,
      pending,
      firing,
      frames: this.#frames,
      lastFrameMs: this.#lastFrameMs,
      failures: this.#failures,
      receivers: this.#notifier.health(),
      commands: this.#desk.health(),
    };
  }

  #follow(name: string): ClusterState {
    let cluster = this.#clusters.get(name);
    if (cluster === undefined) {
      cluster = new ClusterState(name, [...this.#triggers.values()], this.#book.ledger);
      this.#clusters.set(name, cluster);
    }
    return cluster;
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

  #judge(pass: Pass, cluster: ClusterState, view: ClusterView, frameTimeMs: number): void {
    const shiftMs = cluster.advance(frameTimeMs);
    if (shiftMs !== 0) this.#shiftPending(pass, cluster, shiftMs);
    const lost = cluster.begin(view);
    if (lost.length > 0) this.#expire(pass, cluster.name, new Set(lost), "the host was deleted");
    this.#expireAbsent(pass, cluster);
    for (const followed of cluster.triggers) {
      try {
        this.#judgeTrigger(pass, cluster, followed, view);
      } catch (error) {
        this.#failures++;
        cluster.rebind(followed);
        const { name } = followed.trigger;
        this.#warnings.warn(name, { trigger: name, error: messageOf(error) }, "a trigger could not be judged");
      }
    }
    const due = cluster.timeMs - cluster.timeRecordedMs >= TIME_RECORD_MS && cluster.pending > 0;
    if (due || pass.transaction.entries.length > 0) {
      pass.transaction.add({ k: "time", cluster: cluster.name, timeMs: cluster.timeMs });
      cluster.timeRecordedMs = cluster.timeMs;
    }
  }

  #judgeTrigger(pass: Pass, cluster: ClusterState, { trigger, rows }: FollowedTrigger, view: ClusterView): void {
    const { readings, timeMs, name } = cluster;
    const { scratch } = readings;
    const verdicts = scratch.takeTruths();
    trigger.judge(readings, verdicts);
    const asked = trigger.recovered !== undefined && rows.firing > 0 ? scratch.takeTruths() : undefined;
    if (asked !== undefined) trigger.recovered?.(readings, asked);
    const changes = this.#changes;
    rows.step(verdicts, asked, readings.rowCount, timeMs, trigger.forMs, changes);
    scratch.giveTruths(verdicts);
    if (asked !== undefined) scratch.giveTruths(asked);

    pass.clear(
      trigger.name,
      name,
      changes.cleared.map((row) => cluster.hostName(row)),
    );
    const pairs = this.#book.ledger.pairs(name, trigger.name);
    for (const row of changes.ended) {
      const pair = pairs.get(cluster.hostName(row));
      if (pair?.state !== "firing") continue;
      pass.end("resolved", pair, trigger.forMs, timeMs, evidenceOf(trigger.metrics, view, row), "");
    }
    pass.begin(
      trigger,
      name,
      timeMs,
      changes.began.map((row) => cluster.hostName(row)),
    );
    for (const row of changes.fired) {
      const evidence = evidenceOf(trigger.metrics, view, row);
      pass.fire(trigger, name, cluster.hostName(row), rows.sinceMs(row), timeMs, evidence);
    }
  }

  /** What is pending has waited as long as before, not longer. */
  #shiftPending(pass: Pass, cluster: ClusterState, byMs: number): void {
    for (const { trigger, host, pair } of [...this.#book.ledger.clusterPairs(cluster.name)]) {
      const known = this.#triggers.get(trigger);
      if (pair.state === "pending" && known !== undefined) {
        pass.begin(known, cluster.name, pair.activeAtMs + byMs, [host]);
      }
    }
    for (const { rows } of cluster.triggers) rows.shiftPending(byMs);
  }

  /** Hosts that the journal knows but no frame since the start. */
  #expireAbsent(pass: Pass, cluster: ClusterState): void {
    if (cluster.absentChecked || cluster.timeMs - cluster.firstMs < ABSENT_MS) return;
    cluster.absentChecked = true;
    const absent = new Set<string>();
    for (const { host } of this.#book.ledger.clusterPairs(cluster.name)) {
      if (cluster.rowOf(host) === NONE) absent.add(host);
    }
    if (absent.size > 0) this.#expire(pass, cluster.name, absent, "the host was not seen since Grate was started");
  }

  #flushGone(): void {
    this.#goneTimer?.cancel();
    this.#goneTimer = undefined;
    if (this.#gone.size === 0 || !this.#running) return;
    const gone = [...this.#gone];
    this.#gone.clear();
    this.#pass((pass) => {
      for (const [cluster, hosts] of gone) {
        for (const host of hosts) this.#clusters.get(cluster)?.markGone(host);
        this.#expire(pass, cluster, hosts, "the host was deleted");
      }
    });
  }

  #expire(pass: Pass, clusterName: string, hosts: ReadonlySet<string>, reason: string): void {
    const cluster = this.#clusters.get(clusterName);
    const endedAtMs = cluster !== undefined && cluster.timeMs > 0 ? cluster.timeMs : this.#clock.nowMs();
    for (const { trigger, host, pair } of [...this.#book.ledger.clusterPairs(clusterName)]) {
      if (!hosts.has(host)) continue;
      if (pair.state === "pending") pass.clear(trigger, clusterName, [host]);
      else pass.end("expired", pair, this.#triggers.get(trigger)?.forMs ?? 0, endedAtMs, "", reason);
      const row = cluster?.rowOf(host) ?? NONE;
      const followed = row === NONE ? undefined : cluster?.triggers.find((known) => known.trigger.name === trigger);
      followed?.rows.end(row);
    }
  }

  #alert({ trigger, cluster, host, pair }: LocatedPair): Alert {
    const known = this.#triggers.get(trigger);
    const firing = pair.state === "firing" ? pair.episode : undefined;
    return {
      trigger,
      cluster,
      host,
      severity: known?.severity ?? firing?.severity ?? "warning",
      state: pair.state,
      condition: known?.condition ?? "",
      evidence: this.#evidence(known, cluster, host) ?? firing?.evidence ?? "",
      activeAtMs: pair.state === "pending" ? pair.activeAtMs : pair.episode.activeAtMs,
      firedAtMs: firing?.firedAtMs ?? 0,
      episode: firing?.id ?? "",
    };
  }

  #evidence(trigger: Trigger | undefined, clusterName: string, host: string): string | undefined {
    const cluster = this.#clusters.get(clusterName);
    const row = cluster?.rowOf(host) ?? NONE;
    if (trigger === undefined || cluster?.view === undefined || row === NONE) return undefined;
    return evidenceOf(trigger.metrics, cluster.view, row);
  }
}
