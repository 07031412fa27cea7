/** Runs probes on the fixture trees of test/fixtures/probes. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Instant, Probe, ProbeFactory, Reading, Roots } from "../../../sensors/probes/probe.js";
import { VirtualClock } from "../../support/virtual-clock.js";

const FIXTURES = join(import.meta.dirname, "../../fixtures/probes");

/** @param tree a folder of test/fixtures/probes such as "load/normal"; it must be there */
export function rootsOf(tree: string): Roots {
  const folder = join(FIXTURES, tree);
  if (!existsSync(folder)) throw new Error(`There is no fixture ${folder}`);
  return { procfs: join(folder, "proc"), sysfs: join(folder, "sys") };
}

export function instant(monotonicMs: number): Instant {
  return { wallMs: 1_700_000_000_000 + monotonicMs, monotonicMs };
}

export function valuesOf(readings: readonly Reading[]): Record<string, number | string> {
  return Object.fromEntries(readings.map(({ spec, value }) => [spec.name, value]));
}

/** One reading of a new probe on the tree. */
export async function measureOnce(factory: ProbeFactory, tree: string): Promise<Record<string, number | string>> {
  return valuesOf(await factory(rootsOf(tree), new VirtualClock()).measure(instant(0)));
}

/** Roots that point elsewhere for each reading: for probes that need two. */
export function switchableProbe(factory: ProbeFactory, tree: string): { probe: Probe; use: (tree: string) => void } {
  const roots = { ...rootsOf(tree) };
  return {
    probe: factory(roots, new VirtualClock()),
    use: (other) => void Object.assign(roots, rootsOf(other)),
  };
}
