/** We read a file while somebody else writes it: the other's whole update comes between our looks at the state and at the rows. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readSeries } from "../../../storage/rrd/archive/read-series.js";
import { fetchRows } from "../../../storage/rrd/commands/fetch-rows.js";
import { RrdFile } from "../../../storage/rrd/file/rrd-file.js";
import { ourPipe } from "./support/our-pipe.js";

const STEP_S = 15;
const START_S = 1_700_000_100 - (1_700_000_100 % 600);
const ROWS = 20;

let directory: string;
let answer: ReturnType<typeof ourPipe>;
/** Steps written. */
let written: number;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "grate-meanwhile-"));
  answer = ourPipe(directory);
  answer(`create x.rrd --start ${START_S} --step ${STEP_S} DS:sum:GAUGE:120:U:U RRA:AVERAGE:0.5:1:${ROWS}`);
  written = 0;
  write(30);
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const timeS = (step: number) => START_S + step * STEP_S;

/** Each step has its number as its value. */
function write(steps: number): void {
  const updates = Array.from({ length: steps }, (_, i) => `${timeS(written + i + 1)}:${written + i + 1}`);
  answer(`update x.rrd ${updates.join(" ")}`);
  written += steps;
}

/** Somebody writes before the rows are read, so many times. */
class MeddledFile extends RrdFile {
  times = 0;

  override readRows(rra: number, firstRow: number, count: number): Float64Array {
    if (this.times-- > 0) write(3);
    return super.readRows(rra, firstRow, count);
  }
}

/** What stands at a wrong time, as "time:value". */
function misplaced(timesS: Iterable<number>, values: Float64Array): string[] {
  return [...timesS].flatMap((each, i) => {
    const value = values[i] as number;
    return Number.isNaN(value) || value === (each - START_S) / STEP_S ? [] : [`${each}:${value}`];
  });
}

const reads: [name: string, read: (file: RrdFile) => { timesS: Iterable<number>; values: Float64Array }][] = [
  [
    "history",
    (file) => {
      const series = readSeries(file, 0, timeS(1_000));
      if (series?.kind !== "number") throw new Error("nothing is there");
      return { timesS: Array.from(series.timesMs, (timeMs) => timeMs / 1_000), values: series.values };
    },
  ],
  ["fetch", (file) => fetchRows(file, "AVERAGE", timeS(written - ROWS), timeS(written + 10), STEP_S)],
];

test.each(reads)("%s: each row is in its place, up to the newest", (_, read) => {
  for (const times of [0, 1, 2]) {
    const file = new MeddledFile(join(directory, "x.rrd"), "r");
    file.times = times;
    const { timesS, values } = read(file);
    file.close();
    expect(misplaced(timesS, values), `${times} updates meanwhile`).toEqual([]);
    expect([...values]).toContain(written);
  }
});

test.each(reads)("%s: of a file that is written all the time there is an answer all the same", (_, read) => {
  const file = new MeddledFile(join(directory, "x.rrd"), "r");
  file.times = 1_000;
  expect(read(file).values.length).toBeGreaterThan(0);
  expect(written).toBeLessThan(30 + 3 * 20);
  file.close();
});
