/** Writing and reading back over HTTP, with a server that does what servers do on bad days. The clock is turned by hand. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { uncompress } from "snappyjs";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { SeriesBatch } from "../../../core/model/archive.js";
import { RemoteArchive } from "../../../storage/remote/remote-archive.js";
import { until } from "../../support/loopback.js";
import { MemoryLogFiles } from "../../support/memory-log-files.js";
import { VirtualClock } from "../../support/virtual-clock.js";
import { KeptLog } from "../support/sqlite.js";
import { remoteConfig } from "./support/remote.js";
import { type ScriptedServer, scriptedServer } from "./support/scripted-server.js";

const START_MS = 1_700_000_000_000;
const KEY = { cluster: "khab", host: "n1", metric: "load_one" };

function batch(from: number, count: number, key = KEY): SeriesBatch {
  const timesMs = Float64Array.from({ length: count }, (_, i) => START_MS + (from + i) * 1_000);
  return {
    key,
    type: "float",
    units: "",
    series: { kind: "number", timesMs, values: timesMs.map((_, i) => from + i) },
  };
}

let server: ScriptedServer;
let clock: VirtualClock;
let log: KeptLog;
let files: MemoryLogFiles;
let opened: RemoteArchive[];

beforeEach(async () => {
  server = await scriptedServer();
  clock = new VirtualClock(START_MS);
  log = new KeptLog();
  files = new MemoryLogFiles();
  opened = [];
});
afterEach(async () => {
  for (const archive of opened) await archive.close();
  await server.stop();
});

function open(options: Record<string, unknown> = {}): RemoteArchive {
  const config = remoteConfig({
    write: `${server.url}/api/v1/write?tenant=secret`,
    query: `${server.url}/prom/`,
    ...options,
  });
  const archive = new RemoteArchive({ config, files, clock, log });
  opened.push(archive);
  return archive;
}

const count = (archive: RemoteArchive, name: string) => archive.health().counters[name];
const requests = (wanted: number) => until(() => server.received.length >= wanted);
const empty = (archive: RemoteArchive) => until(() => count(archive, "queuedSamples") === 0);

describe("writing", () => {
  test("one POST with the headers of the protocol, to the path as configured", async () => {
    const archive = open();
    await archive.append([batch(0, 3)]);
    await empty(archive);
    const [request, ...others] = server.received;
    expect(others).toEqual([]);
    expect(request?.path).toBe("/api/v1/write?tenant=secret");
    expect(request?.headers).toMatchObject({
      "content-type": "application/x-protobuf",
      "content-encoding": "snappy",
      "x-prometheus-remote-write-version": "0.1.0",
      "user-agent": "grate",
    });
    expect(archive.health()).toMatchObject({ message: "", counters: { sentSamplesTotal: 3, requestsTotal: 1 } });
  });

  test("headers, user and password: secrets come from files, a new one counts at once", async () => {
    const directory = mkdtempSync(join(tmpdir(), "grate-remote-"));
    const file = join(directory, "secret");
    writeFileSync(file, "one\n");
    const archive = open({
      headers: { "X-Scope-OrgID": "khab", "X-Key": { file } },
      "basic-auth": { user: "grate", password: { file } },
    });
    await archive.append([batch(0, 1)]);
    await empty(archive);
    writeFileSync(file, "two");
    await archive.append([batch(1, 1)]);
    await empty(archive);
    const sent = server.received.map(({ headers }) => [
      headers["x-scope-orgid"],
      headers["x-key"],
      headers.authorization,
    ]);
    const basic = (password: string) => `Basic ${Buffer.from(`grate:${password}`).toString("base64")}`;
    expect(sent).toEqual([
      ["khab", "one", basic("one")],
      ["khab", "two", basic("two")],
    ]);
    rmSync(directory, { recursive: true });
    await archive.append([batch(2, 1)]);
    await until(() => archive.health().message !== "");
    expect(archive.health().message).toContain(`cannot read the secret in ${file}`);
    expect(server.received).toHaveLength(2);
  });

  test("many samples go in several requests, one after the other, in order of time", async () => {
    const archive = open({ "samples-per-request": 10 });
    let under = 0;
    for (let i = 0; i < 4; i++) {
      server.answers.push((response) => {
        expect(++under).toBe(1);
        setImmediate(() => {
          under--;
          response.writeHead(204).end();
        });
      });
    }
    await archive.append([batch(0, 25), batch(0, 9, { ...KEY, host: "n2" })]);
    await empty(archive);
    expect(server.received).toHaveLength(4);
    expect(count(archive, "sentSamplesTotal")).toBe(34);
  });

  test("text is passed over", async () => {
    const archive = open();
    const timesMs = Float64Array.of(START_MS);
    await archive.append([{ key: KEY, type: "string", units: "", series: { kind: "text", timesMs, texts: ["a"] } }]);
    expect(count(archive, "queuedSamples")).toBe(0);
    expect(await archive.coverage()).toBeUndefined();
  });
});

describe("a series that has ended", () => {
  const lasting = (from: number, host: string): SeriesBatch => ({ ...batch(from, 1, { ...KEY, host }), tmaxS: 20 });

  test("gets its marker behind all samples of the spill, in a request of its own, once", async () => {
    const archive = open();
    await archive.append([lasting(0, "n1"), lasting(0, "n2")]);
    await archive.endSpill();
    await archive.append([lasting(900, "n2")]);
    await archive.endSpill();
    await archive.endSpill();
    await empty(archive);
    expect(server.received).toHaveLength(3);
    const body = Buffer.from(uncompress(server.received[2]?.body ?? Buffer.alloc(0)));
    // Value: the NaN of 0x7ff0000000000002, lowest byte first. Its time is 80 s behind the last sample.
    expect(body.includes(Buffer.from("020000000000f07f", "hex"))).toBe(true);
    expect(body.includes("n1") && !body.includes("n2")).toBe(true);
    expect(count(archive, "endedSeriesTotal")).toBe(1);
  });

  test("is told again with the next spill where the queue refused its marker", async () => {
    const archive = open();
    await archive.append([lasting(0, "n1"), lasting(900, "n2")]);
    await empty(archive);
    files.freeBytes = 0;
    await expect(archive.endSpill()).rejects.toMatchObject({ code: "storage-full" });
    files.freeBytes = Number.POSITIVE_INFINITY;
    await archive.endSpill();
    await empty(archive);
    expect(count(archive, "endedSeriesTotal")).toBe(1);
    expect(count(archive, "sentSamplesTotal")).toBe(3);
  });

  test("after the end every call rejects", async () => {
    const archive = open();
    await archive.close();
    await expect(archive.endSpill()).rejects.toMatchObject({ code: "storage-closed" });
  });
});

describe("what cannot be written now is tried again", () => {
  test("after 1 s, 2 s, 4 s; one line in the log, one when it works again", async () => {
    const archive = open();
    server.answers.push({ status: 500, body: "disk\u0007 full\n" }, 503, 502);
    await archive.append([batch(0, 3)]);
    for (const [sent, waitMs] of [
      [1, 1_000],
      [2, 2_000],
      [3, 4_000],
    ] as const) {
      await requests(sent);
      await until(() => count(archive, "failuresTotal") === sent);
      expect(archive.health().message).toContain("3 samples wait");
      await clock.advance(waitMs - 1);
      expect(server.received).toHaveLength(sent);
      await clock.advance(1);
    }
    await empty(archive);
    expect(server.received).toHaveLength(4);
    // The same samples each time, byte for byte.
    expect(new Set(server.received.map(({ body }) => body.toString("hex"))).size).toBe(1);
    expect(log.lines).toEqual([
      `warn cannot write to ${server.url}/api/v1/write: HTTP 500: disk full; trying again`,
      `info ${server.url}/api/v1/write takes samples again after 7s, 0 of them wait`,
    ]);
    expect(archive.health().message).toBe("");
  });

  test("never later than after a minute", async () => {
    const archive = open();
    for (let i = 0; i < 9; i++) server.answers.push(500);
    await archive.append([batch(0, 1)]);
    for (const [sent, waitS] of [1, 2, 4, 8, 16, 32, 60, 60, 60].entries()) {
      await until(() => count(archive, "failuresTotal") === sent + 1);
      await clock.advance(waitS * 1_000 - 1);
      expect(server.received).toHaveLength(sent + 1);
      await clock.advance(1);
      await requests(sent + 2);
    }
    await empty(archive);
    expect(server.received).toHaveLength(10);
  });

  test("429 with Retry-After: not before that", async () => {
    const archive = open();
    server.answers.push({ status: 429, headers: { "retry-after": "30" } });
    await archive.append([batch(0, 1)]);
    await until(() => count(archive, "failuresTotal") === 1);
    await clock.advance(29_999);
    expect(server.received).toHaveLength(1);
    await clock.advance(1);
    await empty(archive);
    expect(server.received).toHaveLength(2);
  });

  test("a connection that ends, and a server that does not answer in time", async () => {
    const archive = open({ timeout: "5s" });
    server.answers.push(
      (response) => response.destroy(),
      () => {},
    );
    await archive.append([batch(0, 1)]);
    await until(() => count(archive, "failuresTotal") === 1);
    await clock.advance(1_000);
    await requests(2);
    await clock.advance(5_000);
    await until(() => count(archive, "failuresTotal") === 2);
    expect(archive.health().message).toContain("no answer within 5000 ms");
    await clock.advance(2_000);
    await empty(archive);
    expect(count(archive, "sentSamplesTotal")).toBe(1);
  });

  test("a redirect is not followed: the headers are meant for one address", async () => {
    const archive = open();
    server.answers.push({ status: 307, headers: { location: `${server.url}/elsewhere` } });
    await archive.append([batch(0, 1)]);
    await until(() => count(archive, "failuresTotal") === 1);
    expect(archive.health().message).toContain("HTTP 307");
    expect(server.received.map(({ path }) => path)).toEqual(["/api/v1/write?tenant=secret"]);
  });

  test("while the store is away samples come in, and all go out in order when it is back", async () => {
    const archive = open();
    server.answers.push(500);
    for (let i = 0; i < 5; i++) await archive.append([batch(i * 10, 10)]);
    await until(() => count(archive, "failuresTotal") === 1);
    expect(count(archive, "queuedSamples")).toBe(50);
    await clock.advance(1_000);
    await empty(archive);
    expect(count(archive, "sentSamplesTotal")).toBe(50);
    expect(server.received).toHaveLength(6);
  });
});

describe("what is refused is given up", () => {
  test.each([400, 401, 404, 409, 413, 422])(
    "%i: once, counted, with the reason; what comes after it goes on",
    async (status) => {
      const archive = open({ "samples-per-request": 2 });
      server.answers.push({ status, body: "out of order sample" });
      await archive.append([batch(0, 5)]);
      await empty(archive);
      expect(server.received).toHaveLength(3);
      expect(archive.health().counters).toMatchObject({
        refusedSamplesTotal: 2,
        sentSamplesTotal: 3,
        failuresTotal: 0,
      });
      expect(log.lines).toEqual([
        `warn ${server.url}/api/v1/write refuses 2 samples, they are given up: HTTP ${status}: out of order sample`,
      ]);
    },
  );

  test("a refusal of all is told once a minute, with the number", async () => {
    const archive = open({ "samples-per-request": 1 });
    for (let i = 0; i < 6; i++) server.answers.push(400);
    await archive.append([batch(0, 5)]);
    await empty(archive);
    await clock.advance(60_000);
    await archive.append([batch(5, 1)]);
    await empty(archive);
    expect(log.lines.map((line) => /refuses (\d+)/.exec(line)?.[1])).toEqual(["1", "5"]);
    expect(archive.health().message).toContain("samples are refused: HTTP 400");
  });
});

describe("restart and end", () => {
  test("what was not written is written by the next process, what was is not", async () => {
    const before = open({ "samples-per-request": 10 });
    server.answers.push(204, 500);
    await before.append([batch(0, 20)]);
    await until(() => count(before, "failuresTotal") === 1);
    await before.close();
    expect(clock.pendingTimers).toBe(0);
    const after = open({ "samples-per-request": 10 });
    await empty(after);
    expect(server.received).toHaveLength(3);
    expect(server.received[2]?.body).toEqual(server.received[1]?.body);
    await after.append([batch(0, 21)]);
    await empty(after);
    expect(count(after, "sentSamplesTotal")).toBe(11);
  });

  test("closing waits for an answer under way, though not for ever", async () => {
    const archive = open();
    server.answers.push(() => {});
    await archive.append([batch(0, 1)]);
    await requests(1);
    const closed = archive.close();
    await clock.advance(2_000);
    await closed;
    expect(clock.pendingTimers).toBe(0);
    const after = open();
    await empty(after);
    expect(count(after, "sentSamplesTotal")).toBe(1);
  });
});

describe("reading back", () => {
  const matrix = (...values: unknown[]) => ({
    status: 200,
    body: JSON.stringify({ status: "success", data: { resultType: "matrix", result: [{ metric: {}, values }] } }),
  });
  const written = async (options: Record<string, unknown> = {}) => {
    const archive = open(options);
    await archive.append([batch(0, 10)]);
    await empty(archive);
    server.received.length = 0;
    return archive;
  };
  const query = (fromMs = START_MS, toMs = START_MS + 5_000) => ({ key: KEY, fromMs, toMs });
  const asked = () => server.received.map(({ body }) => Object.fromEntries(new URLSearchParams(body.toString())));

  test("a range selector of exactly the series; what comes beside the range is cut off", async () => {
    const archive = await written({ labels: { site: "north" } });
    server.answers.push(
      matrix([1_699_999_999.999, "9"], [1_700_000_000, "0"], [1_700_000_004, "4"], [1_700_000_005, "5"]),
    );
    const series = await archive.read(query());
    expect([...(series?.timesMs ?? [])]).toEqual([START_MS, START_MS + 4_000]);
    expect(server.received[0]?.path).toBe("/prom/api/v1/query");
    expect(asked()).toEqual([
      {
        query: '{__name__="ganglia_load_one",cluster="khab",host="n1",site="north",metric=""}[5001ms]',
        time: "1700000005.000",
      },
    ]);
  });

  test("only what was given is asked for", async () => {
    const archive = await written();
    server.answers.push(matrix());
    await archive.read(query(Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY));
    expect(asked()).toMatchObject([{ query: expect.stringContaining("[9002ms]"), time: "1700000009.001" }]);
    expect(await archive.read(query(START_MS + 10_000, START_MS + 20_000))).toBeUndefined();
    expect(server.received).toHaveLength(1);
  });

  test("with `since`, older history that others wrote is asked for, in pieces", async () => {
    const archive = await written({ since: "2023-09-01" });
    expect(await archive.coverage()).toEqual({ fromMs: Date.UTC(2023, 8, 1), toMs: START_MS + 9_000 });
    server.answers.push(matrix([1_694_000_000, "1"]), matrix(), matrix([1_700_000_000, "2"]));
    const series = await archive.read(query(0, START_MS + 1_000));
    expect([...(series?.timesMs ?? [])]).toEqual([1_694_000_000_000, START_MS]);
    expect(server.received).toHaveLength(3);
  });

  test("without `query` nothing is read, and nothing is said to be covered", async () => {
    const archive = await written({ query: undefined });
    expect(await archive.coverage()).toBeUndefined();
    expect(await archive.read(query())).toBeUndefined();
    expect(server.received).toEqual([]);
  });

  const bad: [name: string, answer: ScriptedServer["answers"][number], words: string][] = [
    ["an error", { status: 422, body: '{"error":"too many samples"}' }, 'HTTP 422: {"error":"too many samples"}'],
    ["a page", { status: 200, body: "<html>login</html>" }, "it is not JSON"],
    ["a redirect", { status: 302, headers: { location: "/" } }, "HTTP 302"],
    ["no answer", (response) => void response.destroy(), "cannot read"],
  ];
  test.each(bad)("%s rejects, with the reason", async (_, answer, words) => {
    const archive = await written();
    server.answers.push(answer);
    await expect(archive.read(query())).rejects.toMatchObject({
      code: "storage-remote",
      message: expect.stringContaining(words),
    });
  });

  test("an answer without end is cut off", async () => {
    const archive = await written();
    let closed = false;
    server.answers.push((response) => {
      const chunk = Buffer.alloc(1_000_000, " ");
      response.on("close", () => {
        closed = true;
      });
      const write = () => {
        while (!response.destroyed && response.write(chunk)) {}
        response.once("drain", write);
      };
      write();
    });
    await expect(archive.read(query())).rejects.toMatchObject({ code: "storage-too-much" });
    await until(() => closed);
  });

  test("many series in one question; where the answer is too long, for half of the time", async () => {
    const archive = open();
    const hosts = ["n1", "n2"];
    await archive.append(hosts.map((host) => batch(0, 7_200, { ...KEY, host })));
    await empty(archive);
    server.received.length = 0;
    const long = Buffer.alloc(81_000_000, " ");
    const answer = (timeS: number) => ({
      status: 200,
      body: JSON.stringify({
        status: "success",
        data: {
          resultType: "matrix",
          result: hosts.map((host) => ({ metric: { host }, values: [[timeS, host.slice(1)]] })),
        },
      }),
    });
    server.answers.push({ status: 200, body: long }, answer(1_700_000_000), answer(1_700_007_199));
    const many = { cluster: "khab", metric: "load_one", fromMs: 0, toMs: 9e12, samplesMax: 1e6 };
    const found = await archive.readMany({ ...many, endsMs: new Map([["n2", START_MS + 1_000]]) });
    expect(found?.map(({ name, series }) => [name, [...series.timesMs]])).toEqual([
      ["n1", [START_MS, START_MS + 7_199_000]],
      ["n2", [START_MS]],
    ]);
    expect(asked().map(({ query: text }) => /\[(\d+)ms\]/.exec(text ?? "")?.[1])).toEqual([
      "7199002",
      "3599502",
      "3599501",
    ]);
  });

  test("at most four questions at a time, the others wait their turn", async () => {
    const archive = await written();
    let under = 0;
    let most = 0;
    for (let i = 0; i < 12; i++) {
      server.answers.push((response) => {
        most = Math.max(most, ++under);
        setTimeout(() => {
          under--;
          const { status, body } = matrix([1_700_000_000, String(i)]);
          response.writeHead(status).end(body);
        }, 5);
      });
    }
    const found = await Promise.all(Array.from({ length: 12 }, () => archive.read(query())));
    expect(found.filter((series) => series !== undefined)).toHaveLength(12);
    expect(most).toBe(4);
  });

  test("closing ends questions under way", async () => {
    const archive = await written();
    server.answers.push(() => {});
    const read = archive.read(query());
    read.catch(() => {});
    await requests(1);
    await archive.close();
    await expect(read).rejects.toThrow("it was ended");
  });
});
