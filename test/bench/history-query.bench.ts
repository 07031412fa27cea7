/**
 * What a question about many series costs: 1,000 hosts, samples each 15 s, one hour in the window and a day
 * behind it in SQLite, all in one thread. CPU time of the process, medians of some runs: compare them with each
 * other, on one machine.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ManyHistory } from "../../collector/history/many-history.js";
import { History } from "../../collector/history.js";
import { HistoryAnswers } from "../../collector/serve/extension/history-answers.js";
import { RecentWindow } from "../../collector/window/recent-window.js";
import { SampleMemory } from "../../collector/window/sample-memory.js";
import { systemClock } from "../../core/base/clock.js";
import { ClusterDirectory } from "../../core/model/directory.js";
import { Frame } from "../../core/model/frame.js";
import { parseRequest, readHistory } from "../../core/wire/extension/index.js";
import { SqliteArchive } from "../../storage/sqlite/sqlite-archive.js";
import { openTestDatabase } from "../storage/support/sqlite.js";
import { MadePresent } from "../support/made-present.js";
import { SeededRandom } from "../support/seeded-random.js";

const HOSTS = 1_000;
const METRICS = Number(process.env["METRICS"] ?? 2);
const STEP_MS = 15_000;
const HOUR_FRAMES = 240;
const DAY_FRAMES = 24 * HOUR_FRAMES;
const SEED = 20_261;
const START_MS = 1_795_219_200_000;
const END_MS = START_MS + DAY_FRAMES * STEP_MS;
const RUNS = 9;

const directoryPath = mkdtempSync(join(tmpdir(), "grate-history-bench-"));
const database = openTestDatabase(join(directoryPath, "history.db"));
const archive = new SqliteArchive(database, "history.db");
const window = new RecentWindow({ windowMs: 3_600_000, bytesMax: 1e9, archiving: true });
const directory = new ClusterDirectory("khab");
const present = new MadePresent();
const options = { window, archive, lastReplayed: () => 0, directory: () => directory };
const many = new ManyHistory(options);
const single = new History(window, archive, () => 0);
const clock = { ...systemClock, nowMs: () => END_MS };
const answers = new HistoryAnswers({
  present,
  clock,
  history: {
    history: (query) => single.read(query),
    samplesOfMany: (...query) => many.samples(...query),
    bucketsOfMany: (...query) => many.buckets(...query),
  },
  facts: () => ({ instance: "b1", nowMs: END_MS }),
});

function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}

beforeAll(async () => {
  const random = new SeededRandom(SEED);
  const frame = new Frame(directory, "bench");
  const rows = Array.from({ length: HOSTS }, (_, i) => directory.row(`node${String(i).padStart(4, "0")}`));
  const memory = new SampleMemory();
  const columns = Array.from({ length: METRICS }, (_, i) => directory.column(`metric_${i}`, "number"));
  const values = new Float64Array(HOSTS * METRICS);
  const newCells = Uint32Array.from({ length: HOSTS * METRICS }, (_, i) => i);
  for (let number = 1; number <= DAY_FRAMES; number++) {
    frame.clear();
    frame.timeMs = START_MS + number * STEP_MS - 1_000;
    for (const row of rows) {
      for (const column of columns) {
        const at = row * METRICS + column;
        // One value in three changes, as a load does.
        if (random.chance(1 / 3)) values[at] = Math.round(random.next() * 3_200) / 100;
        frame.pushNumber(row, column, values[at] as number, frame.timeMs - random.below(5) * 1_000, 2);
      }
    }
    const news = { newCells, newCount: frame.count, newHeard: new Uint32Array(0), newHeardCount: 0 };
    window.add(frame, news, number);
    if (number % 40 > 0) continue;
    for (const part of window.batches(number, 20_000, memory)) {
      await archive.append(part);
      memory.takeBack();
    }
    window.archived(number);
    window.trim(frame.timeMs);
  }
}, 600_000);

afterAll(() => {
  database.close();
  rmSync(directoryPath, { recursive: true });
});

test.each([
  ["1,000 hosts x 1 metric x 50 min, 240 steps, from the window", "host=*&metric=metric_0&from=-50m&step=12500ms"],
  ["1,000 hosts x 1 metric x 1 h, 240 steps, over the seam", "host=*&metric=metric_0&from=-1h&step=15s"],
  ["the same, all hosts in one", "host=*&metric=metric_0&from=-1h&step=15s&merge=hosts"],
  ["1,000 hosts x 1 metric x 23 h, 240 steps", "host=*&metric=metric_0&from=-23h&step=345s"],
  ["the same, all hosts in one", "host=*&metric=metric_0&from=-23h&step=345s&merge=hosts"],
  ["1 host x all metrics x 1 h, 240 steps", "host=node0500&from=-1h&step=15s"],
  ["1 host x all metrics x 1 h, samples", "host=node0500&from=-1h"],
  ["1 host x 1 metric x 1 h, samples", "host=node0500&metric=metric_0&from=-1h"],
  ["1,000 hosts x 1 metric x 30 min, samples", "host=*&metric=metric_0&from=-30m"],
])(
  "%s",
  async (what, query) => {
    const request = parseRequest(`grate:1/history?cluster=khab&${query}`);
    if (request.verb !== "history") throw new Error(JSON.stringify(request));
    const names = {
      cluster: "khab",
      host: request.host,
      metric: request.host === undefined ? request.metric : undefined,
    };
    const range = { fromMs: END_MS - ("agoMs" in request.from ? request.from.agoMs : 0), toMs: END_MS };
    const [total, read]: number[][] = [[], []];
    let text = "";
    for (let run = 0; run < RUNS; run++) {
      const before = cpuMs();
      if (request.stepMs !== undefined) {
        await many.buckets(names, { ...range, stepMs: request.stepMs }, new AbortController().signal);
      }
      read?.push(cpuMs() - before);
      const begun = cpuMs();
      text = (await answers.answer(request)).join("");
      total?.push(cpuMs() - begun);
    }
    const document = readHistory(text);
    expect(document.series.length + (document.merged?.series ?? 0)).toBeGreaterThan(0);
    const median = (times: number[] = []) => (times.sort((a, b) => a - b)[RUNS >> 1] ?? 0).toFixed(1);
    process.stderr.write(
      `${what}: ${median(total)} ms of CPU, of it to read ${median(read)} ms; ${text.length} octets\n`,
    );
  },
  120_000,
);
