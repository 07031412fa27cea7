/** Files of sums, and the type of source that a metric gets by its slope. */
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { SeriesBatch, SumTable } from "../../../../core/model/archive.js";
import type { MetricType, Slope } from "../../../../core/model/metric.js";
import { archivesOf } from "../../../../storage/rrd/archive/archives.js";
import { RrdArchive } from "../../../../storage/rrd/archive/rrd-archive.js";
import { VirtualClock } from "../../../support/virtual-clock.js";
import { ourPipe } from "../support/our-pipe.js";

const START_S = 1_700_000_100 - (1_700_000_100 % 600);

let directory: string;
let archive: RrdArchive;
let answer: ReturnType<typeof ourPipe>;
let warnings: string[];
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "grate-rrd-sums-"));
  answer = ourPipe(directory);
  warnings = [];
  archive = open();
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

function open(mode: "read" | "write" = "write"): RrdArchive {
  return new RrdArchive({
    directory,
    mode,
    stepS: 30,
    archivesOf: (stepS) => archivesOf(["RRA:AVERAGE:0.5:1:100"], stepS),
    lowerCaseHosts: false,
    clock: new VirtualClock(),
    log: { info: () => {}, warn: (message) => warnings.push(message) },
    random: () => 0,
  });
}

/** @param rows offset in seconds, sum and hosts of each time */
function sums(
  kind: SumTable["kind"],
  name: string,
  rows: readonly (readonly [number, number, number])[],
  slope: Slope = "both",
): SumTable {
  return {
    kind,
    name,
    metrics: [{ name: "load_one", slope }],
    timesMs: Float64Array.from(rows, ([offsetS]) => (START_S + offsetS) * 1_000),
    sums: Float64Array.from(rows, ([, sum]) => sum),
    hosts: Float64Array.from(rows, ([, , hosts]) => hosts),
  };
}

const info = (path: string) => answer(`info ${path}`).output;
const rowsOf = (path: string, toS: number) =>
  [...answer(`fetch ${path} AVERAGE -s ${START_S} -e ${START_S + toS - 1} -r 1`).output.matchAll(/^\d+: (.*)$/gm)].map(
    ([, values]) => values?.trim().split(" ").map(Number),
  );

test.each<[string, SumTable["kind"], string, string, number]>([
  ["a cluster", "cluster", "khab", "khab/__SummaryInfo__/load_one.rrd", 30],
  ["a child grid", "grid", "East", "East/__SummaryInfo__/load_one.rrd", 30],
  ["the whole grid, with a step of its own", "whole", "", "__SummaryInfo__/load_one.rrd", 15],
  [
    "a cluster called as the place of sums",
    "cluster",
    "__SummaryInfo__",
    "%5F_SummaryInfo__/__SummaryInfo__/load_one.rrd",
    30,
  ],
])("of %s", async (_, kind, name, path, stepS) => {
  await archive.endSpill([
    sums(kind, name, [
      [0, 3, 2],
      [stepS, 4.5, 3],
      [2 * stepS, Number.NaN, 0],
      [3 * stepS, 6, 3],
    ]),
  ]);
  for (const line of [
    `step = ${stepS}`,
    'ds[sum].type = "GAUGE"',
    `ds[sum].minimal_heartbeat = ${8 * stepS}`,
    "ds[num].index = 1",
    'ds[num].type = "GAUGE"',
  ]) {
    expect(info(path)).toContain(`${line}\n`);
  }
  expect(rowsOf(path, 3 * stepS)).toEqual([
    [4.5, 3],
    [6, 3],
    [6, 3],
  ]);
  expect(warnings).toEqual([]);
});

test("sums given again, and a name that is none, change nothing", async () => {
  const table = sums("cluster", "khab", [
    [0, 1, 1],
    [30, 2, 1],
  ]);
  await archive.endSpill([table]);
  const once = rowsOf("khab/__SummaryInfo__/load_one.rrd", 30);
  await archive.endSpill([table, sums("grid", "a\nb", [[0, 1, 1]])]);
  await open().endSpill([table]);
  expect(rowsOf("khab/__SummaryInfo__/load_one.rrd", 30)).toEqual(once);
  expect(readdirSync(directory)).toEqual([".grate-coverage.json", "khab"]);
});

test("mode read writes no sums and asks for none", async () => {
  const reader = open("read");
  await reader.endSpill([sums("cluster", "khab", [[0, 1, 1]])]);
  expect(readdirSync(directory)).toEqual([]);
  expect([reader.traits.sumsEveryMs, archive.traits.sumsEveryMs]).toEqual([undefined, 30_000]);
});

test.each<[Slope | undefined, MetricType, string, number[]]>([
  ["positive", "uint32", "COUNTER", [2, 2]],
  ["positive", "float", "DCOUNTER", [2.05, 2]],
  ["derivative", "int32", "DERIVE", [2, 2]],
  ["derivative", "double", "DDERIVE", [2.05, 2]],
  ["both", "uint32", "GAUGE", [161.5, 221.5]],
  ["zero", "float", "GAUGE", [161.5, 221.5]],
  [undefined, "float", "GAUGE", [161.5, 221.5]],
])("a new file of a host's metric of slope %s and type %s is a %s", async (slope, type, source, rates) => {
  const batch: SeriesBatch = {
    key: { cluster: "khab", host: "n", metric: "m" },
    type,
    units: "",
    slope,
    series: {
      kind: "number",
      timesMs: Float64Array.of(START_S * 1_000, (START_S + 30) * 1_000, (START_S + 60) * 1_000),
      values: Float64Array.of(100, 161.5, 221.5),
    },
  };
  await archive.append([batch]);
  const path = "khab/n/m.rrd";
  expect(info(path)).toContain(`ds[sum].type = "${source}"\n`);
  expect(rowsOf(path, 60).map((row) => Number(row?.[0]?.toFixed(2)))).toEqual(
    // Whole numbers only: 162 - 100 over 30 s.
    source === "COUNTER" || source === "DERIVE" ? [Number((62 / 30).toFixed(2)), 2] : rates,
  );
  const read = await archive.read({ key: batch.key, fromMs: 0, toMs: 9e12 });
  // Rates are no samples of the metric.
  expect(read === undefined).toBe(source !== "GAUGE");
});

test.each<[Slope, string]>([
  ["positive", "DCOUNTER"],
  ["derivative", "DDERIVE"],
  ["negative", "GAUGE"],
])("a sum of slope %s is a %s: gmetad writes it with five decimals", async (slope, source) => {
  await archive.endSpill([sums("cluster", "khab", [[0, 5, 1]], slope)]);
  const text = info("khab/__SummaryInfo__/load_one.rrd");
  expect(text).toContain(`ds[sum].type = "${source}"\n`);
  expect(text).toContain('ds[num].type = "GAUGE"\n');
});
