/** The store where it lives: in a worker thread, which here runs the sources compiled on the spot. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeEach, describe, expect, test } from "vitest";
import { systemClock } from "../../core/base/clock.js";
import { createLogger, silentLogger } from "../../core/base/log.js";
import type { AlertEvent } from "../../core/model/alert.js";
import type { SeriesBatch } from "../../core/model/archive.js";
import { openStorage, type Storage } from "../../storage/open.js";
import { WorkerClient } from "../../storage/worker-client.js";
import { archiveContract } from "../contract/archive-contract.js";
import { VirtualClock } from "../support/virtual-clock.js";
import { compile } from "./support/compiled.js";
import { madeWorker } from "./support/made-worker.js";
import { DEFAULT_CONFIG } from "./support/sqlite.js";
import { temporaryDirectory } from "./support/temporary.js";

const compiled = compile("storage/worker.ts");
const workerUrl = compiled.url("storage/worker.ts");
afterAll(() => compiled.remove());

const open = (stateDir: string, logger = silentLogger) =>
  openStorage({ stateDir, config: DEFAULT_CONFIG, logger, clock: systemClock, workerUrl });

archiveContract("sqlite in its worker", async () => {
  const directory = temporaryDirectory();
  const opened: Storage[] = [];
  const openOne = async () => {
    const storage = await open(directory.path);
    opened.push(storage);
    return storage.archive;
  };
  return {
    archive: await openOne(),
    reopen: openOne,
    cleanup: async () => {
      for (const storage of opened) await storage.close();
      directory.remove();
    },
  };
});

const directory = temporaryDirectory();
afterAll(() => directory.remove());

const KEY = { cluster: "khab", host: "node1", metric: "load_one" };
const READ = { key: KEY, fromMs: 0, toMs: 9e12 };
function batch(...timesMs: number[]): SeriesBatch {
  const times = Float64Array.from(timesMs);
  return { key: KEY, type: "float", units: "", series: { kind: "number", timesMs: times, values: times.slice() } };
}

test("parts of many lengths: each keeps its own samples", async () => {
  const storage = await open(join(directory.path, "parts"));
  const lengths = [900, 3, 20_000, 1, 4_000, 0, 20_001, 7];
  let fromMs = 0;
  const all: number[] = [];
  for (const length of lengths) {
    const times = Array.from({ length }, (_, i) => fromMs + 1_000 * (i + 1));
    fromMs = times.at(-1) ?? fromMs;
    all.push(...times);
    await storage.archive.append([batch(...times), { ...batch(...times), key: { ...KEY, host: "node2" } }]);
  }
  for (const host of ["node1", "node2"]) {
    const series = await storage.archive.read({ ...READ, key: { ...KEY, host } });
    expect(series?.kind === "number" && [[...series.timesMs], [...series.values]]).toEqual([all, all]);
  }
  await storage.close();
});

describe("openStorage", () => {
  test("makes the state directory and puts the file there", async () => {
    const storage = await open(join(directory.path, "made"));
    expect(storage.archive.traits).toEqual({
      name: "sqlite",
      resolutionMs: 0,
      exact: true,
      text: true,
      visibilityDelayMs: 0,
    });
    await storage.close();
  });

  test("samples and events share it; closing closes both", async () => {
    const { archive, events, close } = await open(join(directory.path, "both"));
    const event: AlertEvent = {
      sequence: 7,
      timeMs: 1,
      kind: "fired",
      trigger: "t",
      cluster: "c",
      host: "h",
      severity: "info",
      episode: "e",
      message: "m",
      details: { a: "b" },
    };
    await Promise.all([archive.append([batch(1, 2)]), events.append([event])]);
    expect(await events.read({ limit: 9 })).toEqual([event]);
    expect(await events.read({ limit: 9, beforeSequence: 7 })).toEqual([]);
    await close();
    await expect(events.read({ limit: 9 })).rejects.toMatchObject({ code: "storage-closed" });
    await expect(archive.read(READ)).rejects.toMatchObject({ code: "storage-closed" });
  });

  test("a file that is no database: one line that says what to do", async () => {
    const stateDir = join(directory.path, "bad");
    await (await open(stateDir)).close();
    writeFileSync(join(stateDir, "history.db"), "sources: []\n".repeat(50));
    await expect(open(stateDir)).rejects.toMatchObject({
      name: "StorageError",
      code: "storage-corrupt",
      message: expect.stringMatching(/^\S+history\.db is not a sound SQLite database of Grate: .* Move it aside .*$/),
    });
  });

  test("what the store says stands in the log", async () => {
    const lines: string[] = [];
    const logger = createLogger("test", "info", { write: (line: string) => void lines.push(line) });
    const stateDir = join(directory.path, "unclean");
    const storage = await open(stateDir);
    // A second program: the first has not closed the file.
    const second = await open(stateDir, logger);
    await second.close();
    await storage.close();
    expect(lines.map((line) => (JSON.parse(line) as { msg: string }).msg)).toEqual([
      `${join(stateDir, "history.db")} was not closed last time; checked, no damage found`,
    ]);
  });

  test("faults come back with their code", async () => {
    const storage = await open(join(directory.path, "faults"));
    await expect(storage.archive.append([batch(2, 1)])).rejects.toMatchObject({ code: "storage-bad-batch" });
    await expect(storage.events.append([{ sequence: 0.5 } as AlertEvent])).rejects.toMatchObject({
      name: "StorageError",
      code: "storage-bad-batch",
    });
    await storage.close();
  });
});

describe("the client of a worker", () => {
  let clock: VirtualClock;
  let client: WorkerClient;
  let lines: { msg: string; level: string }[];
  let number = 0;
  beforeEach(() => {
    clock = new VirtualClock();
    lines = [];
  });
  afterEach(() => client.close());

  /** @param script see madeWorker */
  function clientOf(script: string, limits: { requestsMax?: number; bytesMax?: number } = {}): WorkerClient {
    const url = madeWorker(directory.path, `worker${++number}`, script);
    const data = { role: "grate-store", store: "sqlite", stateDir: directory.path, config: DEFAULT_CONFIG } as const;
    const logger = createLogger("test", "info", { write: (line: string) => void lines.push(JSON.parse(line)) });
    client = new WorkerClient({ url, data, clock, logger, ...limits });
    return client;
  }
  const coverage = () => client.request({ op: "coverage" });
  const read = () => client.request({ op: "read", query: READ });
  const errors = () => lines.filter(({ level }) => level === "error").map(({ msg }) => msg);

  /** Answers coverage; dies of a read; does nothing else but close. */
  const FRAIL = `
    post(opened);
    on((id, { op }) => {
      if (op === "coverage") post({ kind: "done", id, value: "here" });
      if (op === "read") throw new Error("out of luck");
      if (op === "close") { post({ kind: "done", id }); parentPort.close(); }
    });
  `;

  test("the worker dies: all that waits is rejected, with the reason", async () => {
    await clientOf(FRAIL).start();
    const waiting = [client.request({ op: "append-events", events: [] }), read(), coverage()];
    for (const result of await Promise.allSettled(waiting)) {
      expect(result).toMatchObject({ status: "rejected", reason: { code: "storage-crashed" } });
    }
    await expect(waiting[0]).rejects.toThrow(
      "the storage worker died: out of luck; what was being appended may or may not",
    );
    expect(errors()).toEqual([expect.stringContaining("out of luck")]);
  });

  test("the next call starts a new one, not before the back-off is over", async () => {
    await clientOf(FRAIL).start();
    await expect(read()).rejects.toMatchObject({ code: "storage-crashed" });
    await expect(coverage()).rejects.toThrow(
      "out of luck; what was being appended may or may not be written, appending it again is safe; the storage is opened again in 1s",
    );
    await clock.advance(999);
    await expect(coverage()).rejects.toThrow("opened again in 1ms");
    await clock.advance(1);
    expect(await coverage()).toBe("here");
  });

  test("the back-off doubles up to a minute, and an answer ends it", async () => {
    await clientOf(FRAIL).start();
    for (const waitMs of [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]) {
      await expect(read()).rejects.toThrow("out of luck");
      await clock.advance(waitMs - 1);
      await expect(read()).rejects.toThrow("opened again in 1ms");
      await clock.advance(1);
    }
    expect(await coverage()).toBe("here");
    await expect(read()).rejects.toThrow("out of luck");
    await clock.advance(1_000);
    expect(await coverage()).toBe("here");
  });

  test("a worker that ends by itself is as good as dead", async () => {
    await clientOf("post(opened); on(() => process.exit(3));").start();
    await expect(coverage()).rejects.toThrow("the storage worker died: it ended with code 3");
  });

  test("a store that refuses to open says why, once", async () => {
    await expect(
      clientOf(
        `post({ kind: "refused", error: { code: "storage-newer", message: "too new" } }); parentPort.close();`,
      ).start(),
    ).rejects.toMatchObject({ name: "StorageError", code: "storage-newer", message: "too new" });
    expect(lines).toEqual([]);
    expect(clock.pendingTimers).toBe(0);
  });

  test("a worker file that is not there", async () => {
    clientOf("");
    client = new WorkerClient({
      url: new URL("file:///nowhere/worker.js"),
      data: { role: "grate-store", store: "sqlite", stateDir: "/", config: DEFAULT_CONFIG },
      clock,
      logger: silentLogger,
    });
    await expect(client.start()).rejects.toMatchObject({
      code: "storage-crashed",
      message: expect.stringContaining("/nowhere/worker.js"),
    });
  });

  test("too many requests: the next is refused, those before it are answered", async () => {
    await clientOf(FRAIL, { requestsMax: 3 }).start();
    const waiting = [coverage(), coverage(), coverage()];
    await expect(coverage()).rejects.toMatchObject({
      code: "storage-busy",
      message: expect.stringContaining("3 requests"),
    });
    expect(await Promise.all(waiting)).toEqual(["here", "here", "here"]);
    expect(await coverage()).toBe("here");
  });

  test("too many bytes", async () => {
    await clientOf(FRAIL, { bytesMax: 1_000 }).start();
    const waiting = client.request({ op: "coverage" }, [], 600);
    await expect(client.request({ op: "coverage" }, [], 401)).rejects.toMatchObject({ code: "storage-busy" });
    await expect(client.request({ op: "coverage" }, [], 1_001)).rejects.toMatchObject({ code: "storage-too-much" });
    expect(await waiting).toBe("here");
    expect(await client.request({ op: "coverage" }, [], 1_000)).toBe("here");
  });

  test("a request that cannot be sent is refused alone", async () => {
    await clientOf(FRAIL, { requestsMax: 1 }).start();
    const details = { no: (() => {}) as unknown as string };
    await expect(
      client.request({ op: "append-events", events: [{ details } as unknown as AlertEvent] }),
    ).rejects.toThrow("clone");
    expect(await coverage()).toBe("here");
  });

  test("close waits for what was asked before", async () => {
    await clientOf(FRAIL).start();
    const waiting = coverage();
    await Promise.all([client.close(), client.close()]);
    expect(await waiting).toBe("here");
    await expect(coverage()).rejects.toMatchObject({ code: "storage-closed" });
    expect(clock.pendingTimers).toBe(0);
    expect(lines).toEqual([]);
  });

  test("a worker that does not close is ended", async () => {
    await clientOf("post(opened); on(() => {});").start();
    const waiting = expect(coverage()).rejects.toMatchObject({ code: "storage-crashed" });
    const closed = client.close();
    await clock.advance(4_000);
    await closed;
    await waiting;
    expect(lines.map(({ msg }) => msg)).toEqual(["cannot close the storage, ending its thread: it did not within 4s"]);
  });

  test("close of one that is dead already", async () => {
    await clientOf(FRAIL).start();
    await expect(read()).rejects.toThrow("out of luck");
    await client.close();
    await expect(coverage()).rejects.toMatchObject({ code: "storage-closed" });
  });
});
