/** A collector's present whose frames are told by hand. */
import type { HistoryPort, ManyHistoryPort, Present } from "../../collector/serve/ports.js";
import { BucketGrid } from "../../core/model/bucket-table.js";
import type { ClusterView } from "../../core/model/columns.js";
import type { ClusterSummary, ReportedSums } from "../../core/model/summary.js";

/** No history of anything, but for what is given. */
export function madeHistory(given: Partial<HistoryPort & ManyHistoryPort> = {}): HistoryPort & ManyHistoryPort {
  return {
    history: async () => undefined,
    samplesOfMany: async () => new Map(),
    bucketsOfMany: async (_names, { fromMs, toMs, stepMs }) => ({
      names: [],
      table: new BucketGrid(fromMs, toMs, stepMs).table(),
    }),
    ...given,
  };
}

export class MadePresent implements Present, ManyHistoryPort {
  readonly instance = "i1";
  frameNumber = 0;
  readonly clusters: ClusterView[] = [];
  readonly sums: ReportedSums[] = [];
  readonly summaries = new Map<string, ClusterSummary>();
  readonly samplesOfMany = madeHistory().samplesOfMany;
  readonly bucketsOfMany = madeHistory().bucketsOfMany;
  readonly #listeners: ((view: ClusterView) => void)[] = [];

  views(): readonly ClusterView[] {
    return this.clusters;
  }

  summary(clusterName: string): ClusterSummary | undefined {
    return this.summaries.get(clusterName);
  }

  reportedSums(): readonly ReportedSums[] {
    return this.sums;
  }

  onFrame(listener: (view: ClusterView) => void): void {
    this.#listeners.push(listener);
  }

  taken(view: ClusterView): void {
    this.frameNumber = Math.max(this.frameNumber, view.frameNumber);
    for (const listener of this.#listeners) listener(view);
  }
}
