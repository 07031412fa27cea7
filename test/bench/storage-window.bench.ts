/**
 * The window and its log: bytes and time a sample, answers, pauses of the main
 * loop, and the memory of a whole collector. Times are CPU times of the process,
 * all threads, so that other work on the machine counts little.
 *
 * HOSTS=1000  of the emulated cluster
 * POLLS=240   an hour at 15 s
 * EVERY=3     seconds between two polls of the whole collector; POLLS of them are waited for. 0: leave it out
 * SEED        of the values
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { setImmediate, setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";
import { ALLOCATOR_ENVIRONMENT } from "../../collector/bin/allocator.js";
import { collectorSchema } from "../../collector/config.js";
import { AllNews } from "../../collector/frame-news.js";
import { Collector } from "../../collector/pipeline.js";
import { TOKEN_FILE } from "../../collector/serve/token.js";
import { RecentWindow } from "../../collector/window/recent-window.js";
import { SampleMemory } from "../../collector/window/sample-memory.js";
import { SAMPLES_PER_SLICE } from "../../collector/window/spill.js";
import type { Clock } from "../../core/base/clock.js";
import { systemClock } from "../../core/base/clock.js";
import { silentLogger } from "../../core/base/log.js";
import { nodeLogFiles } from "../../core/base/record-log-files.js";
import { ClusterDirectory } from "../../core/model/directory.js";
import { Frame } from "../../core/model/frame.js";
import { compile } from "../storage/support/compiled.js";
import { EmulatedHosts, POLL_MS } from "../support/emulated-hosts.js";
import { get } from "../support/rig/ask.js";
import { startGrate, writeConfig } from "../support/rig/grate.js";
import { makeEmptyNamespace } from "../support/rig/namespaces.js";
import { runProcess } from "../support/rig/process.js";
import { usageOf } from "../support/rig/usage.js";
import { RRAS } from "./collector/peers.js";
import { TRIGGER_COUNT, triggersYaml } from "./collector/triggers.js";
import { SEED, startEmulator } from "./emulator/start.js";
import type { Pauses, Orders as PausesOrders, SpillPauses } from "./storage-window/pauses.js";

const HOSTS = Number(process.env["HOSTS"] ?? 1_000);
const POLLS = Number(process.env["POLLS"] ?? 240);
const EVERY_S = Number(process.env["EVERY"] ?? 3);
const MIB = 2 ** 20;
const T = 1_795_289_045_000;
const ALWAYS = { fromMs: 0, toMs: Number.MAX_SAFE_INTEGER };
/** Polls before the compiler has seen everything. */
const WARM_UP = 10;

const folder = mkdtempSync(join(tmpdir(), "grate-bench-window-"));
// Tens of thousands of files.
afterAll(() => rmSync(folder, { recursive: true, force: true }), 300_000);

const say = (line: string) => process.stdout.write(`${line}\n`);

function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}

/** @returns CPU ms of one call, after one that is not counted */
function timeOf(calls: number, action: () => void): number {
  action();
  const begin = cpuMs();
  for (let i = 0; i < calls; i++) action();
  return (cpuMs() - begin) / calls;
}

test.each(["groups", "each"] as const)("memory and time of the window, ages by %s", { timeout: 0 }, async (ages) => {
  const hosts = new EmulatedHosts({ hosts: HOSTS, seed: SEED, ages });
  const directory = new ClusterDirectory("c");
  hosts.describe(directory);
  const frame = new Frame(directory, "bench");
  const window = new RecentWindow({ windowMs: POLLS * POLL_MS, bytesMax: 2 ** 30, archiving: true });
  const all = new AllNews();
  const times: number[] = [];
  for (let poll = 0; poll < POLLS; poll++) {
    hosts.fill(frame, T + poll * POLL_MS);
    const begin = cpuMs();
    window.add(frame, all.of(frame), poll + 1);
    if (poll >= WARM_UP) times.push(cpuMs() - begin);
  }
  const bytes = window.bytes / window.samples;
  const sum = times.reduce((a, b) => a + b, 0);
  times.sort((a, b) => a - b);
  const at = (part: number) => (times[Math.floor((times.length - 1) * part)] as number).toFixed(1);
  const encodeNs = (sum / times.length / hosts.cells) * 1e6;
  say(`seed ${SEED}, ${HOSTS} hosts x ${hosts.cells / HOSTS} metrics x ${POLLS} polls, ages by ${ages}:`);
  say(`  ${bytes.toFixed(3)} bytes a sample (budget 1.5), ${(window.bytes / MIB).toFixed(1)} MiB`);
  say(
    `  taking a poll: ${encodeNs.toFixed(0)} ns a sample; median ${at(0.5)} ms, 99 % ${at(0.99)} ms, worst ${at(1)} ms`,
  );
  const key = { cluster: "c", host: hosts.hostName(HOSTS >> 1), metric: "mem_free" };
  const column = directory.findColumn("mem_free", "number");
  say(`  one series of an hour: ${timeOf(200, () => window.read({ key, ...ALWAYS })).toFixed(2)} ms`);
  const columnMs = timeOf(20, () => window.readColumn(directory, column, 0, Number.MAX_SAFE_INTEGER, () => {}));
  say(
    `  one metric of all hosts: ${columnMs.toFixed(1)} ms, ${((columnMs * 1e6) / HOSTS / POLLS).toFixed(0)} ns a sample`,
  );
  const memory = new SampleMemory();
  const slices = window.batches(Number.MAX_SAFE_INTEGER, SAMPLES_PER_SLICE, memory);
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const begin = cpuMs();
  let [parts, samples, worstMs] = [0, 0, 0];
  for (let before = performance.now(); ; before = performance.now()) {
    const part = slices.next();
    if (part.done === true) break;
    memory.takeBack();
    worstMs = Math.max(worstMs, performance.now() - before);
    parts++;
    for (const { series } of part.value) samples += series.timesMs.length;
    await setImmediate();
  }
  delay.disable();
  const readNs = ((cpuMs() - begin) / samples) * 1e6;
  say(
    `  all series for the archive: ${parts} parts, ${readNs.toFixed(0)} ns a sample, worst part ${worstMs.toFixed(1)} ms`,
  );
  say(
    `  event loop meanwhile: 99 % ${(delay.percentile(99) / 1e6).toFixed(1)} ms, worst ${(delay.max / 1e6).toFixed(1)} ms`,
  );
  expect(bytes).toBeLessThanOrEqual(1.5);
});

test("the log: bytes a sample, and reading it back", { timeout: 0 }, async () => {
  let nowMs = T;
  const clock: Clock = {
    ...systemClock,
    nowMs: () => nowMs,
    monotonicMs: () => nowMs,
    setTimer: () => ({ cancel() {} }),
  };
  const make = () =>
    new Collector({
      config: collectorSchema.parse({}),
      instance: "bench",
      clock,
      logger: silentLogger,
      files: nodeLogFiles(join(folder, "frames")),
    });
  const hosts = new EmulatedHosts({ hosts: HOSTS, seed: SEED });
  const collector = make();
  await collector.start();
  const directory = collector.directory("c") as ClusterDirectory;
  hosts.describe(directory);
  const frame = new Frame(directory, "bench");
  const polls = Math.min(POLLS, 120);
  let acceptMs = 0;
  for (let poll = 0; poll < polls; poll++, nowMs += POLL_MS) {
    hosts.fill(frame, nowMs);
    const begin = cpuMs();
    collector.accept(frame);
    if (poll >= WARM_UP) acceptMs += cpuMs() - begin;
  }
  const samples = polls * hosts.cells;
  const { logBytes = 0, newCells } = collector.health().counters;
  expect(newCells).toBe(samples);
  await collector.stop();
  const [begin, beginWall] = [cpuMs(), performance.now()];
  const next = make();
  await next.start();
  const [readMs, wallMs] = [cpuMs() - begin, performance.now() - beginWall];
  expect(next.health().counters).toMatchObject({ replayedFrames: polls, windowFrames: polls });
  await next.stop();
  say(`seed ${SEED}, the log of ${polls} polls of ${HOSTS} hosts:`);
  say(`  ${(logBytes / samples).toFixed(2)} bytes a sample with names and checkpoint`);
  const acceptNs = (acceptMs / (polls - WARM_UP) / hosts.cells) * 1e6;
  say(`  a frame into table, log and window: ${acceptNs.toFixed(0)} ns a sample`);
  const perSecond = (ms: number) => (samples / ms / 1_000).toFixed(1);
  say(
    `  read back: ${perSecond(readMs)} million samples a second of CPU (budget 2), ${perSecond(wallMs)} by the clock`,
  );
});

/** Spills of forty frames each into SQLite and RRD files; the first one makes the files. */
const SPILLS = 4;
const FRAMES_OF_SPILL = 40;
const PAUSE_MS_MAX = 5;

test("pauses of the main loop while a collector spills", { timeout: 0 }, async () => {
  const orders: PausesOrders = {
    directory: join(folder, "pauses"),
    hosts: HOSTS,
    seed: SEED,
    rras: RRAS.small,
    spills: SPILLS,
    framesOfSpill: FRAMES_OF_SPILL,
  };
  const compiled = compile("test/bench/storage-window/pauses.ts", "storage/worker.ts");
  try {
    const main = fileURLToPath(compiled.url("test/bench/storage-window/pauses.ts"));
    const ended = await runProcess(process.execPath, [main, JSON.stringify(orders)], { env: ALLOCATOR_ENVIRONMENT });
    const spills = ended.stdout.split("\n").flatMap((line) => (line === "" ? [] : (JSON.parse(line) as SpillPauses)));
    say(`seed ${SEED}, spills of ${FRAMES_OF_SPILL} polls of ${HOSTS} hosts into SQLite and RRD files; a turn of the`);
    say(
      `main loop, less what it waited for a core, and its CPU (budget ${PAUSE_MS_MAX} ms), in brackets with nothing to do:`,
    );
    for (const [i, { cells, samples, seconds, spill, idle }] of spills.entries()) {
      const turns = (all: Pauses["longest"]) =>
        all.map(({ ms, cpuMs }) => `${ms.toFixed(1)}/${cpuMs.toFixed(1)}`).join(", ");
      const list = (all: readonly number[]) => all.map((ms) => ms.toFixed(1)).join(", ") || "none";
      say(
        `  spill ${i + 1}: ${(samples / 1e6).toFixed(2)} million samples in ${seconds.toFixed(1)} s; longest ` +
          `${turns(spill.longest)} (${turns(idle.longest)}) ms; 99 % ${spill.mostMs.toFixed(1)} (${idle.mostMs.toFixed(1)}) ms; ` +
          `garbage collections ${list(spill.collectionsMs)} ms; waited for a core ${spill.waitedMs.toFixed(0)} ms in all`,
      );
      expect(samples).toBeGreaterThan(0.8 * cells);
    }
    expect(spills.length, ended.stderr).toBe(SPILLS);
  } finally {
    compiled.remove();
  }
});

test.runIf(EVERY_S > 0)("memory of a whole collector", { timeout: 0 }, async () => {
  const machine = makeEmptyNamespace();
  const state = join(folder, "state");
  mkdirSync(state);
  // The ages of values move within one interval, so that every value is news at every poll.
  const orders = { hosts: HOSTS, address: "127.0.0.1", ports: [18_649], intervalS: EVERY_S };
  const emulator = await startEmulator(orders, { namespace: machine.namespace });
  // As many polls between two spills as in ten minutes at 15 s.
  const config = [
    "sources:",
    `  - { name: all, type: ganglia-xml, address: ["127.0.0.1:18649"], every: ${EVERY_S}s }`,
    `spill-every: ${40 * EVERY_S}s`,
    "storage:",
    `  rrd: { dir: rrds, rras: [${RRAS.small.map((rra) => `"${rra}"`).join(", ")}] }`,
    "  sqlite: {}",
    triggersYaml(),
    "",
  ].join("\n");
  const grate = startGrate(["collector", "-c", writeConfig(folder, config), "--state", state], {
    namespace: machine.namespace,
    env: ALLOCATOR_ENVIRONMENT,
  });
  try {
    const metric = async (name: string) => {
      const token = readFileSync(join(state, TOKEN_FILE), "utf8").trim();
      const { body } = await get(machine.namespace, "http://127.0.0.1:8663/metrics", token);
      return Number(new RegExp(`^grate_${name} (\\S+)$`, "m").exec(body)?.[1] ?? 0);
    };
    for (let polls = 0; polls < POLLS; polls = await metric("window_frames")) {
      await setTimeout(Math.min(60, POLLS - polls) * EVERY_S * 1_000);
      if (grate.child.exitCode !== null) throw new Error(grate.stderr());
    }
    const [frames, bytes] = [await metric("window_frames"), await metric("window_bytes")];
    const { rssBytes, pssBytes } = usageOf(grate.child.pid as number);
    const news = await metric("new_values_total");
    say(
      `seed ${SEED}, grate collector with SQLite, RRD files and ${TRIGGER_COUNT} triggers, ` +
        `${frames} polls of ${HOSTS} hosts, ${news} new values:`,
    );
    say(`  ${(rssBytes / MIB).toFixed(0)} MiB RSS (budget 150), ${(pssBytes / MIB).toFixed(0)} MiB PSS`);
    say(`  window ${(bytes / MIB).toFixed(1)} MiB, ${await metric("spills_total")} spills`);
    expect(news).toBeGreaterThan(0.9 * POLLS * HOSTS * 39);
  } finally {
    await grate.end();
    await emulator.end();
    machine.remove();
  }
});
