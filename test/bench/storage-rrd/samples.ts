/** The files and samples of the benchmark, the same for all who are measured: a formula, so nothing is handed around. */
import { join } from "node:path";
import type { RrdDefinition } from "../../../storage/rrd/format/definition.js";

export const METRICS = 35;
export const SPILL_SAMPLES = 40;
export const STEP_S = 15;
export const START_S = 1_700_000_000;

/** gmetad's own; 630,760 octets a file. */
export const RRAS = ["RRA:AVERAGE:0.5:1:5856", "RRA:AVERAGE:0.5:4:20160", "RRA:AVERAGE:0.5:40:52704"];

/** What gmetad makes for a metric of a host. */
export const GMETAD: RrdDefinition = {
  stepS: STEP_S,
  dataSources: [{ name: "sum", type: "GAUGE", heartbeatS: 120, min: Number.NaN, max: Number.NaN }],
  archives: [
    { cf: "AVERAGE", xff: 0.5, pdpCount: 1, rowCount: 5_856 },
    { cf: "AVERAGE", xff: 0.5, pdpCount: 4, rowCount: 20_160 },
    { cf: "AVERAGE", xff: 0.5, pdpCount: 40, rowCount: 52_704 },
  ],
};

/** gmetad's layout: the files of a cluster, host by host. */
export function pathsIn(directory: string, hosts: number): string[] {
  return Array.from({ length: hosts * METRICS }, (_, i) =>
    join(directory, "cluster", `node${Math.floor(i / METRICS)}`, `metric${i % METRICS}.rrd`),
  );
}

/** Values as metrics have them: a quarter whole, the others with one to three decimals. */
export function sampleValues(spill: number, file: number): Float64Array {
  return Float64Array.from({ length: SPILL_SAMPLES }, (_, i) => {
    const noise = ((spill * SPILL_SAMPLES + i) * 7_919 + file * 104_729) % 100_000;
    return noise / 10 ** (file % 4);
  });
}

/** Seconds; one after each step's end, so that every update closes a step. */
export function sampleTimes(spill: number): Float64Array {
  return Float64Array.from({ length: SPILL_SAMPLES }, (_, i) => START_S + 1 + STEP_S * (spill * SPILL_SAMPLES + i));
}
