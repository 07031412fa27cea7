import { gunzipSync } from "node:zlib";
import type { LightMyRequestResponse } from "fastify";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type {
  AlertsAnswer,
  HistoryAnswer,
  HostAnswer,
  OverviewAnswer,
  StatusAnswer,
} from "../../../viewer/api/answers.js";
import { CollectorRefused, CollectorUnreachable, MalformedAnswer } from "../../../viewer/pull/client.js";
import { makeAlert, makeEvent } from "../../support/alerts.js";
import { hostNames } from "../../support/emulated-collector.js";
import { makeViewerApp, type ViewerApp } from "../support/viewer-app.js";

let viewer: ViewerApp;
const hosts = [...hostNames(3), "a/b?c=%41", "<b>", "ünï 😀"];

beforeEach(async () => {
  viewer = await makeViewerApp([
    { name: "khab", hosts },
    { name: "we/ird %2F", hosts: hostNames(1, "x") },
  ]);
  await viewer.pull();
});
afterEach(() => viewer.close());

function get(url: string, headers: Record<string, string> = {}): Promise<LightMyRequestResponse> {
  return viewer.app.inject({ method: "GET", url, headers: { host: "127.0.0.1:8660", ...headers } });
}

async function ok<T>(url: string): Promise<T> {
  const response = await get(url);
  expect(response.statusCode, response.body).toBe(200);
  return response.json() as T;
}

describe("overview", () => {
  test("columns of one metric, the same position for the same host", async () => {
    const overview = await ok<OverviewAnswer>("/api/v1/overview");
    expect(overview.metric).toBe("load_one");
    const [khab, weird] = overview.clusters;
    expect(khab?.hosts).toEqual(hosts);
    expect(khab?.values.length).toBe(hosts.length);
    expect(khab?.values.every((value) => typeof value === "number")).toBe(true);
    expect(khab?.states).toBe("uuuuuu");
    expect(khab?.alerts).toBe("------");
    expect(khab?.timesS[0]).toBe(viewer.clock.nowMs() / 1_000);
    expect(weird?.name).toBe("we/ird %2F");
    expect(overview.version).toBe("emul1-1");
    expect(overview.collector.connected).toBe(true);
  });

  test("another metric by its name; one that nobody has stays chosen, without values", async () => {
    const cpu = await ok<OverviewAnswer>("/api/v1/overview?metric=cpu_num");
    expect(cpu.clusters[0]?.values).toEqual([32, 32, 32, 32, 32, 32]);
    const none = await ok<OverviewAnswer>("/api/v1/overview?metric=no%20such");
    expect(none.metric).toBe("no such");
    expect(none.clusters[0]?.values).toEqual([null, null, null, null, null, null]);
    expect(none.clusters[0]?.states).toBe("nnnnnn");
  });

  test("metrics to choose from: numbers only, each once, with group and units", async () => {
    const { metrics } = await ok<OverviewAnswer>("/api/v1/overview");
    expect(metrics.find((metric) => metric.name === "os_name")).toBeUndefined();
    expect(metrics.filter((metric) => metric.name === "mem_free")).toEqual([
      { name: "mem_free", title: "Free Memory", units: "KB", groups: ["memory"] },
    ]);
  });

  test("a silent host is down when its time is over, with its last value", async () => {
    viewer.collector.silence("node002");
    await viewer.clock.advance(75_000);
    viewer.collector.frame();
    await viewer.pull();
    // 75 s of silence are less than 4 x TMAX (20 s); load_one is overdue only after 4 x 70 s.
    expect((await ok<OverviewAnswer>("/api/v1/overview")).clusters[0]?.states).toBe("uuuuuu");
    await viewer.clock.advance(10_000);
    viewer.collector.frame();
    await viewer.pull();
    const { clusters } = await ok<OverviewAnswer>("/api/v1/overview");
    expect(clusters[0]?.states).toBe("uduuuu");
    expect(clusters[0]).toMatchObject({ up: 5, down: 1 });
    expect(clusters[0]?.values[1]).toEqual(expect.any(Number));
  });

  test("alerts: one letter a host, counts, and the gravest by name", async () => {
    viewer.collector.alertList = [makeAlert({ host: "<b>" }), makeAlert({ severity: "info", host: "node001" })];
    await viewer.pull();
    const overview = await ok<OverviewAnswer>("/api/v1/overview");
    expect(overview.clusters[0]?.alerts).toBe("i---c-");
    expect(overview.counts).toMatchObject({ firing: 2, critical: 1, info: 1 });
    expect(overview.firing.map((alert) => alert.host)).toEqual(["<b>", "node001"]);
  });

  test("a source that fails is told", async () => {
    const source = { name: "khab", type: "ganglia-xml", state: "failing", message: "connection refused" } as const;
    viewer.present.status = {
      version: "0.1.0",
      instance: "i",
      frame: 1,
      uptimeMs: 1,
      sources: [{ ...source, lastFrameMs: 0, frames: 0, failures: 1, malformed: 0, skewMs: 0, address: "" }],
    };
    expect((await ok<OverviewAnswer>("/api/v1/overview")).faults).toEqual(["khab: connection refused"]);
  });

  test("before the first answer there is an empty overview, not an error", async () => {
    const fresh = await makeViewerApp();
    const response = await fresh.app.inject({ url: "/api/v1/overview", headers: { host: "localhost" } });
    expect(response.json()).toMatchObject({
      version: "0-0",
      metric: null,
      clusters: [],
      collector: { connected: false },
    });
    await fresh.close();
  });
});

describe("host", () => {
  test.each(hosts)("%s is found by its encoded name", async (host) => {
    const answer = await ok<HostAnswer>(`/api/v1/hosts/khab/${encodeURIComponent(host)}`);
    expect(answer.facts.name).toBe(host);
    expect(answer.state).toBe("up");
  });

  test("metrics with units, group and title; text and numbers", async () => {
    const { metrics } = await ok<HostAnswer>(`/api/v1/hosts/${encodeURIComponent("we/ird %2F")}/x001`);
    expect(metrics.find((metric) => metric.name === "os_name")).toMatchObject({ type: "string", value: "Linux" });
    expect(metrics.find((metric) => metric.name === "cpu_num")).toMatchObject({
      value: 32,
      units: "CPUs",
      slope: "zero",
      groups: ["cpu"],
      title: "CPU Count",
      stale: false,
    });
  });

  test("one that is not there is 404, and the name in the text is not markup", async () => {
    const response = await get("/api/v1/hosts/khab/%3Cscript%3E");
    expect(response.statusCode).toBe(404);
    expect(response.headers["content-type"]).toContain("application/problem+json");
    expect(response.json()).toMatchObject({ status: 404, title: "Not Found" });
  });

  test("the longest name that can exist, in three octets a character", async () => {
    const response = await get(`/api/v1/hosts/khab/${encodeURIComponent("€".repeat(512))}`);
    expect(response.statusCode).toBe(404);
    expect((await get(`/api/v1/hosts/khab/${encodeURIComponent("€".repeat(513))}`)).statusCode).toBe(400);
  });
});

describe("history", () => {
  const base = "/api/v1/history?cluster=khab&host=node001&metric=load_one";

  test("samples as they came", async () => {
    const history = await ok<HistoryAnswer>(`${base}&from=-2m`);
    if (history.kind !== "number") throw new Error(`kind ${history.kind}`);
    expect(history.timesMs.length).toBe(8);
    expect(history.values.length).toBe(8);
    expect(history).toMatchObject({ cluster: "khab", host: "node001", metric: "load_one" });
    expect(history.toMs - history.fromMs).toBe(120_000);
  });

  test("buckets: a hole is null, not zero", async () => {
    const history = await ok<HistoryAnswer>(`${base}&from=-3h&step=10m`);
    if (history.kind !== "buckets") throw new Error(`kind ${history.kind}`);
    expect(history.stepMs).toBe(600_000);
    expect(history.avg.length).toBe(history.min.length);
    // The emulated history has lost half an hour.
    expect(history.avg.filter((value) => value === null).length).toBeGreaterThanOrEqual(2);
    expect(history.max.every((value, i) => value === null || value >= Number(history.avg[i]))).toBe(true);
  });

  test("text metrics have their texts", async () => {
    const history = await ok<HistoryAnswer>("/api/v1/history?cluster=khab&host=node001&metric=os_name&from=-2h");
    expect(history).toMatchObject({ kind: "text" });
  });

  test.each([
    ["no host", "/api/v1/history?cluster=khab&metric=x", /host/],
    ["a time that is none", `${base}&from=yesterday`, /from/],
    ["a range backwards", `${base}&from=200&to=100`, /not before/],
    ["a step that is none", `${base}&step=10`, /step/],
    ["too many buckets", `${base}&from=-7d&step=1s`, /more than 4000/],
    ["too long without a step", `${base}&from=-30d`, /step/],
    ["more than twenty years", `${base}&from=0&step=30d`, /20 years/],
    ["an unknown key", `${base}&limit=1`, /limit/],
    ["a key twice", `${base}&host=b`, /host/],
  ])("refused: %s", async (_what, url, detail) => {
    const response = await get(url);
    expect(response.statusCode).toBe(400);
    expect(response.json()).toMatchObject({ title: "Bad Request", detail: expect.stringMatching(detail) });
  });

  test.each([
    ["is not there", new CollectorUnreachable("asking 127.0.0.1:8662: ECONNREFUSED"), 504],
    ["talks nonsense", new MalformedAnswer("cut"), 502],
    ["does not understand", new CollectorRefused("bad-request", "no such verb"), 400],
    ["is not ready", new CollectorRefused("unavailable", "starting"), 503],
    ["refuses", new CollectorRefused("internal", "broken"), 502],
    ["makes us stumble", new TypeError("secret path /etc"), 500],
  ])("the collector %s", async (_what, error, status) => {
    const other = await makeViewerApp(undefined, { history: () => Promise.reject(error) });
    const response = await other.app.inject({ url: base, headers: { host: "localhost" } });
    expect(response.statusCode).toBe(status);
    expect(response.headers["content-type"]).toContain("problem+json");
    expect(response.body).not.toContain("secret");
    await other.close();
  });
});

describe("alerts and status", () => {
  test("current alerts and events, newest first; older ones are asked for", async () => {
    viewer.collector.alertList = [makeAlert()];
    viewer.collector.eventList = Array.from({ length: 250 }, (_, i) => makeEvent({ sequence: 250 - i }));
    await viewer.pull();
    const answer = await ok<AlertsAnswer>("/api/v1/alerts");
    expect(answer.alerts.length).toBe(1);
    expect(answer.events.length).toBe(200);
    expect(answer.events[0]?.sequence).toBe(250);
    expect(answer.more).toBe(true);
    const older = await ok<AlertsAnswer>("/api/v1/alerts?before=51");
    expect(older.events.map((event) => event.sequence)).toEqual(Array.from({ length: 50 }, (_, i) => 50 - i));
    expect(older.more).toBe(false);
    expect((await get("/api/v1/alerts?before=-1")).statusCode).toBe(400);
  });

  test("status says what the viewer itself has seen", async () => {
    const status = await ok<StatusAnswer>("/api/v1/status");
    expect(status.collector).toMatchObject({ connected: true, version: "0.1.0", frame: 1 });
    expect(status.viewer).toMatchObject({ listeners: 0, answers: 1, failures: 0, malformed: 0 });
    expect(status.clusters[0]).toMatchObject({ name: "khab", up: 6, down: 0 });
  });
});

describe("caching and packing", () => {
  test("nothing new: 304 without a body, but with the time", async () => {
    const first = await get("/api/v1/overview");
    const etag = String(first.headers["etag"]);
    const again = await get("/api/v1/overview", { "if-none-match": `"other", ${etag}` });
    expect(again.statusCode).toBe(304);
    expect(again.body).toBe("");
    expect(again.headers["grate-time"]).toBe(String(viewer.clock.nowMs()));
    viewer.collector.frame();
    await viewer.pull();
    expect((await get("/api/v1/overview", { "if-none-match": etag })).statusCode).toBe(200);
  });

  test.each([
    ["gzip, br", "gzip"],
    ["br, gzip;q=0.5", "gzip"],
    ["gzip;q=0", undefined],
    ["br", undefined],
    ["", undefined],
  ])("accept-encoding %j", async (accepted, encoding) => {
    const response = await get("/api/v1/overview", { "accept-encoding": accepted });
    expect(response.headers["content-encoding"]).toBe(encoding);
    expect(response.headers["vary"]).toContain("accept-encoding");
    const text = encoding === "gzip" ? gunzipSync(response.rawPayload).toString() : response.body;
    expect(JSON.parse(text)).toMatchObject({ metric: "load_one" });
  });
});
