/**
 * Turns frames (all series, one moment) into series (one host and metric, all
 * moments), a part at a time: the hosts of one tile, and of those as many columns
 * as make about one part. Only a part is ever in memory uncompressed.
 */
import type { SeriesBatch } from "../../core/model/archive.js";
import type { ClusterDirectory } from "../../core/model/directory.js";
import type { Series } from "../../core/model/series.js";
import { BlockScan } from "./block-scan.js";
import type { ClusterFrames } from "./cluster-frames.js";
import type { FrameBlock, FrameHead } from "./frame-block.js";
import type { SampleMemory } from "./sample-memory.js";
import { inOrder } from "./series-builder.js";
import { TILE_ROWS } from "./tile/tile-cells.js";

/**
 * For spills of few frames: with four of them 4,000 samples are 1,000 series, and the objects of these take longer to make
 * than their samples. At 1,000 hosts, spilled each minute, such parts were turns of 4 to 6 ms.
 */
const SERIES_MAX = TILE_ROWS;

/** Frames with after < number <= through. */
export interface FrameRange {
  readonly after: number;
  readonly through: number;
}

/**
 * @param getRange frames to take; asked again for each part, and blocks too are looked at again, because frames may have left
 * @param samplesMax a part is handed out when it has this many, or SERIES_MAX series, so that the caller can give others a turn
 * @param memory for times and numbers of the parts
 */
export function* collectBatches(
  cluster: ClusterFrames,
  getRange: () => FrameRange,
  samplesMax: number,
  memory: SampleMemory,
): Generator<SeriesBatch[]> {
  const scan = new BlockScan();
  const collected: ColumnSamples[] = [];
  const tiles = Math.max(0, ...cluster.blocks.map((block) => block.tiles.length));
  for (let tile = 0; tile < tiles; tile++) {
    for (const [first, last] of columnRuns(scan, cluster, tile, getRange(), samplesMax)) {
      memory.reuse();
      for (const part of parts(
        collectColumns(scan, collected, memory, cluster, tile, first, last, getRange()),
        samplesMax,
      )) {
        memory.handOut();
        yield part;
      }
    }
  }
}

/** A run of one column may have more than a part should. */
function* parts(batches: readonly SeriesBatch[], samplesMax: number): Generator<SeriesBatch[]> {
  let part: SeriesBatch[] = [];
  let samples = 0;
  for (const batch of batches) {
    part.push(batch);
    samples += batch.series.timesMs.length;
    if (samples < samplesMax && part.length < SERIES_MAX) continue;
    yield part;
    part = [];
    samples = 0;
  }
  if (part.length > 0) yield part;
}

/** Columns in runs that have about samplesMax cells and SERIES_MAX series each: first and last. */
function columnRuns(
  scan: BlockScan,
  { blocks }: ClusterFrames,
  tile: number,
  range: FrameRange,
  samplesMax: number,
): [first: number, last: number][] {
  const counts = new Map<number, number>();
  let frames = 0;
  for (const block of blocks) {
    const { begin, end } = framesOf(block, range);
    frames += end - begin;
    scan.counts(block, tile, begin, end, (column, count) => counts.set(column, (counts.get(column) ?? 0) + count));
  }
  const runs: [number, number][] = [];
  let cells = 0;
  let series = 0;
  for (const [column, count] of [...counts].sort(([a], [b]) => a - b)) {
    const run = runs.at(-1);
    const rows = Math.ceil(count / frames);
    if (run === undefined || cells + count > samplesMax || series + rows > SERIES_MAX) {
      runs.push([column, column]);
      cells = count;
      series = rows;
    } else {
      run[1] = column;
      cells += count;
      series += rows;
    }
  }
  return runs;
}

/** Indexes of frames in a block: begin .. end-1. Those that left are none of them. */
function framesOf({ heads, first }: FrameBlock, { after, through }: FrameRange): { begin: number; end: number } {
  let begin = first;
  while (begin < heads.length && (heads[begin] as FrameHead).number <= after) begin++;
  let end = heads.length;
  while (end > begin && (heads[end - 1] as FrameHead).number > through) end--;
  return { begin, end };
}

/** The series of a tile's rows in some columns: by column, in each by row. */
function collectColumns(
  scan: BlockScan,
  collected: ColumnSamples[],
  memory: SampleMemory,
  { blocks, directory }: ClusterFrames,
  tile: number,
  first: number,
  last: number,
  range: FrameRange,
): SeriesBatch[] {
  for (let i = 0; i <= last - first; i++) {
    if (i < collected.length) collected[i]?.clear();
    else collected.push(new ColumnSamples());
  }
  const { reader } = scan;
  for (const block of blocks) {
    const { begin, end } = framesOf(block, range);
    scan.columns(block, tile, first, last, begin, end, (_frame, { values }) => {
      const { rows, count } = reader;
      const timesMs = reader.times();
      const samples = collected[reader.column - first] as ColumnSamples;
      samples.reserve(count);
      for (let i = 0; i < count; i++) {
        const row = rows[i] as number;
        samples.add(row, timesMs[i] as number, values[row] as number);
      }
      samples.endOfBlock(block);
    });
  }
  return collected
    .slice(0, last - first + 1)
    .flatMap((samples, i) => samples.batches(memory, directory, first + i, tile * TILE_ROWS));
}

/** Samples of one column as they come; a counting sort by row at the end. Used again for the next column. */
class ColumnSamples {
  #count = 0;
  #rows = new Uint8Array(256);
  #timesMs = new Float64Array(256);
  #values = new Float64Array(256);
  readonly #starts = new Uint32Array(TILE_ROWS + 2);
  /** Numbers of texts mean something in their block only: which block, up to which sample. */
  readonly #texts: { readonly texts: readonly string[]; end: number }[] = [];

  clear(): void {
    this.#count = 0;
    this.#texts.length = 0;
  }

  reserve(count: number): void {
    const wanted = this.#count + count;
    if (wanted <= this.#rows.length) return;
    const length = Math.max(wanted, this.#rows.length * 2);
    const [rows, timesMs, values] = [new Uint8Array(length), new Float64Array(length), new Float64Array(length)];
    rows.set(this.#rows);
    timesMs.set(this.#timesMs);
    values.set(this.#values);
    this.#rows = rows;
    this.#timesMs = timesMs;
    this.#values = values;
  }

  add(row: number, timeMs: number, value: number): void {
    const i = this.#count++;
    this.#rows[i] = row;
    this.#timesMs[i] = timeMs;
    this.#values[i] = value;
  }

  endOfBlock({ texts }: FrameBlock): void {
    const last = this.#texts.at(-1);
    if (last?.texts === texts) last.end = this.#count;
    else this.#texts.push({ texts, end: this.#count });
  }

  batches(memory: SampleMemory, directory: ClusterDirectory, column: number, firstRow: number): SeriesBatch[] {
    const { name: metric, kind } = directory.columnFacts(column);
    const { starts, timesMs, values, texts } = this.#sort(memory, kind === "text");
    const batches: SeriesBatch[] = [];
    for (let n = 0; n < TILE_ROWS; n++) {
      const [begin, end] = [starts[n] as number, starts[n + 1] as number];
      const host = directory.host(firstRow + n);
      if (begin === end || host === undefined) continue;
      const meta = directory.meta(firstRow + n, column);
      const series: Series =
        texts !== undefined
          ? { kind: "text", timesMs: part(timesMs, begin, end), texts: texts.slice(begin, end) }
          : { kind: "number", timesMs: part(timesMs, begin, end), values: part(values, begin, end) };
      batches.push({
        key: { cluster: directory.name, host: host.name, metric },
        type: meta?.type ?? (texts !== undefined ? "string" : "double"),
        units: meta?.units ?? "",
        tmaxS: meta?.tmaxS,
        slope: meta?.slope,
        series: inOrder(series),
      });
    }
    return batches;
  }

  /** The samples of each row together, as they came. */
  #sort(memory: SampleMemory, isText: boolean) {
    const count = this.#count;
    const starts = this.#starts.fill(0);
    for (let i = 0; i < count; i++) {
      const bin = (this.#rows[i] as number) + 2;
      starts[bin] = (starts[bin] as number) + 1;
    }
    for (let bin = 1; bin < starts.length; bin++) starts[bin] = (starts[bin] as number) + (starts[bin - 1] as number);
    const timesMs = memory.numbers(count);
    const values = memory.numbers(isText ? 0 : count);
    const texts = isText ? new Array<string>(count).fill("") : undefined;
    let block = 0;
    for (let i = 0; i < count; i++) {
      // Bin n+1 holds the next place of row n; when all is placed, it is where row n+1 begins.
      const bin = (this.#rows[i] as number) + 1;
      const at = starts[bin] as number;
      starts[bin] = at + 1;
      timesMs[at] = this.#timesMs[i] as number;
      while (i >= (this.#texts[block]?.end ?? Number.POSITIVE_INFINITY)) block++;
      const value = this.#values[i] as number;
      if (texts !== undefined) texts[at] = this.#texts[block]?.texts[value] ?? "";
      else values[at] = value;
    }
    return { starts, timesMs, values, texts };
  }
}

/** As subarray, which takes several times as long: there are two for each series. */
function part(array: Float64Array, begin: number, end: number): Float64Array {
  return new Float64Array(array.buffer, array.byteOffset + begin * 8, end - begin);
}
