import { join } from "node:path";
import type Database from "better-sqlite3";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import type { SeriesBatch } from "../../../core/model/archive.js";
import { closeDatabase } from "../../../storage/sqlite/database.js";
import { SqliteEventStore } from "../../../storage/sqlite/event-store.js";
import { Retention, usedBytes } from "../../../storage/sqlite/retention.js";
import { SqliteArchive } from "../../../storage/sqlite/sqlite-archive.js";
import { VirtualClock } from "../../support/virtual-clock.js";
import { KeptLog, openTestDatabase } from "../support/sqlite.js";
import { temporaryDirectory } from "../support/temporary.js";

const directory = temporaryDirectory();
const HOUR_MS = 3_600_000;
const START_MS = 1_700_000_000_000;

let fileNumber = 0;
let db: Database.Database;
let clock: VirtualClock;
let log: KeptLog;
let archive: SqliteArchive;
beforeEach(() => {
  if (db?.open) closeDatabase(db);
  clock = new VirtualClock(START_MS);
  log = new KeptLog();
  archive = open(10_000);
});
afterAll(() => {
  closeDatabase(db);
  directory.remove();
});

function open(rowsMax: number): SqliteArchive {
  const file = join(directory.path, `${++fileNumber}.db`);
  db = openTestDatabase(file, log);
  return new SqliteArchive(db, file, { retention: new Retention(db, { keepMs: HOUR_MS, clock, log, rowsMax }) });
}

const keyOf = (host: string) => ({ cluster: "khab", host, metric: "load_one" });

/** Two samples a second, ending at the clock's now. */
function batch(host: string, count: number): SeriesBatch {
  const firstMs = clock.nowMs() - (count - 1) * 500;
  const timesMs = Float64Array.from({ length: count }, (_, i) => firstMs + i * 500);
  return { key: keyOf(host), type: "float", units: "", series: { kind: "number", timesMs, values: timesMs } };
}

const count = (table: string) => db.prepare(`SELECT count(*) FROM ${table}`).pluck().get();
const read = (host: string) => archive.read({ key: keyOf(host), fromMs: 0, toMs: 9e12 });

test("what is young enough stays", async () => {
  await archive.append([batch("node1", 5_000)]);
  expect((await read("node1"))?.timesMs.length).toBe(5_000);
});

test("chunks whose newest sample is too old go with a later append; the others stay whole", async () => {
  await archive.append([batch("node1", 5_000)]);
  const before = count("chunk");
  await clock.advance(HOUR_MS - 10_000);
  await archive.append([batch("node1", 1)]);
  expect(count("chunk")).toBeLessThan(Number(before));
  const timesMs = (await read("node1"))?.timesMs ?? [];
  const cutoffMs = clock.nowMs() - HOUR_MS;
  expect(timesMs[0]).toBeGreaterThan(cutoffMs - 512 * 500);
  expect(timesMs.filter((timeMs) => timeMs >= cutoffMs).length).toBe(22);
  expect(await archive.coverage()).toEqual({ fromMs: timesMs[0], toMs: timesMs.at(-1) });
});

test("a series whose newest sample is too old is forgotten", async () => {
  await archive.append([batch("old", 1_000), batch("node1", 1)]);
  await clock.advance(HOUR_MS + 1_000);
  await archive.append([batch("node1", 1)]);
  expect(await read("old")).toBeUndefined();
  expect([count("series"), count("tail"), count("chunk")]).toEqual([1, 1, 0]);
});

test("a forgotten series that comes back has nothing of its former life", async () => {
  archive = open(1);
  await archive.append([batch("old", 30_000)]);
  await clock.advance(2 * HOUR_MS);
  // One row of each table a sweep: the tail is gone, most chunks are still there.
  await archive.append([]);
  expect(count("series")).toBe(0);
  expect(count("chunk")).toBeGreaterThan(1);
  await archive.append([batch("old", 2)]);
  expect((await read("old"))?.timesMs.length).toBe(2);
});

test("small sweeps get it all in the end", async () => {
  archive = open(2);
  await archive.append(Array.from({ length: 9 }, (_, i) => batch(`node${i}`, 600)));
  await clock.advance(2 * HOUR_MS);
  for (let i = 0; i < 12; i++) await archive.append([]);
  expect([count("series"), count("tail"), count("chunk")]).toEqual([0, 0, 0]);
  expect(await archive.coverage()).toBeUndefined();
});

test("old events go too", async () => {
  const store = new SqliteEventStore(db, "test");
  const event = {
    kind: "fired",
    trigger: "t",
    cluster: "c",
    host: "h",
    severity: "info",
    episode: "e",
    message: "m",
    details: {},
  } as const;
  await store.append([
    { ...event, sequence: 1, timeMs: START_MS },
    { ...event, sequence: 2, timeMs: START_MS + HOUR_MS },
  ]);
  await clock.advance(HOUR_MS + 1);
  await archive.append([]);
  expect((await store.read({ limit: 9 })).map(({ sequence }) => sequence)).toEqual([2]);
});

test("a sweep that fails does not fail the append", async () => {
  await archive.append([batch("old", 1)]);
  await clock.advance(2 * HOUR_MS);
  db.exec("CREATE TRIGGER no BEFORE DELETE ON tail BEGIN SELECT raise(ABORT, 'not now'); END");
  await archive.append([batch("node1", 1)]);
  expect((await read("node1"))?.timesMs.length).toBe(1);
  expect(log.lines).toEqual(["warn cannot delete history older than 1h: not now"]);
});

describe("by size", () => {
  const LIMIT_BYTES = 512 * 1_024;
  /** Noise: nearly nine bytes a sample. */
  const noise = (host: string, count: number): SeriesBatch => {
    const { key, type, units, series } = batch(host, count);
    const values = series.timesMs.map((timeMs) => Math.sin(timeMs));
    return { key, type, units, series: { kind: "number", timesMs: series.timesMs, values } };
  };

  function openLimited(sizeBytesMax: number): SqliteArchive {
    const file = join(directory.path, `${++fileNumber}.db`);
    db = openTestDatabase(file, log);
    return new SqliteArchive(db, file, { retention: new Retention(db, { sizeBytesMax, clock, log }) });
  }

  test("the oldest chunks go until the pages in use are below the limit; the newest samples stay", async () => {
    archive = openLimited(LIMIT_BYTES);
    let given = 0;
    for (let round = 0; round < 60; round++) {
      await clock.advance(1_000_000);
      await archive.append([noise("node1", 1_000), noise("node2", 1_000)]);
      given += 2_000;
      expect(usedBytes(db)).toBeLessThanOrEqual(LIMIT_BYTES);
    }
    expect(given * 8).toBeGreaterThan(LIMIT_BYTES);
    for (const host of ["node1", "node2"]) {
      const timesMs = (await read(host))?.timesMs ?? new Float64Array();
      expect(timesMs.at(-1)).toBe(clock.nowMs());
      // Without a gap: only the beginning is gone.
      expect(timesMs.length).toBeGreaterThan(10_000);
      const firstMs = timesMs[0] ?? 0;
      expect(await archive.coverage()).toMatchObject({ toMs: clock.nowMs() });
      expect(timesMs.filter((timeMs) => timeMs > clock.nowMs() - 500_000).length).toBe(1_000);
      expect(firstMs).toBeGreaterThan(START_MS + 1_000_000);
    }
    expect(log.lines).toEqual([]);
  });

  test("below the limit nothing goes", async () => {
    archive = openLimited(100 * LIMIT_BYTES);
    await archive.append([noise("node1", 20_000)]);
    expect((await read("node1"))?.timesMs.length).toBe(20_000);
  });

  test("a limit that the newest samples alone exceed is told once, and nothing of them goes", async () => {
    archive = openLimited(1);
    for (let round = 0; round < 3; round++) {
      await clock.advance(1_000);
      await archive.append([batch("node1", 2)]);
    }
    expect((await read("node1"))?.timesMs.length).toBe(6);
    expect(log.lines).toEqual([expect.stringContaining("more than the size-limit of 1 bytes")]);
  });
});
