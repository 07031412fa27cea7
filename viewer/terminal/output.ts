/** What every terminal command is given about how to print. */
import { formatDuration } from "../../core/model/duration.js";

export interface OutputOptions {
  readonly json: boolean;
  readonly header: boolean;
  readonly color: boolean;
  /** Cells in a line. */
  readonly width: number;
}

/** What a table has room for on any terminal. */
export const DEFAULT_WIDTH = 80;

/** "3s", "2h 5m"; "never" for a time of 0. */
export function formatAge(nowMs: number, thenMs: number): string {
  if (thenMs === 0) return "never";
  // Below a second is noise, and a peer's clock may be a little ahead.
  return formatDuration(Math.max(0, Math.round((nowMs - thenMs) / 1_000) * 1_000)).replace(/^0ms$/, "0s");
}

/** ISO 8601 in UTC, to the second; "" for a time of 0. */
export function formatTime(timeMs: number): string {
  return timeMs === 0 ? "" : new Date(timeMs).toISOString().replace(/\.\d+Z$/, "Z");
}
