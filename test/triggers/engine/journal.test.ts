import { describe, expect, test } from "vitest";
import type { Entry } from "../../../triggers/engine/entries.js";
import { TransactionReader, TransactionWriter, type TriggerJournal } from "../../../triggers/engine/journal.js";

type Stored = { type: number; payload: Uint8Array };

function memory(): TriggerJournal & { records: Stored[] } {
  const records: Stored[] = [];
  return {
    records,
    append: (type, payload) => void records.push({ type, payload: payload.slice() }),
    sync: () => {},
    startSegment: () => 1,
    dropSegmentsBefore: () => {},
    close: () => {},
  };
}

/** Not toEqual: a difference in 600 KB is nothing to print. */
function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

function read(records: readonly Stored[]): { entries: Entry[]; malformed: number } {
  const entries: Entry[] = [];
  const reader = new TransactionReader((entry) => entries.push(entry));
  for (const { type, payload } of records) reader.push(type, payload);
  return { entries, malformed: reader.malformed };
}

const time = (timeMs: number, cluster = "khab"): Entry => ({ k: "time", cluster, timeMs });
/** Three records: 600 KB in parts of 256 KiB. */
const long = (timeMs: number): Entry[] => [time(timeMs, "ü".repeat(300_000)), time(timeMs + 1)];

test("transactions come back whole and in order", () => {
  const journal = memory();
  const writer = new TransactionWriter(journal);
  const all = [[time(1), time(2)], long(3), [time(5, "line\nfeed \u2028 \0")]];
  const bytes = all.map((entries) => writer.write(entries));
  expect(journal.records.map(({ type }) => type)).toEqual([2, 1, 1, 2, 2]);
  expect(bytes[1]).toBeGreaterThan(600_000);
  expect(same(read(journal.records), { entries: all.flat(), malformed: 0 })).toBe(true);
});

test("an entry that ends with its part is no special case", () => {
  let split = false;
  for (let length = 262_050; length < 262_150; length++) {
    const journal = memory();
    const entries = [time(1, "x".repeat(length)), time(2)];
    new TransactionWriter(journal).write(entries);
    if (!same(read(journal.records).entries, entries)) throw new Error(`at length ${length}`);
    split ||= journal.records.length > 1;
  }
  expect(split).toBe(true);
});

describe("what is lost takes its whole transaction with it, and no other", () => {
  const journal = memory();
  const writer = new TransactionWriter(journal);
  for (const entries of [[time(1)], long(2), [time(9)]]) writer.write(entries);

  test.each([
    ["the end of the journal, at every record", [0, 1], [time(1)]],
    ["", [0, 1, 2], [time(1)]],
    ["the first part", [0, 2, 3, 4], [time(1), time(9)]],
    ["a middle part", [0, 1, 3, 4], [time(1), time(9)]],
    ["the last part", [0, 1, 2, 4], [time(1), time(9)]],
    ["the beginning", [2, 3, 4], [time(9)]],
    ["nothing", [0, 1, 2, 3, 4], [time(1), ...long(2), time(9)]],
  ])("%s %j", (_what, kept, expected) => {
    const records = kept.map((index) => journal.records[index] as Stored);
    expect(same(read(records), { entries: expected, malformed: 0 })).toBe(true);
  });

  test("a transaction that failed half way is passed over when it is written again", () => {
    const failing = memory();
    const half = new TransactionWriter({
      ...failing,
      append: (type, payload) => {
        if (failing.records.length === 2) throw new Error("disk full");
        failing.append(type, payload);
      },
    });
    expect(() => half.write(long(1))).toThrow("disk full");
    new TransactionWriter(failing).write([time(7)]);
    expect(read(failing.records)).toEqual({ entries: [time(7)], malformed: 0 });
  });
});

test("records that say nothing are counted", () => {
  const bytes = (text: string) => Uint8Array.from([...new Uint8Array(8), ...Buffer.from(text)]);
  const records = [
    { type: 7, payload: bytes("{}") },
    { type: 2, payload: new Uint8Array(7) },
    { type: 2, payload: bytes('not json\n[]\n{"k":5}\nnull\n{"k":"time","cluster":"c","timeMs":1}\n') },
    { type: 2, payload: bytes('{"k":"time","cluster":"c","timeMs":2}') },
  ];
  expect(read(records)).toEqual({ entries: [time(1, "c"), time(2, "c")], malformed: 6 });
});
