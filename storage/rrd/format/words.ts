/**
 * The words that an RRD file is made of: 8 bytes each, little endian, either a
 * double or an unsigned count. Every NaN is the negative quiet one, because that is
 * what the floating point unit of x86-64 makes and so what every such file holds.
 */

/** Upper half of the NaN fff8000000000000; the lower half is 0. */
export const NAN_HIGH = 0xfff80000;

export function putDouble(view: DataView, offset: number, value: number): void {
  if (Number.isNaN(value)) {
    view.setUint32(offset, 0, true);
    view.setUint32(offset + 4, NAN_HIGH, true);
  } else view.setFloat64(offset, value, true);
}

export function getDouble(view: DataView, offset: number): number {
  return view.getFloat64(offset, true);
}

/** @returns a count; above 2^53 only its magnitude is right, which is enough to refuse it */
export function getCount(view: DataView, offset: number): number {
  return view.getUint32(offset + 4, true) * 2 ** 32 + view.getUint32(offset, true);
}

export function putCount(view: DataView, offset: number, count: number): void {
  view.setUint32(offset, count % 2 ** 32, true);
  view.setUint32(offset + 4, Math.floor(count / 2 ** 32), true);
}

/** A signed word, such as a time. */
export function getSigned(view: DataView, offset: number): number {
  return view.getInt32(offset + 4, true) * 2 ** 32 + view.getUint32(offset, true);
}

/** Text up to the first NUL, one character a byte. */
export function getText(bytes: Uint8Array, offset: number, size: number): string {
  let text = "";
  for (let i = offset; i < offset + size && bytes[i] !== 0; i++) text += String.fromCharCode(bytes[i] as number);
  return text;
}

/** Writes at most size-1 characters, one byte each, and fills the rest with NUL. */
export function putText(bytes: Uint8Array, offset: number, size: number, text: string): void {
  const length = Math.min(text.length, size - 1);
  for (let i = 0; i < length; i++) bytes[offset + i] = text.charCodeAt(i);
  bytes.fill(0, offset + length, offset + size);
}
