/** A look at a directory that gmetad left: from when to when its files hold something, by a sample of them. */
import { opendirSync } from "node:fs";
import { join } from "node:path";
import type { Coverage } from "../../../core/model/archive.js";
import { withRrdFile } from "../file/rrd-file.js";
import { RrdError } from "../rrd-error.js";
import { readSeries } from "./read-series.js";

/** Each costs reading its archives, 630 kB in gmetad's default. */
const FILES_MAX = 64;
/** Clusters, hosts, and parts of long names. */
const DEPTH_MAX = 24;

/** @returns undefined where no file holds a sample */
export function surveyCoverage(root: string): Coverage | undefined {
  let fromMs = Number.POSITIVE_INFINITY;
  let toMs = Number.NEGATIVE_INFINITY;
  let left = FILES_MAX;
  for (const path of rrdFiles(root, DEPTH_MAX)) {
    if (left-- === 0) break;
    try {
      const series = withRrdFile(path, "r", path, (file) => readSeries(file, 0, Number.MAX_SAFE_INTEGER));
      fromMs = Math.min(fromMs, series?.timesMs[0] ?? fromMs);
      toMs = Math.max(toMs, series?.timesMs.at(-1) ?? toMs);
    } catch (error) {
      // A file that cannot be read tells nothing; whoever asks for it hears why.
      if (!(error instanceof RrdError)) throw error;
    }
  }
  return fromMs <= toMs ? { fromMs, toMs } : undefined;
}

function* rrdFiles(directory: string, depth: number): Generator<string> {
  const entries = opendirSync(directory);
  try {
    for (let entry = entries.readSync(); entry !== null; entry = entries.readSync()) {
      const path = join(directory, entry.name);
      if (entry.isDirectory() && depth > 0) yield* rrdFiles(path, depth - 1);
      else if (entry.isFile() && entry.name.endsWith(".rrd")) yield path;
    }
  } finally {
    entries.closeSync();
  }
}
