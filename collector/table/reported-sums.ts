/**
 * Grids and clusters of which a source tells only sums: children of a gmetad, or
 * of a collector that is asked for its summary. They have no hosts, no history
 * and no triggers here; they are served on and count in the sums of the whole.
 */
import { nameFault } from "../../core/model/names.js";
import type { ReportedSums } from "../../core/model/summary.js";

/** As long as gmond by default remembers a silent host. */
const KEPT_MS = 86_400_000;

export class ReportedSumsTable {
  /** Sums that were passed over since the start, by bad name or by limit. */
  refused = 0;
  readonly #entriesMax: number;
  readonly #entries = new Map<string, ReportedSums>();

  /** @param entriesMax further grids and clusters are refused and counted */
  constructor(entriesMax: number) {
    this.#entriesMax = entriesMax;
  }

  /** @returns false if they were refused */
  accept(sums: ReportedSums): boolean {
    const key = `${sums.kind} ${sums.name}`;
    const full = this.#entries.size >= this.#entriesMax && !this.#entries.has(key);
    if (full || nameFault(sums.name) !== undefined) {
      this.refused++;
      return false;
    }
    this.#entries.set(key, sums);
    return true;
  }

  /** Forgets what sources told that nobody asks any more. */
  forget(isGone: (source: string) => boolean): void {
    for (const [key, { source }] of this.#entries) {
      if (isGone(source)) this.#entries.delete(key);
    }
  }

  /** In the order in which they were first told. */
  entries(nowMs: number): readonly ReportedSums[] {
    for (const [key, { timeMs }] of this.#entries) {
      if (nowMs - timeMs > KEPT_MS) this.#entries.delete(key);
    }
    return [...this.#entries.values()];
  }
}
