import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { afterAll, describe, expect, test } from "vitest";
import { closeDatabase, openDatabase } from "../../../storage/sqlite/database.js";
import { APPLICATION_ID, MIGRATIONS, type Migration } from "../../../storage/sqlite/schema.js";
import { KeptLog, openTestDatabase } from "../support/sqlite.js";
import { temporaryDirectory } from "../support/temporary.js";

const directory = temporaryDirectory();
afterAll(() => directory.remove());

const NEWEST = MIGRATIONS.length;
let fileNumber = 0;
const newFile = () => join(directory.path, `${++fileNumber}.db`);

const tablesOf = (db: Database.Database) =>
  db
    .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name")
    .pluck()
    .all();

describe("a new file", () => {
  test("has the tables, the marks and the safe modes", () => {
    const db = openTestDatabase(newFile());
    expect(tablesOf(db)).toEqual(["chunk", "event", "meta", "series", "state", "tail"]);
    const pragmas = ["application_id", "user_version", "journal_mode", "synchronous", "page_size"];
    expect(pragmas.map((name) => db.pragma(name, { simple: true }))).toEqual([APPLICATION_ID, NEWEST, "wal", 2, 8_192]);
    closeDatabase(db);
  });

  test("makes its directory", () => {
    const file = join(directory.path, "deep", "er", "history.db");
    closeDatabase(openTestDatabase(file));
    expect(readFileSync(file).subarray(0, 15).toString()).toBe("SQLite format 3");
  });

  test("an empty file is a new one", () => {
    const file = newFile();
    writeFileSync(file, "");
    const db = openTestDatabase(file);
    expect(tablesOf(db)).toContain("series");
    closeDatabase(db);
  });
});

describe("refused, and left as it is", () => {
  const sound = (change: (db: Database.Database) => void): Buffer => {
    const file = newFile();
    const db = openTestDatabase(file);
    const insert = db.prepare("INSERT INTO event (sequence, time_ms, json) VALUES (?, 0, ?)");
    for (let i = 0; i < 200; i++) insert.run(i, "x".repeat(500));
    change(db);
    closeDatabase(db);
    return readFileSync(file);
  };
  const scribbled = () => {
    // "clean" says no, so that the start looks at the whole file.
    const bytes = sound(() => {});
    const file = newFile();
    writeFileSync(file, bytes);
    const db = new Database(file);
    db.prepare("UPDATE meta SET value = 'no' WHERE key = 'clean'").run();
    db.close();
    const scribble = readFileSync(file);
    scribble.fill(0x5a, scribble.length - 30_000, scribble.length - 20_000);
    return scribble;
  };
  const foreign = () => {
    const file = newFile();
    const db = new Database(file);
    db.exec("CREATE TABLE bookmarks (url TEXT)");
    db.close();
    return readFileSync(file);
  };

  const cases: [name: string, bytes: () => Buffer, code: string, words: string[]][] = [
    [
      "a text",
      () => Buffer.from("sources:\n".repeat(99)),
      "storage-corrupt",
      ["not a database", "Move it aside", "start again"],
    ],
    ["noughts", () => Buffer.alloc(4_096), "storage-corrupt", ["Move it aside"]],
    [
      "another program's database",
      foreign,
      "storage-foreign",
      ["another program", "application_id 0", "Move it aside"],
    ],
    [
      "a newer schema",
      () => sound((db) => db.pragma("user_version = 99")),
      "storage-newer",
      ["version 99", `up to ${NEWEST}`, "Update"],
    ],
    ["scribbled over after a crash", scribbled, "storage-corrupt", ["check after a crash", "Move it aside"]],
    ["cut in the middle after a crash", () => scribbled().subarray(0, 40_000), "storage-corrupt", ["Move it aside"]],
  ];
  test.each(cases)("%s", (_, bytes, code, words) => {
    const file = newFile();
    const before = bytes();
    writeFileSync(file, before);
    const message = refusal(file, code);
    for (const word of [file, ...words]) expect(message).toContain(word);
    expect(message).not.toContain("\n");
    expect(readFileSync(file).equals(before)).toBe(true);
  });

  test("a directory in its place", () => {
    const file = newFile();
    mkdirSync(file);
    expect(refusal(file, "storage-io")).toContain(file);
  });

  test("a file in place of its directory", () => {
    const file = newFile();
    writeFileSync(file, "");
    expect(refusal(join(file, "history.db"), "storage-io")).toContain("must be readable and writable");
  });
});

describe("check after a crash", () => {
  test("a file that was closed is not checked", () => {
    const file = newFile();
    closeDatabase(openTestDatabase(file));
    const log = new KeptLog();
    closeDatabase(openTestDatabase(file, log));
    expect(log.lines).toEqual([]);
  });

  test("a file that was not closed is", () => {
    const file = newFile();
    // Closed behind our back: the mark is missing.
    openTestDatabase(file).close();
    const log = new KeptLog();
    closeDatabase(openTestDatabase(file, log));
    expect(log.lines).toEqual([`info ${file} was not closed last time; checked, no damage found`]);
  });
});

describe("migrations", () => {
  const second: Migration = { version: NEWEST + 1, sql: "ALTER TABLE event ADD COLUMN note TEXT" };
  const bad: Migration = { version: NEWEST + 2, sql: "CREATE TABLE half (a); CREATE TABLE half (a)" };

  const badNext: Migration = { ...bad, version: NEWEST + 1 };
  const copiesOf = (file: string) =>
    readdirSync(directory.path)
      .map((name) => join(directory.path, name))
      .filter((path) => path.startsWith(`${file}.v`));

  test("the list ascends by one", () => {
    expect(MIGRATIONS.map(({ version }) => version)).toEqual(MIGRATIONS.map((_, i) => i + 1));
  });

  test("an older file is taken forward and keeps its data", () => {
    const file = newFile();
    const old = openTestDatabase(file);
    old.prepare("INSERT INTO event (sequence, time_ms, json) VALUES (7, 0, '{}')").run();
    closeDatabase(old);
    const db = openDatabase(file, { log: new KeptLog(), migrations: [...MIGRATIONS, second] });
    expect(db.pragma("user_version", { simple: true })).toBe(NEWEST + 1);
    expect(db.prepare("SELECT sequence, note FROM event").all()).toEqual([{ sequence: 7, note: null }]);
    closeDatabase(db);
  });

  test("the file as it was is kept beside it, and read by who knows only the version before", () => {
    const file = newFile();
    closeDatabase(openTestDatabase(file));
    const log = new KeptLog();
    closeDatabase(openDatabase(file, { log, migrations: [...MIGRATIONS, second] }));
    const [copy, ...others] = copiesOf(file);
    expect(others).toEqual([]);
    expect(copy).toMatch(new RegExp(`\\.v${NEWEST}-\\d{8}T\\d{6}Z$`));
    expect(log.lines).toEqual([
      expect.stringMatching(`^info ${file} is copied to ${copy} before its schema is taken forward`),
      `info ${file}: schema version ${NEWEST} was taken to ${NEWEST + 1}`,
    ]);
    closeDatabase(openTestDatabase(copy as string));
  });

  test("a copy that was interrupted is made anew; one that was finished is not made again", () => {
    const file = newFile();
    closeDatabase(openTestDatabase(file));
    const stamp = new Date(statSync(file).mtimeMs).toISOString().replace(/\.\d+/, "").replaceAll(/[-:]/g, "");
    const copy = `${file}.v${NEWEST}-${stamp}`;
    writeFileSync(`${copy}.part`, "half");
    // The step fails after the copy was made: the next start finds it.
    expect(() => openDatabase(file, { log: new KeptLog(), migrations: [...MIGRATIONS, badNext] })).toThrow("half");
    expect(copiesOf(file)).toEqual([copy]);
    const log = new KeptLog();
    closeDatabase(openDatabase(file, { log, migrations: [...MIGRATIONS, second] }));
    expect(copiesOf(file)).toEqual([copy]);
    expect(log.lines).toEqual([`info ${file}: schema version ${NEWEST} was taken to ${NEWEST + 1}`]);
  });

  test("a step that fails leaves the version before it", () => {
    const file = newFile();
    expect(() => openDatabase(file, { log: new KeptLog(), migrations: [...MIGRATIONS, second, bad] })).toThrow("half");
    const db = new Database(file);
    expect(db.pragma("user_version", { simple: true })).toBe(NEWEST + 1);
    expect(tablesOf(db)).not.toContain("half");
    db.close();
  });
});

function refusal(file: string, code: string): string {
  try {
    closeDatabase(openTestDatabase(file));
  } catch (error) {
    expect((error as { code: string }).code).toBe(code);
    return (error as Error).message;
  }
  throw new Error(`${file} was opened, expected a refusal`);
}
