/**
 * A list of numbers 0 <= n < 2^48 in as many bits each as most of them need. The
 * few that need more stand beside the rest.
 *
 *   width | flag   [count, (index, varint) ...]   count x width bits
 *   u8             only with the flag
 */
import type { ByteWriter } from "./byte-writer.js";

/** Numbers are below this. */
export const INTEGER_LIMIT = 2 ** 48;
const BITS_MAX = 48;
/** Lists are no longer than this: an index is one byte. */
export const LIST_MAX = 96;
const FLAG_EXCEPTIONS = 0x80;
/** More than 24 bits at once would not fit 32 beside the up to seven that wait for their byte. */
const HALF_BITS = 24;
const HALF = 2 ** HALF_BITS;
const LOW_MASK = HALF - 1;
/** Most bytes of a list: head, 96 numbers in full; exceptions are taken only where they make it shorter. */
const LIST_BYTES_MAX = 2 + (LIST_MAX * BITS_MAX) / 8;

/** How many numbers need each count of bits; scratch. */
const needs = new Uint8Array(BITS_MAX + 1);

/** Writes the first `count` numbers. */
export function writeIntegers(out: ByteWriter, numbers: Float64Array, count: number): void {
  out.reserve(LIST_BYTES_MAX);
  needs.fill(0);
  let widest = 0;
  for (let i = 0; i < count; i++) {
    const bits = bitsOf(numbers[i] as number);
    needs[bits] = (needs[bits] as number) + 1;
    if (bits > widest) widest = bits;
  }
  const width = bestWidth(widest, count);
  if (width === widest) {
    out.u8(width);
  } else {
    out.u8(width | FLAG_EXCEPTIONS);
    writeExceptions(out, numbers, count, width);
  }
  if (width > 0) writeBits(out, numbers, count, width);
}

function bitsOf(value: number): number {
  return value < 2 ** 32 ? 32 - Math.clz32(value) : 64 - Math.clz32(value / 2 ** 32);
}

/** From the widest down: each step saves a bit for all and costs those that do not fit any more. */
function bestWidth(widest: number, count: number): number {
  let best = widest;
  let bestBits = widest * count;
  let outsideBits = 8;
  for (let width = widest - 1; width >= 0; width--) {
    outsideBits += (needs[width + 1] as number) * (8 + 8 * Math.ceil((width + 1) / 7));
    const bits = width * count + outsideBits;
    if (bits < bestBits) {
      best = width;
      bestBits = bits;
    }
  }
  return best;
}

function writeExceptions(out: ByteWriter, numbers: Float64Array, count: number, width: number): void {
  const limit = 2 ** width;
  const countAt = out.at;
  out.u8(0);
  let exceptions = 0;
  for (let i = 0; i < count; i++) {
    if ((numbers[i] as number) < limit) continue;
    out.u8(i);
    out.varint(numbers[i] as number);
    exceptions++;
  }
  out.bytes[countAt] = exceptions;
}

/** Numbers that do not fit leave a gap of zeros. */
function writeBits(out: ByteWriter, numbers: Float64Array, count: number, width: number): void {
  const { bytes } = out;
  const limit = 2 ** width;
  const lowBits = Math.min(width, HALF_BITS);
  const highBits = width - lowBits;
  let at = out.at;
  let pending = 0;
  let pendingBits = 0;
  for (let i = 0; i < count; i++) {
    const number = numbers[i] as number;
    const fits = number < limit;
    pending |= (fits ? number & LOW_MASK : 0) << pendingBits;
    pendingBits += lowBits;
    while (pendingBits >= 8) {
      bytes[at++] = pending;
      pending >>>= 8;
      pendingBits -= 8;
    }
    if (highBits === 0) continue;
    pending |= (fits ? Math.floor(number / HALF) : 0) << pendingBits;
    pendingBits += highBits;
    while (pendingBits >= 8) {
      bytes[at++] = pending;
      pending >>>= 8;
      pendingBits -= 8;
    }
  }
  if (pendingBits > 0) bytes[at++] = pending;
  out.at = at;
}

/**
 * Reads `count` numbers. The bytes must be followed by PADDING_BYTES more.
 * @returns where the list ends
 */
export function readIntegers(bytes: Uint8Array, begin: number, count: number, into: Float64Array): number {
  const head = bytes[begin] as number;
  const width = head & ~FLAG_EXCEPTIONS;
  let at = head === width ? begin + 1 : skipExceptions(bytes, begin + 1);
  if (width === 0) into.fill(0, 0, count);
  else at = readBits(bytes, at, count, width, into);
  if (head === width) return at;
  let exceptionAt = begin + 2;
  for (let left = bytes[begin + 1] as number; left > 0; left--) {
    const index = bytes[exceptionAt] as number;
    into[index] = readVarint(bytes, exceptionAt + 1);
    exceptionAt = skipVarint(bytes, exceptionAt + 1);
  }
  return at;
}

/** @returns one number of a list of `count`, without reading the others */
export function readIntegerAt(bytes: Uint8Array, begin: number, index: number): number {
  const head = bytes[begin] as number;
  const width = head & ~FLAG_EXCEPTIONS;
  let at = begin + 1;
  if (head !== width) {
    let exceptionAt = begin + 2;
    for (let left = bytes[begin + 1] as number; left > 0; left--) {
      if (bytes[exceptionAt] === index) return readVarint(bytes, exceptionAt + 1);
      exceptionAt = skipVarint(bytes, exceptionAt + 1);
    }
    at = exceptionAt;
  }
  const bit = at * 8 + index * width;
  if (width <= HALF_BITS) return bitsAt(bytes, bit) & ((1 << width) - 1);
  const high = bitsAt(bytes, bit + HALF_BITS) & ((1 << (width - HALF_BITS)) - 1);
  return (bitsAt(bytes, bit) & LOW_MASK) + high * HALF;
}

/** @returns where a list of `count` numbers ends */
export function skipIntegers(bytes: Uint8Array, begin: number, count: number): number {
  const head = bytes[begin] as number;
  const width = head & ~FLAG_EXCEPTIONS;
  const at = head === width ? begin + 1 : skipExceptions(bytes, begin + 1);
  return at + ((count * width + 7) >>> 3);
}

function skipExceptions(bytes: Uint8Array, begin: number): number {
  let at = begin + 1;
  for (let left = bytes[begin] as number; left > 0; left--) at = skipVarint(bytes, at + 1);
  return at;
}

/** @returns a number that ByteWriter.varint wrote */
export function readVarint(bytes: Uint8Array, begin: number): number {
  let at = begin;
  let value = 0;
  for (let unit = 1; ; unit *= 0x80) {
    const byte = bytes[at++] as number;
    // Also ends where there are no bytes any more.
    if (!(byte >= 0x80)) return value + byte * unit;
    value += (byte & 0x7f) * unit;
  }
}

/** @returns where it ends */
export function skipVarint(bytes: Uint8Array, begin: number): number {
  let at = begin;
  while ((bytes[at++] as number) >= 0x80);
  return at;
}

function readBits(bytes: Uint8Array, begin: number, count: number, width: number, into: Float64Array): number {
  // Two loops: in the first, which is nearly always taken, all numbers are small integers to the compiler too.
  if (width > HALF_BITS) return readWideBits(bytes, begin, count, width, into);
  const mask = (1 << width) - 1;
  let at = begin;
  let pending = 0;
  let pendingBits = 0;
  for (let i = 0; i < count; i++) {
    while (pendingBits < width) {
      pending |= (bytes[at++] as number) << pendingBits;
      pendingBits += 8;
    }
    into[i] = pending & mask;
    pending >>>= width;
    pendingBits -= width;
  }
  return at;
}

function readWideBits(bytes: Uint8Array, begin: number, count: number, width: number, into: Float64Array): number {
  const highBits = width - HALF_BITS;
  const highMask = (1 << highBits) - 1;
  let bit = begin * 8;
  for (let i = 0; i < count; i++) {
    const low = bitsAt(bytes, bit) & LOW_MASK;
    const high = bitsAt(bytes, bit + HALF_BITS) & highMask;
    into[i] = low + high * HALF;
    bit += width;
  }
  return (bit + 7) >>> 3;
}

/** At least 25 bits from there on. */
function bitsAt(bytes: Uint8Array, bit: number): number {
  const at = bit >>> 3;
  const four =
    (bytes[at] as number) |
    ((bytes[at + 1] as number) << 8) |
    ((bytes[at + 2] as number) << 16) |
    ((bytes[at + 3] as number) << 24);
  return four >>> (bit & 7);
}
