/** Documents as a collector would send them, from a table of hosts. */
import { newHostFacts } from "../../../core/model/host.js";
import type { MetricMeta } from "../../../core/model/metric.js";
import type { ReportedSums } from "../../../core/model/summary.js";
import type { ChangesDocument, ClusterDelta } from "../../../core/wire/extension/changes.js";
import { Store } from "../../../viewer/pull/store.js";

export const NOW_MS = 1_700_000_000_000;

export interface HostSpec {
  readonly name: string;
  /** Seconds since it was heard; 3 unless told. */
  readonly silenceS?: number;
  /** Values by metric; a pair is a value and its age in seconds. */
  readonly values?: Readonly<Record<string, number | readonly [value: number, ageS: number]>>;
}

export function storeOf(
  clusters: Readonly<Record<string, readonly HostSpec[]>>,
  units: Readonly<Record<string, string>> = {},
  sums: readonly ReportedSums[] = [],
): Store {
  const store = new Store();
  const document: ChangesDocument = {
    instance: "i",
    nowMs: NOW_MS,
    full: true,
    frame: 1,
    clusters: Object.entries(clusters).map(([name, hosts]) => deltaOf(name, hosts, units)),
    sums: sums.map(({ summary, ...told }) => ({ ...told, ...summary, full: true })),
  };
  store.apply(document);
  return store;
}

function deltaOf(name: string, hosts: readonly HostSpec[], units: Readonly<Record<string, string>>): ClusterDelta {
  const metrics = [...new Set(hosts.flatMap((host) => Object.keys(host.values ?? {})))];
  const metaOf = (metric: string): MetricMeta => ({
    name: metric,
    type: "double",
    units: units[metric] ?? "",
    slope: "both",
    tmaxS: 60,
    dmaxS: 0,
    extra: [],
  });
  return {
    name,
    full: true,
    frame: 1,
    frameTimeMs: NOW_MS,
    facts: { owner: "", latlong: "", url: "" },
    rowCount: hosts.length,
    columnCount: metrics.length,
    firing: 0,
    goneRows: new Uint32Array(0),
    hosts: hosts.map((host, row) => ({ row, facts: newHostFacts(host.name) })),
    heardRows: Uint32Array.from(hosts.keys()),
    heardMs: Float64Array.from(hosts, (host) => NOW_MS - (host.silenceS ?? 3) * 1_000),
    metrics: metrics.map((metric, column) => ({
      column,
      name: metric,
      kind: "number",
      meta: metaOf(metric),
      own: [],
    })),
    numbers: metrics.map((metric, column) => {
      const told = [...hosts.entries()].filter(([, host]) => host.values?.[metric] !== undefined);
      const pairs = told.map(([, host]) => [host.values?.[metric]].flat() as number[]);
      return {
        column,
        rows: Uint32Array.from(told, ([row]) => row),
        values: Float64Array.from(pairs, ([value]) => value ?? Number.NaN),
        decimals: new Uint8Array(told.length),
        timesMs: Float64Array.from(pairs, ([, ageS]) => NOW_MS - (ageS ?? 3) * 1_000),
      };
    }),
    texts: [],
  };
}
