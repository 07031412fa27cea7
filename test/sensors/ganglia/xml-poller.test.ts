/** The poller with peers in memory; the bytes of real connections are in connections/tcp.test.ts. */
import { describe, expect, it } from "vitest";
import type { Address } from "../../../core/base/address.js";
import { GrateError } from "../../../core/base/errors.js";
import type { GangliaXmlConfig } from "../../../sensors/config.js";
import type { Fetch, FetchRequest } from "../../../sensors/connections/tcp.js";
import { GangliaXmlPoller } from "../../../sensors/ganglia/xml-poller.js";
import { versionFixture } from "../../support/ganglia-documents.js";
import { VirtualClock } from "../../support/virtual-clock.js";
import { gmondDocument } from "../support/ganglia-xml.js";
import { recordingLogger } from "../support/logger.js";
import { RecordingSink } from "../support/recording-sink.js";

const START_MS = 1_700_000_000_000;
const A: Address = { host: "a", port: 8649 };
const B: Address = { host: "b", port: 8649 };

type Peer = (request: FetchRequest) => Promise<string>;

function setUp(peers: Record<string, Peer>, changes: Partial<GangliaXmlConfig> = {}) {
  const clock = new VirtualClock(START_MS);
  const sink = new RecordingSink();
  const { logger, lines } = recordingLogger();
  const asked: { host: string; atMs: number }[] = [];
  const fetch: Fetch = async (request) => {
    const { host } = request.address;
    asked.push({ host, atMs: clock.monotonicMs() });
    const receivedMs = clock.nowMs();
    const bytes = Buffer.from((await peers[host]?.(request)) ?? "");
    return { bytes, receivedBytes: bytes.length, receivedMs };
  };
  const config: GangliaXmlConfig = {
    name: "khab",
    type: "ganglia-xml",
    address: [A],
    every: 15_000,
    "connect-timeout": 5_000,
    timeout: 30_000,
    "size-limit": 2 ** 27,
    take: "detail",
    ...changes,
  };
  const poller = new GangliaXmlPoller(config, { sink, clock, logger }, fetch);
  const hostsAsked = () => asked.map(({ host }) => host).join("");
  return { clock, sink, lines, asked, hostsAsked, poller };
}

/** A gmond with two hosts; its clock is right, its values grow. */
function gmond(clock: () => VirtualClock): Peer {
  let polls = 0;
  return async () => {
    polls++;
    const localtimeS = Math.floor(clock().nowMs() / 1_000);
    return gmondDocument("khab", localtimeS, [
      { name: "node1", metrics: { load_one: polls } },
      { name: "node2", tn: 7 },
    ]);
  };
}

const down: Peer = () => Promise.reject(new GrateError("Cannot connect: connection refused"));

describe("poller", () => {
  it("makes a frame of each poll", async () => {
    const peer = gmond(() => clock);
    const { clock, sink, poller, lines } = setUp({ a: peer });
    await poller.start();
    await clock.advance(0);
    expect(sink.frames).toEqual([
      {
        cluster: "khab",
        source: "khab",
        timeMs: START_MS,
        heard: { node1: START_MS, node2: START_MS - 7_000 },
        cells: [
          { host: "node1", metric: "load_one", value: 1, timeMs: START_MS, decimals: 0 },
          { host: "node2", metric: "load_one", value: 0.5, timeMs: START_MS, decimals: 2 },
        ],
      },
    ]);
    expect(poller.health()).toEqual({
      name: "khab",
      type: "ganglia-xml",
      state: "ok",
      message: "",
      lastFrameMs: START_MS,
      frames: 1,
      failures: 0,
      malformed: 0,
      skewMs: 0,
      address: "a:8649",
      receivedBytes: gmondDocument("khab", START_MS / 1_000, [
        { name: "node1", metrics: { load_one: 1 } },
        { name: "node2", tn: 7 },
      ]).length,
    });
    expect(lines.map(({ level, msg, address, hosts }) => ({ level, msg, address, hosts }))).toEqual([
      { level: "info", msg: "polling", address: "a:8649", hosts: 2 },
    ]);
    await poller.stop();
  });

  it("keeps to its ticks however long a poll takes", async () => {
    const { clock, asked, poller } = setUp({
      a: async () => {
        await new Promise<void>((resolve) => clock.setTimer(resolve, 3_000));
        return gmondDocument("khab", Math.floor(clock.nowMs() / 1_000), []);
      },
    });
    await poller.start();
    await clock.advance(120_000);
    const [, first = 0, ...later] = asked.map(({ atMs }) => atMs);
    expect(later.length).toBeGreaterThanOrEqual(5);
    expect(later).toEqual(later.map((_, i) => first + (i + 1) * 15_000));
    expect(poller.skippedPolls).toBe(0);
    await poller.stop();
  });

  it("skips and counts polls that a slow one overruns", async () => {
    const { clock, asked, poller, lines } = setUp({
      a: async () => {
        await new Promise<void>((resolve) => clock.setTimer(resolve, 40_000));
        return gmondDocument("khab", Math.floor(clock.nowMs() / 1_000), []);
      },
    });
    await poller.start();
    await clock.advance(61_000);
    expect(asked.length).toBe(2);
    expect(poller.skippedPolls).toBeGreaterThanOrEqual(2);
    expect(lines.filter(({ msg }) => msg === "poll took longer than its interval")).toHaveLength(1);
    const stopped = poller.stop();
    await clock.advance(40_000);
    await stopped;
  });

  it("tells which address fails and why, once a minute, and comes back", async () => {
    let peer: Peer = down;
    const { clock, sink, poller, lines } = setUp({ a: (request) => peer(request) });
    await poller.start();
    await clock.advance(50_000);
    const { failures } = poller.health();
    expect(failures).toBeGreaterThanOrEqual(3);
    expect(poller.health()).toMatchObject({ state: "failing", message: "Cannot connect: connection refused" });
    expect(lines.filter(({ level }) => level === "warn")).toMatchObject([
      { msg: "poll failed", source: "khab", address: "a:8649", fault: "Cannot connect: connection refused" },
    ]);
    peer = gmond(() => clock);
    await clock.advance(15_000);
    expect(poller.health()).toMatchObject({ state: "ok", message: "", failures });
    expect(sink.frames).toHaveLength(1);
    await poller.stop();
  });

  it("goes on to the next address, keeps to it, and goes back after twenty polls", async () => {
    let a: Peer = down;
    const { clock, hostsAsked, poller } = setUp(
      { a: (request) => a(request), b: gmond(() => clock) },
      { address: [A, B] },
    );
    await poller.start();
    await clock.advance(0);
    expect(hostsAsked()).toBe("ab");
    expect(poller.health()).toMatchObject({ state: "ok", address: "b:8649", failures: 0 });
    a = gmond(() => clock);
    while (poller.health().address === "b:8649" && hostsAsked().length < 100) await clock.advance(15_000);
    expect(hostsAsked()).toBe(`ab${"b".repeat(19)}a`);
    expect(poller.health()).toMatchObject({ state: "ok", address: "a:8649" });
    await poller.stop();
  });

  it("stays with the stand-in while the preferred one is still down", async () => {
    const { clock, hostsAsked, poller } = setUp({ a: down, b: gmond(() => clock) }, { address: [A, B] });
    await poller.start();
    while (hostsAsked().length < 25) await clock.advance(15_000);
    expect(hostsAsked()).toBe(`ab${"b".repeat(19)}abbb`);
    expect(poller.health()).toMatchObject({ state: "ok", address: "b:8649", failures: 0 });
    await poller.stop();
  });

  it("tells all faults when every address fails", async () => {
    const refused: Peer = () => Promise.reject(new GrateError("b is away"));
    const { clock, poller } = setUp({ a: down, b: refused }, { address: [A, B] });
    await poller.start();
    await clock.advance(0);
    expect(poller.health().message).toBe("Cannot connect: connection refused; b is away");
    await poller.stop();
  });

  it("asks the next address when a document breaks off, and keeps what came", async () => {
    const whole = gmondDocument("khab", START_MS / 1_000, [{ name: "node1" }, { name: "node2" }]);
    const cut = whole.slice(0, whole.indexOf('<HOST NAME="node2"') + 30);
    const { clock, sink, poller, lines } = setUp({ a: async () => cut, b: async () => whole }, { address: [A, B] });
    await poller.start();
    await clock.advance(0);
    expect(sink.frames.map((frame) => Object.keys(frame.heard))).toEqual([["node1"], ["node1", "node2"]]);
    expect(lines.find(({ msg }) => msg === "poll failed")).toMatchObject({
      address: "a:8649",
      fault: "Cannot read all of a:8649: it broke off after 1 hosts",
    });
    expect(poller.health()).toMatchObject({ state: "ok", address: "b:8649" });
    await poller.stop();
  });

  it("counts and names a malformed host, and takes the others", async () => {
    const whole = gmondDocument("khab", START_MS / 1_000, [{ name: "node1" }, { name: "node2" }, { name: "node3" }]);
    const { clock, sink, poller, lines } = setUp({ a: async () => whole.replace('NAME="node2"', 'NAME=""') });
    await poller.start();
    await clock.advance(0);
    expect(Object.keys(sink.frames[0]?.heard ?? {})).toEqual(["node1", "node3"]);
    expect(poller.health()).toMatchObject({ state: "ok", malformed: 1 });
    const told = lines.find(({ msg }) => msg === "parts of a document were passed over");
    expect(told).toMatchObject({ source: "khab", address: "a:8649", malformed: 1 });
    expect(told?.["faults"]).toHaveLength(1);
    await poller.stop();
  });

  it("counts what stays bad with every poll, and says so in the log once a minute", async () => {
    const whole = gmondDocument("khab", START_MS / 1_000, [{ name: "node1" }, { name: "node2" }]);
    const { clock, poller, lines } = setUp({ a: async () => whole.replace('NAME="node2"', 'NAME=""') });
    await poller.start();
    await clock.advance(10 * 60_000 - 1);
    const told = lines.filter(({ msg }) => msg === "parts of a document were passed over");
    expect(poller.health()).toMatchObject({ frames: 40, failures: 0, malformed: 40 });
    expect(told.map(({ suppressed }) => suppressed)).toEqual([undefined, ...Array(9).fill(3)]);
    await poller.stop();
  });

  it("counts a peer that stays away with every poll, and says so in the log once a minute", async () => {
    const { clock, poller, lines } = setUp({ a: down });
    await poller.start();
    await clock.advance(10 * 60_000 - 1);
    expect(poller.health()).toMatchObject({ frames: 0, failures: 40, malformed: 0 });
    expect(lines.filter(({ level }) => level === "warn")).toHaveLength(10);
    await poller.stop();
  });

  it.each([
    [
      "nothing",
      "",
      "Cannot read a:8649: it closed the connection without a word; is this machine among those that may ask",
    ],
    ["a web page", "<!doctype html><html></html>", "Cannot read a:8649: "],
  ])("fails on %s", async (_, document, message) => {
    const { clock, poller } = setUp({ a: async () => document });
    await poller.start();
    await clock.advance(0);
    expect(poller.health()).toMatchObject({ state: "failing", frames: 0 });
    expect(poller.health().message).toContain(message);
    await poller.stop();
  });

  it("measures the skew of the peer's clock", async () => {
    const { clock, sink, poller } = setUp({
      a: async () => gmondDocument("khab", START_MS / 1_000 - 3_600, [{ name: "node1", tn: 5 }]),
    });
    await poller.start();
    await clock.advance(0);
    expect(poller.health().skewMs).toBe(-3_600_000);
    expect(sink.frames[0]?.heard).toEqual({ node1: START_MS - 5_000 });
    await poller.stop();
  });

  it("shows a skew that jumps, and never lets it move a time", async () => {
    let skewS = 0;
    const { clock, sink, poller } = setUp({
      a: async () => gmondDocument("khab", Math.floor(clock.nowMs() / 1_000) + skewS, [{ name: "node1", tn: 5 }]),
    });
    await poller.start();
    await clock.advance(0);
    const found: number[][] = [];
    for (const nextS of [7_200, -36_000, 0]) {
      const before = sink.frames.length;
      skewS = nextS;
      while (sink.frames.length === before) await clock.advance(1_000);
      const frame = sink.frames.at(-1);
      found.push([poller.health().skewMs / 1_000, (frame?.heard["node1"] ?? 0) - (frame?.timeMs ?? 0)]);
    }
    expect(found.map(([skew]) => skew)).toEqual([7_200, -36_000, 0]);
    // Within the second to which ages are rounded.
    for (const [, age = 0] of found) expect(Math.abs(age + 5_000)).toBeLessThan(1_000);
    await poller.stop();
  });

  it("calls clusters and grids as `rename` says", async () => {
    const { clock, sink, poller } = setUp(
      { a: async () => gmondDocument("unspecified", START_MS / 1_000, [{ name: "node1" }]) },
      { rename: { unspecified: "gpu" } },
    );
    await poller.start();
    await clock.advance(0);
    expect(sink.frames.map((frame) => frame.cluster)).toEqual(["gpu"]);
    await poller.stop();
  });

  it("sends nothing where it takes detail", async () => {
    const requests: unknown[] = [];
    const { clock, poller } = setUp({
      a: async ({ request }) => {
        requests.push(request);
        return "";
      },
    });
    await poller.start();
    await clock.advance(0);
    expect(requests).toEqual([undefined]);
    await poller.stop();
  });

  it("asks for a summary where it takes that, and hands on the sums of the outermost grid alone", async () => {
    const requests: unknown[] = [];
    const summary = versionFixture("federation-summary-3.7.xml").toString();
    const { clock, sink, poller } = setUp(
      {
        a: async ({ request }) => {
          requests.push(request);
          return summary;
        },
      },
      { take: "summary", every: 60_000, rename: { top: "Physics" } },
    );
    await poller.start();
    await clock.advance(0);
    expect(requests).toEqual(["/?filter=summary\n"]);
    expect(sink.frames).toEqual([]);
    expect(sink.sums).toMatchObject([
      {
        kind: "grid",
        name: "Physics",
        source: "khab",
        timeMs: START_MS,
        tmaxS: 60,
        summary: { hostsUp: 13, hostsDown: 4 },
      },
    ]);
    expect(poller.health()).toMatchObject({
      state: "ok",
      frames: 0,
      lastFrameMs: START_MS,
      receivedBytes: summary.length,
    });
    await poller.stop();
  });

  it("says that sums were asked for in vain where a gmond answers, and takes none of its hosts", async () => {
    const { clock, sink, poller } = setUp({ a: gmond(() => clock) }, { take: "summary" });
    await poller.start();
    await clock.advance(0);
    expect(poller.health()).toMatchObject({
      state: "failing",
      message:
        "a:8649 gives no sums, though they were asked for (take: summary); expected a query port: a gmetad's 8652, a collector's 8662",
    });
    expect([sink.frames, sink.sums, [...sink.directories]]).toEqual([[], [], []]);
    await poller.stop();
  });

  it("says so too where the answer broke off, as it does where the request is not read", async () => {
    const { clock, poller } = setUp(
      { a: async () => (await gmond(() => clock)({} as FetchRequest)).slice(0, -40) },
      { take: "summary" },
    );
    await poller.start();
    await clock.advance(0);
    expect(poller.health().message).toBe(
      "Cannot read all of a:8649: it broke off before any sums, though they were asked for (take: summary); " +
        "expected a query port: a gmetad's 8652, a collector's 8662",
    );
    await poller.stop();
  });

  it.each([
    [
      "of a gmond that hears nobody",
      gmondDocument("khab", START_MS / 1_000, []),
      /^a:8649 tells of no host: it hears nobody, .*udp_recv_channel/,
    ],
    [
      "of a gmetad that has read nothing yet",
      '<GANGLIA_XML VERSION="3.7.2" SOURCE="gmetad">\n<GRID NAME="g" AUTHORITY="" LOCALTIME="1">\n</GRID>\n</GANGLIA_XML>\n',
      /^a:8649 tells of no host: its own sources/,
    ],
    [
      "with nothing that can be taken",
      '<GANGLIA_XML VERSION="3.7.2" SOURCE="gmond">\n<CLUSTER NAME="" LOCALTIME="1">\n</CLUSTER>\n</GANGLIA_XML>\n',
      /^a:8649 tells of no host: the tag of cluster "": there is no NAME$/,
    ],
  ])("is well with an empty document %s, and says why nothing comes", async (_name, document, message) => {
    let text = document;
    const { clock, poller } = setUp({ a: async () => text });
    await poller.start();
    await clock.advance(0);
    expect(poller.health()).toMatchObject({ state: "ok", failures: 0, message: expect.stringMatching(message) });
    text = gmondDocument("khab", START_MS / 1_000, [{ name: "node1" }]);
    await clock.advance(30_000);
    expect(poller.health()).toMatchObject({ state: "ok", message: "" });
    await poller.stop();
  });

  it("hands no sums on after it was stopped", async () => {
    const { clock, sink, poller } = setUp({ a: async () => versionFixture("federation-3.7.xml").toString() });
    await poller.start();
    await poller.stop();
    await clock.advance(60_000);
    expect(sink.sums).toEqual([]);
  });

  it("survives a sink that throws, and does not blame the peer", async () => {
    const { clock, sink, poller, hostsAsked } = setUp({ a: gmond(() => clock), b: down }, { address: [A, B] });
    sink.onFrame = () => {
      throw new Error("No space left on device");
    };
    await poller.start();
    await clock.advance(0);
    expect(poller.health()).toMatchObject({ state: "failing", message: "No space left on device", frames: 0 });
    expect(hostsAsked()).toBe("a");
    sink.onFrame = () => {};
    await clock.advance(30_000);
    expect(poller.health().state).toBe("ok");
    await poller.stop();
  });

  it("ends a poll under way when it is stopped", async () => {
    const aborted: boolean[] = [];
    const { clock, sink, poller } = setUp({
      a: ({ signal }) =>
        new Promise((_, reject) => {
          signal.addEventListener("abort", () => {
            aborted.push(true);
            reject(new GrateError("Stopped"));
          });
        }),
    });
    await poller.start();
    await clock.advance(1_000);
    await poller.stop();
    expect(aborted).toEqual([true]);
    expect(clock.pendingTimers).toBe(0);
    expect(sink.frames).toEqual([]);
    expect(poller.health()).toMatchObject({ state: "stopped", failures: 0 });
  });

  it("does not parse what comes after it was stopped", async () => {
    let answer: (text: string) => void = () => {};
    const { clock, sink, poller } = setUp({
      a: () =>
        new Promise((resolve) => {
          answer = resolve;
        }),
    });
    await poller.start();
    await clock.advance(0);
    const stopped = poller.stop();
    answer(gmondDocument("khab", START_MS / 1_000, [{ name: "node1" }]));
    await stopped;
    expect(sink.frames).toEqual([]);
    expect(sink.directories.size).toBe(0);
  });
});
