/**
 * V8 counts memory outside of its heap as growth of the heap, and marks all of it when that has grown by some 9 MB. A
 * document larger than that, taken and given back with each poll, has it do so each time and find nothing: at 1,000 hosts
 * (12 MB) that was more than half of our CPU (0.74 % against 0.34, main thread and V8's helpers).
 */
import { getHeapStatistics, setFlagsFromString } from "node:v8";

/** By this the heap itself may grow between two collections, as without documents. */
const GROWTH_BYTES = 8 * 2 ** 20;

/** All threads share the setting: with more, those of the stores would keep megabytes of garbage. Enough for 2,500 hosts. */
const PERCENT_MAX = 200;

/** Smaller changes are none. */
const PERCENT_STEP = 10;

let largestBytes = 0;
let percent = 0;

/**
 * @param bytes that are taken and given back again and again
 * @param heapBytes in use
 * @returns by how much the heap may grow until it is collected, percent
 */
export function growingPercent(bytes: number, heapBytes: number): number {
  return Math.min(PERCENT_MAX, Math.ceil((100 * (bytes + GROWTH_BYTES)) / heapBytes));
}

/** Call when such memory has been given back; V8 heeds it from its next collection on. */
export function keepHeapRoom(bytes: number): void {
  largestBytes = Math.max(largestBytes, bytes);
  const wanted = growingPercent(largestBytes, getHeapStatistics().used_heap_size);
  if (Math.abs(wanted - percent) < PERCENT_STEP) return;
  percent = wanted;
  // Known to the V8 of Node 20; a test tells when one does not know it any more.
  setFlagsFromString(`--heap-growing-percent=${wanted}`);
}
