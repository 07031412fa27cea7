/** Grids and clusters of which only sums are known, built from the present. Pure, as the other views. */
import { UNSPECIFIED } from "../../../core/model/host.js";
import { areSumsLive, summaryAt } from "../../../core/model/summary.js";
import type { SumsAnswer } from "../../api/answers.js";
import type { Present } from "../../pull/present.js";
import { type StoredSums, totalOf } from "../../pull/stored-sums.js";

/**
 * Judged at the instant of the newest answer, not now: other than frames, sums end no wait, so that what is held may
 * be older than four times their TMAX while the collector has newer ones.
 * @param metric the chosen one; null for none
 */
export function sumsOf({ store }: Present, metric: string | null): SumsAnswer[] {
  return [...store.sums.values()].map((sums) => {
    const { kind, name, source, layout, timeMs } = sums;
    const summary = summaryAt(sums, store.nowMs);
    return {
      kind,
      name,
      source,
      url: urlOf(sums),
      layout,
      timeMs,
      live: areSumsLive(sums, store.nowMs),
      up: summary.hostsUp,
      down: summary.hostsDown,
      cpus: totalOf(summary, "cpu_num"),
      load1: totalOf(summary, "load_one"),
      sum: metric === null ? null : totalOf(summary, metric),
      num: summary.metrics.find(({ meta }) => meta.name === metric)?.num ?? 0,
    };
  });
}

function urlOf({ kind, authority, facts }: StoredSums): string {
  if (kind === "grid") return authority;
  return facts.url === UNSPECIFIED ? "" : facts.url;
}
