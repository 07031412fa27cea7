/** The real rrdtool reads the very file that we write, in the same moments: two processes, no lock. See README.md of storage/rrd. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { SeriesBatch } from "../../../core/model/archive.js";
import { archivesOf } from "../../../storage/rrd/archive/archives.js";
import { RrdArchive } from "../../../storage/rrd/archive/rrd-archive.js";
import { VirtualClock } from "../../support/virtual-clock.js";
import { RRDTOOL, Rrdtool } from "./support/rrdtool.js";

const STEP_S = 15;
const START_S = 1_700_000_100 - (1_700_000_100 % 600);
const KEY = { cluster: "khab", host: "node1", metric: "load_one" };
const FILE = "khab/node1/load_one.rrd";
const ROWS = 5_856;
/** Steps that one append writes. */
const STEPS_OF_APPEND = 3;
const APPENDS = 1_500;
/** On a busy machine rrdtool needs longer for so many answers. */
const READS = 50;
const APPENDS_MAX = 50_000;

/** Of a step, and of no other: a value in a wrong place shows. */
const valueAt = (step: number) => step + 0.25;

function batchOf(fromStep: number, count: number): SeriesBatch {
  const steps = Array.from({ length: count }, (_, i) => fromStep + i);
  return {
    key: KEY,
    type: "float",
    units: "",
    series: {
      kind: "number",
      timesMs: Float64Array.from(steps, (step) => (START_S + step * STEP_S) * 1_000),
      values: Float64Array.from(steps, valueAt),
    },
  };
}

const suite = RRDTOOL === undefined ? describe.skip : describe;
suite(`rrdtool at a file that we write${RRDTOOL === undefined ? " (rrdtool is not installed)" : ""}`, () => {
  let directory: string;
  let archive: RrdArchive;
  let rrdtool: Rrdtool;
  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), "grate-simultaneous-"));
    archive = new RrdArchive({
      directory,
      mode: "write",
      stepS: STEP_S,
      archivesOf: (stepS) => archivesOf([`RRA:AVERAGE:0.5:1:${ROWS}`, "RRA:AVERAGE:0.5:4:2016"], stepS),
      lowerCaseHosts: false,
      clock: new VirtualClock(),
      log: { info: () => {}, warn: () => {} },
      random: () => 0,
    });
    await archive.append([batchOf(0, 1)]);
    rrdtool = new Rrdtool(directory);
  });
  afterEach(async () => {
    await rrdtool.end();
    rmSync(directory, { recursive: true, force: true });
  });

  /** Rows from one step to another, of the finest archive; NaN where nothing is known. */
  async function rows(fromStep: number, toStep: number): Promise<{ verdict: string; values: Map<number, number> }> {
    const [from, to] = [START_S + (fromStep - 1) * STEP_S, START_S + toStep * STEP_S];
    const { output, verdict } = await rrdtool.ask(`fetch ${FILE} AVERAGE -s ${from} -e ${to} -r ${STEP_S}`);
    const values = new Map<number, number>();
    for (const line of output.split("\n")) {
      const [, time, value] = /^(\d+): (\S+)$/.exec(line.trim()) ?? [];
      if (time !== undefined)
        values.set((Number(time) - START_S) / STEP_S, value?.includes("nan") ? Number.NaN : Number(value));
    }
    return { verdict, values };
  }

  test("is never refused, and reads each row in its place: at once, or when asked once more", async () => {
    let writtenThrough = 0;
    let isDone = false;
    let [reads, meanwhile] = [0, 0];
    const write = async () => {
      for (let i = 0; i < APPENDS || (reads <= READS && i < APPENDS_MAX); i++) {
        await archive.append([batchOf(writtenThrough + 1, STEPS_OF_APPEND)]);
        writtenThrough += STEPS_OF_APPEND;
        await setImmediate();
      }
      isDone = true;
    };
    /** @returns what is wrong with one answer */
    const look = async (): Promise<string | undefined> => {
      const before = writtenThrough;
      const first = Math.max(1, before - 20);
      const { verdict, values } = await rows(first, before + 40);
      reads++;
      if (writtenThrough > before) meanwhile++;
      if (!verdict.startsWith("OK")) return verdict;
      for (const [step, value] of values) {
        const isWritten = step >= first && step <= before;
        const isRight = value === valueAt(step) || (!isWritten && Number.isNaN(value));
        if (!isRight) return `step ${step}: ${value}, ${before} steps were written`;
      }
      return undefined;
    };
    const faults: string[] = [];
    let torn = 0;
    const read = async () => {
      while (!isDone) {
        if ((await look()) === undefined) continue;
        torn++;
        const again = await look();
        if (again !== undefined) faults.push(again);
      }
    };
    await Promise.all([write(), read()]);
    expect(faults.slice(0, 5)).toEqual([]);
    // Between its looks at the time and at the row our state may come; one of some thousand answers, measured.
    expect(torn).toBeLessThanOrEqual(1 + reads / 100);
    expect(meanwhile).toBeGreaterThan(reads / 10);
    expect(reads).toBeGreaterThan(READS);
  });
});
