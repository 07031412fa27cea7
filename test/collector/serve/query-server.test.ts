import { once } from "node:events";
import { setImmediate as turn } from "node:timers/promises";
import { afterEach, describe, expect, test } from "vitest";
import { HistoryError } from "../../../collector/history.js";
import { Documents } from "../../../collector/serve/documents.js";
import { ExtensionAnswers, type ExtensionOptions } from "../../../collector/serve/extension-answers.js";
import { WAITERS_MAX } from "../../../collector/serve/frame-waiters.js";
import type { GangliaPort } from "../../../collector/serve/ports.js";
import { createQueryServer, type QueryOptions } from "../../../collector/serve/query-server.js";
import { StatusReporter } from "../../../collector/serve/status-reporter.js";
import { silentLogger } from "../../../core/base/log.js";
import type { Alert, AlertEvent } from "../../../core/model/alert.js";
import {
  formatRequest,
  NOW,
  type RefusedError,
  readAlerts,
  readChanges,
  readHistory,
  readStatus,
} from "../../../core/wire/extension/index.js";
import { ask, connected, dropped, until } from "../../support/loopback.js";
import { MadeCluster, metaOf } from "../../support/made-cluster.js";
import { MadePresent, madeHistory } from "../../support/made-present.js";
import { VirtualClock } from "../../support/virtual-clock.js";

const NONE = { answered: 0, refused: 0, busy: 0, rejected: 0, slow: 0, left: 0 };
const START_MS = 1_795_291_000_000;

const alert: Alert = {
  trigger: "hot",
  cluster: "khab",
  host: "a",
  severity: "critical",
  state: "firing",
  condition: "temp > 70",
  evidence: "temp = 85",
  activeAtMs: START_MS,
  firedAtMs: START_MS,
  episode: "e1",
};

const event: AlertEvent = {
  sequence: 7,
  timeMs: START_MS,
  kind: "fired",
  trigger: "hot",
  cluster: "khab",
  host: "a",
  severity: "critical",
  episode: "e1",
  message: "hot on a",
  details: {},
};

/** Answers with the question. */
const NAMED: GangliaPort = {
  answer: (query) => ({ key: JSON.stringify(query), build: () => [JSON.stringify(query)] }),
};

let stop: (() => Promise<void>) | undefined;
afterEach(() => stop?.());

async function started(options: Partial<QueryOptions> = {}, extensionOptions: Partial<ExtensionOptions> = {}) {
  const clock = new VirtualClock(START_MS);
  const present = new MadePresent();
  const khab = new MadeCluster("khab");
  present.clusters.push(khab);
  const next = (change: () => void = () => {}) => {
    khab.frame(present.frameNumber + 1, clock.nowMs());
    change();
    present.taken(khab);
  };
  const health = () => ({ ready: true, messages: [], counters: {} });
  const self = { version: "1.2.3", sources: () => [], health, families: () => [] };
  const extension = new ExtensionAnswers({
    present,
    history: madeHistory(),
    ganglia: NAMED,
    alerts: { alerts: () => [alert], events: () => [event] },
    reporter: new StatusReporter(present, self, clock),
    clock,
    logger: silentLogger,
    ...extensionOptions,
  });
  next(() => {
    khab.host("a");
    khab.set("a", metaOf("temp"), 20);
  });
  const documents = options.documents ?? new Documents(clock);
  const server = createQueryServer({
    address: { host: "127.0.0.1", port: 0 },
    access: { allows: () => true },
    ganglia: NAMED,
    extension,
    clock,
    logger: silentLogger,
    ...options,
    documents,
  });
  await server.start();
  stop = () => server.stop();
  const since = () => ({ instance: present.instance, frame: present.frameNumber });
  return { clock, present, khab, next, server, extension, documents, since, port: server.port };
}

function codeOf(read: () => unknown): string {
  try {
    read();
  } catch (error) {
    return (error as RefusedError).code;
  }
  return "answered";
}

describe("a line of gmetad's grammar is answered", () => {
  const WANTED = '{"path":["c","h"],"summary":false}';

  test.each<[string, string | Buffer, string]>([
    ["ended by LF", "/c/h\n", WANTED],
    ["ended by CR", "/c/h\r", WANTED],
    ["ended by CR LF", "/c/h\r\n", WANTED],
    ["ended by the end", "/c/h", WANTED],
    ["with more behind it", "/c/h\n/other\n", WANTED],
    ["with a lot behind it", `/c/h\n${"x".repeat(500_000)}`, WANTED],
    ["with a filter", "/c/h?filter=summary\n", '{"path":["c","h"],"summary":true}'],
    ["in UTF-8", "/узел\n", '{"path":["узел"],"summary":false}'],
    ["in Latin-1", Buffer.from("/caf\u00e9\n", "latin1"), '{"path":["café"],"summary":false}'],
    ["of the longest length", `/${"c".repeat(2_047)}\n`, `{"path":["${"c".repeat(2_047)}"],"summary":false}`],
  ])("%s", async (_what, request, expected) => {
    const { server, port } = await started();
    expect(await ask(port, request)).toBe(expected);
    await until(() => server.counters.clients === 0);
    expect(server.counters.connections).toEqual({ ...NONE, answered: 1 });
  });

  test("wherever it is cut in two", async () => {
    const { port } = await started();
    const line = Buffer.from("/c/h\r\n");
    for (let cut = 1; cut < line.length; cut++) {
      const socket = await connected(port);
      const text = once(socket, "data");
      socket.write(line.subarray(0, cut));
      await turn();
      socket.end(line.subarray(cut));
      expect(String(await text)).toBe(WANTED);
      await dropped(socket);
    }
  });

  test("and the client that keeps its side open is cut off after a while", async () => {
    const { server, port, clock } = await started();
    const socket = await connected(port);
    socket.write("/c/h\n");
    await dropped(socket.resume());
    await clock.advance(5_000);
    await until(() => server.counters.clients === 0);
    expect(server.counters.connections.answered).toBe(1);
  });
});

describe("a line that is too long, of who understands an answer, is refused in words and counted", () => {
  test.each<[string, string]>([
    ["GET with its end", `GET /${"c".repeat(20_000)} HTTP/1.0\r\n\r\n`],
    ["GET that never ends", `GET /${"c".repeat(20_000)}`],
    ["GET of a megabyte", `GET /${"c".repeat(1_000_000)} HTTP/1.1\r\nHost: a\r\n\r\n`],
    ["POST", `POST /${"c".repeat(3_000)} HTTP/1.0\r\n\r\n`],
  ])("HTTP: %s", async (_what, request) => {
    const { server, port } = await started();
    const [head = "", body] = (await ask(port, request)).split("\r\n\r\n");
    expect(head.split("\r\n")[0]).toBe("HTTP/1.0 414 URI Too Long");
    expect(body).toBe("the request line is too long, expected a GET of at most 16384 octets\n");
    await until(() => server.counters.clients === 0);
    expect(server.counters.connections).toEqual({ ...NONE, rejected: 1 });
  });

  test("HTTP: HEAD, without a body", async () => {
    const { port } = await started();
    expect(await ask(port, `HEAD /${"c".repeat(3_000)} HTTP/1.0\r\n\r\n`)).toMatch(/^HTTP\/1\.0 414 [\s\S]*\r\n\r\n$/);
  });

  test("HTTP: the longest line that is not too long is answered", async () => {
    const { port } = await started();
    const line = `GET /${"c".repeat(16_384 - "GET / HTTP/1.0".length)} HTTP/1.0`;
    expect(line.length).toBe(16_384);
    expect(await ask(port, `${line}\r\n\r\n`)).toMatch(/^HTTP\/1\.0 200 OK/);
  });

  test.each([
    ["with its end", "\n"],
    ["without end", ""],
  ])("an extension's line %s", async (_what, end) => {
    const { server, port } = await started();
    const answer = await ask(port, `grate:1/changes?cluster=${"c".repeat(20_000)}${end}`);
    expect(codeOf(() => readStatus(answer))).toBe("bad-request");
    expect(answer).toContain("the line is too long, expected at most 16384 octets");
    await until(() => server.counters.clients === 0);
    expect(server.counters.connections).toEqual({ ...NONE, rejected: 1 });
  });
});

describe("what is no request is closed without a word", () => {
  test.each<[string, string | Buffer]>([
    ["an empty line", "\n"],
    ["a path without a slash", "c/h\n"],
    ["HTTP without a version", "GET /\r\n\r\n"],
    ["the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"],
    ["a forbidden character", "/c;rm\n"],
    ["a filter without =", "/c?summary\n"],
    ["NUL in it", "/c\u0000h\n"],
    ["10,000 characters", `/${"c".repeat(10_000)}\n`],
    ["10,000 characters without an end", `/${"c".repeat(10_000)}`],
    ["one character too many", `/${"c".repeat(2_048)}\n`],
    ["binary junk", Buffer.from(Array.from({ length: 5_000 }, (_, i) => (i * 197 + 13) % 256))],
    ["a TLS hello", Buffer.from("16030100c8010000c40303", "hex")],
  ])("%s", async (_what, request) => {
    const { server, port } = await started();
    expect(await ask(port, request)).toBe("");
    await until(() => server.counters.clients === 0);
    expect(server.counters.connections).toEqual({ ...NONE, rejected: 1 });
    expect(await ask(port, "/\n")).toBe('{"path":[],"summary":false}');
  });

  test("a line at gmetad's limit without an end, at the octet that is one too many", async () => {
    const { server, port } = await started();
    const socket = await connected(port);
    socket.write(`/${"c".repeat(2_047)}`);
    await until(() => server.counters.clients === 1);
    expect(server.counters.connections).toEqual(NONE);
    socket.write("c");
    await dropped(socket);
    await until(() => server.counters.clients === 0);
    expect(server.counters.connections).toEqual({ ...NONE, rejected: 1 });
  });

  test("a client that asks nothing is closed after ten seconds", async () => {
    const { server, port, clock } = await started();
    const silent = await connected(port);
    await until(() => server.counters.clients === 1);
    const gone = dropped(silent);
    await clock.advance(9_999);
    expect(server.counters.clients).toBe(1);
    await clock.advance(1);
    await gone;
    await until(() => server.counters.clients === 0);
    expect(server.counters.connections).toEqual({ ...NONE, slow: 1 });
  });

  test("a client that types one character a second too", async () => {
    const { server, port, clock } = await started();
    const typing = await connected(port);
    await until(() => server.counters.clients === 1);
    for (let second = 0; second < 10; second++) {
      typing.write("/");
      await clock.advance(1_000);
    }
    await until(() => server.counters.connections.slow === 1);
    typing.destroy();
  });

  test("a client that comes and goes", async () => {
    const { server, port, clock } = await started();
    (await connected(port)).destroy();
    await until(() => server.counters.connections.left === 1);
    expect(clock.pendingTimers).toBe(0);
  });
});

describe("gmetad's grammar inside of HTTP", () => {
  const HEAD =
    "HTTP/1.0 200 OK\r\nServer: grate\r\nAccess-Control-Allow-Origin: *\r\nContent-Type: application/xml\r\n" +
    "X-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n";
  const exactly = (path: string[], summary = false) => `${HEAD}${JSON.stringify({ path, summary, exact: true })}`;

  test.each<[string, string, string]>([
    ["GET of the whole", "GET / HTTP/1.0\r\n\r\n", `${HEAD}{"path":[],"summary":false}`],
    ["HTTP/1.1 with headers", "GET /c/h HTTP/1.1\r\nHost: x\r\nAccept: */*\r\n\r\n", exactly(["c", "h"])],
    ["lines ended by LF alone", "GET /c HTTP/1.0\n\n", exactly(["c"])],
    ["no header and no end of them", "GET /c HTTP/1.0\r\n", exactly(["c"])],
    ["a filter", "GET /c?filter=summary HTTP/1.0\r\n\r\n", exactly(["c"], true)],
    ["a name with a blank, percent-encoded", "GET /probe%20c HTTP/1.1\r\n\r\n", exactly(["probe c"])],
    ["a name with a blank, raw", "GET /probe c HTTP/1.1\r\n\r\n", exactly(["probe c"])],
    [
      "three names of 512 letters that are none of ASCII's",
      `GET /${Array(3).fill("%E9%9B%86".repeat(512)).join("/")} HTTP/1.1\r\n\r\n`,
      exactly(Array(3).fill("集".repeat(512))),
    ],
  ])("%s", async (_what, request, expected) => {
    const { server, port } = await started();
    expect(await ask(port, request)).toBe(expected);
    await until(() => server.counters.clients === 0);
    expect(server.counters.connections).toEqual({ ...NONE, answered: 1 });
    expect(server.counters.sentBytes).toBe(Buffer.byteLength(expected));
  });

  test("headers are drained: half a megabyte of them does not cut the reply", async () => {
    const body = "<element/>".repeat(500_000);
    const { port } = await started({ ganglia: { answer: () => ({ key: "k", build: () => [body] }) } });
    const headers = `X-Filler: ${"x".repeat(1_000)}\r\n`.repeat(500);
    expect(await ask(port, `GET / HTTP/1.1\r\n${headers}\r\n`)).toBe(HEAD + body);
  });

  test("a client of the system's library gets status, headers and body", async () => {
    const { port } = await started();
    const response = await fetch(`http://127.0.0.1:${port}/c d/*`);
    expect(response.status).toBe(200);
    expect(response.headers.get("access-control-allow-origin")).toBe("*");
    expect(response.headers.get("content-type")).toBe("application/xml");
    expect(await response.text()).toBe(JSON.stringify({ path: ["c d", "\u0000*"], summary: false, exact: true }));
  });

  test.each(["HEAD", "POST", "PUT", "DELETE", "OPTIONS", "CONNECT"])(
    "%s is told that only GET is answered",
    async (m) => {
      const { server, port } = await started();
      const answer = await ask(port, `${m} / HTTP/1.1\r\nContent-Length: 9\r\n\r\nsome=body`);
      expect(answer).toMatch(/^HTTP\/1\.0 405 Method Not Allowed\r\n[\s\S]*\r\nAllow: GET\r\n/);
      expect(answer.endsWith("\r\n\r\n")).toBe(m === "HEAD");
      await until(() => server.counters.clients === 0);
      expect(server.counters.connections).toEqual({ ...NONE, rejected: 1 });
    },
  );

  test.each(["/c;rm", "/c<", "/c%zz", "c", "http://127.0.0.1/c", "/c?filter"])(
    "%s is a bad request",
    async (target) => {
      const { server, port } = await started();
      const answer = await ask(port, `GET ${target} HTTP/1.0\r\n\r\n`);
      expect(answer).toMatch(/^HTTP\/1\.0 400 Bad Request\r\n[\s\S]*\r\n\r\nexpected \/CLUSTER\/HOST\/METRIC/);
      await until(() => server.counters.clients === 0);
      expect(server.counters.connections).toEqual({ ...NONE, rejected: 1 });
    },
  );

  test("where too much waits to be sent, it is told to come again", async () => {
    const documents = new Documents(new VirtualClock(), 10);
    documents.open(undefined, () => ["x".repeat(10)]);
    const { server, port } = await started({ documents });
    expect(await ask(port, "GET / HTTP/1.0\r\n\r\n")).toMatch(/^HTTP\/1\.0 503 Service Unavailable\r\n/);
    await until(() => server.counters.clients === 0);
    expect(server.counters.connections).toEqual({ ...NONE, busy: 1 });
  });

  test.each(["/status\n", "/status?callback=f\n", "GET /status HTTP/1.0\r\n\r\n"])(
    "a line that the status takes is the status's: %j",
    async (line) => {
      const status = { answer: (target: string) => (target.startsWith("/status") ? `told ${target}` : undefined) };
      const { port } = await started({ status });
      expect(await ask(port, line)).toBe(`told ${/\/status[^ \n]*/.exec(line)?.[0]}`);
      expect(await ask(port, "/c\n")).toBe('{"path":["c"],"summary":false}');
    },
  );
});

describe("our own grammar", () => {
  test("changes: everything, then what is new", async () => {
    const { port, next, khab, present, clock } = await started();
    const whole = readChanges(await ask(port, "grate:1/changes\n"));
    expect(whole).toMatchObject({ full: true, frame: 1, instance: present.instance, nowMs: clock.nowMs() });
    expect(whole.clusters[0]).toMatchObject({ name: "khab", full: true, firing: 1 });
    next(() => khab.set("a", metaOf("temp"), 21));
    const news = readChanges(await ask(port, `grate:1/changes?since=${present.instance}-1\n`));
    expect(news).toMatchObject({ full: false, frame: 2 });
    expect(news.clusters[0]?.hosts).toEqual([]);
    expect([...(news.clusters[0]?.numbers[0]?.values ?? [])]).toEqual([21]);
  });

  test.each<[string, string]>([
    ["of another run", "since=other-1"],
    ["of a frame that is still to come", "since=i1-99"],
  ])("changes since a frame %s: everything at once", async (_what, since) => {
    const { port } = await started();
    expect(readChanges(await ask(port, `grate:1/changes?${since}&wait=30s\n`)).full).toBe(true);
  });

  test("changes of one cluster", async () => {
    const { port } = await started();
    expect(readChanges(await ask(port, "grate:1/changes?cluster=khab\n")).clusters.length).toBe(1);
    expect(readChanges(await ask(port, "grate:1/changes?cluster=nosuch\n")).clusters).toEqual([]);
  });

  test("status", async () => {
    const { port, clock } = await started();
    await clock.advance(5_000);
    expect(readStatus(await ask(port, "grate:1/status\n"))).toMatchObject({
      version: "1.2.3",
      startedMs: START_MS,
      uptimeMs: 5_000,
      frame: 1,
      clusters: [{ name: "khab", hostsUp: 1, hostsDown: 0, metrics: 1 }],
    });
  });

  test("status tells hosts that are silent as down", async () => {
    const { port, clock } = await started();
    await clock.advance(80_000);
    expect(readStatus(await ask(port, "grate:1/status\n")).clusters[0]).toMatchObject({ hostsUp: 0, hostsDown: 1 });
  });

  test("alerts with events", async () => {
    const asked: unknown[] = [];
    const events = (...query: unknown[]) => {
      asked.push(query);
      return Promise.resolve([event]);
    };
    const { port } = await started({}, { alerts: { alerts: () => [alert], events } });
    expect(readAlerts(await ask(port, "grate:1/alerts?events=3&before=9\n"))).toMatchObject({
      alerts: [alert],
      events: [event],
    });
    expect(readAlerts(await ask(port, "grate:1/alerts?events=0\n")).events).toEqual([]);
    expect(asked).toEqual([[3, 9]]);
  });

  test("history, with times relative to the collector's clock", async () => {
    const asked: unknown[] = [];
    const samples = { kind: "number", timesMs: Float64Array.of(1_000), values: Float64Array.of(0.5) } as const;
    const history = async (query: unknown) => {
      asked.push(query);
      return samples;
    };
    const { port } = await started({}, { history: madeHistory({ history }) });
    const key = { cluster: "khab", host: "a", metric: "temp" };
    const line = formatRequest({ verb: "history", ...key, from: { agoMs: 3_600_000 }, to: NOW, stepMs: 15_000 });
    const read = readHistory(await ask(port, `${line}\n`));
    expect(read.series).toEqual([{ host: "a", data: samples }]);
    expect(asked).toEqual([{ key, fromMs: START_MS - 3_600_000, toMs: START_MS, stepMs: 15_000 }]);
  });

  test("names of any length and script", async () => {
    const { port, khab } = await started();
    const host = "\u{96c6}".repeat(512);
    const request = { verb: "history", cluster: host, host, metric: host, from: { agoMs: 1 }, to: NOW } as const;
    expect(khab.directory.name).toBe("khab");
    expect(readHistory(await ask(port, `${formatRequest(request)}\n`)).cluster).toBe(host);
  });

  const KEY = "cluster=khab&host=a&metric=temp";
  test.each<[string, string, Partial<ExtensionOptions>, string]>([
    ["an unknown verb", "grate:1/nosuch", {}, "bad-request"],
    ["an unknown version", "grate:9/status", {}, "bad-request"],
    ["a value that is none", "grate:1/changes?wait=forever", {}, "bad-request"],
    [
      "what the history cannot answer",
      `grate:1/history?${KEY}&from=0`,
      { history: madeHistory({ history: () => Promise.reject(new HistoryError("ask for longer steps")) }) },
      "bad-request",
    ],
    [
      "a store that fails",
      `grate:1/history?${KEY}&from=0`,
      { history: madeHistory({ history: () => Promise.reject(new Error("disk")) }) },
      "internal",
    ],
  ])("%s is an error document", async (_what, line, options, code) => {
    const { port, server } = await started({}, options);
    const text = await ask(port, `${line}\n`);
    expect(codeOf(() => readStatus(text))).toBe(code);
    await until(() => server.counters.clients === 0);
    expect(server.counters.connections).toEqual({ ...NONE, [code === "bad-request" ? "rejected" : "answered"]: 1 });
  });

  test("a store that does not answer is an error after half a minute", async () => {
    let begun = false;
    const history = () => {
      begun = true;
      return new Promise<undefined>(() => {});
    };
    const { port, clock } = await started({}, { history: madeHistory({ history }) });
    const asked = ask(port, `grate:1/history?${KEY}&from=0\n`);
    await until(() => begun);
    await clock.advance(30_000);
    const text = await asked;
    expect(codeOf(() => readHistory(text))).toBe("unavailable");
  });

  test("where too much waits to be sent, a few words are still said", async () => {
    const documents = new Documents(new VirtualClock(), 10);
    documents.open(undefined, () => ["x".repeat(10)]);
    const { port } = await started({ documents });
    const text = await ask(port, "grate:1/status\n");
    expect(codeOf(() => readStatus(text))).toBe("unavailable");
    expect(await ask(port, "/\n")).toBe("");
  });
});

describe("a long poll", () => {
  /** Asks with LF and leaves its side open, as a waiting client must. */
  async function waiting(port: number, line: string) {
    const socket = await connected(port);
    const chunks: Buffer[] = [];
    socket.on("data", (chunk) => chunks.push(chunk));
    socket.write(`${line}\n`);
    const answer = once(socket, "end").then(() => {
      socket.end();
      return Buffer.concat(chunks).toString();
    });
    return { socket, answer };
  }

  test("is answered at the next frame, with that frame", async () => {
    const { port, extension, next, khab } = await started();
    const { answer } = await waiting(port, "grate:1/changes?since=i1-1&wait=30s");
    await until(() => extension.waiting === 1);
    next(() => khab.set("a", metaOf("temp"), 99));
    const news = readChanges(await answer);
    expect(news).toMatchObject({ full: false, frame: 2 });
    expect([...(news.clusters[0]?.numbers[0]?.values ?? [])]).toEqual([99]);
  });

  test("is answered at once where there is something new already", async () => {
    const { port, next, extension } = await started();
    next();
    const { answer } = await waiting(port, "grate:1/changes?since=i1-1&wait=30s");
    expect(readChanges(await answer).frame).toBe(2);
    expect(extension.waiting).toBe(0);
  });

  test("is answered when the wait is over, with nothing", async () => {
    const { port, clock, extension } = await started();
    const { answer } = await waiting(port, "grate:1/changes?since=i1-1&wait=20s");
    await until(() => extension.waiting === 1);
    await clock.advance(20_000);
    const news = readChanges(await answer);
    expect(news).toMatchObject({ full: false, frame: 1, nowMs: START_MS + 20_000 });
    expect(news.clusters[0]?.numbers).toEqual([]);
  });

  test("for one cluster is not answered by frames of others", async () => {
    const { port, present, extension, next } = await started();
    const other = new MadeCluster("other");
    present.clusters.push(other);
    const { answer } = await waiting(port, "grate:1/changes?since=i1-1&wait=30s&cluster=khab");
    await until(() => extension.waiting === 1);
    present.taken(other.frame(2, START_MS));
    await turn();
    expect(extension.waiting).toBe(1);
    next();
    expect(readChanges(await answer).frame).toBe(3);
  });

  test("ends early, with what there is, for a client that closes its side", async () => {
    const { port, extension } = await started();
    const text = await ask(port, "grate:1/changes?since=i1-1&wait=30s\n");
    expect(readChanges(text).frame).toBe(1);
    expect(extension.waiting).toBe(0);
  });

  test("of a client that was reset leaves nothing behind", async () => {
    const { port, extension, clock, server } = await started();
    const { socket, answer } = await waiting(port, "grate:1/changes?since=i1-1&wait=30s");
    answer.catch(() => {});
    await until(() => extension.waiting === 1);
    socket.resetAndDestroy();
    await until(() => server.counters.clients === 0 && extension.waiting === 0);
    await until(() => clock.pendingTimers === 0);
    expect(server.counters.connections).toEqual({ ...NONE, left: 1 });
  });

  test("ends with the port", async () => {
    const { port, extension, clock, server } = await started();
    const { answer } = await waiting(port, "grate:1/changes?since=i1-1&wait=30s");
    answer.catch(() => {});
    await until(() => extension.waiting === 1);
    await server.stop();
    await until(() => extension.waiting === 0);
    expect(clock.pendingTimers).toBe(0);
  });

  test("of as many clients as may wait is answered to all of them", async () => {
    const { port, extension, next } = await started();
    const clients = await Promise.all(
      Array.from({ length: WAITERS_MAX }, () => waiting(port, "grate:1/changes?since=i1-1&wait=30s")),
    );
    await until(() => extension.waiting === WAITERS_MAX);
    next();
    const frames = await Promise.all(clients.map(async ({ answer }) => readChanges(await answer).frame));
    expect(frames).toEqual(Array.from({ length: WAITERS_MAX }, () => 2));
  });
});
