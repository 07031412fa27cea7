/**
 * A cluster in sums, by gmetad's rules: every number of every host that is up,
 * fresh or not, constants (slope zero) included, but nothing past its DMAX.
 */
import type { ClusterView, NumberColumn } from "../../core/model/columns.js";
import { isExpired, isHostUp } from "../../core/model/liveness.js";
import type { ExtraPair, MetricMeta, MetricType } from "../../core/model/metric.js";
import type { ClusterSummary, MetricSum } from "../../core/model/summary.js";

const INTEGERS: ReadonlySet<MetricType> = new Set(["int8", "uint8", "int16", "uint16", "int32", "uint32"]);

/** Says for which host a value was sent in another's name; means nothing in a sum. */
const SPOOF_HOST = "SPOOF_HOST";

/** @param nowMs our clock, epoch ms: who is up is a matter of now */
export function summarize(view: ClusterView, nowMs: number): ClusterSummary {
  const up = new Uint8Array(view.rowCount);
  let hostsUp = 0;
  let hostsDown = 0;
  for (let row = 0; row < view.rowCount; row++) {
    const host = view.directory.host(row);
    const heardMs = view.reportedMs[row] as number;
    if (host === undefined || heardMs === 0) continue;
    if (isHostUp((nowMs - heardMs) / 1_000, host.tmaxS)) {
      up[row] = 1;
      hostsUp++;
    } else {
      hostsDown++;
    }
  }
  const metrics: MetricSum[] = [];
  for (const column of view.columns()) {
    const sum = column.kind === "number" ? sumColumn(view, column, up, nowMs) : undefined;
    if (sum !== undefined) metrics.push(sum);
  }
  return { hostsUp, hostsDown, metrics };
}

/** @returns undefined where no host contributes */
function sumColumn(view: ClusterView, column: NumberColumn, up: Uint8Array, nowMs: number): MetricSum | undefined {
  const metas = new Set<MetricMeta>();
  let sum = 0;
  let num = 0;
  let firstRow = 0;
  for (let row = 0; row < view.rowCount; row++) {
    const value = column.values[row] as number;
    if (up[row] === 0 || Number.isNaN(value)) continue;
    const meta = view.directory.meta(row, column.column);
    // gmetad takes a timestamp for no number.
    if (meta === undefined || meta.type === "timestamp") continue;
    if (isExpired((nowMs - (column.timesMs[row] as number)) / 1_000, meta.dmaxS)) continue;
    if (num === 0) firstRow = row;
    metas.add(meta);
    sum += value;
    num++;
  }
  const [first] = metas;
  if (first === undefined) return undefined;
  const decimals = INTEGERS.has(first.type) ? 0 : (column.decimals[firstRow] as number);
  return { meta: { ...first, type: "double", extra: unitedExtra(metas) }, sum, num, decimals };
}

/** What any host says, each pair once, in order of first saying. */
function unitedExtra(metas: ReadonlySet<MetricMeta>): ExtraPair[] {
  const united = new Map<string, ExtraPair>();
  for (const meta of metas) {
    for (const pair of meta.extra) {
      if (pair[0] !== SPOOF_HOST) united.set(`${pair[0]}\0${pair[1]}`, pair);
    }
  }
  return [...united.values()];
}
