/** What a kill may not do to RRD files: break one, leave a hole in it, or a wrong value. */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { readSeries } from "../../../storage/rrd/archive/read-series.js";
import { withRrdFile } from "../../../storage/rrd/file/rrd-file.js";
import { CLUSTER, frameOf, numberOf, RRD_ROWS, SERIES } from "./samples.js";

/** @returns samples that were compared */
export function checkRrdFiles(root: string): number {
  if (!existsSync(join(root, CLUSTER))) return 0;
  const foreign = readdirSync(root).filter((name) => name !== CLUSTER && !name.startsWith("."));
  expect(foreign, "files beside the cluster's").toEqual([]);
  let compared = 0;
  for (const [series, { key, isText }] of SERIES.entries()) {
    const path = join(root, key.cluster, key.host, `${key.metric}.rrd`);
    if (isText) expect(existsSync(path), path).toBe(false);
    else if (existsSync(path)) compared += checkFile(path, series);
  }
  return compared;
}

function checkFile(path: string, series: number): number {
  const found = withRrdFile(path, "r", path, (file) => readSeries(file, 0, Number.MAX_SAFE_INTEGER));
  // Made, and killed before the first row was complete.
  if (found === undefined) return 0;
  if (found.kind === "text") throw new Error("BUG: an RRD file holds text");
  const { timesMs, values } = found;
  // Made, and killed before the first update: its last reading is unknown.
  if (values.length === 1 && Number.isNaN(values[0])) return 0;
  const first = frameOf(timesMs[0] as number);
  // Killed between rows and state: the oldest rows are those of the next lap already, and the next spill makes them so.
  let ahead = 0;
  while (ahead < values.length && isValueOf(values[ahead] as number, series, first + ahead + RRD_ROWS)) ahead++;
  for (let i = ahead; i < values.length; i++) {
    const [frame, value] = [frameOf(timesMs[i] as number), values[i] as number];
    if (frame !== first + i || !isValueOf(value, series, frame)) {
      expect([frame, value], path).toEqual([first + i, numberOf(series, frame)]);
    }
  }
  return values.length - ahead;
}

/** A row is an average, formed by rates and spans. */
function isValueOf(value: number, series: number, frame: number): boolean {
  const wanted = numberOf(series, frame);
  return Math.abs(value - wanted) <= 1e-9 * Math.max(1, Math.abs(wanted));
}
