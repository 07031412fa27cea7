/**
 * What an update of an RRD file costs, ours beside rrdtool's, in one run on the same files:
 * npm run bench:storage. Budget: 0.5 us an update within a spill of 40 samples a file.
 * FILES (default 2,000 of gmetad's layout, 630,760 bytes each) and DIR (default /dev/shm, a tmpfs).
 */
import { spawn } from "node:child_process";
import { copyFileSync, existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { RrdMachine } from "../../storage/rrd/arithmetic/machine.js";
import { PendingRows } from "../../storage/rrd/arithmetic/pending-rows.js";
import { readingOf } from "../../storage/rrd/arithmetic/reading-value.js";
import { RrdState } from "../../storage/rrd/arithmetic/state.js";
import { RrdFleet } from "../../storage/rrd/bulk/fleet.js";
import { createRrdFile } from "../../storage/rrd/file/create-file.js";
import { withRrdFile } from "../../storage/rrd/file/rrd-file.js";
import type { RrdDefinition } from "../../storage/rrd/format/definition.js";
import { findProgram } from "../setup/peers.mjs";

const FILES = Number(process.env["FILES"] ?? 2_000);
const SPILLS = 6;
const SPILL_SAMPLES = 40;
const START_S = 1_700_000_000;
const STEP_S = 15;

/** What gmetad makes for a metric of a host. */
const GMETAD: RrdDefinition = {
  stepS: STEP_S,
  dataSources: [{ name: "sum", type: "GAUGE", heartbeatS: 120, min: Number.NaN, max: Number.NaN }],
  archives: [
    { cf: "AVERAGE", xff: 0.5, pdpCount: 1, rowCount: 5_856 },
    { cf: "AVERAGE", xff: 0.5, pdpCount: 4, rowCount: 20_160 },
    { cf: "AVERAGE", xff: 0.5, pdpCount: 40, rowCount: 52_704 },
  ],
};

const print = (text: string) => process.stdout.write(`${text}\n`);
const perUpdate = (tookMs: number, updates: number) => `${((tookMs * 1e3) / updates).toFixed(3)} us an update`;

/** Values as metrics have them: a third whole, two thirds with one to three decimals. */
function sampleValues(spill: number, file: number): Float64Array {
  return Float64Array.from({ length: SPILL_SAMPLES }, (_, i) => {
    const noise = ((spill * SPILL_SAMPLES + i) * 7_919 + file * 104_729) % 100_000;
    return noise / (10 ** (file % 4) || 1);
  });
}
const sampleTimes = (spill: number) =>
  Float64Array.from({ length: SPILL_SAMPLES }, (_, i) => START_S + 1 + STEP_S * (spill * SPILL_SAMPLES + i));

test("arithmetic alone", { timeout: 120_000 }, () => {
  const machine = new RrdMachine(GMETAD);
  const state = new RrdState(1, 3);
  const rows = new PendingRows(
    1,
    GMETAD.archives.map(({ rowCount }) => rowCount),
  );
  const updates = 2_000_000;
  for (const [name, makeValue] of [
    ["whole numbers", (i: number) => i % 1_000],
    ["two decimals", (i: number) => (i % 100_000) / 100],
    ["three decimals", (i: number) => (i % 100_000) / 1_000],
    ["seventeen digits", (i: number) => Math.sin(i) * 100],
  ] as const) {
    const values = Float64Array.from({ length: 100_000 }, (_, i) => makeValue(i));
    let best = Number.POSITIVE_INFINITY;
    for (let round = 0; round < 4; round++) {
      machine.reset(state, START_S);
      const start = process.cpuUsage();
      for (let i = 0; i < updates; i++) {
        const timeS = START_S + 1 + STEP_S * i;
        machine.amounts[0] = readingOf(values[i % 100_000] as number) * machine.intervalS(state, timeS, 0);
        machine.advance(state, timeS, 0, rows);
        if (i % SPILL_SAMPLES === 0) rows.clear();
      }
      const { user, system } = process.cpuUsage(start);
      best = Math.min(best, (user + system) / 1e3);
    }
    print(`arithmetic alone, ${name}: CPU ${perUpdate(best, updates)}`);
  }
  expect(state.lastUpS).toBe(START_S + 1 + STEP_S * (updates - 1));
});

test("spills into files", { timeout: 900_000 }, async () => {
  const directory = mkdtempSync(
    join(process.env["DIR"] ?? (existsSync("/dev/shm") ? "/dev/shm" : tmpdir()), "grate-bench-rrd-"),
  );
  try {
    print(
      `${FILES} files of ${GMETAD.archives.length} archives in ${directory}, ${SPILLS} spills of ${SPILL_SAMPLES} samples each`,
    );
    const first = join(directory, "first.rrd");
    createRrdFile(first, GMETAD, START_S, () => 0);
    const paths = Array.from({ length: FILES }, (_, i) => join(directory, `${i}.rrd`));
    for (const isSoleWriter of [false, true]) {
      for (const path of paths) copyFileSync(first, path);
      const fleet = withRrdFile(first, "r", first, ({ header }) => new RrdFleet(header, { isSoleWriter }));
      const files = paths.map((path) => fleet.add(path));
      const name = isSoleWriter ? "ours, sole writer" : "ours, reading each file before";
      spillAll(fleet, files, paths, name);
      print(`  states held: ${(fleet.stateBytes / fleet.count).toFixed(0)} bytes a file`);
    }
    if (findProgram("rrdtool") === undefined) {
      print("rrdtool is not installed");
      return;
    }
    for (const path of paths) copyFileSync(first, path);
    await rrdtoolSpills(paths);
    for (const path of paths) copyFileSync(first, path);
    await rrdtoolSingles(paths);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});

function spillAll(fleet: RrdFleet, files: readonly number[], paths: readonly string[], name: string): void {
  const updates = FILES * SPILL_SAMPLES;
  const tookMs: number[] = [];
  let bestCpu = { user: Number.POSITIVE_INFINITY, system: 0 };
  for (let spill = 0; spill < SPILLS; spill++) {
    const times = sampleTimes(spill);
    const values = paths.map((_, file) => sampleValues(spill, file));
    const startMs = performance.now();
    const startCpu = process.cpuUsage();
    for (const [i, path] of paths.entries())
      fleet.updateMany(files[i] as number, path, times, values[i] as Float64Array);
    tookMs.push(performance.now() - startMs);
    const cpu = process.cpuUsage(startCpu);
    if (cpu.user + cpu.system < bestCpu.user + bestCpu.system) bestCpu = cpu;
  }
  const sorted = tookMs.toSorted((a, b) => a - b);
  const best = sorted[0] as number;
  print(`${name}: best ${perUpdate(best, updates)}, median ${perUpdate(sorted[SPILLS >> 1] as number, updates)}`);
  print(
    `  CPU of the best: ${(bestCpu.user / updates).toFixed(3)} + ${(bestCpu.system / updates).toFixed(3)} us an update`,
  );
  print(`  ${((best * 1e3) / FILES).toFixed(1)} us a file; 39,000 files take ${((best / FILES) * 39).toFixed(2)} s`);
  expect(fleet.lastUpdateS(files[0] as number)).toBe(START_S + 1 + STEP_S * (SPILLS * SPILL_SAMPLES - 1));
}

/** All samples of a file in one command: the most that rrdtool's pipe can do. */
async function rrdtoolSpills(paths: readonly string[]): Promise<void> {
  const times = sampleTimes(0);
  const lines = paths.map((path, file) => {
    const values = sampleValues(0, file);
    return `update ${path} ${Array.from(times, (time, i) => `${time}:${values[i]}`).join(" ")}\n`;
  });
  print(`rrdtool's pipe, 40 samples a command: ${await timePipe(lines, FILES * SPILL_SAMPLES)}`);
}

/** A sample a command, as gmetad updates. */
async function rrdtoolSingles(paths: readonly string[]): Promise<void> {
  const lines = sampleTimes(0)
    .subarray(0, 4)
    .reduce<string[]>((all, time, i) => {
      for (const [file, path] of paths.entries()) all.push(`update ${path} ${time}:${sampleValues(0, file)[i]}\n`);
      return all;
    }, []);
  print(`rrdtool's pipe, 1 sample a command: ${await timePipe(lines, lines.length)}`);
}

/** The lines come from a file, so that nobody waits for our writing. */
function timePipe(lines: readonly string[], updates: number): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "grate-bench-rrd-"));
  const input = join(folder, "lines");
  writeFileSync(input, lines.join(""));
  const startMs = performance.now();
  return new Promise((resolve, reject) => {
    const child = spawn("sh", ["-c", 'exec rrdtool - < "$1"', "sh", input], { stdio: ["ignore", "pipe", "inherit"] });
    let answers = "";
    child.stdout.on("data", (text) => {
      answers += text;
    });
    child.once("error", reject);
    child.once("close", () => {
      const tookMs = performance.now() - startMs;
      rmSync(folder, { recursive: true });
      const errors = answers.match(/^ERROR.*$/m);
      if (errors !== null) return reject(new Error(errors[0]));
      resolve(perUpdate(tookMs, updates));
    });
  });
}
