/** A tick of the live stream laid over the overview that the page has. */
import type { ClusterColumns, ClusterTick, OverviewAnswer, SumsAnswer, TickEvent } from "../../api/answers.js";

/** @returns undefined where the tick does not fit: hosts, metrics or sums came or went, the whole is to be read again */
export function applyTick(overview: OverviewAnswer, tick: TickEvent): OverviewAnswer | undefined {
  if (overview.clusters.length !== tick.clusters.length || shapeOf(overview.sums) !== shapeOf(tick.sums)) {
    return undefined;
  }
  const clusters: ClusterColumns[] = [];
  for (const [i, change] of tick.clusters.entries()) {
    const held = overview.clusters[i];
    if (held === undefined || held.name !== change.name || held.layout !== change.layout) return undefined;
    clusters.push(applyToCluster(held, change));
  }
  return { ...overview, version: tick.version, clusters, sums: tick.sums, counts: tick.counts };
}

/** Which sums there are, and of what: it decides which metrics can be chosen. */
function shapeOf(sums: readonly SumsAnswer[]): string {
  return JSON.stringify(sums.map(({ kind, name, layout }) => [kind, name, layout]));
}

function applyToCluster(held: ClusterColumns, change: ClusterTick): ClusterColumns {
  const { frameTimeMs, up, down, states, alerts } = change;
  const next = { ...held, frameTimeMs, up, down, states, alerts };
  if (change.at.length === 0) return next;
  const values = [...held.values];
  const timesS = [...held.timesS];
  for (const [i, position] of change.at.entries()) {
    values[position] = change.values[i] ?? null;
    timesS[position] = change.timesS[i] ?? 0;
  }
  return { ...next, values, timesS };
}
