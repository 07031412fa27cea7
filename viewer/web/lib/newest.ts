/** How fresh the newest of all that is shown is. */
import type { OverviewAnswer } from "../../api/answers.js";

/** @returns when the newest frame or sums were taken, epoch ms; 0 where there is nothing yet */
export function newestMs(overview: Pick<OverviewAnswer, "clusters" | "sums"> | undefined): number {
  const frames = overview?.clusters.map((cluster) => cluster.frameTimeMs) ?? [];
  const sums = overview?.sums.map((one) => one.timeMs) ?? [];
  return Math.max(0, ...frames, ...sums);
}
