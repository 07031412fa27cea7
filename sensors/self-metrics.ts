/**
 * What the runner says of a probe, as metrics beside the probe's own:
 *
 * - `grate_probe_ok_<probe>`: 1 after a success, 0 after a failure
 * - `grate_probe_seconds_<probe>`: how long it took, until its failure if it failed
 */
import type { MetricSpec } from "./probes/probe.js";

const shared = { slope: "both", tmaxS: 60, group: "grate" } as const;

export function probeOkSpec(probe: string): MetricSpec {
  return {
    ...shared,
    name: `grate_probe_ok_${probe}`,
    type: "uint8",
    units: "",
    decimals: 0,
    title: `Probe ${probe} works`,
    description: `1 if the last reading of the probe ${probe} succeeded, else 0`,
  };
}

export function probeSecondsSpec(probe: string): MetricSpec {
  return {
    ...shared,
    name: `grate_probe_seconds_${probe}`,
    type: "float",
    units: "s",
    decimals: 4,
    title: `Probe ${probe} duration`,
    description: `How long the last reading of the probe ${probe} took`,
  };
}
