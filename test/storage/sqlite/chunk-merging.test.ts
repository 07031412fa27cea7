import { join } from "node:path";
import type Database from "better-sqlite3";
import { afterAll, afterEach, beforeEach, expect, test } from "vitest";
import type { SeriesBatch } from "../../../core/model/archive.js";
import { SqliteArchive } from "../../../storage/sqlite/sqlite-archive.js";
import { openTestDatabase } from "../support/sqlite.js";
import { temporaryDirectory } from "../support/temporary.js";

const directory = temporaryDirectory();
afterAll(() => directory.remove());
const START_MS = 1_700_000_000_000;
const KEY = { cluster: "khab", host: "node1", metric: "load_one" };
const DAY = 5_760;

let db: Database.Database;
let archive: SqliteArchive;
let number = 0;
beforeEach(() => reopen(true));
afterEach(() => archive.close());

function reopen(anew = false): void {
  if (anew) number++;
  const file = join(directory.path, `${number}.db`);
  db = openTestDatabase(file);
  archive = new SqliteArchive(db, file);
}

const sampleOf = (i: number) => Math.floor(i / 3) % 40;

function batch(from: number, count: number, sampleAt = sampleOf): SeriesBatch {
  const timesMs = Float64Array.from({ length: count }, (_, i) => START_MS + (from + i) * 15_000);
  const values = Float64Array.from({ length: count }, (_, i) => sampleAt(from + i));
  return { key: KEY, type: "double", units: "", series: { kind: "number", timesMs, values } };
}

async function append(from: number, to: number, sampleAt = sampleOf): Promise<void> {
  for (let i = from; i < to; i += 40) await archive.append([batch(i, Math.min(40, to - i), sampleAt)]);
}

const rows = () =>
  db.prepare("SELECT start_ms, end_ms, count, length(blob) AS bytes FROM chunk ORDER BY start_ms").all() as {
    start_ms: number;
    end_ms: number;
    count: number;
    bytes: number;
  }[];

/** All of it, and rows that say what they hold and do not overlap. */
async function expectWhole(count: number, sampleAt = sampleOf): Promise<void> {
  const series = await archive.read({ key: KEY, fromMs: 0, toMs: 9e12 });
  if (series?.kind !== "number") throw new Error("no numbers");
  expect([...series.values]).toEqual(Array.from({ length: count }, (_, i) => sampleAt(i)));
  let endMs = 0;
  for (const row of rows()) {
    expect(row.start_ms).toBeGreaterThan(endMs);
    expect(row.end_ms - row.start_ms).toBe((row.count - 1) * 15_000);
    endMs = row.end_ms;
  }
}

test("a day of a series is a few rows", async () => {
  await append(0, 3 * DAY);
  await expectWhole(3 * DAY);
  const counts = rows().map(({ count }) => count);
  expect(counts.length).toBeLessThanOrEqual(9);
  expect(counts[0]).toBeGreaterThan(4_000);
});

test("noise is not merged: rows stay small enough for a page", async () => {
  await append(0, DAY, Math.sin);
  await expectWhole(DAY, Math.sin);
  expect(Math.max(...rows().map(({ bytes }) => bytes))).toBeLessThanOrEqual(4_000);
});

test("after a start it goes on", async () => {
  for (let from = 0; from < 2 * DAY; from += 600) {
    await append(from, from + 600);
    await archive.close();
    reopen();
  }
  await append(2 * DAY, 3 * DAY);
  await expectWhole(3 * DAY);
  expect(Math.max(...rows().map(({ count }) => count))).toBeGreaterThan(1_500);
});

test("a damaged chunk is left as it is, and those after it are merged", async () => {
  await append(0, 1_000);
  const [first] = rows();
  db.prepare("UPDATE chunk SET blob = zeroblob(10) WHERE start_ms = ?").run(first?.start_ms);
  await append(1_000, 2 * DAY);
  expect(db.prepare("SELECT length(blob) FROM chunk ORDER BY start_ms LIMIT 1").pluck().get()).toBe(10);
  const fromMs = (first?.end_ms ?? 0) + 1;
  const series = await archive.read({ key: KEY, fromMs, toMs: 9e12 });
  expect(series?.timesMs.length).toBe(2 * DAY - (first?.count ?? 0));
  expect(Math.max(...rows().map(({ count }) => count))).toBeGreaterThan(1_000);
});
