/**
 * Samples of one series as a blob and back, bit for bit. Pure. The bytes are
 * described in SCHEMA.md; a change of them is a new format number beside the old
 * one, which stays readable. Numbers are written as format 2, texts as format 1.
 */
import { deflateRawSync, inflateRawSync } from "node:zlib";
import type { Series, TextSeries } from "../../core/model/series.js";
import { joinSeries } from "../series.js";
import { ByteReader, BytesError, ByteWriter } from "./bytes.js";
import { readNumbers } from "./chunk-numbers.js";
import { PART_SAMPLES_MAX, Runs, readRunsPart, writeRunsPart } from "./chunk-runs.js";
import { readTexts, writeTexts } from "./chunk-texts.js";
import { readTimes, writeTimes } from "./chunk-times.js";

const FORMAT_1 = 1;
const FORMAT_2 = 2;
const TEXT = 1;
const DEFLATED = 2;

/**
 * Chunks are about 1 kB: a window of 4 kB sees all of one, and the small tables
 * halve the time of a call against zlib's defaults at the same size.
 */
const DEFLATE_OPTIONS = { level: 1, windowBits: 12, memLevel: 5 } as const;

/** Far above any chunk we write; a damaged one shall not fill the memory. */
const INFLATED_BYTES_MAX = 256 * 2 ** 20;

/** A blob that is no chunk, or of a format not known here. */
export class ChunkError extends Error {
  override readonly name = "ChunkError";
}

/** One for all: to make a buffer for each of the 35,000 parts of a spill took as long as to fill it. */
const numbersWriter = new ByteWriter(4_096);

/** @returns the chunk, not deflated; valid until the next call of this or of encodeChunk */
export function encodePart(series: Series): Buffer {
  return series.kind === "number" ? encodeNumbers(series.timesMs, series.values) : encodeTexts(series, false);
}

/** @param deflate worth its time for texts that stay as they are; numbers never are */
export function encodeChunk(series: Series, deflate: boolean): Buffer {
  if (series.kind === "number") return Buffer.from(encodeNumbers(series.timesMs, series.values));
  return encodeTexts(series, deflate);
}

function encodeTexts(series: TextSeries, deflate: boolean): Buffer {
  const writer = new ByteWriter(64 + 4 * series.timesMs.length);
  writer.varint(series.timesMs.length);
  writeTimes(writer, series.timesMs);
  writeTexts(writer, series.texts);
  const plain = writer.written();
  const deflated = deflate ? deflateRawSync(plain, DEFLATE_OPTIONS) : plain;
  return deflated.length < plain.length
    ? Buffer.concat([Buffer.of(FORMAT_1, TEXT | DEFLATED), deflated])
    : Buffer.concat([Buffer.of(FORMAT_1, TEXT), plain]);
}

function encodeNumbers(timesMs: Float64Array, values: Float64Array): Buffer {
  const writer = numbersWriter;
  writer.clear();
  // A part cannot be longer; parts one behind the other are one chunk.
  let begin = 0;
  do {
    const end = begin + PART_SAMPLES_MAX;
    writer.byte(FORMAT_2);
    writer.byte(0);
    writeRunsPart(writer, timesMs.subarray(begin, end), values.subarray(begin, end));
    begin = end;
  } while (begin < timesMs.length);
  return writer.written();
}

/** @returns the kind of all its samples, without decoding them */
export function kindOfChunk(blob: Uint8Array): Series["kind"] {
  return ((blob[1] ?? 0) & TEXT) === 0 ? "number" : "text";
}

/**
 * @param blob one chunk, or several of one kind in order of time, of which only the last may be deflated
 * @throws ChunkError
 */
export function decodeChunk(blob: Uint8Array): Series {
  const parts: Series[] = [];
  forEachPart(
    blob,
    (runs) => parts.push(samplesOf(runs)),
    (part) => parts.push(part),
  );
  const [first, ...others] = parts;
  if (first === undefined || others.some((part) => part.kind !== first.kind)) throw new ChunkError("its kinds differ");
  return others.length === 0 ? first : (joinSeries(parts) ?? first);
}

/** One for all: what is taken is done with it before the next part is read. */
const scratch = new Runs();

/**
 * In order of time, as it stands there.
 * @param takeRuns a part of format 2; valid until it returns
 * @param takeSeries a part of format 1
 * @throws ChunkError
 */
export function forEachPart(
  blob: Uint8Array,
  takeRuns: (runs: Runs) => void,
  takeSeries: (series: Series) => void,
): void {
  let reader = new ByteReader(blob);
  do {
    let part: Series | undefined;
    try {
      const format = reader.byte();
      const flags = reader.byte();
      if (format === FORMAT_2 && flags === 0) readRunsPart(reader, scratch);
      else if (format === FORMAT_1 && flags <= (TEXT | DEFLATED)) {
        if (flags & DEFLATED) reader = inflated(reader);
        part = decodeBody(reader, (flags & TEXT) !== 0);
      } else throw new BytesError(`it begins with ${format}, ${flags}, expected format 1 or 2`);
    } catch (error) {
      throw new ChunkError(error instanceof Error ? error.message : String(error));
    }
    if (part === undefined) takeRuns(scratch);
    else takeSeries(part);
  } while (reader.left > 0);
}

function samplesOf(runs: Runs): Series {
  const { count, steady, startMs, stepMs } = runs;
  const timesMs = new Float64Array(count);
  if (steady) for (let i = 0; i < count; i++) timesMs[i] = startMs + i * stepMs;
  else timesMs.set(runs.timesMs.subarray(0, count));
  return { kind: "number", timesMs, values: valuesOf(runs) };
}

function valuesOf({ count, runCount, ends, values: runValues }: Runs): Float64Array {
  const values = new Float64Array(count);
  let i = 0;
  for (let r = 0; r < runCount; r++) {
    const end = ends[r] as number;
    const value = runValues[r] as number;
    // Copied as bits: through a number the payload of a NaN would be lost.
    if (Number.isNaN(value)) for (; i < end; i++) values.set(runValues.subarray(r, r + 1), i);
    else for (; i < end; i++) values[i] = value;
  }
  return values;
}

/** All that is left, inflated. */
function inflated(reader: ByteReader): ByteReader {
  return new ByteReader(inflateRawSync(reader.raw(reader.left), { maxOutputLength: INFLATED_BYTES_MAX }));
}

function decodeBody(reader: ByteReader, text: boolean): Series {
  const count = reader.varint();
  // Each sample takes at least a byte for its time: no array is made on a damaged count alone.
  if (count > reader.left) throw new BytesError(`${count} samples in ${reader.left} bytes`);
  const timesMs = readTimes(reader, count);
  return text
    ? { kind: "text", timesMs, texts: readTexts(reader, count) }
    : { kind: "number", timesMs, values: readNumbers(reader, count) };
}
