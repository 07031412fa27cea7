/**
 * Times of a chunk. Samples come at a steady pace, so the change of the distance
 * between two of them is mostly nought: one byte a sample, and a dull one.
 */
import { type ByteReader, BytesError, type ByteWriter } from "./bytes.js";
import { bytesToFloats, floatsToBytes } from "./floats.js";

/** Unit of the whole numbers that follow; 0: eight bytes a time follow instead. */
export const UNITS_MS = [0, 1, 1_000] as const;
export const RAW = 0;

/** Doubling three times (difference, difference again, sign) must stay within 2^53. */
const WHOLE_MAX = 2 ** 50;

export function writeTimes(writer: ByteWriter, timesMs: Float64Array): void {
  const code = unitCodeOf(timesMs);
  writer.byte(code);
  if (code === RAW) {
    writer.raw(floatsToBytes(timesMs));
    return;
  }
  const unitMs = UNITS_MS[code] as number;
  let previous = 0;
  let step = 0;
  for (let i = 0; i < timesMs.length; i++) {
    const time = (timesMs[i] as number) / unitMs;
    writer.signed(time - previous - step);
    // The first number is a time, not a step.
    step = i === 0 ? 0 : time - previous;
    previous = time;
  }
}

export function readTimes(reader: ByteReader, count: number): Float64Array {
  const code = reader.byte();
  if (code === RAW) return bytesToFloats(reader.raw(count * 8));
  const unitMs = UNITS_MS[code];
  if (unitMs === undefined) throw new BytesError(`time unit ${code} is not known`);
  const timesMs = new Float64Array(count);
  let previous = 0;
  let step = 0;
  for (let i = 0; i < count; i++) {
    const time = previous + step + reader.signed();
    step = i === 0 ? 0 : time - previous;
    previous = time;
    timesMs[i] = time * unitMs;
  }
  return timesMs;
}

/** @returns the code of the longest unit that all times are multiples of */
export function unitCodeOf(timesMs: Float64Array): number {
  let code = 2;
  for (let i = 0; i < timesMs.length; i++) {
    const timeMs = timesMs[i] as number;
    if (Math.abs(timeMs) > WHOLE_MAX) return RAW;
    // A whole number has no minus nought: its sign would be lost.
    if (timeMs === 0 && Object.is(timeMs, -0)) return RAW;
    // Multiplied back: many times as fast as a remainder.
    while (code > RAW && !isMultiple(timeMs, UNITS_MS[code] as number)) code--;
  }
  return code;
}

function isMultiple(timeMs: number, unitMs: number): boolean {
  return Math.floor(timeMs / unitMs) * unitMs === timeMs;
}
