import { createServer, type Server } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { systemClock } from "../../../core/base/clock.js";
import {
  writeAlerts,
  writeError,
  writeHistory,
  writeMetadata,
  writeStatus,
} from "../../../core/wire/extension/index.js";
import { CollectorRefused, MalformedAnswer } from "../../../viewer/pull/client.js";
import { QueryClient } from "../../../viewer/pull/query-client.js";
import { makeAlert, makeEvent } from "../../support/alerts.js";

const FACTS = { instance: "i1", nowMs: 1_700_000_000_000 };
const KEY = { cluster: "a/b", host: "h?x=1&y", metric: "100%" };
const alive = new AbortController().signal;
let server: Server | undefined;

afterEach(() => void server?.close());

/** @returns a client whose every question gets the text, and the lines that came */
async function clientOf(answer: Iterable<string> | string): Promise<{ client: QueryClient; lines: string[] }> {
  const lines: string[] = [];
  const text = typeof answer === "string" ? answer : [...answer].join("");
  server = createServer((socket) => {
    socket.on("data", (chunk) => {
      lines.push(String(chunk).trimEnd());
      socket.end(text);
    });
  });
  await new Promise<void>((resolve) => server?.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return { client: new QueryClient({ host: "127.0.0.1", port: address.port }, systemClock), lines };
}

describe("questions over the wire", () => {
  test("alerts come back as they were", async () => {
    const sent = { alerts: [makeAlert({ host: "<x>" })], events: [makeEvent({ details: { argv: '["a","b"]' } })] };
    const { client, lines } = await clientOf(writeAlerts(FACTS, sent));
    expect(await client.alerts(10, 99, alive)).toMatchObject(sent);
    expect(lines).toEqual(["grate:1/alerts?events=10&before=99"]);
  });

  test("status", async () => {
    const sent = { version: "0.1.0", startedMs: 0, uptimeMs: 5_000, frame: 7, sources: [], clusters: [] };
    const { client } = await clientOf(writeStatus(FACTS, sent));
    expect(await client.status(alive)).toMatchObject({ version: "0.1.0", uptimeMs: 5_000, frame: 7, instance: "i1" });
  });

  test("history: names of any characters, and the host that was asked for", async () => {
    const data = { kind: "number", timesMs: Float64Array.of(1_000, 2_000), values: Float64Array.of(0.1, 3) } as const;
    const { client, lines } = await clientOf(
      writeHistory(FACTS, {
        cluster: KEY.cluster,
        metric: KEY.metric,
        fromMs: 0,
        toMs: 9_000,
        series: [{ host: KEY.host, data }],
      }),
    );
    expect(await client.history({ key: KEY, fromMs: 0, toMs: 9_000, stepMs: 60_000 }, alive)).toEqual(data);
    expect(lines[0]).toBe("grate:1/history?cluster=a%2Fb&host=h%3Fx%3D1%26y&metric=100%25&from=0&to=9&step=60000ms");
  });

  test("history of which nothing is known is empty, not an error", async () => {
    const { client } = await clientOf(
      writeHistory(FACTS, { cluster: "c", metric: "m", fromMs: 0, toMs: 1_000, series: [] }),
    );
    const result = await client.history({ key: KEY, fromMs: 0, toMs: 1_000 }, alive);
    expect(result).toMatchObject({ kind: "number" });
    expect(result.kind === "buckets" ? -1 : result.timesMs.length).toBe(0);
  });
});

describe("questions about many series", () => {
  const one = Float64Array.of(1);
  const buckets = { startMs: 0, stepMs: 60_000, min: one, avg: one, max: one };
  const range = { fromMs: 0, toMs: 60_000, stepMs: 60_000 };
  const common = { cluster: "a/b", fromMs: 0, toMs: 60_000 };

  test("one metric of all hosts", async () => {
    const series = ["a", "*"].map((host) => ({ host, data: { kind: "buckets", ...buckets } as const }));
    const { client, lines } = await clientOf(writeHistory(FACTS, { ...common, metric: "m", series }));
    expect(await client.historyOfMany({ cluster: "a/b", metric: "m", ...range, holdMs: 5_000 }, alive)).toEqual(series);
    expect(lines[0]).toBe("grate:1/history?cluster=a%2Fb&host=*&metric=m&from=0&to=60&step=60000ms&hold=5000ms");
  });

  test("all metrics of a host that is called *", async () => {
    const data = { kind: "text", timesMs: Float64Array.of(1_000), texts: ["Linux"] } as const;
    const series = [{ host: "*", metric: "os", data }];
    const { client, lines } = await clientOf(writeHistory(FACTS, { ...common, series }));
    expect(await client.historyOfMany({ cluster: "a/b", host: "*", fromMs: 0, toMs: 60_000 }, alive)).toEqual(series);
    expect(lines[0]).toBe("grate:1/history?cluster=a%2Fb&host=%2A&metric=*&from=0&to=60");
  });

  test("all hosts in one", async () => {
    const merged = { ...buckets, sum: one, hosts: Uint32Array.of(1), series: 1 };
    const { client, lines } = await clientOf(writeHistory(FACTS, { ...common, metric: "m", series: [], merged }));
    expect(await client.mergedHistory({ cluster: "a/b", metric: "m", ...range }, alive)).toEqual(merged);
    expect(lines[0]).toContain("host=*&metric=m&from=0&to=60&step=60000ms&merge=hosts");
  });

  test("a collector that is too old for it", async () => {
    const { client } = await clientOf(writeHistory(FACTS, { ...common, metric: "m", series: [] }));
    const asked = client.mergedHistory({ cluster: "a/b", metric: "m", ...range }, alive);
    await expect(asked).rejects.toThrow(MalformedAnswer);
  });

  test("metadata", async () => {
    const clusters = [{ name: "a/b", hosts: 1, hostNames: ["h"], metrics: [] }];
    const { client, lines } = await clientOf(writeMetadata(FACTS, { clusters }));
    expect(await client.metadata("a/b", true, alive)).toEqual(clusters);
    expect(lines).toEqual(["grate:1/metadata?cluster=a%2Fb&hosts=yes"]);
  });
});

describe("answers that are none", () => {
  test("the collector's refusal keeps its code", async () => {
    const { client } = await clientOf(writeError("bad-request", "no such cluster"));
    const refused = await client.status(alive).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(CollectorRefused);
    expect(refused).toMatchObject({ code: "bad-request", message: "no such cluster" });
  });

  test.each([
    ["not XML", "hello\n"],
    ["gmetad's own document", '<?xml version="1.0"?>\n<GANGLIA_XML VERSION="3.7.2" SOURCE="gmetad"></GANGLIA_XML>\n'],
    ["cut", [...writeAlerts(FACTS, { alerts: [makeAlert()], events: [] })].join("").slice(0, -20)],
    ["an answer to another question", [...writeAlerts(FACTS, { alerts: [], events: [] })].join("")],
  ])("%s", async (_what, text) => {
    const { client } = await clientOf(text);
    await expect(client.changes(undefined, 0, alive)).rejects.toThrow(MalformedAnswer);
  });
});
