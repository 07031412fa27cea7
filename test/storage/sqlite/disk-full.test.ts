/** No space, no permission to write: an append is refused as a whole, and the next one works when there is room again. */
import { appendFileSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type Database from "better-sqlite3";
import { afterAll, afterEach, describe, expect, test } from "vitest";
import type { SeriesBatch } from "../../../core/model/archive.js";
import { closeDatabase, openDatabase } from "../../../storage/sqlite/database.js";
import { MIGRATIONS } from "../../../storage/sqlite/schema.js";
import { SqliteArchive } from "../../../storage/sqlite/sqlite-archive.js";
import { KeptLog, openTestDatabase } from "../support/sqlite.js";
import { temporaryDirectory } from "../support/temporary.js";
import { mountTmpfs } from "../support/tmpfs.js";

const SIZE_BYTES = 2 * 2 ** 20;
const tmpfs = mountTmpfs(SIZE_BYTES);
afterAll(() => tmpfs?.remove());

let db: Database.Database | undefined;
const log = new KeptLog();
afterEach(() => {
  if (db !== undefined) closeDatabase(db);
});

function open(file: string): SqliteArchive {
  db = openTestDatabase(file, log);
  return new SqliteArchive(db, file);
}

const keyOf = (i: number) => ({ cluster: "khab", host: `node${i}`, metric: "load_one" });

/** Noise for 20 series: some 40 samples of 8 bytes each. */
function noise(round: number): SeriesBatch[] {
  return Array.from({ length: 20 }, (_, i) => {
    const timesMs = Float64Array.from({ length: 40 }, (_, j) => 1_700_000_000_000 + (round * 40 + j) * 15_000);
    const values = timesMs.map((timeMs) => Math.sin(timeMs + i));
    return { key: keyOf(i), type: "double", units: "", series: { kind: "number", timesMs, values } };
  });
}

/** Appends until it fails. @returns how many appends were good, and the failure */
async function fill(archive: SqliteArchive, from = 0): Promise<{ rounds: number; error: unknown }> {
  for (let rounds = from; ; rounds++) {
    try {
      await archive.append(noise(rounds));
    } catch (error) {
      return { rounds, error };
    }
  }
}

/** Samples held, of each series. */
async function counts(archive: SqliteArchive): Promise<number[]> {
  const reads = noise(0).map(({ key }) => archive.read({ key, fromMs: 0, toMs: 9e12 }));
  return (await Promise.all(reads)).map((series) => series?.timesMs.length ?? 0);
}

/** All of the good appends, nothing of the bad one, and the file is sound. */
async function expectWhole(archive: SqliteArchive, rounds: number): Promise<void> {
  expect(await counts(archive)).toEqual(Array(20).fill(rounds * 40));
  expect(db?.pragma("integrity_check", { simple: true })).toBe("ok");
}

test("SQLite's own limit of pages: refused whole, and works again", async () => {
  const directory = temporaryDirectory();
  const archive = open(join(directory.path, "history.db"));
  db?.pragma("max_page_count = 60");
  const { rounds, error } = await fill(archive);
  expect(rounds).toBeGreaterThan(1);
  expect(error).toMatchObject({ code: "storage-full", message: expect.stringContaining("nothing was written") });
  await expectWhole(archive, rounds);
  db?.pragma("max_page_count = 1000000");
  await archive.append(noise(rounds));
  await expectWhole(archive, rounds + 1);
  await archive.close();
  directory.remove();
});

describe.skipIf(tmpfs === undefined)("on a file system of 2 MB (needs root)", () => {
  const path = () => tmpfs?.path ?? "";
  afterEach(() => {
    if (db !== undefined) closeDatabase(db);
    for (const name of readdirSync(path())) rmSync(join(path(), name));
  });

  test("full: refused whole, works again when there is room, and after a restart", async () => {
    const file = join(path(), "full.db");
    let archive = open(file);
    const ballast = join(path(), "ballast");
    writeFileSync(ballast, Buffer.alloc(SIZE_BYTES / 2));
    const { rounds, error } = await fill(archive);
    expect(rounds).toBeGreaterThan(1);
    expect(error).toMatchObject({ name: "StorageError", message: expect.stringContaining(file) });
    expect(["storage-full", "storage-io"]).toContain((error as { code: string }).code);
    await expectWhole(archive, rounds);
    await expect(archive.append(noise(rounds))).rejects.toMatchObject({ name: "StorageError" });
    rmSync(ballast);
    await archive.append(noise(rounds));
    await expectWhole(archive, rounds + 1);
    // And once more, to the brim; a restart finds what was there.
    const second = await fill(archive, rounds + 1);
    await archive.close();
    archive = open(file);
    await expectWhole(archive, second.rounds);
  });

  test("full at start: what is there can be read", async () => {
    const file = join(path(), "start.db");
    let archive = open(file);
    await archive.append(noise(0));
    await archive.close();
    const ballast = join(path(), "ballast");
    writeFileSync(ballast, "");
    try {
      for (;;) appendFileSync(ballast, Buffer.alloc(4_096));
    } catch {
      // SQLite's shared memory takes 32 kB; one page of the log does not fit into what is left then.
      truncateSync(ballast, statSync(ballast).size - 40_960);
    }
    archive = open(file);
    expect(log.lines.at(-1)).toContain("history can be read, appends will fail until there is room");
    await expectWhole(archive, 1);
    await expect(archive.append(noise(1))).rejects.toMatchObject({ code: "storage-full" });
    rmSync(ballast);
    await archive.append(noise(1));
    await expectWhole(archive, 2);
  });

  test("no room for the copy before a migration: refused, and the file stays as it is", async () => {
    const file = join(path(), "old.db");
    await open(file).close();
    const before = readFileSync(file);
    const next = { version: MIGRATIONS.length + 1, sql: "ALTER TABLE event ADD COLUMN note TEXT" };
    expect(() => openDatabase(file, { log, migrations: [...MIGRATIONS, next] })).toThrow(
      expect.objectContaining({
        code: "storage-full",
        message: expect.stringMatching(/a copy of it is made before, which needs \d+ bytes .* \d+ are free; make room/),
      }),
    );
    expect(readFileSync(file).equals(before)).toBe(true);
    expect(readdirSync(path())).toEqual(["old.db"]);
  });

  test("read-only at start", async () => {
    const file = join(path(), "read-only.db");
    await open(file).close();
    tmpfs?.remount("ro");
    try {
      expect(() => open(file)).toThrow(
        expect.objectContaining({
          code: "storage-io",
          message: expect.stringContaining("must be readable and writable"),
        }),
      );
    } finally {
      tmpfs?.remount("rw");
    }
    await open(file).close();
  });
});
