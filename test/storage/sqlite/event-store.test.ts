import { join } from "node:path";
import type Database from "better-sqlite3";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import type { AlertEvent } from "../../../core/model/alert.js";
import { EVENTS_READ_MAX } from "../../../storage/event-store.js";
import { closeDatabase } from "../../../storage/sqlite/database.js";
import { SqliteEventStore } from "../../../storage/sqlite/event-store.js";
import { openTestDatabase } from "../support/sqlite.js";
import { temporaryDirectory } from "../support/temporary.js";

const directory = temporaryDirectory();
afterAll(() => directory.remove());

function event(sequence: number, message = `event ${sequence}`): AlertEvent {
  return {
    sequence,
    timeMs: 1_700_000_000_000 + sequence,
    kind: "fired",
    trigger: "cpu-too-hot",
    cluster: "khab",
    host: "node1",
    severity: "critical",
    episode: `e${sequence}`,
    message,
    details: { evidence: "cpu_temp = 85 Celsius", "'; --": "\u0000<b>🐧" },
  };
}
const events = (...sequences: number[]) => sequences.map((sequence) => event(sequence));

let fileNumber = 0;
let file: string;
let db: Database.Database;
let store: SqliteEventStore;
beforeEach(() => {
  if (db?.open) closeDatabase(db);
  file = join(directory.path, `${++fileNumber}.db`);
  db = openTestDatabase(file);
  store = new SqliteEventStore(db, file);
});
afterAll(() => closeDatabase(db));

const sequences = async (query: { limit: number; beforeSequence?: number }) =>
  (await store.read(query)).map(({ sequence }) => sequence);

test("an event comes back as it was", async () => {
  await store.append([event(1)]);
  expect(await store.read({ limit: 9 })).toEqual([event(1)]);
});

describe("reading", () => {
  const cases: [name: string, query: { limit: number; beforeSequence?: number }, found: number[]][] = [
    ["newest first", { limit: 9 }, [5, 4, 3, 2, 1]],
    ["at most so many", { limit: 2 }, [5, 4]],
    ["before a number", { limit: 2, beforeSequence: 4 }, [3, 2]],
    ["before the first", { limit: 2, beforeSequence: 1 }, []],
    ["before one that is not there yet", { limit: 1, beforeSequence: 99 }, [5]],
    ["none", { limit: 0 }, []],
    ["fewer than none", { limit: -1 }, []],
    ["half of one", { limit: 1.5 }, [5]],
    ["a limit that is no number", { limit: Number.NaN }, []],
    ["without end", { limit: Number.POSITIVE_INFINITY }, [5, 4, 3, 2, 1]],
  ];
  test.each(cases)("%s", async (_, query, found) => {
    await store.append(events(1, 2, 3, 4, 5));
    expect(await sequences(query)).toEqual(found);
  });

  test("one read has a limit", async () => {
    await store.append(events(...Array.from({ length: EVENTS_READ_MAX + 5 }, (_, i) => i)));
    expect((await sequences({ limit: Number.POSITIVE_INFINITY })).length).toBe(EVENTS_READ_MAX);
  });
});

describe("appending", () => {
  test("again: passed over, the first one stays", async () => {
    await store.append(events(1, 2));
    await store.append([event(2, "other"), event(3)]);
    expect((await store.read({ limit: 9 })).map(({ message }) => message)).toEqual(["event 3", "event 2", "event 1"]);
  });

  test("out of order", async () => {
    await store.append(events(3, 1));
    await store.append(events(2));
    expect(await sequences({ limit: 9 })).toEqual([3, 2, 1]);
  });

  test("nothing", async () => {
    await store.append([]);
    expect(await sequences({ limit: 9 })).toEqual([]);
  });

  test.each([Number.NaN, 1.5, 2 ** 60])("sequence %s is refused with all others", async (bad) => {
    await expect(store.append([event(1), event(bad)])).rejects.toMatchObject({ code: "storage-bad-batch" });
    expect(await sequences({ limit: 9 })).toEqual([]);
  });

  test("the oldest go when there are too many", async () => {
    store = new SqliteEventStore(db, file, 3);
    await store.append(events(1, 2, 3, 4));
    await store.append(events(5));
    expect(await sequences({ limit: 9 })).toEqual([5, 4, 3]);
  });
});

test("closed: every call rejects", async () => {
  closeDatabase(db);
  await expect(store.append([event(1)])).rejects.toMatchObject({ code: "storage-closed" });
  await expect(store.read({ limit: 1 })).rejects.toMatchObject({ code: "storage-closed" });
});
