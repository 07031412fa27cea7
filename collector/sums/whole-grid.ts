/**
 * The sums of everything, at every step of 15 s as gmetad writes them: of each cluster and
 * grid what was last summed, as long as it is fresh. Pure; made when sums are written, so
 * that it is the same after a replay.
 */
import type { SummedMetric, SumTable } from "../../core/model/archive.js";
import { TMAX_FACTOR } from "../../core/model/liveness.js";
import type { SumLog } from "./sum-log.js";

/** gmetad's own, whatever its sources' steps. */
export const WHOLE_STEP_MS = 15_000;

/** gmetad writes them so. */
const WHOLE_DECIMALS = 5;

/**
 * @param everyMs distance of the rows of the logs
 * @param afterMs the last step that is written
 * @param stepsMax further steps are left for the next time
 * @returns undefined where no step has ended
 */
export function wholeTable(
  logs: readonly SumLog[],
  everyMs: number,
  afterMs: number,
  stepsMax: number,
): SumTable | undefined {
  const newestMs = Math.max(...logs.map(({ lastMs }) => lastMs));
  const oldestMs = Math.min(...logs.map(({ rows }) => rows[0]?.timeMs ?? Number.POSITIVE_INFINITY));
  const firstMs = Math.ceil(Math.max(afterMs + 1, oldestMs) / WHOLE_STEP_MS) * WHOLE_STEP_MS;
  const steps = Math.min(stepsMax, Math.floor((newestMs - firstMs) / WHOLE_STEP_MS) + 1);
  if (!(steps > 0)) return undefined;
  const metrics: SummedMetric[] = [];
  const places = new Map<string, number>();
  const placesOf = logs.map((log) =>
    log.metrics.map((metric) => {
      const known = places.get(metric.name);
      if (known !== undefined) return known;
      places.set(metric.name, metrics.length);
      return metrics.push(metric) - 1;
    }),
  );
  const width = metrics.length;
  const sums = new Float64Array(steps * width).fill(Number.NaN);
  const hosts = new Float64Array(steps * width);
  const holdMs = TMAX_FACTOR * Math.max(everyMs, WHOLE_STEP_MS);
  for (const [n, { rows }] of logs.entries()) {
    const own = placesOf[n] as number[];
    let next = 0;
    for (let step = 0; step < steps; step++) {
      const timeMs = firstMs + step * WHOLE_STEP_MS;
      while (next < rows.length && (rows[next]?.timeMs as number) <= timeMs) next++;
      const row = rows[next - 1];
      if (row === undefined || timeMs - row.timeMs >= holdMs) continue;
      for (let i = 0; i < row.sums.length; i++) {
        if (Number.isNaN(row.sums[i])) continue;
        const at = step * width + (own[i] as number);
        const soFar = sums[at] as number;
        sums[at] = (Number.isNaN(soFar) ? 0 : soFar) + (row.sums[i] as number);
        hosts[at] = (hosts[at] as number) + (row.hosts[i] as number);
      }
    }
  }
  const timesMs = Float64Array.from({ length: steps }, (_, step) => firstMs + step * WHOLE_STEP_MS);
  const rounded = sums.map((sum) => Number(sum.toFixed(WHOLE_DECIMALS)));
  return { kind: "whole", name: "", metrics, timesMs, sums: rounded, hosts };
}
