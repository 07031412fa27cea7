/**
 * How samples become rows. New samples of a series go to its tail, a row that
 * grows by one encoded part with each append and is cheap to rewrite. When the tail
 * is full its samples are encoded once more, as one, and become a chunk, which is
 * merged with others later (chunk-merging.ts). Pure.
 */
import type { Series } from "../../core/model/series.js";
import { joinSeries, sliceSeries } from "../series.js";
import { decodeChunk, encodeChunk, encodePart, kindOfChunk } from "./chunk-codec.js";

/** Two hours at one in 15 s. More would pack better, but short ranges would decode much in vain. */
export const CHUNK_SAMPLES_MAX = 512;

/**
 * All series of a cluster begin at once; with one limit for all, their chunks would
 * all be made in one append that takes ten times as long as the others. So limits
 * are spread by series: 512, 492 ... 372.
 */
export function samplesMaxOf(seriesId: number): number {
  return CHUNK_SAMPLES_MAX - 20 * (seriesId % 8);
}

/** A larger chunk is cut in two, so that several fit on a page (see PAGE_BYTES in database.ts). */
const CHUNK_BYTES_MAX = 2_000;

/** 512 samples at the 2 to 3 bytes that slow metrics take, and room for the heads of parts; noise is full earlier. */
const TAIL_BYTES_MAX = 4_096;

/** A row of the tables tail and chunk: one series from startMs to endMs, both included. */
export interface Segment {
  readonly startMs: number;
  readonly endMs: number;
  readonly count: number;
  readonly blob: Buffer;
}

export interface Growth {
  /** At least one sample: the newest. */
  readonly tail: Segment;
  /** Left the tail, in order of time. */
  readonly chunks: readonly Segment[];
}

/**
 * @param tail what was there, if anything
 * @param fresh at least one sample, all newer than the tail
 * @param samplesMax of a tail and of a chunk
 */
export function growTail(tail: Segment | undefined, fresh: Series, samplesMax = CHUNK_SAMPLES_MAX): Growth {
  if (tail === undefined) return shed(fresh, samplesMax);
  const part = segmentOf(fresh, false);
  const alike = kindOfChunk(tail.blob) === fresh.kind;
  if (alike && fits(tail.count + part.count, tail.blob.length + part.blob.length, samplesMax)) {
    return { tail: joined(tail, part), chunks: [] };
  }
  const held = decodedOrUndefined(tail.blob);
  if (alike && held !== undefined) return shed(joinSeries([held, fresh]) ?? fresh, samplesMax);
  // A metric that turned from number to text or back: a row is of one kind. Or a damaged tail: it is set
  // aside as it is, where reading it tells, and what comes is kept.
  const { tail: rest, chunks } = shed(fresh, samplesMax);
  return { tail: rest, chunks: [...(held === undefined ? [tail] : chunksOf(held)), ...chunks] };
}

function decodedOrUndefined(blob: Buffer): Series | undefined {
  try {
    return decodeChunk(blob);
  } catch {
    return undefined;
  }
}

/** @param fresh at least one sample @returns all of it, to be put behind a tail of its kind; valid until the next one is made */
export function partOf(fresh: Series): Segment {
  const { timesMs } = fresh;
  const [startMs, endMs] = [timesMs[0] as number, timesMs[timesMs.length - 1] as number];
  return { startMs, endMs, count: timesMs.length, blob: encodePart(fresh) };
}

/** Whether a tail may have so many samples and bytes. */
export function fits(count: number, bytes: number, samplesMax: number): boolean {
  return count <= samplesMax && bytes <= TAIL_BYTES_MAX;
}

function joined(tail: Segment, part: Segment): Segment {
  const blob = Buffer.concat([tail.blob, part.blob]);
  return { startMs: tail.startMs, endMs: part.endMs, count: tail.count + part.count, blob };
}

function shed(series: Series, samplesMax: number): Growth {
  const chunks: Segment[] = [];
  let rest = series;
  while (rest.timesMs.length > samplesMax) {
    chunks.push(...chunksOf(sliceSeries(rest, 0, samplesMax)));
    rest = sliceSeries(rest, samplesMax);
  }
  const tail = segmentOf(rest, false);
  if (tail.count === 1 || fits(tail.count, tail.blob.length, samplesMax)) return { tail, chunks };
  chunks.push(...chunksOf(sliceSeries(rest, 0, tail.count - 1)));
  return { tail: segmentOf(sliceSeries(rest, tail.count - 1), false), chunks };
}

function chunksOf(series: Series): Segment[] {
  const chunk = segmentOf(series, true);
  if (chunk.blob.length <= CHUNK_BYTES_MAX || chunk.count === 1) return [chunk];
  const middle = chunk.count >>> 1;
  return [...chunksOf(sliceSeries(series, 0, middle)), ...chunksOf(sliceSeries(series, middle))];
}

/** @param series at least one sample @returns all of it as one chunk */
export function wholeSegment(series: Series): Segment {
  return segmentOf(series, true);
}

/** @param deflate worth its time for what stays as it is */
function segmentOf(series: Series, deflate: boolean): Segment {
  const { timesMs } = series;
  return {
    startMs: timesMs[0] as number,
    endMs: timesMs.at(-1) as number,
    count: timesMs.length,
    blob: encodeChunk(series, deflate),
  };
}
