/**
 * V8 counts memory outside of its heap as growth of the heap, and marks all of it when that has grown by some 9 MB. A
 * document larger than that, taken and given back with each poll, has it do so each time and find nothing: at 1,000 hosts
 * (12 MB) that was half of our CPU between spills, 0.61 % against 0.30, main thread and V8's helpers.
 */
import { getHeapStatistics, setFlagsFromString } from "node:v8";

/** By this the heap itself may grow between two collections, as it may by V8's own rule. */
const GROWTH_BYTES = 8 * 2 ** 20;

/** Smaller ones leave enough of V8's own room. */
const DOCUMENT_BYTES_MIN = GROWTH_BYTES / 2;

/**
 * All threads share the setting: with more, those of the stores would keep megabytes of garbage. Enough for 2,500 hosts:
 * (31 + 8) MB for a heap of 20. At 10,000 V8 collects at each poll as before.
 */
const PERCENT_MAX = 200;

/** A change by less than this part is none. */
const STEP = 0.1;

/**
 * @param documentBytes taken and given back again and again
 * @param liveBytes of the heap, without garbage
 * @returns by how much the heap may grow until it is collected, percent; 0 = by V8's own rule
 */
export function growingPercent(documentBytes: number, liveBytes: number): number {
  if (documentBytes < DOCUMENT_BYTES_MIN) return 0;
  return Math.min(PERCENT_MAX, Math.ceil((100 * (documentBytes + GROWTH_BYTES)) / liveBytes));
}

/** What was, counts for some hundred polls. */
const DECAY = 0.99;

let documentBytes = 0;
let liveBytes = Number.POSITIVE_INFINITY;
let percent = 0;

/** Call for each large document whose memory goes; V8 heeds it from its next collection on. */
export function keepHeapRoom(bytes: number): void {
  documentBytes = Math.max(bytes, documentBytes * DECAY);
  // Garbage included; the least of many polls has little of it.
  liveBytes = Math.min(getHeapStatistics().used_heap_size, liveBytes / DECAY);
  const wanted = growingPercent(documentBytes, liveBytes);
  if (Math.abs(wanted - percent) <= percent * STEP) return;
  percent = wanted;
  // Known to the V8 of Node 20; a test tells when one does not know it any more.
  setFlagsFromString(`--heap-growing-percent=${wanted}`);
}
