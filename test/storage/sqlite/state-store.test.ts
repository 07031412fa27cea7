/** Alert states in the file: the contract, and files of the schema before. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import type { AlertEvent } from "../../../core/model/alert.js";
import type { StateRow } from "../../../core/model/kept-state.js";
import { STATES_READ_MAX } from "../../../storage/event-store.js";
import { closeDatabase, openDatabase } from "../../../storage/sqlite/database.js";
import { SqliteEventStore } from "../../../storage/sqlite/event-store.js";
import { MIGRATIONS } from "../../../storage/sqlite/schema.js";
import { eventStoreContract } from "../../contract/event-store-contract.js";
import { KeptLog, openTestDatabase } from "../support/sqlite.js";
import { temporaryDirectory } from "../support/temporary.js";

const directory = temporaryDirectory();
afterAll(() => directory.remove());
let number = 0;

eventStoreContract("sqlite", async () => {
  const file = join(directory.path, `${++number}.db`);
  let db = openTestDatabase(file);
  return {
    store: new SqliteEventStore(db, file),
    async reopen() {
      closeDatabase(db);
      db = openTestDatabase(file);
      return new SqliteEventStore(db, file);
    },
    cleanup: async () => closeDatabase(db),
  };
});

const rowOf = (i: number): StateRow => ({
  cluster: "khab",
  trigger: "hot",
  host: `node${i}`,
  task: "",
  kind: "firing",
  timeMs: i,
  json: "{}",
});

test("one read of rows has a limit", async () => {
  const file = join(directory.path, `${++number}.db`);
  const db = openTestDatabase(file);
  const { states } = new SqliteEventStore(db, file);
  const rows = Array.from({ length: STATES_READ_MAX + 5 }, (_, i) => rowOf(i));
  await states.append([], { edition: "run1", step: "last", rows, gone: [] });
  expect((await states.read({ limit: Number.POSITIVE_INFINITY })).length).toBe(STATES_READ_MAX);
  closeDatabase(db);
  await expect(states.read({ limit: 1 })).rejects.toMatchObject({ code: "storage-closed" });
});

test("a file of schema version 2 is kept as it was, keeps its events, and takes states", async () => {
  const folder = join(directory.path, `${++number}`);
  const file = join(folder, "history.db");
  const log = new KeptLog();
  const old = openDatabase(file, { log, migrations: MIGRATIONS.slice(0, 2) });
  const event = { sequence: 7, timeMs: 1, message: "of before" } as AlertEvent;
  old.prepare("INSERT INTO event (sequence, time_ms, json) VALUES (7, 1, ?)").run(JSON.stringify(event));
  expect(() => old.prepare("SELECT * FROM state")).toThrow("no such table");
  closeDatabase(old);
  const before = readFileSync(file);

  const db = openTestDatabase(file, log);
  const copies = readdirSync(folder).filter((name) => name.startsWith("history.db.v2-"));
  expect(copies).toHaveLength(1);
  expect(readFileSync(join(folder, copies[0] as string)).equals(before)).toBe(true);
  const store = new SqliteEventStore(db, file);
  expect(await store.read({ limit: 9 })).toEqual([event]);
  expect(await store.states.read({ limit: 9 })).toEqual([]);
  await store.states.append([], { edition: "run1", step: "last", rows: [rowOf(1)], gone: [] });
  expect(await store.states.read({ limit: 9 })).toEqual([rowOf(1)]);
  closeDatabase(db);
});
