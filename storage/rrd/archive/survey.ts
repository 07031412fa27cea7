/** A look at a directory that gmetad left: from when to when its files hold something, by a sample of them. */
import { type Dirent, opendirSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Coverage } from "../../../core/model/archive.js";
import { withRrdFile } from "../file/rrd-file.js";
import { RrdError } from "../rrd-error.js";
import { readSeries } from "./read-series.js";

/** Read of each kind below. One costs reading its archives, 630 kB in gmetad's default. */
const READ_MAX = 32;
/** Clusters, hosts, and parts of long names. */
const DEPTH_MAX = 24;
/** Looked at, some 13 us each when cached; 10,000 hosts have 350,000, 5 s. What lies behind counts for nothing. */
const FILES_MAX = 500_000;

interface FoundFile {
  readonly path: string;
  /** 0 where the file system does not keep it. */
  readonly bornMs: number;
  readonly changedMs: number;
}

/**
 * Hosts come and go, so any files will not do: those are read that were made first, and those that were written last.
 * In a copied directory all were made at once; some from all over it are read too.
 *
 * @returns undefined where no file holds a sample
 */
export function surveyCoverage(root: string): Coverage | undefined {
  const found: FoundFile[] = [];
  for (const file of rrdFiles(root, DEPTH_MAX)) if (found.push(file) === FILES_MAX) break;
  const stride = Math.ceil(found.length / READ_MAX);
  const spread = found.filter((_, i) => i % stride === 0);
  const oldest = found.toSorted((a, b) => a.bornMs - b.bornMs).slice(0, READ_MAX);
  const newest = found.toSorted((a, b) => b.changedMs - a.changedMs).slice(0, READ_MAX);
  let fromMs = Number.POSITIVE_INFINITY;
  let toMs = Number.NEGATIVE_INFINITY;
  for (const { path } of new Set([...oldest, ...newest, ...spread])) {
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

function* rrdFiles(directory: string, depth: number): Generator<FoundFile> {
  for (const entry of entriesOf(directory)) {
    const path = join(directory, entry.name);
    if (entry.isDirectory() && depth > 0) yield* rrdFiles(path, depth - 1);
    else if (entry.isFile() && entry.name.endsWith(".rrd")) {
      const file = statSync(path, { throwIfNoEntry: false });
      if (file !== undefined) yield { path, bornMs: file.birthtimeMs, changedMs: file.mtimeMs };
    }
  }
}

function* entriesOf(path: string): Generator<Dirent> {
  const entries = opendirSync(path);
  try {
    for (let entry = entries.readSync(); entry !== null; entry = entries.readSync()) yield entry;
  } finally {
    entries.closeSync();
  }
}
