/** A backup while somebody writes, and what comes back of it. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { lockStateDir } from "../../../core/base/state-dir.js";
import type { SeriesBatch } from "../../../core/model/archive.js";
import type { StateRow } from "../../../core/model/kept-state.js";
import { makeBackup } from "../../../storage/backup/make-backup.js";
import { checkBackup, restoreBackup } from "../../../storage/backup/restore-backup.js";
import { backup as backupCommand } from "../../../storage/bin/backup.js";
import { restore } from "../../../storage/bin/restore.js";
import { SqliteEventStore } from "../../../storage/sqlite/event-store.js";
import { SqliteArchive } from "../../../storage/sqlite/sqlite-archive.js";
import { KeptLog, openTestDatabase } from "../support/sqlite.js";
import { temporaryDirectory } from "../support/temporary.js";
import { mountTmpfs } from "../support/tmpfs.js";

const directory = temporaryDirectory();
const tmpfs = mountTmpfs(8 * 2 ** 20);
afterAll(() => {
  tmpfs?.remove();
  directory.remove();
});

const NOW_MS = Date.UTC(2026, 10, 22, 1, 2, 3);
const STAMP = "20261122T010203Z";
/** Of no process: the largest that Linux gives is 2^22. */
const PID = 2 ** 22 + 1;
let number = 0;
let stateDir: string;
let to: string;
beforeEach(() => {
  number++;
  stateDir = join(directory.path, `state${number}`);
  to = join(directory.path, `backups${number}`, "monday");
  for (const log of ["frames", "triggers"]) mkdirSync(join(stateDir, log), { recursive: true });
  writeFileSync(join(stateDir, "frames", "frames-00000007.log"), "frames seven");
  writeFileSync(join(stateDir, "frames", "frames-00000008.log"), "frames eight");
  writeFileSync(join(stateDir, "triggers", "journal-00000001.log"), "journal");
  writeFileSync(join(stateDir, "control-token"), "secret");
});

const historyFile = () => join(stateDir, "history.db");
const keyOf = (i: number) => ({ cluster: "khab", host: `node${i}`, metric: "load_one" });
const SERIES = 50;

/** 40 samples of each series. */
function spill(round: number): SeriesBatch[] {
  return Array.from({ length: SERIES }, (_, i) => {
    const timesMs = Float64Array.from({ length: 40 }, (_, k) => NOW_MS + (round * 40 + k) * 15_000);
    return {
      key: keyOf(i),
      type: "double",
      units: "",
      series: { kind: "number", timesMs, values: timesMs.map((_, k) => Math.sin(i + round * 40 + k)) },
    };
  });
}

function open(file = historyFile()): SqliteArchive {
  return new SqliteArchive(openTestDatabase(file, new KeptLog()), file);
}

/** Samples of each series. */
async function allOf(archive: SqliteArchive): Promise<unknown[]> {
  const found: unknown[] = [];
  for (let i = 0; i < SERIES; i++) found.push(await archive.read({ key: keyOf(i), fromMs: 0, toMs: 9e12 }));
  return found;
}

async function fill(rounds: number): Promise<void> {
  const archive = open();
  for (let round = 0; round < rounds; round++) await archive.append(spill(round));
  await archive.close();
}

type Options = Parameters<typeof makeBackup>[0];
const backup = (options: Partial<Options> = {}) =>
  makeBackup({
    stateDir,
    historyFile: historyFile(),
    to,
    force: false,
    nowMs: NOW_MS,
    pid: PID,
    signal: new AbortController().signal,
    progress() {},
    ...options,
  });
const beside = () => readdirSync(join(to, ".."));
const restoreOptions = (into: string) => ({ stateDir: into, historyFile: join(into, "history.db"), nowMs: NOW_MS });

describe("backup", () => {
  test("while a writer appends: what was there at its beginning, sample by sample, and the writer goes on", async () => {
    await fill(30);
    const writer = open();
    const before = await allOf(writer);
    let round = 30;
    let steps = 0;
    const { files } = await backup({
      pagesPerStep: 10,
      // Between two parts of the copy an append is done: the copy neither fails nor begins anew for ever.
      progress() {
        steps++;
        void writer.append(spill(round++));
      },
    });
    const after = await allOf(writer);
    await writer.close();
    expect(steps).toBeGreaterThan(3);
    expect(after).not.toEqual(before);
    expect(files).toBe(4);
    const copy = open(join(to, "history.db"));
    expect(await allOf(copy)).toEqual(before);
    await copy.close();
  });

  test("frames and the journal come along; the token and locks do not", async () => {
    await fill(1);
    await backup();
    expect(readdirSync(to).sort()).toEqual(["backup.json", "frames", "history.db", "triggers"]);
    expect(readFileSync(join(to, "frames", "frames-00000008.log"), "utf8")).toBe("frames eight");
    expect(readFileSync(join(to, "triggers", "journal-00000001.log"), "utf8")).toBe("journal");
    expect(beside()).toEqual(["monday"]);
  });

  test("what is not yet written back to the file comes along", async () => {
    const archive = open();
    await archive.append(spill(0));
    await backup();
    await archive.close();
    const copy = open(join(to, "history.db"));
    expect((await copy.read({ key: keyOf(3), fromMs: 0, toMs: 9e12 }))?.timesMs.length).toBe(40);
    await copy.close();
  });

  test("another backup in its place only with --force", async () => {
    await fill(1);
    await backup();
    await fill(2);
    await expect(backup()).rejects.toThrow(
      `${to} is there already; choose another place, or have it replaced with --force`,
    );
    await backup({ force: true });
    expect(beside()).toEqual(["monday"]);
    const copy = open(join(to, "history.db"));
    expect((await copy.read({ key: keyOf(3), fromMs: 0, toMs: 9e12 }))?.timesMs.length).toBe(80);
    await copy.close();
  });

  test("interrupted: nothing is left, and what was there stays", async () => {
    await fill(30);
    await backup();
    const before = readFileSync(join(to, "backup.json"), "utf8");
    const interrupt = new AbortController();
    const made = backup({
      force: true,
      signal: interrupt.signal,
      nowMs: NOW_MS + 1,
      progress: () => interrupt.abort(),
    });
    await expect(made).rejects.toThrow(`interrupted: there is no new backup in ${to}`);
    expect(beside()).toEqual(["monday"]);
    expect(readFileSync(join(to, "backup.json"), "utf8")).toBe(before);
  });

  test("what a killed one left is removed by the next", async () => {
    await fill(1);
    mkdirSync(`${to}.part-${PID + 1}`, { recursive: true });
    mkdirSync(`${to}.part-${process.pid}`, { recursive: true });
    await backup();
    // The second one's process lives.
    expect(beside().sort()).toEqual(["monday", `monday.part-${process.pid}`]);
  });

  test("no history, a file of something else, a damaged one: said, and nothing is made", async () => {
    await expect(backup()).rejects.toThrow("there is no history to back up");
    const other = new Database(historyFile());
    other.exec("CREATE TABLE bookmarks (url TEXT)");
    other.close();
    await expect(backup()).rejects.toThrow("is not a database of Grate");
    rmSync(historyFile());
    await fill(30);
    const bytes = readFileSync(historyFile());
    bytes.fill(0x5a, 10 * 8_192, 20 * 8_192);
    writeFileSync(historyFile(), bytes);
    await expect(backup()).rejects.toThrow("damaged");
    expect(beside()).toEqual([]);
  });

  test.skipIf(tmpfs === undefined)("no space (needs root): said before anything is copied", async () => {
    await fill(1);
    const place = join(tmpfs?.path ?? "", "backup");
    await expect(backup({ to: place })).rejects.toThrow(/it needs \d+ bytes in .*, \d+ are free; nothing was written/);
    expect(readdirSync(tmpfs?.path ?? "")).toEqual([]);
  });
});

test("the two commands, with the history under a name of its own", async () => {
  const config = join(directory.path, `${number}.yaml`);
  writeFileSync(config, "sources: []\nstorage: { sqlite: { file: deep/other.db } }\n");
  const archive = open(join(stateDir, "deep", "other.db"));
  await archive.append(spill(0));
  expect(await backupCommand({ config, state: stateDir, to })).toBe(0);
  await archive.close();
  const into = join(directory.path, `into${number}`);
  expect(await restore({ config, state: into, from: to })).toBe(0);
  const restored = open(join(into, "deep", "other.db"));
  expect((await restored.read({ key: keyOf(3), fromMs: 0, toMs: 9e12 }))?.timesMs.length).toBe(40);
  await restored.close();
});

describe("restore", () => {
  test("into an empty place: every sample and every file", async () => {
    await fill(30);
    const archive = open();
    const before = await allOf(archive);
    await archive.close();
    await backup();
    const into = join(directory.path, `into${number}`);
    mkdirSync(into);
    const { aside } = await restoreBackup(await checkBackup(to), restoreOptions(into));
    expect(aside).toEqual([]);
    expect(readdirSync(into).sort()).toEqual(["frames", "history.db", "triggers"]);
    expect(readFileSync(join(into, "frames", "frames-00000007.log"), "utf8")).toBe("frames seven");
    const restored = open(join(into, "history.db"));
    expect(await allOf(restored)).toEqual(before);
    await restored.append(spill(30));
    await restored.close();
  });

  test("how alerts stand comes along, beside the journal", async () => {
    const db = openTestDatabase(historyFile(), new KeptLog());
    const rows: StateRow[] = ["node1", "node2"].map((host) => ({
      cluster: "khab",
      trigger: "hot",
      host,
      task: "",
      kind: "firing",
      timeMs: NOW_MS,
      json: `{"k":"fired","host":"${host}"}`,
    }));
    const { states } = new SqliteEventStore(db, historyFile());
    await states.append([], { edition: "run1-1", step: "last", rows, gone: [] });
    await backup();
    db.close();
    const into = join(directory.path, `into${number}`);
    mkdirSync(into);
    await restoreBackup(await checkBackup(to), restoreOptions(into));
    const restored = openTestDatabase(join(into, "history.db"), new KeptLog());
    expect(await new SqliteEventStore(restored, "").states.read({ limit: 9 })).toEqual(rows);
    restored.close();
  });

  test("what was there is kept beside it", async () => {
    await fill(1);
    await backup();
    await fill(3);
    writeFileSync(join(stateDir, "frames", "frames-00000009.log"), "frames nine");
    writeFileSync(`${historyFile()}-wal`, "of a collector that was killed");
    const { aside } = await restoreBackup(await checkBackup(to), restoreOptions(stateDir));
    const kept = ["frames", "history.db", "triggers"].map((name) => `${name}.replaced-${STAMP}`);
    kept.splice(2, 0, `history.db.replaced-${STAMP}-wal`);
    expect(aside.map((path) => path.slice(stateDir.length + 1)).sort()).toEqual(kept);
    expect(readdirSync(stateDir).sort()).toEqual([...kept, "control-token", "frames", "history.db", "triggers"].sort());
    expect(readdirSync(join(stateDir, "frames")).sort()).toEqual(["frames-00000007.log", "frames-00000008.log"]);
    expect(readdirSync(join(stateDir, `frames.replaced-${STAMP}`))).toContain("frames-00000009.log");
    const archive = open();
    expect((await archive.read({ key: keyOf(3), fromMs: 0, toMs: 9e12 }))?.timesMs.length).toBe(40);
    await archive.close();
  });

  const damages: [name: string, damage: () => void, words: string][] = [
    ["a file is shorter", () => truncateSync(join(to, "frames", "frames-00000008.log"), 3), "has 3 bytes, expected 12"],
    ["a file is missing", () => rmSync(join(to, "triggers", "journal-00000001.log")), "has 0 bytes, expected 7"],
    ["the list is missing", () => rmSync(join(to, "backup.json")), "expected a directory that grate backup has made"],
    ["the list is none", () => writeFileSync(join(to, "backup.json"), "{}"), "it is not the list of a backup"],
    [
      "a later format",
      () => writeFileSync(join(to, "backup.json"), '{"format":2,"madeAt":"","schemaVersion":1,"files":{}}'),
      "of format 2, this program reads format 1",
    ],
    [
      "a name that leads out of it",
      () =>
        writeFileSync(
          join(to, "backup.json"),
          '{"format":1,"madeAt":"","schemaVersion":1,"files":{"frames/../../x":1}}',
        ),
      "it is not the list of a backup",
    ],
    ["pages are scribbled over", () => scribble(join(to, "history.db")), "damaged"],
    ["a newer schema", () => setVersion(join(to, "history.db"), 99), "restore it with the newer Grate"],
  ];
  test.each(damages)("a backup is refused, and nothing changes: %s", async (_, damage, words) => {
    await fill(30);
    await backup();
    await damage();
    const before = readdirSync(stateDir);
    await expect(restore({ from: to, state: stateDir })).rejects.toThrow(words);
    expect(readdirSync(stateDir)).toEqual(before);
  });

  test("a collector that works is named, and nothing changes", async () => {
    await fill(1);
    await backup();
    const lock = lockStateDir(stateDir, { command: "grate collector -c x.yaml", nowMs: NOW_MS });
    const before = readFileSync(historyFile());
    await expect(restore({ from: to, state: stateDir })).rejects.toThrow(
      `in use by process ${process.pid} (grate collector -c x.yaml)`,
    );
    await expect(restore({ from: to, state: stateDir, dryRun: true })).rejects.toThrow("in use by process");
    lock.release();
    expect(readFileSync(historyFile()).equals(before)).toBe(true);
  });

  test("--dry-run changes nothing", async () => {
    await fill(1);
    await backup();
    await fill(2);
    const before = readFileSync(historyFile());
    expect(await restore({ from: to, state: stateDir, dryRun: true })).toBe(0);
    expect(readFileSync(historyFile()).equals(before)).toBe(true);
    const nowhere = join(directory.path, `nowhere${number}`);
    expect(await restore({ from: to, state: nowhere, dryRun: true })).toBe(0);
    expect(existsSync(nowhere)).toBe(false);
  });

  test("interrupted half way by a fault: everything is where it was", async () => {
    await fill(1);
    await backup();
    const checked = await checkBackup(to);
    const before = readFileSync(historyFile());
    // The name that the journal would be kept under is taken: the last of three steps fails.
    mkdirSync(join(stateDir, `triggers.replaced-${STAMP}`, "full"), { recursive: true });
    await expect(restoreBackup(checked, restoreOptions(stateDir))).rejects.toThrow("everything is as it was");
    expect(readFileSync(historyFile()).equals(before)).toBe(true);
    expect(readdirSync(join(stateDir, "frames")).length).toBe(2);
    expect(readdirSync(stateDir).filter((name) => name.endsWith(".restoring"))).toEqual([]);
  });
});

function scribble(file: string): void {
  const bytes = readFileSync(file);
  bytes.fill(0x5a, 10 * 8_192, 20 * 8_192);
  writeFileSync(file, bytes);
}

function setVersion(file: string, version: number): void {
  const db = new Database(file);
  db.pragma(`user_version = ${version}`);
  db.close();
}
