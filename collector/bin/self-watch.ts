/**
 * The collector's own troubles as alerts, by the way that all alerts go: a small
 * cluster of its own, with this machine as its only host, judged by triggers that
 * need no configuration. Nobody else sees the cluster; it is in no table, log,
 * window or document.
 *
 * A trigger of the same name in the configuration replaces the one here, so a
 * site can choose its receivers, or silence it.
 */
import type { Clock, Timer } from "../../core/base/clock.js";
import type { Component } from "../../core/base/component.js";
import type { ClusterView } from "../../core/model/columns.js";
import { ClusterDirectory } from "../../core/model/directory.js";
import { Frame } from "../../core/model/frame.js";
import { newHostFacts } from "../../core/model/host.js";
import { type TriggersConfig, triggersSchema } from "../../triggers/config.js";
import { ClusterTable } from "../table/cluster-table.js";

/** A name that no source is likely to bring. */
export const SELF_CLUSTER = "grate-collector";

/** How often there is a look while there is trouble, and the least time between two. */
const EVERY_MS = 5_000;

/** While all is well and stays so it is judged no more often: that costs as much as judging a small cluster. */
const QUIET_MS = 2 * EVERY_MS;

/**
 * While all is well frames bring the looks, for a timer of its own would wake a thread that sleeps. Without frames there
 * is one after this time: later than the frames of the usual poll of 15 s, so that those come first.
 */
const IDLE_MS = 4 * EVERY_MS;

/** The collector's troubles: metric, its reading, and the trigger on it. */
const TROUBLES = [
  { name: "collector-log", metric: "frame_log_failing", severity: "critical", for: "0s" },
  { name: "collector-memory", metric: "frames_lost", severity: "critical", for: "0s" },
  { name: "collector-journal", metric: "alert_journal_failing", severity: "critical", for: "0s" },
  // An archive may be away for a moment; nothing is lost meanwhile.
  { name: "collector-archive", metric: "archive_failing", severity: "warning", for: "1m" },
  // Some history is not shown until somebody gets it back.
  { name: "collector-history", metric: "history_damaged", severity: "warning", for: "0s" },
] as const;

type TroubleMetric = (typeof TROUBLES)[number]["metric"];

/** 0 = all is well. */
export type Troubles = Readonly<Record<TroubleMetric, number>>;

/** @returns the configuration with triggers on the collector itself, which tell every receiver */
export function withSelfTriggers<C extends TriggersConfig>(config: C): C {
  const known = new Set(config.triggers.map(({ name }) => name));
  const own = triggersSchema.parse(
    TROUBLES.filter(({ name }) => !known.has(name)).map(({ name, metric, severity, for: duration }) => ({
      name,
      when: `${metric} > 0`,
      for: duration,
      severity,
      on: { cluster: SELF_CLUSTER },
      notify: Object.keys(config.receivers),
    })),
  );
  return { ...config, triggers: [...config.triggers, ...own] };
}

export interface SelfWatchOptions {
  /** This machine's name. */
  readonly host: string;
  readonly troubles: () => Troubles;
  /** Judges the view. */
  readonly evaluate: (view: ClusterView, frameTimeMs: number) => void;
  readonly clock: Clock;
}

export class SelfWatch implements Component {
  readonly #options: SelfWatchOptions;
  readonly #directory = new ClusterDirectory(SELF_CLUSTER);
  readonly #table = new ClusterTable(this.#directory);
  readonly #frame = new Frame(this.#directory, "self");
  readonly #row: number;
  #frames = 0;
  #judgedMs = Number.NEGATIVE_INFINITY;
  #lookedMs = Number.NEGATIVE_INFINITY;
  #judged: Troubles | undefined;
  #timer: Timer | undefined;

  constructor(options: SelfWatchOptions) {
    this.#options = options;
    this.#row = this.#directory.row(options.host);
    this.#directory.describeHost(this.#row, { ...newHostFacts(options.host), tmaxS: IDLE_MS / 1_000 });
    for (const { metric } of TROUBLES) {
      const column = this.#directory.column(metric, "number");
      const meta = { name: metric, type: "uint32", units: "", slope: "both", tmaxS: IDLE_MS / 1_000 } as const;
      this.#directory.describeMetric(this.#row, column, { ...meta, dmaxS: 0, extra: [] });
    }
  }

  get view(): ClusterView {
    return this.#table;
  }

  async start(): Promise<void> {
    this.#look();
  }

  async stop(): Promise<void> {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  /** Somebody is awake anyway. Does nothing before the start, after the stop, and soon after the last look. */
  lookByTheWay(): void {
    if (this.#timer === undefined || this.#options.clock.monotonicMs() - this.#lookedMs < EVERY_MS) return;
    this.#look();
  }

  #look(): void {
    const { troubles, clock } = this.#options;
    const readings = troubles();
    const isQuiet = TROUBLES.every(({ metric }) => readings[metric] === 0 && this.#judged?.[metric] === 0);
    this.#lookedMs = clock.monotonicMs();
    if (!isQuiet || this.#lookedMs - this.#judgedMs >= QUIET_MS) this.#judge(readings);
    this.#timer?.cancel();
    this.#timer = clock.setTimer(() => this.#look(), isQuiet ? IDLE_MS : EVERY_MS);
  }

  #judge(readings: Troubles): void {
    const { evaluate, clock } = this.#options;
    const nowMs = clock.nowMs();
    this.#judgedMs = clock.monotonicMs();
    this.#judged = readings;
    this.#frame.clear();
    this.#frame.timeMs = nowMs;
    this.#frame.heard(this.#row, nowMs);
    for (const { metric } of TROUBLES) {
      this.#frame.pushNumber(this.#row, this.#directory.findColumn(metric, "number"), readings[metric], nowMs, 0);
    }
    this.#table.apply(this.#frame, ++this.#frames, nowMs);
    evaluate(this.#table, nowMs);
  }
}
