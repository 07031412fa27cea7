/** Damage: collecting goes on, nothing is deleted, and it is said as long as it lasts. */
import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { afterAll, afterEach, expect, test } from "vitest";
import type { AlertEvent } from "../../../core/model/alert.js";
import type { SeriesBatch } from "../../../core/model/archive.js";
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
  expect(health?.().message).toContain("damaged");
  renameSync(`${file()}.damaged-${STAMP}`, join(directory.path, `${number}.kept`));
  expect(health?.().message).toBe("");
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
