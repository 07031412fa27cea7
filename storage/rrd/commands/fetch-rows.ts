/** Which archive answers a question, and its rows. */
import type { RrdFile } from "../file/rrd-file.js";
import { type Cf, isPlainCf, type RrdDefinition } from "../format/definition.js";
import { RrdError } from "../rrd-error.js";
import { currentRow, type LiveView, newestRowS, readSettled } from "./times.js";

/** Most values of an answer; more would be a mistyped time. 10 million are 80 MB. */
const VALUES_MAX = 10_000_000;

export interface FetchedRows {
  /** End of each row's interval, seconds since 1970. */
  readonly timesS: Float64Array;
  /** Row by row, one a data source; NaN: unknown. */
  readonly values: Float64Array;
  readonly stepS: number;
}

/**
 * Rows whose ends lie in (start, end], made wider to whole rows: one more than needed when
 * the end lies on a boundary.
 * @throws RrdError if no archive fits
 */
export function fetchRows(file: RrdFile, cf: Cf, startS: number, endS: number, resolutionS: number): FetchedRows {
  return readSettled(file, (live) => rowsAt(file, live, cf, startS, endS, resolutionS));
}

function rowsAt(file: RrdFile, live: LiveView, cf: Cf, startS: number, endS: number, resolutionS: number): FetchedRows {
  const { definition, layout } = file.header;
  const newestOf = (widthS: number) => newestRowS(live, widthS);
  const rra = chooseArchive(definition, newestOf, cf, startS, endS, resolutionS);
  const archive = definition.archives[rra];
  if (archive === undefined) throw new RrdError("the RRD does not contain an RRA matching the chosen CF");
  const widthS = definition.stepS * archive.pdpCount;
  const firstS = startS - (startS % widthS) + widthS;
  const lastS = endS + widthS - (endS % widthS);
  const count = (lastS - firstS) / widthS + 1;
  const { dsCount } = layout;
  if (count * dsCount > VALUES_MAX) {
    throw new RrdError(`${count} rows were asked for, expected at most ${Math.floor(VALUES_MAX / dsCount)}`);
  }
  const values = new Float64Array(count * dsCount).fill(Number.NaN);
  const newestS = newestOf(widthS);
  const current = currentRow(live, rra);
  // Row i is `back` rows before the newest. Only what the archive has is read, in one or two runs.
  const begin = Math.max(0, count - 1 - Math.floor((lastS - (newestS - widthS * (archive.rowCount - 1))) / widthS));
  const end = Math.min(count, Math.floor((newestS - firstS) / widthS) + 1);
  for (let i = begin; i < end; ) {
    const back = (newestS - (firstS + i * widthS)) / widthS;
    const row = (((current - back) % archive.rowCount) + archive.rowCount) % archive.rowCount;
    const run = Math.min(end - i, archive.rowCount - row);
    values.set(file.readRows(rra, row, run), i * dsCount);
    i += run;
  }
  return { timesS: Float64Array.from({ length: count }, (_, i) => firstS + i * widthS), values, stepS: widthS };
}

/**
 * An archive of the function asked for, or one of single steps, in which all four plain functions
 * agree. Of those that reach back to the start the one nearest to the resolution; else the one that
 * covers most.
 * @returns its position, -1 if there is none
 */
function chooseArchive(
  { stepS, archives }: RrdDefinition,
  newestOf: (widthS: number) => number,
  cf: Cf,
  startS: number,
  endS: number,
  resolutionS: number,
): number {
  let full = -1;
  let fullDistance = Number.POSITIVE_INFINITY;
  let partial = -1;
  let partialCovered = Number.NEGATIVE_INFINITY;
  let partialDistance = Number.POSITIVE_INFINITY;
  archives.forEach((archive, rra) => {
    if (archive.cf !== cf && !(archive.pdpCount === 1 && isPlainCf(archive.cf) && isPlainCf(cf))) return;
    const widthS = stepS * archive.pdpCount;
    const oldestS = newestOf(widthS) - widthS * archive.rowCount;
    const distance = Math.abs(resolutionS - widthS);
    if (oldestS <= startS) {
      if (distance < fullDistance) [full, fullDistance] = [rra, distance];
      return;
    }
    const covered = endS - oldestS;
    if (covered > partialCovered || (covered === partialCovered && distance < partialDistance)) {
      [partial, partialCovered, partialDistance] = [rra, covered, distance];
    }
  });
  return full >= 0 ? full : partial;
}
