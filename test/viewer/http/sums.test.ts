/** Grids and clusters of which only sums are known, as the pages are told of them. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { OverviewAnswer, StatusAnswer, SumsAnswer, TickEvent } from "../../../viewer/api/answers.js";
import { hostNames } from "../../support/emulated-collector.js";
import { madeSum, madeSums } from "../../support/made-sums.js";
import { makeViewerApp, type ViewerApp } from "../support/viewer-app.js";

let viewer: ViewerApp;
afterEach(() => viewer.close());

async function ok<T>(url: string): Promise<T> {
  const response = await viewer.app.inject({ url, headers: { host: "localhost" } });
  expect(response.statusCode, response.body).toBe(200);
  return response.json() as T;
}

const overview = (query = "") => ok<OverviewAnswer>(`/api/v1/overview${query}`);

/** Told now and every 15 s. */
function tell(): void {
  const metrics = [madeSum("cpu_num", 64, 2, 0), madeSum("load_one", 12.5, 2), madeSum("only_there", 30, 1)];
  const facts = { owner: "o", latlong: "", url: "https://x/" };
  const timeMs = viewer.clock.nowMs();
  viewer.collector.sums = [
    madeSums("grid", "<i>far</i>", { timeMs, summary: { hostsUp: 2, hostsDown: 1, metrics } }),
    madeSums("cluster", "bare", { timeMs, facts, summary: { hostsUp: 1, hostsDown: 0, metrics: [] } }),
  ];
}

describe("a site of which nothing else is known", () => {
  beforeEach(async () => {
    viewer = await makeViewerApp([]);
    tell();
    await viewer.pull();
  });

  test("has no hosts, but numbers, and metrics to choose from", async () => {
    const answer = await overview();
    expect(answer).toMatchObject({ clusters: [], metric: "load_one" });
    expect(answer.metrics.map(({ name, title }) => [name, title])).toEqual([
      ["cpu_num", "cpu_num"],
      ["load_one", "load_one"],
      ["only_there", "only_there"],
    ]);
    expect(answer.sums).toEqual<SumsAnswer[]>([
      {
        kind: "grid",
        name: "<i>far</i>",
        source: "above",
        url: "http://10.example.org/ganglia/",
        layout: expect.any(Number),
        timeMs: viewer.clock.nowMs(),
        live: true,
        up: 2,
        down: 1,
        cpus: 64,
        load1: 12.5,
        sum: 12.5,
        num: 2,
      },
      {
        kind: "cluster",
        name: "bare",
        source: "above",
        url: "https://x/",
        layout: expect.any(Number),
        timeMs: viewer.clock.nowMs(),
        live: true,
        up: 1,
        down: 0,
        cpus: null,
        load1: null,
        sum: null,
        num: 0,
      },
    ]);
  });

  test("tells the sum of the metric that is chosen", async () => {
    expect((await overview("?metric=only_there")).sums[0]).toMatchObject({ sum: 30, num: 1 });
    expect((await overview("?metric=nobody")).sums[0]).toMatchObject({ sum: null, num: 0 });
  });

  test("has a status that counts them", async () => {
    expect((await ok<StatusAnswer>("/api/v1/status")).sums).toEqual([
      { kind: "grid", name: "<i>far</i>", live: true, up: 2, down: 1 },
      { kind: "cluster", name: "bare", live: true, up: 1, down: 0 },
    ]);
  });

  test("that is not renewed is silent: all its hosts are down and nothing else is known", async () => {
    await viewer.clock.advance(59_999);
    await viewer.pull();
    expect((await overview()).sums[0]).toMatchObject({ live: true, up: 2 });
    await viewer.clock.advance(1);
    await viewer.pull();
    const silent = { live: false, up: 0, down: 3, cpus: null, load1: null, sum: null, num: 0 };
    expect((await overview()).sums[0]).toMatchObject(silent);
  });

  test("is not called silent by the viewer's own clock: newer sums may wait at the collector", async () => {
    await viewer.clock.advance(120_000);
    expect((await overview()).sums[0]).toMatchObject({ live: true, up: 2 });
    tell();
    await viewer.pull();
    expect((await overview()).sums[0]).toMatchObject({ live: true, timeMs: viewer.clock.nowMs() });
  });

  test("tells listening pages with each answer, though no frame ever comes", async () => {
    const texts: string[] = [];
    const sink = { pendingBytes: 0, write: (text: string) => void texts.push(text), drop: () => {} };
    viewer.hub.add(sink, { metric: "load_one", version: viewer.present.store.version, host: undefined });
    await viewer.clock.advance(15_000);
    tell();
    await viewer.pull();
    const data = /event: tick\ndata: (.*)/.exec(texts.at(-1) ?? "")?.[1] ?? "{}";
    expect(JSON.parse(data) as TickEvent).toMatchObject({
      clusters: [],
      sums: [{ name: "<i>far</i>", timeMs: viewer.clock.nowMs(), sum: 12.5 }, { name: "bare" }],
    });
  });
});

describe("beside clusters with hosts", () => {
  beforeEach(async () => {
    viewer = await makeViewerApp([{ name: "khab", hosts: hostNames(2) }]);
    tell();
    await viewer.pull();
  });

  test("a metric is called what the hosts call it, and one that only sums have can be chosen too", async () => {
    const { metrics, clusters } = await overview();
    expect(metrics.filter(({ name }) => name === "load_one")).toEqual([
      { name: "load_one", title: "One Minute Load Average", units: "", groups: ["load"] },
    ]);
    expect(metrics.map(({ name }) => name)).toContain("only_there");
    expect(clusters.map(({ name }) => name)).toEqual(["khab"]);
  });

  test("there is no page of any host of them", async () => {
    const url = "/api/v1/hosts/bare/node001";
    expect((await viewer.app.inject({ url, headers: { host: "localhost" } })).statusCode).toBe(404);
  });

  test("what the collector tells no more is gone", async () => {
    viewer.collector.sums = [];
    await viewer.pull();
    expect((await overview()).sums).toEqual([]);
  });
});
