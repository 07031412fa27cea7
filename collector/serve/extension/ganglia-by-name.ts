/**
 * Ganglia's own documents for names that its grammar cannot carry: with slashes,
 * question marks, blanks, percent signs. The same code answers as for a path; only
 * a name that does not exist is told as that, where a path falls back to what
 * stands above it.
 */
import { quoteName } from "../../../core/model/names.js";
import type { GangliaRequest } from "../../../core/wire/extension/index.js";
import { type Selection, selectPath, servedSums } from "../ganglia-selection.js";
import type { GangliaAnswer, GangliaPort, Present } from "../ports.js";

const DEPTHS: Readonly<Record<Selection["kind"], number>> = { all: 0, sums: 1, cluster: 1, host: 2, metric: 3 };
const LEVELS = ["cluster", "host", "metric"] as const;

/** @returns the answer, or why there is none */
export function gangliaByName(
  present: Present,
  ganglia: GangliaPort,
  { path, summary }: GangliaRequest,
): GangliaAnswer | { readonly missing: string } {
  const views = present.views();
  const found = DEPTHS[selectPath(views, path, servedSums(views, present.reportedSums())).kind];
  if (found === path.length) return ganglia.answer({ path, summary });
  const level = LEVELS[found] ?? "metric";
  const name = quoteName(path[found] ?? "");
  return { missing: `no ${level} ${name}, expected one that the verb metadata names` };
}
