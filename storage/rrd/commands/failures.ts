/** The history that a FAILURES archive keeps of a data source: a byte for each violation, newest first. */
import { archiveParameters, type RrdHeader } from "../format/header.js";
import { cdpOffset } from "../format/layout.js";
import { getCount } from "../format/words.js";
import type { LiveView } from "./times.js";

/** Slots 0 to 3 hold at most so many. */
const WINDOW_MAX = 28;
const WINDOW_LENGTH_SLOT = 4;

/** @returns "1" for each violation, "0" for each value within bounds */
export function historyText(header: RrdHeader, { bytes, layout }: LiveView, rra: number, ds: number): string {
  const length = Math.min(WINDOW_MAX, getCount(archiveParameters(header, rra), 8 * WINDOW_LENGTH_SLOT));
  const offset = cdpOffset(layout, rra, ds, 0);
  return Array.from(bytes.subarray(offset, offset + length), (byte) => (byte === 1 ? "1" : "0")).join("");
}
