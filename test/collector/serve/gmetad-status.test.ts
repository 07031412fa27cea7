/** /status against what a gmetad 3.7.2 tells: the shape is its own, and the numbers are ours and true. */
import { describe, expect, test } from "vitest";
import { newPortCounters } from "../../../collector/serve/counters.js";
import { GmetadStatus, type GmetadStatusOptions } from "../../../collector/serve/gmetad-status.js";
import type { SourceHealth } from "../../../core/model/source.js";
import { VirtualClock } from "../../support/virtual-clock.js";

const START_MS = 1_795_291_000_000;

const source = (name: string, more: Partial<SourceHealth>): SourceHealth => ({
  name,
  type: "ganglia-xml",
  state: "ok",
  message: "",
  lastFrameMs: 0,
  frames: 0,
  failures: 0,
  malformed: 0,
  skewMs: 0,
  address: "",
  ...more,
});

function made(more: Partial<GmetadStatusOptions> = {}): GmetadStatus {
  const [dump, query] = [newPortCounters(), newPortCounters()];
  dump.connections.answered = 3;
  dump.connections.slow = 9;
  query.connections.answered = 40;
  return new GmetadStatus({
    grid: "Physics",
    clock: new VirtualClock(START_MS + 65_400),
    status: () => ({
      version: "1.2.3",
      startedMs: START_MS,
      uptimeMs: 65_400,
      frame: 7,
      sources: [
        source("a", { frames: 5, failures: 2, lastFrameMs: START_MS + 60_000 }),
        source("b", { frames: 2, failures: 1, lastFrameMs: START_MS + 30_000 }),
      ],
      clusters: [],
    }),
    counters: () => ({ cells: 273, spilledSamples: 100, unknown: 5 }),
    ports: () => ({ dump, query }),
    isName: () => false,
    ...more,
  });
}

function json(reply: string | undefined): Record<string, unknown> {
  const body = reply?.slice(reply.indexOf("\r\n\r\n") + 4) ?? "";
  return JSON.parse(body);
}

/** Of a gmetad 3.7.2-1, without what it measures of its machine. */
const SHAPE = {
  received: ["all"],
  sent: ["all", "rrdtool", "rrdcached", "graphite", "memcached", "riemann"],
  summarize: ["cluster", "root", "totalMillis", "lastTime"],
  requests: ["all", "interactive", "xml"],
  polls: ["ok", "failed", "misses"],
};

describe("the reply", () => {
  test("has HTTP's head whether or not it was asked for in HTTP", () => {
    expect(made().answer("/status")).toMatch(
      /^HTTP\/1\.0 200 OK\r\nServer: grate\r\n[\s\S]*Content-Type: application\/json\r\n[\s\S]*Connection: close\r\n\r\n\{/,
    );
  });

  test("has gmetad's keys, and numbers that are true", () => {
    const told = json(made().answer("/status"));
    const { metrics, host, ...top } = told;
    expect(top).toEqual({
      gridname: "Physics",
      version: "1.2.3",
      stattime: START_MS + 65_400,
      boottime: START_MS,
      uptime: 65,
      uptimeMillis: 65_400,
    });
    expect(host).toMatch(/./);
    const groups = metrics as Record<string, Record<string, unknown>>;
    for (const [group, keys] of Object.entries(SHAPE)) expect(Object.keys(groups[group] ?? {}), group).toEqual(keys);
    expect(Object.keys(groups)).toEqual(
      expect.arrayContaining(["cpu", "disk", "load", "memory", "network", "process", "system"]),
    );
    expect(metrics).toMatchObject({
      received: { all: 273 },
      sent: { all: { num: 100, totalMillis: 0 }, rrdtool: { num: 0, totalMillis: 0, lastTime: 0 } },
      requests: { all: { num: 43 }, interactive: { num: 40 }, xml: { num: 3 } },
      polls: { ok: { num: 7, lastTime: START_MS + 60_000 }, failed: { num: 3 }, misses: 0 },
      load: { load_one: expect.any(Number) },
      system: { os_name: "Linux", sys_clock: Math.floor((START_MS + 65_400) / 1_000) },
    });
  });

  test("before the first frame and without sources is all zeros, not broken", () => {
    const empty = { version: "0", startedMs: 0, uptimeMs: 0, frame: 0, sources: [], clusters: [] };
    const told = json(made({ status: () => empty, counters: () => ({}) }).answer("/status"));
    expect(told).toMatchObject({ metrics: { received: { all: 0 }, polls: { ok: { num: 0, lastTime: 0 } } } });
  });

  test("escapes what a grid may be called, as JSON and as a script", () => {
    const grid = `</script><b>&"\\'\u2028é🖥`;
    const reply = made({ grid }).answer("/status?callback=f") ?? "";
    expect(reply).toMatch(/^[\r\n\x20-\x7e]*$/);
    expect(reply).not.toContain("<");
    const body = /f\((.*)\);$/.exec(reply)?.[1] ?? "";
    expect(JSON.parse(body)).toMatchObject({ gridname: grid });
  });
});

describe("a callback", () => {
  test.each(["f", "page.status", "_x1", "jQuery123_456", "a".repeat(128)])("%s is called", (name) => {
    const reply = made().answer(`/status?callback=${name}`) ?? "";
    expect(reply).toContain("Content-Type: application/javascript\r\n");
    expect(reply.slice(reply.indexOf("\r\n\r\n") + 4)).toMatch(
      new RegExp(`^${name.replace(".", "\\.")}\\(\\{.*\\}\\);$`),
    );
  });

  test.each(["", "1f", "a;b", "f(1)", "alert(1)//", "<script>", "%3Cscript%3E", "a b", "a".repeat(129), "\u0435"])(
    "%j is refused and not repeated",
    (name) => {
      const reply = made().answer(`/status?callback=${name}`) ?? "";
      expect(reply).toMatch(/^HTTP\/1\.0 400 Bad Request\r\n/);
      expect(reply.endsWith("\r\n\r\nthe callback is not a name such as f or page.f\n")).toBe(true);
    },
  );
});

describe("what is asked for", () => {
  test.each<[string, string[], boolean]>([
    ["/status", [], true],
    ["/STATUS", [], true],
    ["/Status?x=1", [], true],
    ["/status/", [], true],
    ["/status/deeper", [], true],
    ["/statusfarm", [], true],
    ["/statusfarm", ["statusfarm"], false],
    ["/statusfarm/n1", ["statusfarm"], false],
    ["/statusfarm?filter=summary", ["statusfarm"], false],
    ["/statusfarm", ["StatusFarm"], true],
    ["/status%20farm", ["status farm"], false],
    ["/status", ["statusfarm"], true],
    ["/status", ["status"], false],
    ["/STATUS", ["status"], true],
    ["/%zz", [], false],
    ["/status%zz", [], true],
    ["/", [], false],
    ["/stat", [], false],
    ["//status", [], false],
    ["status", [], false],
  ])("%s where there is %j: the status? %s", (target, names, isStatus) => {
    const reply = made({ isName: (name) => names.includes(name) }).answer(target);
    expect(reply !== undefined).toBe(isStatus);
  });
});
