/** Grids and clusters of which the collector knows only sums, as the viewer holds them. */
import { nameFault, quoteName } from "../../core/model/names.js";
import type { ClusterSummary, MetricSum, ReportedSums } from "../../core/model/summary.js";
import type { ChangesDocument } from "../../core/wire/extension/changes.js";
import type { SumsDelta } from "../../core/wire/extension/sums.js";
import { MalformedAnswer } from "./client.js";

/** A collector of more of them than this is none. */
const SUMS_MAX = 1_024;
/** As many as a cluster may have columns. */
const METRICS_MAX = 2 ** 16;

export interface StoredSums extends ReportedSums {
  /** Changes with the set of metrics. */
  readonly layout: number;
}

/** By kind and name: a grid may be called as a cluster is. */
export type SumsByKey = ReadonlyMap<string, StoredSums>;

/**
 * Every one stands in each answer: one that is missing is gone.
 * @param held what came before; empty where the answer replaces all
 * @param layout for those that look otherwise than before; higher than any used so far
 * @throws MalformedAnswer
 */
export function applySums(held: SumsByKey, changes: ChangesDocument, layout: number): SumsByKey {
  const { sums = [] } = changes;
  if (sums.length > SUMS_MAX) throw new MalformedAnswer(`sums of ${sums.length} came, at most ${SUMS_MAX} are held`);
  const next = new Map<string, StoredSums>();
  for (const delta of sums) {
    const key = `${delta.kind} ${delta.name}`;
    if (next.has(key)) throw faultOf(delta, "they came twice");
    next.set(key, merged(held.get(key), delta, layout));
  }
  return next;
}

function merged(held: StoredSums | undefined, delta: SumsDelta, layout: number): StoredSums {
  const { full, hostsUp, hostsDown, metrics: told, ...rest } = delta;
  if (held === undefined && !full) throw faultOf(delta, "a part of them came, and none are held");
  for (const name of [delta.name, ...told.map(({ meta }) => meta.name)]) {
    const fault = nameFault(name);
    if (fault !== undefined) throw faultOf(delta, `the name ${quoteName(name)} came: ${fault}`);
  }
  const before = held?.summary.metrics ?? [];
  const metrics = new Map<string, MetricSum>();
  for (const metric of full ? told : [...before, ...told]) metrics.set(metric.meta.name, metric);
  if (metrics.size > METRICS_MAX) throw faultOf(delta, `more than ${METRICS_MAX} metrics came`);
  const isSame = metrics.size === before.length && before.every(({ meta }) => metrics.has(meta.name));
  return {
    ...rest,
    summary: { hostsUp, hostsDown, metrics: [...metrics.values()] },
    layout: held !== undefined && isSame ? held.layout : layout,
  };
}

/** @returns null where there is no sum, also where it is no number that JSON can say */
export function totalOf({ metrics }: ClusterSummary, metric: string): number | null {
  const sum = metrics.find(({ meta }) => meta.name === metric)?.sum;
  return sum === undefined || !Number.isFinite(sum) ? null : sum;
}

function faultOf({ kind, name }: SumsDelta, what: string): MalformedAnswer {
  return new MalformedAnswer(`sums of ${kind} ${quoteName(name)}: ${what}`);
}
