/** What frame n of the kill test holds, for who feeds it and for who looks afterwards. */
import type { SeriesKey } from "../../../core/model/series.js";

export const CLUSTER = "killed";
const START_MS = 1_700_000_000_000;
const STEP_MS = 2_000;

/** A row for each frame; small, for all of them are read after each kill. */
export const RRD_ROWS = 400;
export const RRD_CONFIG = { dir: "rrds", step: `${STEP_MS / 1_000}s`, rras: [`RRA:AVERAGE:0.5:1:${RRD_ROWS}`] };

export interface KilledSeries {
  readonly key: SeriesKey;
  readonly isText: boolean;
}

/** More rows than one tile has. */
export const SERIES: readonly KilledSeries[] = Array.from({ length: 100 }, (_, host) => host).flatMap((host) =>
  ["number", "text"].map((metric) => ({
    key: { cluster: CLUSTER, host: `h${host}`, metric },
    isText: metric === "text",
  })),
);

export function frameTimeMs(frame: number): number {
  return START_MS + frame * STEP_MS;
}

export function frameOf(timeMs: number): number {
  return (timeMs - START_MS) / STEP_MS;
}

export function numberOf(series: number, frame: number): number {
  // Some change at every frame, some hardly ever, some have many digits.
  if (series % 5 === 0) return Math.sin(series + frame);
  return Math.floor(frame / (1 + (series % 7))) + series / 100;
}

export function textOf(series: number, frame: number): string {
  return `text ${series} ${Math.floor(frame / (1 + (series % 50)))}`;
}
