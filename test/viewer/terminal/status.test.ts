/** `grate status`: what it prints, and how it asks the control port. */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { systemClock } from "../../../core/base/clock.js";
import { type CollectorReport, ControlUnavailable, readStatusOf } from "../../../viewer/terminal/control-client.js";
import type { OutputOptions } from "../../../viewer/terminal/output.js";
import { formatStatus } from "../../../viewer/terminal/status.js";
import { VirtualClock } from "../../support/virtual-clock.js";
import { NOW_MS } from "./changes.js";

const PLAIN: OutputOptions = { json: false, header: true, color: false, width: 80 };

const REPORT: CollectorReport = {
  version: "0.1.0",
  startedMs: NOW_MS - 3_725_400,
  uptimeMs: 3_725_400,
  frame: 12,
  faults: ["the log cannot be written: no space left"],
  notes: ["receiver ops: 3 notices wait"],
  sources: [
    {
      name: "khab",
      type: "ganglia-xml",
      state: "ok",
      message: "",
      lastFrameMs: NOW_MS - 4_000,
      frames: 10,
      failures: 0,
      malformed: 0,
      skewMs: 0,
      address: "10.0.0.1:8649",
    },
    {
      name: "old",
      type: "ganglia-xml",
      state: "failing",
      message: "connecting to 10.0.0.2:8649: no answer within 5 s, tried again in 30 s",
      lastFrameMs: 0,
      frames: 0,
      failures: 7,
      malformed: 2,
      skewMs: 0,
      address: "",
    },
  ],
  clusters: [{ name: "khab", hostsUp: 3, hostsDown: 1, metrics: 35, frame: 12, frameTimeMs: NOW_MS - 4_000 }],
};

describe("what is printed", () => {
  test.each([
    [7 * 3_600_000, "10.0.0.1:8649; its clock is 7h ahead"],
    [-90_000, "10.0.0.1:8649; its clock is 1m 30s behind"],
    [0, "10.0.0.1:8649"],
  ])("a source whose clock is off by %d ms", (skewMs, shown) => {
    const sources = REPORT.sources.slice(0, 1).map((source) => ({ ...source, skewMs }));
    const lines = formatStatus({ ...REPORT, sources }, { ...PLAIN, width: 120 });
    expect(lines.find((line) => line.startsWith("khab "))).toContain(`0    0  ${shown}`);
  });

  test("facts, sources, clusters", () => {
    expect(formatStatus(REPORT, PLAIN)).toEqual([
      "grate 0.1.0, up 1h 2m, frame 12",
      "FAULT: the log cannot be written: no space left",
      "NOTE: receiver ops: 3 notices wait",
      "",
      "SOURCE  STATE     LAST  FRAMES  FAILED  BAD  MESSAGE",
      "khab    ok          4s      10       0    0  10.0.0.1:8649",
      "old     failing  never       0       7    2  connecting to 10.0.0.2:8649: no",
      "                                             answer within 5 s, tried again in",
      "                                             30 s",
      "",
      "CLUSTER  UP  DOWN  METRICS  LAST",
      "khab      3     1       35    4s",
    ]);
  });

  test("a collector that has just begun", () => {
    const { faults: _faults, notes: _notes, ...bare } = REPORT;
    const lines = formatStatus({ ...bare, faults: [], uptimeMs: 300, sources: [], clusters: [] }, PLAIN);
    expect(lines).toEqual(["grate 0.1.0, up 0s, frame 12", "", "no sources", "", "no clusters yet"]);
  });

  test("one that does not tell its faults is not taken for sound", () => {
    const { faults: _faults, notes: _notes, ...bare } = REPORT;
    expect(formatStatus(bare, PLAIN).slice(0, 4)).toEqual([
      "grate 0.1.0, up 1h 2m, frame 12",
      "NOTE: faults are told only to who can read the token in the collector's state",
      "directory (--state)",
      "",
    ]);
  });

  test("without a header only lines of tables", () => {
    expect(formatStatus({ ...REPORT, sources: [] }, { ...PLAIN, header: false })).toEqual(["khab  3  1  35  4s"]);
  });

  test("JSON", () => {
    const parsed = JSON.parse(formatStatus(REPORT, { ...PLAIN, json: true }).join("\n"));
    expect(parsed).toMatchObject({ version: "0.1.0", uptimeSeconds: 3725, started: "2023-11-14T21:11:14Z" });
    expect(parsed.sources.map((source: { lastFrame: string }) => source.lastFrame)).toEqual([
      "2023-11-14T22:13:16Z",
      "",
    ]);
  });
});

describe("the control port", () => {
  let server: Server | undefined;
  afterEach(() => {
    server?.closeAllConnections();
    server?.close();
    server = undefined;
  });

  type Said = { status: number; body: string } | undefined;

  async function serve(answer: (token: string | undefined, path: string | undefined) => Said) {
    const made = createServer((request, response) => {
      const said = answer(request.headers.authorization, request.url);
      if (said !== undefined) response.writeHead(said.status).end(said.body);
    });
    server = made;
    await new Promise<void>((resolve) => made.listen(0, "127.0.0.1", resolve));
    return { host: "127.0.0.1", port: (made.address() as AddressInfo).port };
  }

  const { faults, notes, ...status } = REPORT;

  test.each([200, 503])("gives its status to who has the token, ready or not (%i)", async (ready) => {
    const address = await serve((token, path) => {
      if (token !== "Bearer secret") return { status: 401, body: "" };
      return path === "/readyz"
        ? { status: ready, body: JSON.stringify({ reasons: faults, notes }) }
        : { status: 200, body: JSON.stringify({ ...status, more: "of a later version" }) };
    });
    expect(await readStatusOf(address, "secret", systemClock)).toEqual(REPORT);
    await expect(readStatusOf(address, "other", systemClock)).rejects.toThrow(/status 401, expected 200/);
  });

  test.each([
    ["junk", "it is not JSON"],
    ["{}", "fields are missing or of another type"],
    ["[]", "fields are missing or of another type"],
    [JSON.stringify({ ...REPORT, sources: [{ name: "x" }] }), "fields are missing or of another type"],
  ])("an answer of %j is refused", async (body, expected) => {
    const address = await serve(() => ({ status: 200, body }));
    await expect(readStatusOf(address, "secret", systemClock)).rejects.toThrow(expected);
  });

  test("an answer without an end is refused", async () => {
    const address = await serve(() => ({ status: 200, body: "x".repeat(9 * 2 ** 20) }));
    await expect(readStatusOf(address, "secret", systemClock)).rejects.toThrow(/has more than 8388608 bytes/);
  });

  test("nobody there", async () => {
    const address = await serve(() => undefined);
    server?.close();
    await expect(readStatusOf(address, "secret", systemClock)).rejects.toThrow(ControlUnavailable);
  });

  test("one that never answers", async () => {
    const clock = new VirtualClock();
    let asked: () => void = () => {};
    const whenAsked = new Promise<void>((resolve) => {
      asked = resolve;
    });
    const address = await serve(() => void asked());
    const answer = expect(readStatusOf(address, "secret", clock)).rejects.toThrow("no whole answer within 5000 ms");
    await whenAsked;
    await clock.advance(5_000);
    await answer;
    expect(clock.pendingTimers).toBe(0);
  });
});
