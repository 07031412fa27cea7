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
