/** History as numbers, exact, for those who cannot or do not want to look at a chart. Opens at the newest. */
import { useLayoutEffect, useRef } from "preact/hooks";
import type { HistoryAnswer, HostMetric } from "../../api/answers.js";
import { formatDateTime, NO_VALUE } from "../lib/format.js";

/** More rows than that nobody reads, and a browser gets slow. */
const ROWS_MAX = 500;

interface Row {
  readonly timeMs: number;
  readonly cells: readonly (number | string | null | undefined)[];
}

export function HistoryTable({ history, metric }: { history: HistoryAnswer; metric: HostMetric }) {
  const rows = rowsOf(history);
  const box = useRef<HTMLDivElement>(null);
  const last = rows.at(-1)?.timeMs;
  useLayoutEffect(() => {
    const element = box.current;
    if (element === null) return;
    element.scrollTop = element.scrollHeight;
  }, [last]);
  const heads = history.kind === "buckets" ? ["Minimum", "Average", "Maximum"] : ["Value"];
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, and must do so by keyboard too
    <div class="table-box" tabIndex={0} ref={box}>
      {rows.length > ROWS_MAX && (
        <p class="quiet">{rows.length - ROWS_MAX} older ones are left out: choose a shorter time</p>
      )}
      <table data-testid="history-table" data-metric={metric.name}>
        <caption class="hidden">
          {metric.name} {metric.units}
        </caption>
        <thead>
          <tr>
            <th scope="col">{history.kind === "buckets" ? `From (${history.stepMs / 1_000} s each)` : "Time"}</th>
            {heads.map((head) => (
              <th key={head} scope="col" class="number">
                {head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.slice(-ROWS_MAX).map((row) => (
            <tr
              key={row.timeMs}
              data-testid="point-row"
              data-time-ms={row.timeMs}
              data-value={row.cells.at(heads.length > 1 ? 1 : 0) ?? ""}
            >
              <th scope="row">{formatDateTime(row.timeMs)}</th>
              {row.cells.map((cell, i) => (
                <td key={heads[i]} class="number">
                  {cell ?? NO_VALUE}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function rowsOf(history: HistoryAnswer): Row[] {
  if (history.kind !== "buckets") {
    return history.timesMs.map((timeMs, i) => ({ timeMs, cells: [history.values[i]] }));
  }
  const { startMs, stepMs, min, avg, max } = history;
  return avg.map((value, i) => ({
    timeMs: startMs + i * stepMs,
    cells: [shown(min[i]), shown(value), shown(max[i])],
  }));
}

/** Means have seventeen digits; nobody measured them. */
function shown(value: number | null | undefined): number | null {
  return value === null || value === undefined ? null : Number(value.toPrecision(10));
}
