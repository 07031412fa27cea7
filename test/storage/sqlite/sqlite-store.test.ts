/** Damage: collecting goes on, nothing is deleted, and it is said as long as it lasts. */
import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { afterAll, afterEach, expect, test } from "vitest";
import type { AlertEvent } from "../../../core/model/alert.js";
import type { SeriesBatch } from "../../../core/model/archive.js";
import { closeDatabase, openDatabase } from "../../../storage/sqlite/database.js";
import { MIGRATIONS } from "../../../storage/sqlite/schema.js";
import { openSqliteStore } from "../../../storage/sqlite/sqlite-store.js";
import type { Store } from "../../../storage/store.js";
import { VirtualClock } from "../../support/virtual-clock.js";
import { DEFAULT_CONFIG, KeptLog } from "../support/sqlite.js";
import { temporaryDirectory } from "../support/temporary.js";

const directory = temporaryDirectory();
afterAll(() => directory.remove());

const START_MS = Date.UTC(2026, 10, 22, 1, 2, 3);
const STAMP = "20261122T010203Z";
let number = 0;
let stateDir: string;
let store: Store | undefined;
let log: KeptLog;
let clock: VirtualClock;
afterEach(() => store?.archive.close());

function newState(): string {
  stateDir = join(directory.path, `${++number}`);
  mkdirSync(stateDir);
  log = new KeptLog();
  clock = new VirtualClock(START_MS);
  return stateDir;
}
const file = () => join(stateDir, "history.db");

function open(): Store {
  store = openSqliteStore({ stateDir, config: DEFAULT_CONFIG, clock, log });
  return store;
}

const keyOf = (i: number) => ({ cluster: "khab", host: `node${i}`, metric: "load_one" });

/** 40 samples of each of 200 series. */
function spill(round: number): SeriesBatch[] {
  return Array.from({ length: 200 }, (_, i) => {
    const timesMs = Float64Array.from({ length: 40 }, (_, k) => START_MS + (round * 40 + k) * 15_000);
    return {
      key: keyOf(i),
      type: "double",
      units: "",
      series: { kind: "number", timesMs, values: timesMs.map(Math.sin) },
    };
  });
}

async function filled(): Promise<void> {
  const { archive } = open();
  for (let round = 0; round < 5; round++) await archive.append(spill(round));
  await archive.close();
}

/** All but the first pages, which tell what is in the file. */
function scribble(): Buffer {
  const bytes = readFileSync(file());
  bytes.fill(0x5a, 10 * 8_192);
  writeFileSync(file(), bytes);
  return bytes;
}

function markUnclean(): void {
  const db = new Database(file());
  db.prepare("UPDATE meta SET value = 'no' WHERE key = 'clean'").run();
  db.close();
}

const samples = async (i: number) =>
  (await store?.archive.read({ key: keyOf(i), fromMs: 0, toMs: 9e12 }))?.timesMs.length ?? 0;

test("damage found at the start: set aside as it is, a new file takes what comes", async () => {
  newState();
  await filled();
  markUnclean();
  const before = scribble();
  const { archive, health } = open();
  const aside = `${file()}.damaged-${STAMP}`;
  expect(readFileSync(aside).equals(before)).toBe(true);
  await archive.append(spill(5));
  expect(await samples(7)).toBe(40);
  expect(log.lines.some((line) => line.startsWith("warn") && line.includes(`set aside as ${aside}`))).toBe(true);
  expect(health?.().message).toContain(aside);
  expect(health?.().message).toContain("grate restore");
});

test("the message lasts over a restart, and ends when the file is moved elsewhere", async () => {
  newState();
  await filled();
  markUnclean();
  scribble();
  await open().archive.close();
  const { health } = open();
  expect(health?.()).toMatchObject({ message: expect.stringContaining("damaged"), counters: { damagedFiles: 1 } });
  renameSync(`${file()}.damaged-${STAMP}`, join(directory.path, `${number}.kept`));
  expect(health?.()).toMatchObject({ message: "", counters: { damagedFiles: 0 } });
});

test("damage found by an append: nothing of it is lost", async () => {
  newState();
  await filled();
  scribble();
  const { archive, events, health } = open();
  await archive.append(spill(5));
  for (const i of [0, 99, 199]) expect(await samples(i)).toBe(40);
  expect(health?.().message).toContain(`damaged-${STAMP}`);
  await events?.append([{ sequence: 1, timeMs: 1 } as AlertEvent]);
  expect(await events?.read({ limit: 9 })).toEqual([{ sequence: 1, timeMs: 1 }]);
  expect(readdirSync(stateDir).filter((name) => name.endsWith("Z"))).toHaveLength(1);
});

test("damage found by a change of states: its events are in the new file, and all states are asked for", async () => {
  newState();
  await filled();
  const { events } = open();
  const give = (step: "last" | "change", sequence: number, host: string) =>
    events?.states?.append([{ sequence, timeMs: 1 } as AlertEvent], {
      edition: "run1-1",
      step,
      rows: [{ cluster: "khab", trigger: "hot", host, task: "", kind: "firing", timeMs: 1, json: "{}" }],
      gone: [],
    });
  expect(await give("last", 1, "node1")).toBe(true);
  breakSchema();
  expect(await give("change", 2, "node2")).toBe(false);
  expect(readdirSync(stateDir)).toContain(`history.db.damaged-${STAMP}`);
  expect((await events?.read({ limit: 9 }))?.map(({ sequence }) => sequence)).toEqual([2]);
  expect(await events?.states?.read({ limit: 9 })).toEqual([]);
  expect(await give("last", 1, "node1")).toBe(true);
});

test("damage found by a read: told by the store until a new file is begun", async () => {
  newState();
  const { archive, health } = open();
  for (let round = 0; round < 5; round++) await archive.append(spill(round));
  expect(health?.()).toMatchObject({ message: "", counters: { damagedFiles: 0 } });
  breakSchema();
  await expect(archive.read({ key: keyOf(7), fromMs: 0, toMs: 9e12 })).rejects.toMatchObject({
    code: "storage-corrupt",
  });
  expect(health?.()).toMatchObject({
    message: expect.stringMatching(/^a read found damage: .*grate restore/),
    counters: { damagedFiles: 1 },
  });
  await archive.append(spill(5));
  expect(health?.()).toMatchObject({
    message: expect.not.stringContaining("a read found damage"),
    counters: { damagedFiles: 1 },
  });
  expect(health?.().message).toContain(`damaged-${STAMP}`);
});

/** The list of tables points behind the end of the file: whoever reads it again finds damage. */
function breakSchema(): void {
  const db = new Database(file());
  db.unsafeMode();
  db.pragma("writable_schema = ON");
  db.prepare("UPDATE sqlite_schema SET rootpage = 99999 WHERE name = 'tail'").run();
  db.pragma("schema_version = 99");
  db.close();
}

test("damaged again within the hour: told instead, until the hour is over", async () => {
  newState();
  const { archive } = open();
  await archive.append(spill(0));
  breakSchema();
  await archive.append(spill(1));
  expect(await samples(7)).toBe(40);
  breakSchema();
  await expect(archive.append(spill(2))).rejects.toMatchObject({ code: "storage-corrupt" });
  await clock.advance(3_599_000);
  await expect(archive.append(spill(2))).rejects.toMatchObject({ code: "storage-corrupt" });
  await clock.advance(1_000);
  await archive.append(spill(2));
  expect(await samples(7)).toBe(40);
  expect(readdirSync(stateDir).filter((name) => name.endsWith("Z"))).toHaveLength(2);
});

test("a file of something else is left where it is", () => {
  newState();
  writeFileSync(file(), "sources:\n".repeat(99));
  expect(open).toThrow("Move it aside");
  expect(readdirSync(stateDir)).toEqual(["history.db"]);
});

test("a file of schema version 1, with chunks of format 1: kept as it was, read on and written on", async () => {
  newState();
  const old = openDatabase(file(), { log, migrations: MIGRATIONS.slice(0, 1) });
  old.exec(
    "INSERT INTO series (id, cluster, host, metric, type, units) VALUES (1, 'khab', 'node0', 'load_one', 'double', '')",
  );
  const put = (table: string) =>
    old.prepare(`INSERT INTO ${table} (series_id, start_ms, end_ms, count, blob) VALUES (1, ?, ?, ?, ?)`);
  const first = 1_700_000_000_000;
  // Bytes as an earlier Grate wrote them: 20 times 97.3, deflated; then 0.5, 0.37, 0.22.
  put("chunk").run(first, first + 285_000, 20, Buffer.from("010213616a3832ff2a8f1c0306609cc58f21c6c00000", "hex"));
  const later = Buffer.from("0100030280c49fd50c1e000264191d", "hex");
  // 0x80c49fd50c is the first time in seconds, doubled; 7,500 s later:
  const shifted = Buffer.concat([later.subarray(0, 4), Buffer.from("98b9a0d50c", "hex"), later.subarray(9)]);
  put("tail").run(first + 7_500_000, first + 7_530_000, 3, shifted);
  closeDatabase(old);
  const before = readFileSync(file());
  const { archive } = open();
  const copies = readdirSync(stateDir).filter((name) => name.startsWith("history.db.v1-"));
  expect(copies).toHaveLength(1);
  expect(readFileSync(join(stateDir, copies[0] as string)).equals(before)).toBe(true);
  const read = async () => {
    const series = await archive.read({ key: keyOf(0), fromMs: 0, toMs: 9e12 });
    return series?.kind === "number" ? [...series.values] : series;
  };
  expect(await read()).toEqual([...Array(20).fill(97.3), 0.5, 0.37, 0.22]);
  const timesMs = Float64Array.from({ length: 600 }, (_, i) => first + 8_000_000 + i * 15_000);
  await archive.append([
    { key: keyOf(0), type: "double", units: "", series: { kind: "number", timesMs, values: timesMs.map(() => 7) } },
  ]);
  expect(await read()).toEqual([...Array(20).fill(97.3), 0.5, 0.37, 0.22, ...Array(600).fill(7)]);
});
