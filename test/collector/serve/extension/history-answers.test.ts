/** From the line to the document: history of many hosts out of a window, as a client gets it. */
import { setImmediate as turn } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { ManyHistory } from "../../../../collector/history/many-history.js";
import { History, HistoryError } from "../../../../collector/history.js";
import { HistoryAnswers, UnavailableError } from "../../../../collector/serve/extension/history-answers.js";
import type { HistoryPort, ManyHistoryPort } from "../../../../collector/serve/ports.js";
import { RecentWindow } from "../../../../collector/window/recent-window.js";
import { BucketGrid } from "../../../../core/model/bucket-table.js";
import type { ClusterDirectory } from "../../../../core/model/directory.js";
import { parseRequest, readHistory } from "../../../../core/wire/extension/index.js";
import { MadeCluster, metaOf } from "../../../support/made-cluster.js";
import { MadePresent, madeHistory } from "../../../support/made-present.js";
import { VirtualClock } from "../../../support/virtual-clock.js";
import { type Cell, makeFrame } from "../../support.js";

const NOW_MS = 1_795_291_200_000;
const S = 1_000;

/** A frame for each instant before now, seconds; the cells are of that time. */
function windowOf(
  directory: ClusterDirectory,
  frames: Readonly<Record<number, readonly [string, string, number | string][]>>,
) {
  const window = new RecentWindow({ windowMs: 86_400_000, bytesMax: 1e9, archiving: false });
  const before = Object.keys(frames).map(Number);
  for (const [i, ago] of before.sort((a, b) => b - a).entries()) {
    const timeMs = NOW_MS - ago * S;
    const cells = (frames[ago] ?? []).map(([host, metric, value]): Cell => [host, metric, value, timeMs]);
    const newCells = Uint32Array.from(cells, (_, cell) => cell);
    const news = { newCells, newCount: cells.length, newHeard: new Uint32Array(0), newHeardCount: 0 };
    window.add(makeFrame(directory, { timeMs, cells }), news, i + 1);
  }
  return window;
}

function setUp(given: Partial<HistoryPort & ManyHistoryPort> = {}) {
  const clock = new VirtualClock(NOW_MS);
  const present = new MadePresent();
  const khab = new MadeCluster("khab").frame(1, NOW_MS);
  present.clusters.push(khab);
  for (const host of ["a", "b", "c"]) {
    khab.host(host);
    // A value is good for four times 15 s.
    khab.set(host, metaOf("load", { tmaxS: 15 }), 1);
  }
  const window = windowOf(khab.directory, {
    175: [["a", "load", 4]],
    115: [
      ["a", "load", 8],
      ["b", "load", 2],
      ["b", "os", "Linux"],
    ],
    85: [["a", "load", 6]],
    55: [
      ["a", "temp", 40],
      ["b", "load", 4],
    ],
    5: [
      ["a", "load", 2],
      ["a", "os", "Linux"],
    ],
  });
  const options = { window, archive: undefined, lastReplayed: () => 0, directory: () => khab.directory };
  const many = new ManyHistory({ ...options, limits: { samplesMax: 5, bucketsMax: 10_000, cellsMax: 1_000 } });
  const single = new History(window, undefined, () => 0);
  const history = madeHistory({
    history: (query) => single.read(query),
    samplesOfMany: (...query) => many.samples(...query),
    bucketsOfMany: (...query) => many.buckets(...query),
    ...given,
  });
  const facts = () => ({ instance: "i1", nowMs: clock.nowMs() });
  const answers = new HistoryAnswers({ present, history, clock, facts });
  const text = async (query: string) => {
    const request = parseRequest(`grate:1/history?cluster=khab&${query}`);
    if (request.verb !== "history") throw new Error(JSON.stringify(request));
    return (await answers.answer(request)).join("");
  };
  return { clock, text, ask: async (query: string) => readHistory(await text(query)) };
}

const _ = Number.NaN;

describe("one metric of all hosts in steps", () => {
  test("each host with its least, mean and greatest, holes as holes", async () => {
    const { ask } = setUp();
    const answer = await ask("host=*&metric=load&from=-120s&step=60s");
    expect(answer).toMatchObject({ metric: "load", fromMs: NOW_MS - 120 * S, toMs: NOW_MS });
    expect(answer.series.map(({ host }) => host)).toEqual(["a", "b"]);
    expect(answer.series[0]?.data).toEqual({
      kind: "buckets",
      startMs: NOW_MS - 120 * S,
      stepMs: 60 * S,
      min: Float64Array.of(6, 2),
      avg: Float64Array.of(7, 2),
      max: Float64Array.of(8, 2),
    });
  });

  test("values held as long as the question says", async () => {
    const { ask } = setUp();
    const avg = async (hold: string) => {
      const answer = await ask(`host=*&metric=load&from=-120s&step=30s${hold}`);
      return answer.series.map(({ data }) => (data.kind === "buckets" ? [...data.avg] : []));
    };
    expect(await avg("")).toEqual([
      [8, 6, _, 2],
      [2, _, 4, _],
    ]);
    expect(await avg("&hold=30s")).toEqual([
      [8, 6, 6, 2],
      [2, 2, 4, 4],
    ]);
  });

  test("a host that has nothing in the range but what is held into it", async () => {
    const { ask } = setUp();
    const answer = await ask("host=*&metric=load&from=-30s&step=30s&hold=60s");
    expect(answer.series.map(({ host }) => host)).toEqual(["a", "b"]);
    expect((await ask("host=*&metric=load&from=-30s&step=30s")).series.map(({ host }) => host)).toEqual(["a"]);
  });

  test("texts are passed over", async () => {
    const { ask } = setUp();
    expect((await ask("host=*&metric=os&from=-1h&step=1m")).series).toEqual([]);
  });
});

describe("all hosts in one", () => {
  test("sum, mean, least, greatest, and of how many hosts; a value counts for four times its TMAX", async () => {
    const { ask } = setUp();
    const { merged, series } = await ask("host=*&metric=load&from=-120s&step=30s&merge=hosts");
    expect(series).toEqual([]);
    expect(merged).toEqual({
      series: 2,
      startMs: NOW_MS - 120 * S,
      stepMs: 30 * S,
      hosts: Uint32Array.of(2, 2, 2, 2),
      sum: Float64Array.of(10, 8, 10, 6),
      avg: Float64Array.of(5, 4, 5, 3),
      min: Float64Array.of(2, 2, 4, 2),
      max: Float64Array.of(8, 6, 6, 4),
    });
  });

  test("without holding, the sum is of those that sent", async () => {
    const { ask } = setUp();
    const { merged } = await ask("host=*&metric=load&from=-120s&step=30s&merge=hosts&hold=0s");
    expect([...(merged?.hosts ?? [])]).toEqual([2, 1, 1, 1]);
    expect([...(merged?.sum ?? [])]).toEqual([10, 6, 4, 2]);
  });

  test("nothing is held beyond now", async () => {
    const { ask } = setUp();
    const toS = NOW_MS / S + 60;
    const { merged } = await ask(`host=*&metric=load&from=-30s&to=${toS}&step=30s&merge=hosts`);
    expect([...(merged?.hosts ?? [])]).toEqual([2, 2, 0]);
  });

  test("of a metric nobody has", async () => {
    const { ask } = setUp();
    const { merged } = await ask("host=*&metric=nosuch&from=-60s&step=30s&merge=hosts");
    expect(merged).toMatchObject({ series: 0, hosts: Uint32Array.of(0, 0), sum: Float64Array.of(_, _) });
  });
});

describe("samples of many series", () => {
  test("all metrics of a host, numbers and texts", async () => {
    const { ask } = setUp();
    const answer = await ask("host=a&from=-100s");
    expect(answer.metric).toBeUndefined();
    expect(answer.series.map(({ host, metric, data }) => [host, metric, data.kind])).toEqual([
      ["a", "load", "number"],
      ["a", "temp", "number"],
      ["a", "os", "text"],
    ]);
  });

  test("one metric of all hosts", async () => {
    const { ask } = setUp();
    const { series } = await ask("host=*&metric=os&from=-1h");
    expect(series.map(({ host, data }) => [host, data.kind === "text" && data.texts])).toEqual([
      ["b", ["Linux"]],
      ["a", ["Linux"]],
    ]);
  });

  test("too many of them are refused, and the message says what to do", async () => {
    const { ask } = setUp();
    const asked = ask("host=*&metric=load&from=-1h");
    await expect(asked).rejects.toThrow(HistoryError);
    await expect(asked).rejects.toThrow("more than 5 samples, ask for steps, a shorter range, or one host and metric");
    expect((await ask("host=*&metric=load&from=-100s")).series.length).toBe(2);
  });
});

describe("limits", () => {
  test("more buckets than are read at once", async () => {
    await expect(setUp().ask("host=*&metric=load&from=-1h&step=5s")).rejects.toThrow(
      "at most 1000 buckets are read for one answer, ask for longer steps or a shorter range",
    );
  });

  test("a longer text than is sent", async () => {
    const grid = new BucketGrid(0, 1_000, 1);
    const names = Array.from({ length: 1_500 }, (_x, i) => `host${i}`);
    for (const row of names.keys()) {
      grid.addRow();
      for (let s = 0; s < 1_000; s++) grid.add(row, s, Math.PI * (s + row));
    }
    const table = grid.table();
    const { text } = setUp({ bucketsOfMany: async () => ({ names, table }) });
    const asked = text("host=*&metric=load&from=0&to=1&step=1ms");
    await expect(asked).rejects.toThrow(HistoryError);
    await expect(asked).rejects.toThrow(/more than 67108864 octets, ask for longer steps/);
  });

  test("a question that takes too long is told so, and the reading ends", async () => {
    let signal: AbortSignal | undefined;
    const { text, clock } = setUp({
      samplesOfMany: (_names, _range, given) => {
        signal = given;
        return new Promise(() => {});
      },
    });
    const asked = text("host=*&metric=load&from=-1h");
    const failed = expect(asked).rejects.toThrow(UnavailableError);
    await turn();
    await clock.advance(30_000);
    await failed;
    await expect(asked).rejects.toThrow("took longer than 30 s, ask for a shorter range or fewer series");
    expect(signal?.aborted).toBe(true);
  });

  test("too many at once are turned away, single series never", async () => {
    const { text } = setUp({ samplesOfMany: () => new Promise(() => {}) });
    for (let i = 0; i < 32; i++) text("host=*&metric=load&from=-1h").catch(() => {});
    await expect(text("host=*&metric=load&from=-1h")).rejects.toThrow("30 questions about many series wait already");
    expect(readHistory(await text("host=a&metric=load&from=-1h")).series.length).toBe(1);
  });

  test("a long answer is made a piece at a time: others have their turn", async () => {
    const grid = new BucketGrid(0, 100, 1);
    const names = Array.from({ length: 1_000 }, (_x, i) => `host${i}`);
    for (const row of names.keys()) {
      grid.addRow();
      for (let s = 0; s < 100; s++) grid.add(row, s, s + 1 / 3);
    }
    const table = grid.table();
    const { text } = setUp({ bucketsOfMany: async () => ({ names, table }) });
    let turns = 0;
    let isDone = false;
    const asked = text("host=*&metric=load&from=0&to=0.1&step=1ms").finally(() => (isDone = true));
    while (!isDone) {
      await turn();
      turns++;
    }
    expect((await asked).length).toBeGreaterThan(5_000_000);
    expect(turns).toBeGreaterThan(10);
  });
});
