/** The SQLite store in this thread; test/storage/worker-archive.test.ts runs it where it lives. */
import { join } from "node:path";
import type Database from "better-sqlite3";
import { afterAll, afterEach, beforeEach, describe, expect, test } from "vitest";
import { systemClock } from "../../../core/base/clock.js";
import type { Archive, SeriesBatch } from "../../../core/model/archive.js";
import type { SeriesKey } from "../../../core/model/series.js";
import { SqliteArchive } from "../../../storage/sqlite/sqlite-archive.js";
import { openSqliteStore } from "../../../storage/sqlite/sqlite-store.js";
import { archiveContract } from "../../contract/archive-contract.js";
import { DEFAULT_CONFIG, KeptLog, openTestDatabase } from "../support/sqlite.js";
import { temporaryDirectory } from "../support/temporary.js";

archiveContract("sqlite", async () => {
  const directory = temporaryDirectory();
  const opened: Archive[] = [];
  const open = () => {
    const { archive } = openSqliteStore({
      stateDir: directory.path,
      config: DEFAULT_CONFIG,
      clock: systemClock,
      log: new KeptLog(),
    });
    opened.push(archive);
    return archive;
  };
  return {
    archive: open(),
    reopen: async () => open(),
    cleanup: async () => {
      for (const archive of opened) await archive.close();
      directory.remove();
    },
  };
});

const KEY: SeriesKey = { cluster: "khab", host: "node1", metric: "load_one" };

function batch(from: number, count: number, sampleOf: (i: number) => number): SeriesBatch {
  const timesMs = Float64Array.from({ length: count }, (_, i) => 1_700_000_000_000 + (from + i) * 15_000);
  const values = Float64Array.from({ length: count }, (_, i) => sampleOf(from + i));
  return { key: KEY, type: "float", units: "", series: { kind: "number", timesMs, values } };
}

describe("rows", () => {
  const directory = temporaryDirectory();
  let db: Database.Database;
  let archive: SqliteArchive;
  let fileNumber = 0;
  const file = () => join(directory.path, `${fileNumber}.db`);

  beforeEach(() => {
    fileNumber++;
    db = openTestDatabase(file());
    archive = new SqliteArchive(db, file());
  });
  afterEach(() => archive.close());
  afterAll(() => directory.remove());

  const chunks = () =>
    db.prepare("SELECT start_ms, end_ms, count, length(blob) AS bytes FROM chunk ORDER BY id").all() as {
      start_ms: number;
      end_ms: number;
      count: number;
      bytes: number;
    }[];
  const tailCount = () => db.prepare("SELECT count FROM tail").pluck().get() as number;

  test("samples gather in the tail, full chunks leave it", async () => {
    for (let from = 0; from < 1_200; from += 40) await archive.append([batch(from, 40, (i) => i % 3)]);
    const counts = chunks().map(({ count }) => count);
    expect(counts.length).toBeGreaterThanOrEqual(2);
    expect(Math.max(...counts)).toBeLessThanOrEqual(512);
    expect(Math.min(...counts)).toBeGreaterThanOrEqual(372);
    expect(counts.reduce((sum, count) => sum + count, 0) + tailCount()).toBe(1_200);
  });

  test("a slow metric takes less than two bytes a sample, also one sample an append", async () => {
    for (let from = 0; from < 600; from++) await archive.append([batch(from, 1, (i) => Math.floor(i / 3) / 100)]);
    for (const { bytes, count } of chunks()) expect(bytes / count).toBeLessThan(2);
    const tailBytes = db.prepare("SELECT length(blob) FROM tail").pluck().get() as number;
    expect(tailBytes).toBeLessThanOrEqual(4_096);
  });

  test("noise is cut into chunks of at most 2000 bytes", async () => {
    await archive.append([batch(0, 2_000, (i) => Math.sin(i) * 1e5)]);
    expect(chunks().length).toBeGreaterThan(4);
    expect(Math.max(...chunks().map(({ bytes }) => bytes))).toBeLessThanOrEqual(2_000);
  });

  test("chunks of a series do not overlap", async () => {
    await archive.append([batch(0, 3_000, (i) => i)]);
    const rows = chunks();
    for (const [i, row] of rows.entries())
      if (i > 0) expect(row.start_ms).toBeGreaterThan(rows[i - 1]?.end_ms as number);
  });

  test("type and units follow the newest batch", async () => {
    await archive.append([batch(0, 1, () => 1)]);
    await archive.append([{ ...batch(1, 1, () => 1), type: "double", units: "%" }]);
    expect(db.prepare("SELECT type, units FROM series").all()).toEqual([{ type: "double", units: "%" }]);
  });

  test("a read that would answer too much is refused", async () => {
    const small = new SqliteArchive(db, file(), { readBytesMax: 16_000 });
    await small.append([batch(0, 2_000, (i) => i)]);
    await expect(small.read({ key: KEY, fromMs: 0, toMs: 9e12 })).rejects.toMatchObject({
      code: "storage-too-much",
      message: expect.stringContaining("ask for a shorter time"),
    });
    const part = await small.read({ key: KEY, fromMs: 1_700_000_000_000, toMs: 1_700_000_000_000 + 1_000 * 15_000 });
    expect(part?.timesMs.length).toBe(1_000);
  });

  test("a damaged tail does not stop appends, and reading it says so", async () => {
    await archive.append([batch(0, 300, (i) => i)]);
    db.prepare("UPDATE tail SET blob = x'0100ff'").run();
    await archive.append([batch(300, 300, (i) => i)]);
    const later = await archive.read({ key: KEY, fromMs: 1_700_000_000_000 + 300 * 15_000, toMs: 9e12 });
    expect(later?.timesMs.length).toBe(300);
    await expect(archive.read({ key: KEY, fromMs: 0, toMs: 9e12 })).rejects.toMatchObject({ code: "storage-corrupt" });
  });

  test("a damaged chunk is named, and the rest stays readable", async () => {
    await archive.append([batch(0, 2_000, (i) => i)]);
    const first = chunks()[0];
    db.prepare("UPDATE chunk SET blob = zeroblob(10) WHERE start_ms = ?").run(first?.start_ms);
    await expect(archive.read({ key: KEY, fromMs: 0, toMs: 9e12 })).rejects.toMatchObject({
      code: "storage-corrupt",
      message: expect.stringContaining(
        `samples of "khab" / "node1" / "load_one" from ${first?.start_ms} to ${first?.end_ms} in ${file()}`,
      ),
    });
    const rest = await archive.read({ key: KEY, fromMs: (first?.end_ms ?? 0) + 1, toMs: 9e12 });
    expect(rest?.timesMs.length).toBe(2_000 - (first?.count ?? 0));
  });
});
