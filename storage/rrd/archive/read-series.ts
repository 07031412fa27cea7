/** The history that one RRD file holds of its first data source: of each time what its finest archive has. */
import type { Series } from "../../../core/model/series.js";
import { currentRow, type LiveView, lastUpdateS, newestRowS, readSettled } from "../commands/times.js";
import type { RrdFile } from "../file/rrd-file.js";
import { isPlainCf } from "../format/definition.js";
import { LAST_DS_BYTES, pdpOffset } from "../format/layout.js";
import { getText } from "../format/words.js";

interface Span {
  readonly rra: number;
  readonly widthS: number;
  /** Ends of rows with oldestS < end <= newestS. */
  readonly oldestS: number;
  readonly newestS: number;
}

/**
 * Rows with fromS <= end < toS that are known; a last reading that is unknown is told by a NaN at its time.
 * @returns undefined where there are none, and for a file of a counter: it holds rates, which are no samples of the metric
 */
export function readSeries(file: RrdFile, fromS: number, toS: number): Series | undefined {
  if (file.header.definition.dataSources[0]?.type !== "GAUGE") return undefined;
  return readSettled(file, (live) => seriesAt(file, live, fromS, toS));
}

function seriesAt(file: RrdFile, live: LiveView, fromS: number, toS: number): Series | undefined {
  const times: number[] = [];
  const values: number[] = [];
  const { dsCount } = file.header.layout;
  for (const { rra, widthS, oldestS, newestS } of spansOf(file, live)) {
    const firstS = Math.max(oldestS + widthS, Math.ceil(fromS / widthS) * widthS);
    const lastS = Math.min(newestS, (Math.ceil(toS / widthS) - 1) * widthS);
    if (firstS > lastS) continue;
    const rowCount = file.header.definition.archives[rra]?.rowCount as number;
    const newestOfAllS = newestRowS(live, widthS);
    const current = currentRow(live, rra);
    for (let timeS = firstS; timeS <= lastS; ) {
      const back = (newestOfAllS - timeS) / widthS;
      const row = (current - back + rowCount) % rowCount;
      const run = Math.min((lastS - timeS) / widthS + 1, rowCount - row);
      const rows = file.readRows(rra, row, run);
      for (let i = 0; i < run; i++, timeS += widthS) {
        const value = rows[i * dsCount] as number;
        if (Number.isNaN(value)) continue;
        times.push(timeS * 1_000);
        values.push(value);
      }
    }
  }
  const lastS = lastUpdateS(live);
  if (lastS >= fromS && lastS < toS && getText(live.bytes, pdpOffset(live.layout, 0), LAST_DS_BYTES).startsWith("U")) {
    if ((times.at(-1) ?? 0) < lastS * 1_000) {
      times.push(lastS * 1_000);
      values.push(Number.NaN);
    }
  }
  if (times.length === 0) return undefined;
  return { kind: "number", timesMs: Float64Array.from(times), values: Float64Array.from(values) };
}

/** Archives of averages, coarsest and oldest first: each one up to where a finer one begins. */
function spansOf(file: RrdFile, live: LiveView): Span[] {
  const { stepS, archives } = file.header.definition;
  const finestFirst = archives
    .map(({ cf, pdpCount, rowCount }, rra) => ({ cf, pdpCount, rowCount, rra, widthS: stepS * pdpCount }))
    // Rows of one step are the same for all plain functions.
    .filter(({ cf, pdpCount }) => cf === "AVERAGE" || (pdpCount === 1 && isPlainCf(cf)))
    .sort((a, b) => a.widthS - b.widthS);
  const spans: Span[] = [];
  let untilS = Number.POSITIVE_INFINITY;
  for (const { rra, widthS, rowCount } of finestFirst) {
    const newestS = newestRowS(live, widthS);
    const oldestS = newestS - widthS * rowCount;
    // A row that reaches into the finer one's time would tell it twice.
    const lastS = Math.min(newestS, Math.floor(untilS / widthS) * widthS);
    if (lastS > oldestS) spans.push({ rra, widthS, oldestS, newestS: lastS });
    untilS = Math.min(untilS, oldestS);
  }
  return spans.reverse();
}
