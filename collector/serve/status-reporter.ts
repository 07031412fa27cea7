/** The collector's own condition, for the status document, /status and /metrics. */
import type { Clock } from "../../core/base/clock.js";
import type { ClusterView } from "../../core/model/columns.js";
import { isHostUp } from "../../core/model/liveness.js";
import { type ReportedSums, summaryAt } from "../../core/model/summary.js";
import type { ClusterStatus, Status, SumsStatus } from "../../core/wire/extension/index.js";
import { isServed } from "./change-tracker.js";
import { servedSums } from "./ganglia-selection.js";
import type { Present, SelfPort } from "./ports.js";

export function clusterStatus(view: ClusterView, nowMs: number): ClusterStatus {
  let hostsUp = 0;
  let hostsDown = 0;
  for (let row = 0; row < view.rowCount; row++) {
    if (!isServed(view, row)) continue;
    const silenceS = (nowMs - (view.reportedMs[row] as number)) / 1_000;
    if (isHostUp(silenceS, view.directory.host(row)?.tmaxS ?? 0)) hostsUp++;
    else hostsDown++;
  }
  return {
    name: view.directory.name,
    hostsUp,
    hostsDown,
    metrics: view.directory.columnCount,
    frame: view.frameNumber,
    frameTimeMs: view.frameTimeMs,
  };
}

function sumsStatus(sums: ReportedSums, nowMs: number): SumsStatus {
  const { kind, name, source, timeMs, summary } = sums;
  const { hostsUp, hostsDown } = summaryAt(sums, nowMs);
  return { kind, name, source, hostsUp, hostsDown, metrics: summary.metrics.length, timeMs };
}

export class StatusReporter {
  readonly #present: Present;
  readonly #self: SelfPort;
  readonly #clock: Clock;
  readonly #startedMs: number;
  readonly #startedAtMs: number;

  /** The start is when this is made. */
  constructor(present: Present, self: SelfPort, clock: Clock) {
    this.#present = present;
    this.#self = self;
    this.#clock = clock;
    this.#startedMs = clock.nowMs();
    this.#startedAtMs = clock.monotonicMs();
  }

  status(): Status {
    const nowMs = this.#clock.nowMs();
    const views = this.#present.views();
    const sums = servedSums(views, this.#present.reportedSums());
    return {
      version: this.#self.version,
      startedMs: this.#startedMs,
      uptimeMs: this.#clock.monotonicMs() - this.#startedAtMs,
      frame: this.#present.frameNumber,
      sources: this.#self.sources(),
      clusters: views.map((view) => clusterStatus(view, nowMs)),
      ...(sums.length > 0 && { sums: sums.map((each) => sumsStatus(each, nowMs)) }),
    };
  }
}
