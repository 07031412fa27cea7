/**
 * Samples of one series as a blob and back, bit for bit. Pure. The bytes are
 * described in SCHEMA.md; a change of them is a new format number beside the old
 * one, which stays readable.
 */
import { deflateRawSync, inflateRawSync } from "node:zlib";
import type { Series } from "../../core/model/series.js";
import { joinSeries } from "../series.js";
import { ByteReader, BytesError, ByteWriter } from "./bytes.js";
import { readNumbers, writeNumbers } from "./chunk-numbers.js";
import { readTexts, writeTexts } from "./chunk-texts.js";
import { readTimes, writeTimes } from "./chunk-times.js";

const FORMAT = 1;
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

/** @param deflate worth its time for chunks that stay as they are */
export function encodeChunk(series: Series, deflate: boolean): Buffer {
  const writer = new ByteWriter(64 + 4 * series.timesMs.length);
  writer.varint(series.timesMs.length);
  writeTimes(writer, series.timesMs);
  if (series.kind === "number") writeNumbers(writer, series.values);
  else writeTexts(writer, series.texts);
  const kind = series.kind === "text" ? TEXT : 0;
  const plain = writer.written();
  const deflated = deflate ? deflateRawSync(plain, DEFLATE_OPTIONS) : plain;
  return deflated.length < plain.length
    ? Buffer.concat([Buffer.of(FORMAT, kind | DEFLATED), deflated])
    : Buffer.concat([Buffer.of(FORMAT, kind), plain]);
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
  try {
    let reader = new ByteReader(blob);
    do {
      const format = reader.byte();
      const flags = reader.byte();
      if (format !== FORMAT || flags > (TEXT | DEFLATED)) {
        throw new BytesError(`it begins with ${format}, ${flags}, expected format ${FORMAT}`);
      }
      if (flags & DEFLATED) reader = inflated(reader);
      parts.push(decodeBody(reader, (flags & TEXT) !== 0));
    } while (reader.left > 0);
  } catch (error) {
    throw new ChunkError(error instanceof Error ? error.message : String(error));
  }
  const [first, ...others] = parts;
  if (first === undefined || others.some((part) => part.kind !== first.kind)) throw new ChunkError("its kinds differ");
  return others.length === 0 ? first : (joinSeries(parts) ?? first);
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
