/**
 * What a path of gmetad's grammar stands for. Nothing is ever "not found" there:
 * a name that does not exist gives the subtree of what was matched before it.
 */
import type { ClusterView } from "../../core/model/columns.js";
import { NONE } from "../../core/model/directory.js";
import type { ValueKind } from "../../core/model/metric.js";
import { isServed } from "./change-tracker.js";

export type Selection =
  | { readonly kind: "all" }
  | { readonly kind: "cluster"; readonly view: ClusterView }
  | { readonly kind: "host"; readonly view: ClusterView; readonly row: number }
  | { readonly kind: "metric"; readonly view: ClusterView; readonly row: number; readonly metric: string };

const KINDS: readonly ValueKind[] = ["number", "text"];

/** Names are compared exactly, with their case. */
export function selectPath(views: readonly ClusterView[], path: readonly string[]): Selection {
  const [clusterName, hostName, metric] = path;
  const view = views.find((candidate) => candidate.directory.name === clusterName);
  if (view === undefined) return { kind: "all" };
  const row = hostName === undefined ? NONE : view.directory.findRow(hostName);
  if (row === NONE || !isServed(view, row)) return { kind: "cluster", view };
  if (metric === undefined || !hasMetric(view, row, metric)) return { kind: "host", view, row };
  return { kind: "metric", view, row, metric };
}

/** Also one that was cleared or is no number: gmetad knows it, and tells what it can. */
function hasMetric(view: ClusterView, row: number, metric: string): boolean {
  return KINDS.some((kind) => {
    const column = view.column(view.directory.findColumn(metric, kind));
    return column !== undefined && (column.timesMs[row] as number) > 0;
  });
}
