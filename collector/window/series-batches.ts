/** Turns frames (all series, one moment) into series (one host and metric, all moments), a part at a time. */
import type { SeriesBatch } from "../../core/model/archive.js";
import type { ClusterDirectory } from "../../core/model/directory.js";
import type { Series } from "../../core/model/series.js";
import { inOrder } from "./series-builder.js";
import { findColumn, lowerBound, timeOf, type WindowFrame } from "./window-frame.js";

/**
 * @param getFrames frames to take, oldest first; asked again after each part, because frames may have left
 * @param samplesMax a part is handed out when it has this many, so that the caller can give others a turn
 */
export function* collectBatches(
  directory: ClusterDirectory,
  getFrames: () => readonly WindowFrame[],
  samplesMax: number,
): Generator<SeriesBatch[]> {
  let frames = getFrames();
  let part: SeriesBatch[] = [];
  let samples = 0;
  for (const column of columnsOf(frames)) {
    const total = countCells(frames, column);
    // Rows are taken in runs that have about samplesMax cells if all rows have as many.
    const run = Math.max(1, Math.floor((directory.rowCount * samplesMax) / Math.max(1, total)));
    for (let row = 0; row < directory.rowCount; row += run) {
      for (const batch of collectRows(directory, frames, column, row, row + run)) {
        part.push(batch);
        samples += batch.series.timesMs.length;
      }
      if (samples < samplesMax) continue;
      yield part;
      part = [];
      samples = 0;
      frames = getFrames();
    }
  }
  if (part.length > 0) yield part;
}

function columnsOf(frames: readonly WindowFrame[]): number[] {
  const columns = new Set<number>();
  for (const frame of frames) for (const column of frame.columns) columns.add(column);
  return [...columns].sort((a, b) => a - b);
}

function countCells(frames: readonly WindowFrame[], column: number): number {
  let count = 0;
  for (const frame of frames) {
    const at = findColumn(frame, column);
    if (at >= 0) count += (frame.starts[at + 1] as number) - (frame.starts[at] as number);
  }
  return count;
}

interface Run {
  readonly frame: WindowFrame;
  readonly begin: number;
  readonly end: number;
}

/** The series of the rows beginRow <= row < endRow of a column. */
function collectRows(
  directory: ClusterDirectory,
  frames: readonly WindowFrame[],
  column: number,
  beginRow: number,
  endRow: number,
): SeriesBatch[] {
  const runs: Run[] = [];
  for (const frame of frames) {
    const at = findColumn(frame, column);
    if (at < 0) continue;
    const columnEnd = frame.starts[at + 1] as number;
    const begin = lowerBound(frame.rows, beginRow, frame.starts[at] as number, columnEnd);
    const end = lowerBound(frame.rows, endRow, begin, columnEnd);
    if (end > begin) runs.push({ frame, begin, end });
  }
  return batchesOf(directory, column, scatter(runs, beginRow, endRow, directory.columnFacts(column).kind === "text"));
}

interface Scattered {
  readonly beginRow: number;
  /** Where the samples of each row begin, and behind the last one. */
  readonly starts: Uint32Array;
  readonly timesMs: Float64Array;
  readonly values: Float64Array;
  readonly texts: string[] | undefined;
}

/** A counting sort by row: the samples of each row stand together, oldest first. */
function scatter(runs: readonly Run[], beginRow: number, endRow: number, isText: boolean): Scattered {
  const starts = new Uint32Array(endRow - beginRow + 2);
  for (const { frame, begin, end } of runs) {
    for (let i = begin; i < end; i++) {
      const bin = (frame.rows[i] as number) - beginRow + 2;
      starts[bin] = (starts[bin] as number) + 1;
    }
  }
  for (let bin = 1; bin < starts.length; bin++) starts[bin] = (starts[bin] as number) + (starts[bin - 1] as number);
  const total = starts.at(-1) as number;
  const timesMs = new Float64Array(total);
  const values = new Float64Array(isText ? 0 : total);
  const texts = isText ? new Array<string>(total).fill("") : undefined;
  for (const { frame, begin, end } of runs) {
    for (let i = begin; i < end; i++) {
      // Bin n+1 holds the next place of row n; when all is placed, it is where row n+1 begins.
      const bin = (frame.rows[i] as number) - beginRow + 1;
      const at = starts[bin] as number;
      starts[bin] = at + 1;
      timesMs[at] = timeOf(frame, i);
      if (texts !== undefined) texts[at] = frame.texts[frame.values[i] as number] ?? "";
      else values[at] = frame.values[i] as number;
    }
  }
  return { beginRow, starts, timesMs, values, texts };
}

function batchesOf(
  directory: ClusterDirectory,
  column: number,
  { beginRow, starts, timesMs, values, texts }: Scattered,
): SeriesBatch[] {
  const metric = directory.columnFacts(column).name;
  const batches: SeriesBatch[] = [];
  for (let n = 0; n + 2 < starts.length; n++) {
    const [begin, end] = [starts[n] as number, starts[n + 1] as number];
    const host = directory.host(beginRow + n);
    if (begin === end || host === undefined) continue;
    const meta = directory.meta(beginRow + n, column);
    const series: Series =
      texts !== undefined
        ? { kind: "text", timesMs: timesMs.subarray(begin, end), texts: texts.slice(begin, end) }
        : { kind: "number", timesMs: timesMs.subarray(begin, end), values: values.subarray(begin, end) };
    batches.push({
      key: { cluster: directory.name, host: host.name, metric },
      type: meta?.type ?? (texts !== undefined ? "string" : "double"),
      units: meta?.units ?? "",
      series: inOrder(series),
    });
  }
  return batches;
}
