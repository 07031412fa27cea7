/** Documents in Ganglia's words for the dump and the query port: gmetad's shape, every cluster in one grid. */
import type { Clock } from "../../core/base/clock.js";
import type { ClusterView } from "../../core/model/columns.js";
import type { ClusterSummary } from "../../core/model/summary.js";
import {
  DOCUMENT_HEAD,
  GANGLIA_XML_CLOSE,
  GRID_CLOSE,
  gangliaXmlOpen,
  gridOpen,
  writeCluster,
  writeClusterSummary,
  writeSummaryBody,
} from "../../core/wire/ganglia/xml-writer.js";
import type { GangliaQuery } from "./ganglia-query.js";
import { type Selection, selectPath } from "./ganglia-selection.js";
import { gridSummary } from "./grid-summary.js";
import type { GangliaAnswer, GangliaPort, Present } from "./ports.js";

/**
 * The Ganglia whose documents these are. Not our own version: readers judge by
 * it, and gmetad takes anything below 2.5 for a source without TN.
 */
const GANGLIA_VERSION = "3.7.2";

const NO_SUMMARY: ClusterSummary = Object.freeze({ hostsUp: 0, hostsDown: 0, metrics: [] });

export interface Grid {
  readonly name: string;
  /** URL of the web front-end that owns the grid. */
  readonly authority: string;
}

export class GangliaAnswers implements GangliaPort {
  readonly #present: Present;
  readonly #grid: Grid;
  readonly #clock: Clock;

  constructor(present: Present, grid: Grid, clock: Clock) {
    this.#present = present;
    this.#grid = grid;
    this.#clock = clock;
  }

  answer(query: GangliaQuery): GangliaAnswer {
    const nowMs = this.#clock.nowMs();
    // Ages are whole seconds: within one, and within one frame, a document is the same.
    const moment = [this.#present.frameNumber, Math.floor(nowMs / 1_000)];
    return {
      key: JSON.stringify([...moment, query.summary, query.path]),
      build: () => this.#write(query, nowMs),
    };
  }

  *#write(query: GangliaQuery, nowMs: number): Generator<string> {
    yield DOCUMENT_HEAD;
    yield gangliaXmlOpen(GANGLIA_VERSION, "gmetad");
    yield gridOpen(this.#grid.name, this.#grid.authority, nowMs);
    const selection = selectPath(this.#present.views(), query.path);
    yield* query.summary ? this.#writeSums(selection, nowMs) : this.#writeHosts(selection, nowMs);
    yield GRID_CLOSE;
    yield GANGLIA_XML_CLOSE;
  }

  *#writeHosts(selection: Selection, nowMs: number): Generator<string> {
    switch (selection.kind) {
      case "all":
        for (const view of this.#present.views()) yield* writeCluster(view, nowMs);
        break;
      case "cluster":
        yield* writeCluster(selection.view, nowMs);
        break;
      case "host":
        yield* writeCluster(selection.view, nowMs, { row: selection.row });
        break;
      case "metric":
        yield* writeCluster(selection.view, nowMs, { row: selection.row, metric: selection.metric });
        break;
    }
  }

  /** Only clusters and the grid have sums: below a cluster the filter changes nothing. */
  *#writeSums(selection: Selection, nowMs: number): Generator<string> {
    if (selection.kind === "all") {
      const views = this.#present.views();
      yield* writeSummaryBody(gridSummary(views.map((view) => this.#summary(view))));
      for (const view of views) yield* this.#writeClusterSums(view, nowMs);
    } else if (selection.kind === "cluster") {
      yield* this.#writeClusterSums(selection.view, nowMs);
    } else {
      yield* this.#writeHosts(selection, nowMs);
    }
  }

  #writeClusterSums(view: ClusterView, nowMs: number): Generator<string> {
    return writeClusterSummary(view.directory.name, view.directory.facts, this.#summary(view), nowMs);
  }

  #summary(view: ClusterView): ClusterSummary {
    return this.#present.summary(view.directory.name) ?? NO_SUMMARY;
  }
}
