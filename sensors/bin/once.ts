/** `grate sensor --once`: one reading of this machine, printed. */
import type { Clock } from "../../core/base/clock.js";
import { sleep } from "../../core/base/clock.js";
import { GrateError, messageOf } from "../../core/base/errors.js";
import { printable, printableJson } from "../../viewer/terminal/printable.js";
import { formatTable } from "../../viewer/terminal/table.js";
import type { Machine } from "../machine.js";
import type { Probe, Reading } from "../probes/probe.js";

/** Rates need two looks; a second apart is as far as a person likes to wait. */
const BETWEEN_MS = 1_000;

export interface OnceResult {
  readonly readings: readonly Reading[];
  /** "probe: why", one for each that failed. */
  readonly faults: readonly string[];
  /** Epoch ms. */
  readonly timeMs: number;
}

/** Asks every probe twice and keeps the second answers. */
export async function readOnce(probes: readonly Probe[], clock: Clock): Promise<OnceResult> {
  await measure(probes, clock);
  await sleep(clock, BETWEEN_MS);
  return measure(probes, clock);
}

async function measure(probes: readonly Probe[], clock: Clock): Promise<OnceResult> {
  const at = { wallMs: clock.nowMs(), monotonicMs: clock.monotonicMs() };
  const faults: string[] = [];
  const readings = await Promise.all(
    probes.map((probe) =>
      probe.measure(at).catch((error: unknown): readonly Reading[] => {
        faults.push(`${probe.name}: ${messageOf(error)}`);
        return [];
      }),
    ),
  );
  if (faults.length === probes.length) throw new GrateError(`nothing could be measured: ${faults.join("; ")}`);
  return { readings: readings.flat(), faults, timeMs: at.wallMs };
}

/** @returns lines; values in a table have the decimals that mean something */
export function formatOnce(
  result: OnceResult,
  machine: Machine,
  options: { readonly json: boolean; readonly width: number; readonly color: boolean },
): string[] {
  const { readings, timeMs } = result;
  if (options.json) {
    const metrics = readings.map(({ spec, value }) => ({
      name: spec.name,
      value: typeof value === "number" ? rounded(value, spec.decimals) : value,
      type: spec.type,
      units: spec.units,
      group: spec.group,
    }));
    return [printableJson({ host: machine.hostName, ip: machine.ip, time: new Date(timeMs).toISOString(), metrics })];
  }
  const rows = readings.map(({ spec, value }) => [
    spec.group,
    spec.name,
    typeof value === "number" ? rounded(value, spec.decimals).toFixed(spec.decimals) : value,
    spec.units,
  ]);
  return [
    printable(`${machine.hostName} (${machine.ip})`),
    ...formatTable(
      [
        { title: "GROUP" },
        { title: "METRIC", fit: "wrap" },
        { title: "VALUE", align: "right", fit: "wrap" },
        { title: "UNITS", fit: "cut" },
      ],
      rows,
      { ...options, header: true },
    ),
  ];
}

function rounded(value: number, decimals: number): number {
  return Number(value.toFixed(decimals));
}
