/**
 * Eight days of polling at 15 s, 46,080 rounds of 100 hosts with 39 metrics, on a
 * virtual clock through the real reader, table, log, window, triggers and SQLite,
 * killed and begun again in the middle. Nothing may be lost (all counts, and
 * every value of some hosts against the emulator's arithmetic), and neither
 * memory nor disk may grow once they hold what they are configured to hold.
 *
 * ROUNDS=46080 makes it shorter, HOSTS=100 smaller; SEED, BENCH_DIR as elsewhere.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { collectGarbage } from "../support/collect-garbage.js";
import { EmulatedCluster } from "./emulator/cluster.js";
import { DocumentWriter } from "./emulator/document.js";
import { SEED, TEMPLATE } from "./emulator/start.js";
import { readTemplate } from "./emulator/template.js";
import { CLUSTER, Station } from "./soak/station.js";

const ROUNDS = Number(process.env["ROUNDS"] ?? 46_080);
const HOSTS = Number(process.env["HOSTS"] ?? 100);
const INTERVAL_S = 15;
const START_S = 1_800_000_000;
const SAMPLES = 48;
const ROUNDS_PER_SAMPLE = Math.max(1, Math.floor(ROUNDS / SAMPLES));

/** An eighth of the run, a day of the eight, but at least the hour that the configuration allows. */
const KEPT_ROUNDS = Math.max(240, Math.floor(ROUNDS / 8));

/** One after the other, all their metrics: the first and last row and some between. */
const CHECKED_HOSTS = [0, 17, HOSTS - 1].filter((host) => host < HOSTS);

/**
 * Memory may be more by so much than the most in the fourth part of the run in
 * which the window and SQLite's caches had filled: the heap breathes by less.
 */
const GROWTH_MAX = 1.1;
const GROWTH_BYTES_MAX = 4 * 2 ** 20;
/** The same for the disk: segments and pages are freed some time after what stood in them. */
const DISK_GROWTH_MAX = 1.15;
/**
 * The journal is written anew when it has grown to three times what is needed; that is at most the newest
 * 10,000 events of some 450 bytes, and what fires at the moment: 3 x 5 MB.
 */
const JOURNAL_BYTES_MAX = 16 * 2 ** 20;

interface Sample {
  readonly round: number;
  readonly heapBytes: number;
  readonly rssBytes: number;
  readonly windowBytes: number;
  /** The most since the sample before: just after a spill it is nearly empty. */
  readonly log: number;
  readonly journal: number;
  readonly history: number;
  /** Killed since the sample before. */
  readonly afterKill: boolean;
}

test(`soak of ${ROUNDS} rounds, seed ${SEED}`, { timeout: 0 }, async () => {
  const directory = mkdtempSync(join(process.env["BENCH_DIR"] ?? tmpdir(), "grate-soak-"));
  const template = readTemplate(TEMPLATE);
  const options = { name: CLUSTER, hosts: HOSTS, seed: SEED, intervalS: INTERVAL_S, fresh: "all" } as const;
  const cluster = new EmulatedCluster(template, options);
  const writer = new DocumentWriter(template, cluster);
  const keep = `${KEPT_ROUNDS * INTERVAL_S}s`;
  let station = await Station.start({ directory, startMs: START_S * 1_000, keep });
  const counts = { newCells: 0, frames: 0, restarts: 0, checked: 0 };
  const samples: Sample[] = [];
  let logBytesMax = 0;
  let afterKill = false;
  const startedMs = performance.now();
  try {
    for (let round = 0; round < ROUNDS; round++) {
      writer.prepare(round);
      const report = station.read(writer.document(START_S + round * INTERVAL_S));
      if (!report.complete || report.malformed > 0) throw new Error(`round ${round}: ${report.faults.join("; ")}`);
      logBytesMax = Math.max(logBytesMax, station.health().counters["logBytes"] ?? 0);
      if (round === Math.floor(ROUNDS / 2)) {
        add(counts, station);
        await station.kill();
        station = await Station.start({ directory, startMs: station.clock.nowMs(), keep });
        counts.restarts++;
        afterKill = true;
        expect(station.health().counters["logTornBytes"]).toBe(0);
      }
      await station.clock.advance(INTERVAL_S * 1_000);
      if ((round + 1) % ROUNDS_PER_SAMPLE === 0) {
        // What the first pass lets go of outside the heap is given back afterwards.
        collectGarbage();
        await new Promise((resolve) => setImmediate(resolve));
        collectGarbage();
        samples.push({ ...sampleOf(round, station), log: logBytesMax, afterKill });
        logBytesMax = 0;
        afterKill = false;
        counts.checked += await check(station, cluster, round);
        progress(round, startedMs, samples.at(-1) as Sample);
      }
    }
    add(counts, station);
    expect(station.health().messages).toEqual([]);
    expect(station.health().counters["lostFrames"]).toBe(0);
    expect(counts.frames).toBe(ROUNDS);
    expect(counts.newCells).toBe(ROUNDS * HOSTS * template.metrics.length);
    await station.stop();
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
  say(
    `${counts.newCells} samples taken, ${counts.checked} compared with the arithmetic, killed ${counts.restarts} time`,
  );
  say(`${((performance.now() - startedMs) / 60_000).toFixed(1)} min`);
  flat("memory after collecting garbage", samples, "heapBytes", GROWTH_MAX, GROWTH_BYTES_MAX);
  const [killed, others] = [samples.filter((each) => each.afterKill), samples.filter((each) => !each.afterKill)];
  const logMax = flat("frame log", others, "log", DISK_GROWTH_MAX, 0);
  // Segments that were archived and not yet deleted wait for the next spill: as much again, once.
  for (const { log } of killed) expect(log, "frame log after the kill").toBeLessThanOrEqual(2 * logMax);
  flat("history.db", samples, "history", DISK_GROWTH_MAX, 0);
  const journal = Math.max(...samples.map((sample) => sample.journal));
  say(`journal of the triggers: at most ${megabytes(journal)} MB; bound ${megabytes(JOURNAL_BYTES_MAX)}`);
  expect(journal).toBeLessThanOrEqual(JOURNAL_BYTES_MAX);
});

function add(counts: { newCells: number; frames: number }, station: Station): void {
  const { counters } = station.health();
  counts.newCells += counters["newCells"] ?? 0;
  counts.frames += counters["frames"] ?? 0;
}

function sampleOf(round: number, station: Station): Omit<Sample, "log" | "afterKill"> {
  const { heapUsed, external, rss } = process.memoryUsage();
  const windowBytes = station.health().counters["windowBytes"] ?? 0;
  return { round, heapBytes: heapUsed + external, rssBytes: rss, windowBytes, ...station.diskBytes() };
}

/**
 * Everything since the last check, of some hosts, and who fires. @returns values compared
 * Rounds older than what is kept are not asked for.
 */
async function check(station: Station, cluster: EmulatedCluster, newest: number): Promise<number> {
  const oldest = Math.max(0, newest - Math.min(ROUNDS_PER_SAMPLE, KEPT_ROUNDS - 2));
  let compared = 0;
  for (const host of CHECKED_HOSTS) {
    for (const [metric, { name, type }] of cluster.metrics.entries()) {
      const times: number[] = [];
      const values: (number | string)[] = [];
      for (let round = oldest; round <= newest; round++) {
        times.push((START_S + round * INTERVAL_S - cluster.tnAt(host, metric, round)) * 1_000);
        const text = cluster.textAt(host, metric, round);
        values.push(type === "string" ? text : Number(text));
      }
      const answer = await station.history(
        cluster.hostName(host),
        name,
        times[0] as number,
        (times.at(-1) as number) + 1,
      );
      if (answer === undefined || answer.kind === "buckets")
        throw new Error(`no history of ${name} in round ${newest}`);
      const found: (number | string)[] = answer.kind === "text" ? [...answer.texts] : Array.from(answer.values);
      expect(Array.from(answer.timesMs), `times of ${name} up to round ${newest}`).toEqual(times);
      expect(found, `values of ${name} up to round ${newest}`).toEqual(values);
      compared += values.length;
    }
  }
  const load = cluster.metrics.findIndex(({ name }) => name === "load_one");
  const loaded = Array.from({ length: HOSTS }, (_, host) => host)
    .filter((host) => Number(cluster.textAt(host, load, newest)) > 18)
    .map((host) => cluster.hostName(host));
  expect(station.firing("load")).toEqual(loaded.sort());
  return compared;
}

/** The most in the last half against the most in the quarter before it. @returns what it may be */
function flat(
  what: string,
  samples: readonly Sample[],
  key: "heapBytes" | "log" | "history",
  factor: number,
  more: number,
): number {
  const most = (from: number, to: number) =>
    Math.max(...samples.slice(samples.length * from, samples.length * to).map((sample) => sample[key]));
  const [before, after] = [most(0.25, 0.5), most(0.5, 1)];
  const bound = before * factor + more;
  say(
    `${what}: at most ${megabytes(before)} MB in the second quarter, ${megabytes(after)} MB after it; bound ${megabytes(bound)}`,
  );
  expect(after, what).toBeLessThanOrEqual(bound);
  return bound;
}

function progress(round: number, startedMs: number, sample: Sample): void {
  const done = (round + 1) / ROUNDS;
  const leftMin = ((performance.now() - startedMs) * (1 / done - 1)) / 60_000;
  say(
    `${(done * 100).toFixed(0).padStart(3)} %, ${leftMin.toFixed(1)} min left: heap ${megabytes(sample.heapBytes)} MB, ` +
      `RSS ${megabytes(sample.rssBytes)}, window ${megabytes(sample.windowBytes)}, log ${megabytes(sample.log)}, ` +
      `journal ${megabytes(sample.journal)}, history ${megabytes(sample.history)}`,
  );
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(1);
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
