/** Doubles as bytes and back, lowest byte first on every machine, NaN payloads kept. */
import { endianness } from "node:os";

const BYTES_PER_FLOAT = 8;

/** @returns a copy */
export function floatsToBytes(floats: Float64Array): Buffer {
  // Through a number the payload of a NaN would be lost, so bytes are copied.
  const bytes = Buffer.from(Buffer.from(floats.buffer, floats.byteOffset, floats.byteLength));
  return endianness() === "LE" ? bytes : bytes.swap64();
}

/** @param bytes 8 for each double @returns a copy */
export function bytesToFloats(bytes: Uint8Array): Float64Array {
  const floats = new Float64Array(bytes.length / BYTES_PER_FLOAT);
  const copy = Buffer.from(floats.buffer);
  copy.set(bytes);
  if (endianness() !== "LE") copy.swap64();
  return floats;
}
