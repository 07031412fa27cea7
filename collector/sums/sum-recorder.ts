/**
 * Sums for stores that keep them (RRD files): taken by gmetad's rules whenever a frame
 * ends a step of its cluster, also when frames come back from the log after a crash, and
 * kept until a store has them. What a source tells only in sums is not in the log; of it a
 * crash costs what was not written.
 */
import type { SumTable } from "../../core/model/archive.js";
import type { ClusterView } from "../../core/model/columns.js";
import type { ReportedSums } from "../../core/model/summary.js";
import { summarize } from "../table/summary.js";
import { SumLog } from "./sum-log.js";
import { WHOLE_STEP_MS, wholeTable } from "./whole-grid.js";

/** Polls come a little early or late, so the step since the last sum need not be a full one. */
const DUE_PART = 0.75;

/** 32 MB: a store that fails for half a day, at ten clusters with 40 metrics. */
const NUMBERS_MAX = 2 ** 22;

/** A day of the whole grid at once is enough. */
const WHOLE_STEPS_MAX = 86_400_000 / WHOLE_STEP_MS;

export class SumRecorder {
  /** Rows that left because no store took them. */
  lostRows = 0;
  readonly #everyMs: number;
  readonly #clusters = new Map<string, SumLog>();
  readonly #reported = new Map<string, SumLog>();
  /** Clusters that are not told in detail any more; what of theirs is not written waits for it. */
  readonly #left = new Set<string>();
  #wholeMs = Number.NEGATIVE_INFINITY;
  #size = 0;

  /** @param everyMs the step of the store */
  constructor(everyMs: number) {
    this.#everyMs = everyMs;
  }

  /** A frame was taken into the view. */
  frame(view: ClusterView, timeMs: number): void {
    const { name } = view.directory;
    this.#left.delete(name);
    const log = logOf(this.#clusters, name, "cluster", name);
    if (!this.#isDue(log, timeMs)) return;
    this.#add(log, timeMs, summarize(view, timeMs).metrics);
  }

  /** The cluster is not part of the present any more. */
  left(cluster: string): void {
    if (this.#clusters.has(cluster)) this.#left.add(cluster);
    this.#dropLeft();
  }

  reported(sums: ReportedSums): void {
    const key = reportedKey(sums.kind, sums.name);
    if (this.#clusters.has(sums.name) && !this.#left.has(sums.name)) {
      this.#reported.delete(key);
      return;
    }
    const log = logOf(this.#reported, key, sums.kind, sums.name);
    if (!this.#isDue(log, sums.timeMs)) return;
    this.#add(log, sums.timeMs, sums.summary.metrics);
  }

  /** All that is not written. What is known in detail is not told a second time. */
  tables(): SumTable[] {
    const logs = this.#logs();
    const whole = logs.length === 0 ? undefined : wholeTable(logs, this.#everyMs, this.#wholeMs, WHOLE_STEPS_MAX);
    return [...logs.map((log) => log.table()), whole].filter((table) => table !== undefined);
  }

  /** A store has these. */
  written(tables: readonly SumTable[]): void {
    for (const { kind, name, timesMs } of tables) {
      const lastMs = timesMs.at(-1) as number;
      if (kind === "whole") this.#wholeMs = lastMs;
      this.#clusters.get(name)?.forget(lastMs);
      this.#reported.get(reportedKey(kind, name))?.forget(lastMs);
    }
    this.#dropLeft();
    this.#size = this.#logs().reduce((size, log) => size + log.size, 0);
  }

  #dropLeft(): void {
    for (const name of this.#left) {
      if (this.#clusters.get(name)?.size !== 0) continue;
      this.#clusters.delete(name);
      this.#left.delete(name);
    }
  }

  #logs(): SumLog[] {
    const only = [...this.#reported.values()].filter(({ name }) => !this.#clusters.has(name));
    return [...this.#clusters.values(), ...only];
  }

  #isDue(log: SumLog, timeMs: number): boolean {
    return timeMs - log.lastMs >= DUE_PART * this.#everyMs;
  }

  #add(log: SumLog, timeMs: number, metrics: ReportedSums["summary"]["metrics"]): void {
    log.add(timeMs, metrics);
    this.#size += 2 * log.metrics.length;
    if (this.#size <= NUMBERS_MAX) return;
    for (const each of this.#logs()) this.lostRows += each.shorten();
    this.#size = this.#logs().reduce((size, each) => size + each.size, 0);
  }
}

function reportedKey(kind: SumTable["kind"], name: string): string {
  return `${kind} ${name}`;
}

function logOf(logs: Map<string, SumLog>, key: string, kind: SumTable["kind"], name: string): SumLog {
  let log = logs.get(key);
  if (log === undefined) {
    log = new SumLog(kind, name);
    logs.set(key, log);
  }
  return log;
}
