/**
 * What a path of gmetad's grammar stands for. In a bare line nothing is ever "not found": a name that does not
 * exist gives the subtree of what was matched before it. In the HTTP form it gives the tags of what was matched,
 * with nothing in them.
 */
import { type ClusterView, hasSample } from "../../core/model/columns.js";
import { NONE } from "../../core/model/directory.js";
import type { ValueKind } from "../../core/model/metric.js";
import type { ReportedSums } from "../../core/model/summary.js";
import { isServed } from "./change-tracker.js";
import { EVERY } from "./ganglia-query.js";

export type Selection =
  | { readonly kind: "all" }
  | { readonly kind: "sums"; readonly sums: ReportedSums }
  | { readonly kind: "cluster"; readonly view: ClusterView }
  | { readonly kind: "host"; readonly view: ClusterView; readonly row: number }
  | { readonly kind: "metric"; readonly view: ClusterView; readonly row: number; readonly metric: string };

const KINDS: readonly ValueKind[] = ["number", "text"];

/** A cluster that is known with its hosts is not told in sums as well. A grid of the same name is another thing. */
export function servedSums(views: readonly ClusterView[], sums: readonly ReportedSums[]): readonly ReportedSums[] {
  const names = new Set(views.map((view) => view.directory.name));
  return sums.filter(({ kind, name }) => kind === "grid" || !names.has(name));
}

/**
 * For a bare line. Names are compared exactly, with their case; of one name a cluster goes before a grid.
 * @param sums as servedSums gives them
 */
export function selectPath(
  views: readonly ClusterView[],
  path: readonly string[],
  sums: readonly ReportedSums[] = [],
): Selection {
  const [name, hostName, metric] = path;
  const view = views.find((candidate) => candidate.directory.name === name);
  if (view === undefined) {
    const found = sumsOf(sums, name);
    return found === undefined ? { kind: "all" } : { kind: "sums", sums: found };
  }
  const row = hostName === undefined ? NONE : view.directory.findRow(hostName);
  if (row === NONE || !isServed(view, row)) return { kind: "cluster", view };
  if (metric === undefined || !hasMetric(view, row, metric)) return { kind: "host", view, row };
  return { kind: "metric", view, row, metric };
}

/** One child of the grid, and what of it is wanted. */
export type ExactSelection =
  | { readonly kind: "sums"; readonly sums: ReportedSums; readonly found: boolean }
  | {
      readonly kind: "cluster";
      readonly view: ClusterView;
      /** All hosts if undefined, none if NONE. */
      readonly row?: number;
      readonly metric?: string;
      /** The path ends at the cluster, which can be told in sums then. */
      readonly whole: boolean;
    };

/** For the HTTP form; the path is not empty. */
export function* selectExact(
  views: readonly ClusterView[],
  path: readonly string[],
  sums: readonly ReportedSums[] = [],
): Generator<ExactSelection> {
  const [name, host, metric] = path;
  const every = name === EVERY;
  const chosen = every ? views : views.filter((view) => view.directory.name === name);
  for (const view of chosen) {
    yield {
      kind: "cluster",
      view,
      whole: host === undefined,
      ...(host === undefined || host === EVERY ? {} : { row: servedRow(view, host) }),
      ...(metric === undefined || metric === EVERY ? {} : { metric }),
    };
  }
  const found = host === undefined;
  if (every) for (const each of sums) yield { kind: "sums", sums: each, found };
  else if (chosen.length === 0) {
    const named = sumsOf(sums, name);
    if (named !== undefined) yield { kind: "sums", sums: named, found };
  }
}

function sumsOf(sums: readonly ReportedSums[], name: string | undefined): ReportedSums | undefined {
  const named = sums.filter((each) => each.name === name);
  return named.find(({ kind }) => kind === "cluster") ?? named[0];
}

function servedRow(view: ClusterView, host: string): number {
  const row = view.directory.findRow(host);
  return row !== NONE && isServed(view, row) ? row : NONE;
}

/** Also one that is no number: gmetad knows it, and tells what it can. */
function hasMetric(view: ClusterView, row: number, metric: string): boolean {
  return KINDS.some((kind) => {
    const column = view.column(view.directory.findColumn(metric, kind));
    return column !== undefined && hasSample(column, row);
  });
}
