/**
 * Documents in Ganglia's words for the dump and the query port: gmetad's shape, every cluster in one grid.
 *
 * The sums of the whole count hosts and not sources: a source that cannot be reached changes nothing until its
 * hosts have been silent for 4 x TMAX; then they are down, and their numbers are in no sum. gmetad leaves a dead
 * source out of the sums at once and goes on showing its last ones below.
 */
import type { Clock } from "../../core/base/clock.js";
import type { ClusterView } from "../../core/model/columns.js";
import { areSumsLive, type ClusterSummary, type ReportedSums } from "../../core/model/summary.js";
import {
  DOCUMENT_HEAD,
  GANGLIA_XML_CLOSE,
  GRID_CLOSE,
  gangliaXmlOpen,
  gridOpen,
  writeCluster,
  writeClusterSummary,
  writeReportedSums,
  writeSummaryBody,
} from "../../core/wire/ganglia/xml-writer.js";
import type { GangliaQuery } from "./ganglia-query.js";
import { type Selection, selectExact, selectPath, servedSums } from "./ganglia-selection.js";
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
    const sums = servedSums(this.#present.views(), this.#present.reportedSums());
    // Ages are whole seconds: within one, within one frame, and with the same sums a document is the same.
    const moment = [this.#present.frameNumber, Math.floor(nowMs / 1_000), sums.map(({ timeMs }) => timeMs)];
    return {
      key: JSON.stringify([...moment, query.exact === true, query.summary, query.path]),
      build: () => this.#write(query, sums, nowMs),
    };
  }

  *#write(query: GangliaQuery, sums: readonly ReportedSums[], nowMs: number): Generator<string> {
    yield DOCUMENT_HEAD;
    yield gangliaXmlOpen(GANGLIA_VERSION, "gmetad");
    yield gridOpen(this.#grid.name, this.#grid.authority, nowMs);
    if (query.exact) {
      yield* this.#writeExact(query, sums, nowMs);
    } else {
      const selection = selectPath(this.#present.views(), query.path, sums);
      yield* query.summary ? this.#writeSums(selection, sums, nowMs) : this.#writeHosts(selection, sums, nowMs);
    }
    yield GRID_CLOSE;
    yield GANGLIA_XML_CLOSE;
  }

  *#writeExact(query: GangliaQuery, sums: readonly ReportedSums[], nowMs: number): Generator<string> {
    for (const selected of selectExact(this.#present.views(), query.path, sums)) {
      if (selected.kind === "sums") yield* writeReportedSums(selected.sums, nowMs, selected.found);
      else if (selected.whole && query.summary) yield* this.#writeClusterSums(selected.view, nowMs);
      else yield* writeCluster(selected.view, nowMs, selected);
    }
  }

  *#writeHosts(selection: Selection, sums: readonly ReportedSums[], nowMs: number): Generator<string> {
    switch (selection.kind) {
      case "all":
        for (const view of this.#present.views()) yield* writeCluster(view, nowMs);
        for (const each of sums) yield* writeReportedSums(each, nowMs);
        break;
      case "sums":
        yield* writeReportedSums(selection.sums, nowMs);
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

  /** Only clusters and grids have sums: below a cluster the filter changes nothing. */
  *#writeSums(selection: Selection, sums: readonly ReportedSums[], nowMs: number): Generator<string> {
    if (selection.kind === "all") {
      const views = this.#present.views();
      const live = sums.filter((each) => areSumsLive(each, nowMs)).map(({ summary }) => summary);
      yield* writeSummaryBody(gridSummary([...views.map((view) => this.#summary(view)), ...live]));
      for (const view of views) yield* this.#writeClusterSums(view, nowMs);
      for (const each of sums) yield* writeReportedSums(each, nowMs);
    } else if (selection.kind === "cluster") {
      yield* this.#writeClusterSums(selection.view, nowMs);
    } else {
      yield* this.#writeHosts(selection, sums, nowMs);
    }
  }

  #writeClusterSums(view: ClusterView, nowMs: number): Generator<string> {
    return writeClusterSummary(view.directory.name, view.directory.facts, this.#summary(view), nowMs);
  }

  #summary(view: ClusterView): ClusterSummary {
    return this.#present.summary(view.directory.name) ?? NO_SUMMARY;
  }
}
