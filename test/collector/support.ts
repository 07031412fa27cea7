/** What tests of the collector share: frames in a few words, a collector on a broken disk. */

import { collectorSchema } from "../../collector/config.js";
import { Collector } from "../../collector/pipeline.js";
import { silentLogger } from "../../core/base/log.js";
import type { Archive } from "../../core/model/archive.js";
import type { ClusterDirectory } from "../../core/model/directory.js";
import { Frame } from "../../core/model/frame.js";
import type { MetricMeta, MetricType } from "../../core/model/metric.js";
import { MemoryLogFiles } from "../support/memory-log-files.js";
import type { VirtualClock } from "../support/virtual-clock.js";

/** A cell; a text where the value is one. */
export type Cell = readonly [host: string, metric: string, value: number | string, timeMs: number];

export interface FrameWords {
  readonly timeMs: number;
  readonly cells?: readonly Cell[];
  readonly heard?: readonly (readonly [host: string, timeMs: number])[];
  readonly source?: string;
}

/** Looks the names up, as a source does. */
export function makeFrame(directory: ClusterDirectory, words: FrameWords): Frame {
  const frame = new Frame(directory, words.source ?? "test");
  frame.timeMs = words.timeMs;
  for (const [host, timeMs] of words.heard ?? []) frame.heard(directory.row(host), timeMs);
  for (const [host, metric, value, timeMs] of words.cells ?? []) {
    const row = directory.row(host);
    if (typeof value === "string") frame.pushText(row, directory.column(metric, "text"), value, timeMs);
    else frame.pushNumber(row, directory.column(metric, "number"), value, timeMs, 2);
  }
  return frame;
}

export function meta(name: string, more: Partial<MetricMeta> = {}): MetricMeta {
  return { name, type: "float" as MetricType, units: "", slope: "both", tmaxS: 60, dmaxS: 0, extra: [], ...more };
}

export interface CollectorWords {
  readonly clock: VirtualClock;
  readonly files?: MemoryLogFiles;
  readonly archive?: Archive;
  readonly config?: Record<string, unknown>;
  readonly spillAtStop?: boolean;
  readonly tuning?: { readonly samplesPerPart?: number; readonly segmentBytesMax?: number };
}

export function makeCollector({
  clock,
  files = new MemoryLogFiles(),
  archive,
  config = {},
  spillAtStop = false,
  tuning = {},
}: CollectorWords): Collector {
  return new Collector({
    config: collectorSchema.parse(config),
    instance: "i1",
    clock,
    logger: silentLogger,
    files,
    archive,
    spillAtStop,
    tuning,
  });
}

/** The directory of a cluster, which must not be refused. */
export function directoryOf(collector: Collector, cluster = "c"): ClusterDirectory {
  const directory = collector.directory(cluster);
  if (directory === undefined) throw new Error(`the collector refuses cluster ${cluster}`);
  return directory;
}
