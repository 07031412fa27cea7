/**
 * Whether the collector does its work. One failing source of several is an
 * incident of that source; a collector that gets nothing at all, or cannot keep
 * what it gets, is not ready.
 */
import type { SourceHealth } from "../../core/model/source.js";
import type { SelfPort } from "./ports.js";

export interface Readiness {
  readonly ready: boolean;
  /** Why not, in words. */
  readonly reasons: readonly string[];
  /** What is worth knowing but no reason to be called not ready, such as mail that waits. */
  readonly notes: readonly string[];
  readonly sources: readonly SourceAge[];
}

export interface SourceAge {
  readonly name: string;
  readonly type: string;
  readonly state: SourceHealth["state"];
  /** Since its newest frame, seconds; null before the first. */
  readonly ageSeconds: number | null;
  readonly message: string;
}

export function readiness(self: SelfPort, nowMs: number): Readiness {
  const sources = self.sources();
  const health = self.health();
  const reasons = health.ready ? [] : [...health.messages];
  if (sources.length > 0 && sources.every((source) => source.state !== "ok")) {
    reasons.push(`no source works: ${sources.map((source) => `${source.name} is ${source.state}`).join(", ")}`);
  }
  const notes = health.ready ? health.messages : [];
  return { ready: reasons.length === 0, reasons, notes, sources: sources.map((source) => sourceAge(source, nowMs)) };
}

function sourceAge(source: SourceHealth, nowMs: number): SourceAge {
  const { name, type, state, message, lastFrameMs } = source;
  return { name, type, state, message, ageSeconds: lastFrameMs === 0 ? null : (nowMs - lastFrameMs) / 1_000 };
}
