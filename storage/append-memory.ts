/**
 * The memory of appends on their way to a store's thread and back. A part of a spill is some 400 KB: made anew for each,
 * V8 counted it as growth of both heaps, and a spill of 1,000 hosts made fifteen full garbage collections.
 */

/** As many as there are stores, mostly; of more the smallest are given up. */
const SPARE_MAX = 4;

/** Larger ones are rare, and given up: what is kept is 4 MiB at most. */
const SPARE_BYTES_MAX = 2 ** 20;

/** Parts differ a little; so that one fits where another was. */
const STEP_BYTES = 2 ** 16;

/** The smallest first. */
const spare: ArrayBuffer[] = [];

/** @returns at least so long, and not cleared */
export function takeAppendMemory(bytesMin: number): ArrayBuffer {
  const at = spare.findIndex(({ byteLength }) => byteLength >= bytesMin);
  const found = at === -1 ? undefined : spare.splice(at, 1)[0];
  return found ?? new ArrayBuffer(Math.ceil(bytesMin / STEP_BYTES) * STEP_BYTES);
}

/** @param memory nobody else looks at it any more */
export function giveBackAppendMemory(memory: ArrayBuffer): void {
  // A buffer that was handed to another thread has a length of 0 here.
  if (memory.byteLength === 0 || memory.byteLength > SPARE_BYTES_MAX) return;
  spare.push(memory);
  spare.sort((a, b) => a.byteLength - b.byteLength);
  if (spare.length > SPARE_MAX) spare.shift();
}
