/**
 * What RRD files cost, ours beside rrdtool's pipe and rrdcached in one run, in rounds by turns: updates within a spill
 * of 40 samples a file (budget: 0.5 us each), new files, and the memory that a file takes. npm run bench:storage
 *
 * HOSTS=30           of 35 files of gmetad's layout each, 630,760 octets a file, three times
 * ROUNDS=9           spills of 40 samples; figures are the median of all but the first
 * DIR=/dev/shm       where the files are; a tmpfs unless told
 */
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { expect, test } from "vitest";
import { RrdMachine } from "../../storage/rrd/arithmetic/machine.js";
import { PendingRows } from "../../storage/rrd/arithmetic/pending-rows.js";
import { readingOf } from "../../storage/rrd/arithmetic/reading-value.js";
import { RrdState } from "../../storage/rrd/arithmetic/state.js";
import { lastUpdateS, liveView } from "../../storage/rrd/commands/times.js";
import { withRrdFile } from "../../storage/rrd/file/rrd-file.js";
import { findProgram } from "../setup/peers.mjs";
import { compile } from "../storage/support/compiled.js";
import { type Cost, usEach } from "./storage-rrd/cost.js";
import type { Held, Question } from "./storage-rrd/ours.js";
import { createLines, Rrdcached, rrdtoolCost, updateLines } from "./storage-rrd/peers.js";
import { GMETAD, METRICS, pathsIn, SPILL_SAMPLES, START_S, STEP_S, sampleTimes } from "./storage-rrd/samples.js";

const HOSTS = Number(process.env["HOSTS"] ?? 30);
const ROUNDS = Number(process.env["ROUNDS"] ?? 9);
const FILES = HOSTS * METRICS;
const UPDATES = FILES * SPILL_SAMPLES;
/** Of which memory is measured. */
const HELD_HOSTS = 500;
const OURS = "test/bench/storage-rrd/ours.ts";

const print = (text: string) => process.stdout.write(`${text}\n`);

test("arithmetic alone", { timeout: 120_000 }, () => {
  const machine = new RrdMachine(GMETAD);
  const state = new RrdState(1, 3);
  const rows = new PendingRows(
    1,
    GMETAD.archives.map(({ rowCount }) => rowCount),
  );
  const updates = 1_000_000;
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
      best = Math.min(best, user + system);
    }
    print(`arithmetic alone, ${name}: CPU ${(best / updates).toFixed(3)} us an update`);
  }
  expect(state.lastUpS).toBe(START_S + 1 + STEP_S * (updates - 1));
});

test("updates in spills, new files, memory", { timeout: 1_800_000 }, async () => {
  const root = mkdtempSync(
    join(process.env["DIR"] ?? (existsSync("/dev/shm") ? "/dev/shm" : tmpdir()), "grate-bench-rrd-"),
  );
  const compiled = compile(OURS);
  const ours = startOurs(compiled.url(OURS).pathname);
  const directory = (name: string) => join(root, name);
  const ask = (op: Question["op"], name: string, spill = 0, hosts = HOSTS) =>
    ours.ask({ op, directory: directory(name), hosts, spill });
  let daemon: Rrdcached | undefined;
  const costs = new Map<string, Cost[]>();
  const add = (name: string, cost: Cost) => costs.set(name, [...(costs.get(name) ?? []), cost]);
  try {
    print(`\n${FILES} files of ${GMETAD.archives.length} archives in ${root}, us each: median of the rounds, and best`);
    const hasPeers = findProgram("rrdtool") !== undefined && findProgram("rrdcached") !== undefined;
    const ourPaths = pathsIn(directory("ours"), HOSTS);
    const pipePaths = pathsIn(directory("rrdtool"), HOSTS);
    const daemonPaths = pathsIn(directory("rrdcached"), HOSTS);
    // A part by each in turn, on the same memory and disk.
    for (let host = 0; host < HOSTS; host += 5) {
      const hosts = Math.min(5, HOSTS - host);
      add("new files, ours", (await ask("create", `new${host}`, 0, hosts)) as Cost);
      const paths = pathsIn(directory(`new${host}`), hosts);
      rmSync(directory(`new${host}`), { recursive: true });
      if (hasPeers) add("new files, rrdtool's pipe", await rrdtoolCost(createLines(paths)));
      rmSync(directory(`new${host}`), { recursive: true, force: true });
    }
    for (const [name, cost] of costs) print(`${name}: ${usEach(cost, Math.min(5, HOSTS) * METRICS)} a file`);
    costs.clear();
    await ask("create", "ours");
    await ask("store", "store", 0);
    if (hasPeers) {
      await rrdtoolCost(createLines([...pipePaths, ...daemonPaths]));
      daemon = await Rrdcached.start();
    }
    for (let round = 0; round < ROUNDS; round++) {
      const round40 = [
        ["ours, files alone", () => ask("spill", "ours", round)],
        ["ours, the whole store", () => ask("store", "store", round + 1)],
        ["rrdtool's pipe, 40 samples a command", () => rrdtoolCost(updateLines(pipePaths, round, SPILL_SAMPLES))],
        ["rrdcached BATCH, 40 samples a line, memory", () => daemon?.batch(updateLines(daemonPaths, round, 40))],
        ["rrdcached FLUSH after it, files", () => daemon?.flush(daemonPaths)],
      ] as const;
      for (const [name, run] of hasPeers ? round40 : round40.slice(0, 2)) {
        const cost = (await run()) as Cost | undefined;
        // In the first one everybody's code is cold.
        if (cost !== undefined && round > 0) add(name, cost);
      }
    }
    for (const [name, cost] of costs) print(`${name}: ${usEach(cost, UPDATES)} an update`);
    if (hasPeers) {
      // As gmetad updates; of files that were updated up to the last round.
      const lines = updateLines(pipePaths, ROUNDS, 1).slice(0, UPDATES / 10);
      print(`rrdtool's pipe, 1 sample a command: ${usEach([await rrdtoolCost(lines)], lines.length)} an update`);
      const singles = updateLines(daemonPaths, ROUNDS, 1);
      const cost = await daemon?.batch(singles);
      if (cost !== undefined)
        print(`rrdcached BATCH, 1 sample a line, memory: ${usEach([cost], singles.length)} an update`);
    } else print("rrdtool or rrdcached is not installed");
    const { bytesPerFile } = (await ask("held", "held", 0, HELD_HOSTS)) as Held;
    print(`held in memory by the store: ${bytesPerFile.toFixed(0)} bytes a file, of ${HELD_HOSTS * METRICS} files`);
    const last = ourPaths.at(-1) as string;
    const lastS = withRrdFile(last, "r", last, (file) => lastUpdateS(liveView(file)));
    expect(lastS).toBe(sampleTimes(ROUNDS - 1).at(-1));
    expect(bytesPerFile).toBeGreaterThan(0);
  } finally {
    await daemon?.end();
    await ours.end();
    compiled.remove();
    rmSync(root, { recursive: true, force: true });
  }
});

/** A process of ours that answers questions. */
function startOurs(script: string) {
  const child = spawn(process.execPath, ["--expose-gc", script], { stdio: ["pipe", "pipe", "inherit"] });
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
  return {
    async ask(question: Question): Promise<Cost | Held> {
      child.stdin.write(`${JSON.stringify(question)}\n`);
      const { value, done } = await answers.next();
      if (done === true) throw new Error(`ours ended: ${JSON.stringify(question)} was not answered`);
      return JSON.parse(value) as Cost | Held;
    },
    end(): Promise<void> {
      child.stdin.end();
      return ended;
    },
  };
}
