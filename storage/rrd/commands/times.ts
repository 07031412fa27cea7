/** Where the rows of an archive stand in time. */

import type { RrdFile } from "../file/rrd-file.js";
import { type Layout, rowPointerOffset } from "../format/layout.js";
import { getCount, getSigned } from "../format/words.js";

export interface LiveView {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly layout: Layout;
}

export function liveView(file: RrdFile): LiveView {
  const bytes = file.readLive();
  return { bytes, view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), layout: file.header.layout };
}

/** Of a file that is written all the time the last answer counts; it may be off by the steps of one update. */
const LOOKS_MAX = 4;

/**
 * Reads rows while somebody else may write: where the state is another one afterwards, what was read belongs to neither, and
 * is read again.
 */
export function readSettled<T>(file: RrdFile, read: (live: LiveView) => T): T {
  let live = liveView(file);
  for (let look = 1; ; look++) {
    const found = read(live);
    if (look === LOOKS_MAX) return found;
    const after = liveView(file);
    if (Buffer.compare(live.bytes, after.bytes) === 0) return found;
    live = after;
  }
}

/** Seconds since 1970. */
export function lastUpdateS({ view }: LiveView): number {
  return getSigned(view, 0);
}

export function currentRow({ view, layout }: LiveView, rra: number): number {
  return getCount(view, rowPointerOffset(layout, rra));
}

/** @returns the end of the newest row, seconds; widthS is the time a row stands for */
export function newestRowS(live: LiveView, widthS: number): number {
  const lastS = lastUpdateS(live);
  return lastS - (lastS % widthS);
}
