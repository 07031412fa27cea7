/**
 * Remembers in which frame which of the reported sums was last new, so that a
 * reader of `changes` gets those that it lacks. Sums are no frames: what is found
 * new belongs to the frame to come, and is told again until that has come.
 */
import { type MetricMeta, sameMeta } from "../../../core/model/metric.js";
import type { MetricSum, ReportedSums } from "../../../core/model/summary.js";
import type { SumsChanges } from "../../../core/wire/extension/index.js";

interface Track {
  sums: ReportedSums;
  /** A reader with an earlier frame is told everything. */
  firstFrame: number;
  readonly metrics: Map<string, { readonly metric: MetricSum; readonly frame: number }>;
}

export class SumsTracker {
  #tracks = new Map<string, Track>();

  /**
   * @param frame number that a reader does not have yet to whom what is new now is unknown
   * @param sinceFrame what the reader has; undefined for a reader that has nothing
   */
  changes(all: readonly ReportedSums[], frame: number, sinceFrame: number | undefined): SumsChanges[] {
    const tracks = new Map<string, Track>();
    for (const sums of all) {
      const key = `${sums.kind} ${sums.name}`;
      tracks.set(key, look(this.#tracks.get(key), sums, frame));
    }
    // What is not told any more is forgotten: told again, it is new.
    this.#tracks = tracks;
    return [...tracks.values()].map(({ sums, firstFrame, metrics }) => {
      const full = sinceFrame === undefined || sinceFrame < firstFrame;
      const entries = [...metrics.values()].filter((entry) => full || entry.frame > sinceFrame);
      return { sums, full, metrics: entries.map(({ metric }) => metric) };
    });
  }
}

function look(known: Track | undefined, sums: ReportedSums, frame: number): Track {
  if (known?.sums === sums) return known;
  const before = known?.metrics;
  const metrics: Track["metrics"] = new Map();
  for (const metric of sums.summary.metrics) {
    const entry = before?.get(metric.meta.name);
    metrics.set(metric.meta.name, entry !== undefined && same(entry.metric, metric) ? entry : { metric, frame });
  }
  // There is no word for a single sum that is gone: then all are told anew.
  const isWhole = before !== undefined && [...before.keys()].every((name) => metrics.has(name));
  return { sums, firstFrame: isWhole ? (known?.firstFrame ?? frame) : frame, metrics };
}

function same(a: MetricSum, b: MetricSum): boolean {
  return a.sum === b.sum && a.num === b.num && a.decimals === b.decimals && sameMeta(told(a.meta), told(b.meta));
}

/** What of the metadata stands in the document. */
function told(meta: MetricMeta): MetricMeta {
  return { ...meta, tmaxS: 0, dmaxS: 0, extra: [] };
}
