import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { type ControlOptions, ControlServer } from "../../../collector/serve/control-server.js";
import { newPortCounters } from "../../../collector/serve/counters.js";
import { writeMetrics } from "../../../collector/serve/prometheus.js";
import { readiness } from "../../../collector/serve/readiness.js";
import { selfMetrics } from "../../../collector/serve/self-metrics.js";
import { silentLogger } from "../../../core/base/log.js";
import type { SourceHealth } from "../../../core/model/source.js";
import { ask, connected } from "../../support/loopback.js";
import { VirtualClock } from "../../support/virtual-clock.js";

const TOKEN = "t".repeat(43);
const READY = { ready: true, reasons: [], notes: [], sources: [] };
const NOT_READY = { ready: false, reasons: ["the log cannot be written: ENOSPC"], notes: [], sources: [] };

let stop: (() => Promise<void>) | undefined;
afterEach(() => stop?.());

async function started(options: Partial<ControlOptions> = {}): Promise<ControlServer> {
  const server = new ControlServer({
    address: { host: "127.0.0.1", port: 0 },
    token: TOKEN,
    readiness: () => READY,
    metrics: () => "grate_x 1\n",
    status: () => ({ frame: 7 }),
    clock: new VirtualClock(),
    logger: silentLogger,
    ...options,
  });
  await server.start();
  stop = () => server.stop();
  return server;
}

function get(server: ControlServer, path: string, token?: string, method = "GET"): Promise<Response> {
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  return fetch(`http://127.0.0.1:${server.port}${path}`, { method, headers });
}

describe("who has no token", () => {
  test.each<[string, number, string]>([
    ["/livez", 200, "ok\n"],
    ["/livez?verbose", 200, "ok\n"],
    ["/readyz", 200, "ready\n"],
    ["/metrics", 401, "the control token is missing or wrong\n"],
    ["/status", 401, "the control token is missing or wrong\n"],
    ["/", 401, "the control token is missing or wrong\n"],
    ["/nosuch", 401, "the control token is missing or wrong\n"],
    ["/livez/", 401, "the control token is missing or wrong\n"],
    ["//livez", 401, "the control token is missing or wrong\n"],
  ])("gets for %s %i", async (path, status, body) => {
    const response = await get(await started(), path);
    expect(response.status).toBe(status);
    expect(await response.text()).toBe(body);
    expect(response.headers.get("cache-control")).toBe("no-store");
  });

  test("is not told why the collector is not ready", async () => {
    const response = await get(await started({ readiness: () => NOT_READY }), "/readyz");
    expect(response.status).toBe(503);
    expect(await response.text()).toBe("not ready\n");
  });
});

describe("a wrong token is refused everywhere but at /livez", () => {
  test.each(["wrong", "", TOKEN.slice(1), `${TOKEN}t`, "\u00fc"])("%j", async (token) => {
    const server = await started();
    for (const path of ["/readyz", "/metrics", "/status"]) {
      const response = await get(server, path, token);
      expect(response.status).toBe(401);
      expect(response.headers.get("www-authenticate")).toBe("Bearer");
    }
    expect((await get(server, "/livez", token)).status).toBe(200);
  });

  test("and so is another scheme", async () => {
    const server = await started();
    const authorization = `Basic ${Buffer.from(`grate:${TOKEN}`).toString("base64")}`;
    const response = await fetch(`http://127.0.0.1:${server.port}/status`, { headers: { authorization } });
    expect(response.status).toBe(401);
  });
});

describe("who has the token", () => {
  test.each<[string, number, string, string]>([
    ["/readyz", 200, "application/json", '{"ready":true,"reasons":[],"notes":[],"sources":[]}\n'],
    ["/metrics", 200, "text/plain; version=0.0.4; charset=utf-8", "grate_x 1\n"],
    ["/status", 200, "application/json", '{"frame":7}\n'],
    [
      "/nosuch",
      404,
      "text/plain; charset=utf-8",
      "nothing of this name; there are /livez, /readyz, /metrics and /status\n",
    ],
  ])("gets for %s %i", async (path, status, type, body) => {
    const response = await get(await started(), path, TOKEN);
    expect(response.status).toBe(status);
    expect(response.headers.get("content-type")).toBe(type);
    expect(await response.text()).toBe(body);
  });

  test("is told why the collector is not ready", async () => {
    const response = await get(await started({ readiness: () => NOT_READY }), "/readyz", TOKEN);
    expect(response.status).toBe(503);
    expect(await response.json()).toEqual(NOT_READY);
  });
});

test.each(["POST", "PUT", "DELETE", "OPTIONS"])("%s is not understood", async (method) => {
  const response = await get(await started(), "/livez", TOKEN, method);
  expect(response.status).toBe(405);
  expect(response.headers.get("allow")).toBe("GET, HEAD");
});

test("HEAD gets the head alone", async () => {
  const response = await get(await started(), "/status", TOKEN, "HEAD");
  expect(response.status).toBe(200);
  expect(await response.text()).toBe("");
});

test("what fails inside is an answer too, and the next one is served", async () => {
  let broken = true;
  const status = () => {
    if (broken) throw new Error("BUG");
    return {};
  };
  const server = await started({ status });
  expect((await get(server, "/status", TOKEN)).status).toBe(500);
  broken = false;
  expect((await get(server, "/status", TOKEN)).status).toBe(200);
});

test.each<[string, string | Buffer]>([
  ["junk", Buffer.from([0, 1, 2, 3, 255, 10, 10])],
  ["a head without end", `GET /livez HTTP/1.1\r\nX: ${"x".repeat(100_000)}`],
  ["a line of gmetad's", "/\n"],
])("%s is refused and nothing more happens", async (_what, request) => {
  const server = await started();
  expect(await ask(server.port, request)).toMatch(/^(HTTP\/1\.1 4\d\d |$)/);
  expect((await get(server, "/livez")).status).toBe(200);
});

test("stop drops clients at once and may come twice", async () => {
  const server = await started();
  const idle = await connected(server.port);
  const closed = once(idle, "close");
  idle.resume().on("end", () => idle.end());
  await server.stop();
  await closed;
  await server.stop();
  await expect(connected(server.port)).rejects.toThrow("ECONNREFUSED");
});

test("a port that is taken is one line", async () => {
  const holder = createServer().listen(0, "127.0.0.1");
  await once(holder, "listening");
  const { port } = holder.address() as AddressInfo;
  await expect(started({ address: { host: "127.0.0.1", port } })).rejects.toThrow(
    `cannot listen on 127.0.0.1:${port} (serve.control): the port is taken`,
  );
  holder.close();
});

const source: SourceHealth = {
  name: "khab",
  type: "ganglia-xml",
  state: "ok",
  message: "",
  lastFrameMs: 10_000,
  frames: 12,
  failures: 3,
  malformed: 1,
  skewMs: -1_500,
  address: "10.0.0.1:8649",
};

describe("readiness", () => {
  const of = (sources: SourceHealth[], faults: string[] = []) => {
    const health = () => ({ ready: faults.length === 0, messages: ["a word", ...faults], counters: {} });
    return readiness({ version: "", sources: () => sources, health, families: () => [] }, 25_000);
  };

  test.each<[string, SourceHealth[], string[], string[]]>([
    ["all is well", [source], [], []],
    ["nothing is configured", [], [], []],
    ["one of two fails", [source, { ...source, name: "b", state: "failing" }], [], []],
    ["all fail", [{ ...source, state: "failing" }], [], ["no source works: khab is failing"]],
    ["nothing has come yet", [{ ...source, state: "starting" }], [], ["no source works: khab is starting"]],
    ["the log is full", [source], ["ENOSPC"], ["a word", "ENOSPC"]],
  ])("when %s", (_what, sources, faults, reasons) => {
    const notes = faults.length === 0 ? ["a word"] : [];
    expect(of(sources, faults)).toMatchObject({ ready: reasons.length === 0, reasons, notes });
  });

  test("tells the age of each source", () => {
    const { sources } = of([source, { ...source, name: "new", lastFrameMs: 0 }]);
    expect(sources.map(({ name, ageSeconds }) => [name, ageSeconds])).toEqual([
      ["khab", 15],
      ["new", null],
    ]);
  });
});

test("the collector's own numbers follow the rules of their format", () => {
  const clusters = Array.from({ length: 150 }, (_, i) => ({
    name: i === 0 ? 'a"\\\n' : `c${i}`,
    hostsUp: 3,
    hostsDown: 1,
    metrics: 39,
    frame: 1,
    frameTimeMs: 1,
  }));
  const text = writeMetrics(
    "grate_",
    selfMetrics({
      status: { version: "1.2.3", startedMs: 1_500, uptimeMs: 1, frame: 9, sources: [source], clusters },
      counters: { frames: 12, windowBytes: 5, nobodyKnows: 1 },
      alerts: { alerts: () => [], events: () => [] },
      ports: { dump: newPortCounters(), query: newPortCounters() },
      waiting: 2,
      documentBytes: 10,
      usage: { residentBytes: 1_000, cpuS: 0.25 },
    }),
  );
  expect(text).toContain('grate_build_info{version="1.2.3"} 1\n');
  expect(text).toContain("grate_start_time_seconds 1.5\n");
  expect(text).toContain('grate_source_frames_total{source="khab",type="ganglia-xml"} 12\n');
  expect(text).toContain('grate_source_clock_skew_seconds{source="khab",type="ganglia-xml"} -1.5\n');
  expect(text).toContain('grate_hosts{cluster="a\\"\\\\\\n",state="up"} 3\n');
  expect(text).toContain('grate_serve_connections_total{port="query",outcome="slow"} 0\n');
  expect(text).toContain("grate_clusters 150\n");
  expect(text).toContain("grate_frames_total 12\n");
  expect(text).toContain("grate_window_bytes 5\n");
  expect(text).not.toContain("nobody");
  // A label's values are bounded: 100 clusters, two states each.
  expect(text.match(/^grate_hosts\{/gm)?.length).toBe(200);
  const names = [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)];
  expect(new Set(names.map(([, name]) => name)).size).toBe(names.length);
  for (const [, name, type] of names) expect(name?.endsWith("_total"), name).toBe(type === "counter");
  const sample = /^grate_[a-z_]+(\{[a-z]+="([^"\\\n]|\\["\\n])*"(,[a-z]+="([^"\\\n]|\\["\\n])*")*\})? \S+$/;
  for (const line of text.trimEnd().split("\n"))
    expect(line).toMatch(line.startsWith("#") ? /^# (HELP|TYPE) / : sample);
});
