/**
 * The SQLite store beside a real victoria-metrics with the same data: bytes a sample
 * on disk, CPU of writing, and the questions that pages ask. Ours are asked through
 * the worker thread, as the collector does; theirs by HTTP, at most both cores.
 * Each spill has 40 samples of each series at one in 15 s; one value in three changes.
 *
 * HOSTS=1000 METRICS=3  series of the day
 * SEED                  of the values
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { sleep, systemClock } from "../../core/base/clock.js";
import { silentLogger } from "../../core/base/log.js";
import type { SeriesBatch } from "../../core/model/archive.js";
import { bucketsOfRow } from "../../core/model/bucket-table.js";
import { openStorage, type Storage } from "../../storage/open.js";
import { missing, startVictoriaMetrics } from "../storage/remote/support/servers.js";
import { compile } from "../storage/support/compiled.js";
import { DEFAULT_CONFIG } from "../storage/support/sqlite.js";
import { SeededRandom } from "../support/seeded-random.js";

const HOSTS = Number(process.env["HOSTS"] ?? 1_000);
const METRICS = Number(process.env["METRICS"] ?? 3);
const SEED = Number(process.env["SEED"] ?? 20_261);
const RUNS = 20;
const PACE_MS = 15_000;
const SPILL = 40;
const DAY_MS = 86_400_000;
/** A multiple of a day, and of all steps that are asked for. */
const END_MS = 20_778 * DAY_MS;
const START_MS = END_MS - DAY_MS;
const YEAR_MS = 365 * DAY_MS;
/** Time for the peer to merge its parts, before it is weighed. */
const MERGE_MS = 3_000;
/** As many as the spill hands over at a time. */
const SAMPLES_PER_PART = 10_000;

const directory = mkdtempSync(join(tmpdir(), "grate-bench-sqlite-"));
const compiled = compile("storage/worker.ts");
afterAll(() => {
  compiled.remove();
  rmSync(directory, { recursive: true, force: true });
});

const say = (line: string) => process.stdout.write(`${line}\n`);

/** How metrics move: most by a little, each in its own unit. */
const WALKS = [
  { name: "load_one", decimals: 2, step: 50, most: 3_200 },
  { name: "cpu_user", decimals: 1, step: 30, most: 1_000 },
  { name: "mem_free", decimals: 0, step: 4_000, most: 64_000_000 },
] as const;

const metricOf = (m: number) => `${(WALKS[m % WALKS.length] as (typeof WALKS)[number]).name}_${m}`;
const hostOf = (h: number) => `node${String(h).padStart(4, "0")}`;

/** One series; samples come at its own moment within the 15 s, never at the edge of a step. */
class Walker {
  readonly #random: SeededRandom;
  readonly #walk: (typeof WALKS)[number];
  readonly #phaseMs: number;
  readonly #host: string;
  readonly #metric: string;
  #units: number;

  constructor(host: string, metric: string, seed: number, walk: number) {
    this.#host = host;
    this.#metric = metric;
    this.#random = new SeededRandom(seed);
    this.#walk = WALKS[walk % WALKS.length] as (typeof WALKS)[number];
    this.#units = this.#random.below(this.#walk.most);
    this.#phaseMs = 1_000 * (1 + this.#random.below(14));
  }

  next(fromMs: number, count: number): SeriesBatch {
    const { decimals, step, most } = this.#walk;
    const timesMs = new Float64Array(count);
    const values = new Float64Array(count);
    for (let i = 0; i < count; i++) {
      if (this.#random.below(3) === 0) {
        const change = 1 + this.#random.below(step);
        this.#units = Math.abs(this.#units + (this.#random.chance(0.5) ? change : -change)) % most;
      }
      timesMs[i] = fromMs + i * PACE_MS + this.#phaseMs;
      values[i] = this.#units / 10 ** decimals;
    }
    const key = { cluster: "khab", host: this.#host, metric: this.#metric };
    return { key, type: "double", units: "", series: { kind: "number", timesMs, values } };
  }
}

/** Metric by metric, as the window hands them over. */
function walkersOfDay(): Walker[] {
  const walkers: Walker[] = [];
  for (let m = 0; m < METRICS; m++) {
    for (let h = 0; h < HOSTS; h++) walkers.push(new Walker(hostOf(h), metricOf(m), SEED + m * HOSTS + h, m));
  }
  return walkers;
}

function* spillsOfDay(): Generator<SeriesBatch[]> {
  const walkers = walkersOfDay();
  for (let fromMs = START_MS; fromMs < END_MS; fromMs += SPILL * PACE_MS) {
    yield walkers.map((walker) => walker.next(fromMs, SPILL));
  }
}

const YEAR_PART = 480;

function* partsOfYear(): Generator<SeriesBatch> {
  const walker = new Walker("year", "load_year", SEED - 1, 0);
  for (let fromMs = END_MS - YEAR_MS; fromMs < END_MS; fromMs += YEAR_PART * PACE_MS) {
    yield walker.next(fromMs, YEAR_PART);
  }
}

interface Figures {
  bytes: number;
  cpuMs: number;
  readonly times: Map<string, number[]>;
}

function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}

/** Of another process, in the kernel's hundredths of a second. */
function cpuMsOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "latin1").split(") ")[1]?.split(" ") ?? [];
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

function median(times: readonly number[]): number {
  return [...times].sort((a, b) => a - b)[times.length >> 1] ?? Number.NaN;
}

/** After one run that is not counted. @returns its last answer */
async function timed<T>(figures: Figures, what: string, ask: () => Promise<T>): Promise<T> {
  let answer = await ask();
  const times: number[] = [];
  for (let run = 0; run < RUNS; run++) {
    const before = performance.now();
    answer = await ask();
    times.push(performance.now() - before);
  }
  figures.times.set(what, times);
  return answer;
}

const RAW = "one metric of one host, a day, samples";
const DAY = `one metric of ${HOSTS} hosts, a day, 240 steps, least, mean and most`;
const YEAR_FEW = "one metric of one host, a year, 240 steps";
const YEAR_MANY = "one metric of one host, a year, 1,000 steps";
const DAY_STEP_MS = DAY_MS / 240;
/** A year in 240 and in 1,000 parts. */
const YEAR_STEPS: readonly [string, number][] = [
  [YEAR_FEW, 36.5 * 3_600_000],
  [YEAR_MANY, 8.76 * 3_600_000],
];

/** By host and step: what both have to agree on. */
interface Answers {
  samples: number;
  sumOfSamples: number;
  /** host -> step begin -> [min, avg, max] */
  day: Map<string, Map<number, [number, number, number]>>;
}

async function writeOurs(storage: Storage, figures: Figures): Promise<number> {
  let samples = 0;
  const perPart = Math.floor(SAMPLES_PER_PART / SPILL);
  for (const batches of spillsOfDay()) {
    const before = cpuMs();
    for (let i = 0; i < batches.length; i += perPart) await storage.archive.append(batches.slice(i, i + perPart));
    figures.cpuMs += cpuMs() - before;
    samples += batches.length * SPILL;
  }
  return samples;
}

async function askOurs({ archive }: Storage, figures: Figures): Promise<Answers> {
  const [metric, host] = [metricOf(0), hostOf(HOSTS >> 1)];
  const range = { fromMs: START_MS, toMs: END_MS };
  const raw = await timed(figures, RAW, () => archive.read({ key: { cluster: "khab", host, metric }, ...range }));
  const query = { cluster: "khab", metric, ...range, stepMs: DAY_STEP_MS, cellsMax: 1e7 };
  const found = await timed(figures, DAY, () => archive.bucketMany?.(query) ?? Promise.resolve(undefined));
  for (const [what, stepMs] of YEAR_STEPS) {
    const year = { cluster: "khab", host: "year", metric: "load_year", fromMs: END_MS - YEAR_MS, toMs: END_MS };
    await timed(figures, what, async () => archive.bucketMany?.({ ...year, stepMs, cellsMax: 1e7 }));
  }
  if (raw?.kind !== "number" || found === undefined) throw new Error("nothing was found");
  const day: Answers["day"] = new Map();
  for (const [row, name] of found.names.entries()) {
    const { startMs, stepMs, min, avg, max } = bucketsOfRow(found.table, row);
    day.set(name, new Map([...avg].map((mean, i) => [startMs + i * stepMs, [min[i] ?? 0, mean, max[i] ?? 0]])));
  }
  return { samples: raw.values.length, sumOfSamples: raw.values.reduce((sum, value) => sum + value, 0), day };
}

const lineOf = ({ key, series }: SeriesBatch) =>
  JSON.stringify({
    metric: { __name__: key.metric, host: key.host },
    values: series.kind === "number" ? [...series.values] : [],
    timestamps: [...series.timesMs],
  });

async function post(url: string, body: string): Promise<void> {
  const answer = await fetch(url, { method: "POST", body });
  await answer.text();
  if (!answer.ok) throw new Error(`${url}: HTTP ${answer.status}`);
}

interface Victoria {
  readonly url: string;
  readonly pid: number;
}

async function writeTheirs({ url, pid }: Victoria, figures: Figures): Promise<void> {
  const before = cpuMsOf(pid);
  for (const batches of spillsOfDay()) await post(`${url}/api/v1/import`, batches.map(lineOf).join("\n"));
  await fetch(`${url}/internal/force_flush`);
  figures.cpuMs += cpuMsOf(pid) - before;
}

interface Matrix {
  readonly data: { readonly result: readonly { metric: Record<string, string>; values: [number, string][] }[] };
}

async function askTheirs({ url }: Victoria, figures: Figures): Promise<Answers> {
  const [metric, host] = [metricOf(0), hostOf(HOSTS >> 1)];
  const get = async (path: string, query: Record<string, string>) => {
    const answer = await fetch(`${url}${path}?${new URLSearchParams(query)}`);
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${path}: HTTP ${answer.status}: ${text.slice(0, 200)}`);
    return text;
  };
  const span = (fromMs: number, stepMs: number) => ({
    start: String((fromMs + stepMs) / 1_000),
    end: String(END_MS / 1_000),
    step: String(stepMs / 1_000),
    nocache: "1",
  });
  const raw = await timed(figures, RAW, () =>
    get("/api/v1/export", {
      "match[]": `${metric}{host="${host}"}`,
      start: String(START_MS / 1_000),
      end: String(END_MS / 1_000),
    }),
  );
  const rollup = (selector: string, stepMs: number) => `rollup(${selector}[${stepMs / 1_000}s])`;
  const day = await timed(figures, DAY, () =>
    get("/api/v1/query_range", { query: rollup(metric, DAY_STEP_MS), ...span(START_MS, DAY_STEP_MS) }),
  );
  for (const [what, stepMs] of YEAR_STEPS) {
    const query = rollup("load_year", stepMs);
    await timed(figures, what, () => get("/api/v1/query_range", { query, ...span(END_MS - YEAR_MS, stepMs) }));
  }
  const values = raw
    .trim()
    .split("\n")
    .flatMap((line) => (JSON.parse(line) as { values: number[] }).values);
  const byHost: Answers["day"] = new Map();
  const places = { min: 0, avg: 1, max: 2 } as const;
  for (const { metric: labels, values: points } of (JSON.parse(day) as Matrix).data.result) {
    const host = labels["host"] ?? "";
    const steps = byHost.get(host) ?? new Map<number, [number, number, number]>();
    byHost.set(host, steps);
    for (const [endS, text] of points) {
      const stepMs = endS * 1_000 - DAY_STEP_MS;
      const cell = steps.get(stepMs) ?? [Number.NaN, Number.NaN, Number.NaN];
      cell[places[labels["rollup"] as keyof typeof places]] = Number(text);
      steps.set(stepMs, cell);
    }
  }
  return { samples: values.length, sumOfSamples: values.reduce((sum, value) => sum + value, 0), day: byHost };
}

/** As du counts: what the file system holds of it. */
function bytesOf(path: string): number {
  return Number(execFileSync("du", ["-s", "--block-size=1", path], { encoding: "utf8" }).split("\t")[0]);
}

function print(ours: Figures, theirs: Figures | undefined, samples: number): void {
  const line = (what: string, a: string, b: string) => say(`  ${what.padEnd(72)} ${a.padStart(10)} ${b.padStart(10)}`);
  line("", "ours", theirs === undefined ? "" : "victoria");
  const bytes = (figures: Figures | undefined) => (figures === undefined ? "" : (figures.bytes / samples).toFixed(3));
  line("bytes a sample on disk (budget 1)", bytes(ours), bytes(theirs));
  const cpu = (figures: Figures | undefined) =>
    figures === undefined ? "" : `${((figures.cpuMs * 1e6) / samples).toFixed(0)} ns`;
  line("CPU of writing a sample, all threads", cpu(ours), cpu(theirs));
  for (const [what, times] of ours.times) {
    const other = theirs?.times.get(what);
    line(what, `${median(times).toFixed(2)} ms`, other === undefined ? "" : `${median(other).toFixed(2)} ms`);
  }
}

test("the SQLite store beside victoria-metrics", { timeout: 240_000 }, async () => {
  const ours: Figures = { bytes: 0, cpuMs: 0, times: new Map() };
  const storage = await openStorage({
    stateDir: join(directory, "state"),
    config: DEFAULT_CONFIG,
    logger: silentLogger,
    clock: systemClock,
    workerUrl: compiled.url("storage/worker.ts"),
  });
  const begun = performance.now();
  const samples = await writeOurs(storage, ours);
  say(`seed ${SEED}, ${HOSTS} hosts x ${METRICS} metrics x a day: ${samples} samples in spills of ${SPILL}`);
  say(`  written in ${((performance.now() - begun) / 1_000).toFixed(1)} s`);
  // Weighed while the year is not there yet.
  await storage.close();
  ours.bytes = bytesOf(join(directory, "state"));
  const again = await openStorage({
    stateDir: join(directory, "state"),
    config: DEFAULT_CONFIG,
    logger: silentLogger,
    clock: systemClock,
    workerUrl: compiled.url("storage/worker.ts"),
  });
  for (const part of partsOfYear()) await again.archive.append([part]);
  const ourAnswers = await askOurs(again, ours);
  await again.close();
  const absent = missing("victoria-metrics");
  if (absent !== undefined) {
    say(`  ${absent}: ours alone`);
    return print(ours, undefined, samples);
  }
  const theirs: Figures = { bytes: 0, cpuMs: 0, times: new Map() };
  const server = await startVictoriaMetrics(directory);
  let theirAnswers: Answers;
  try {
    await writeTheirs(server, theirs);
    await fetch(`${server.url}/internal/force_merge`);
    await sleep(systemClock, MERGE_MS, new AbortController().signal);
    theirs.bytes = bytesOf(join(directory, "victoria"));
    await post(`${server.url}/api/v1/import`, [...partsOfYear()].map(lineOf).join("\n"));
    await fetch(`${server.url}/internal/force_flush`);
    theirAnswers = await askTheirs(server, theirs);
  } finally {
    await server.stop();
  }
  print(ours, theirs, samples);
  expect(theirAnswers.samples).toBe(ourAnswers.samples);
  expect(theirAnswers.sumOfSamples).toBeCloseTo(ourAnswers.sumOfSamples, 5);
  expect(theirAnswers.day.size).toBe(HOSTS);
  for (const [host, steps] of theirAnswers.day) {
    const mine = ourAnswers.day.get(host);
    expect(steps.size).toBe(240);
    for (const [stepMs, cell] of steps) {
      const own = mine?.get(stepMs) ?? [];
      for (const [i, value] of cell.entries()) expect(Math.abs(value - (own[i] ?? Number.NaN))).toBeLessThan(1e-6);
    }
  }
});
