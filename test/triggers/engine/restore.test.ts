/** A start without its journal goes on from the store: nobody is told twice, nothing is forgotten. */
import { describe, expect, test } from "vitest";
import { eventKeeper } from "../../../collector/bin/event-history.js";
import type { StateChanges, StateRow } from "../../../core/model/kept-state.js";
import { MemoryEventStore, MemoryEvents } from "../../../storage/memory/memory-event-store.js";
import type { EventSink } from "../../../triggers/engine/event-feed.js";
import { MemoryLogFiles } from "../../support/memory-log-files.js";
import { deferred, Harness, type HarnessOptions, refused, START_MS } from "../support/harness.js";
import { TestTable } from "../support/table.js";

const hot = { name: "hot", when: "x > 70", notify: ["ops"] };
const slow = { name: "slow", when: "x > 70", for: "60s", notify: ["ops"] };
const drain = { drain: { run: ["/bin/drain", "{{host}}"] } };

/** An engine whose events and states are kept in `data`. */
async function kept(options: Partial<HarnessOptions> = {}): Promise<{ h: Harness; data: MemoryEvents }> {
  const data = new MemoryEvents();
  const h = await Harness.started({ triggers: [hot], eventSink: keeperOf(data), ...options });
  return { h, data };
}

function keeperOf(data: MemoryEvents): EventSink {
  return eventKeeper(new MemoryEventStore(data));
}

/** Killed, and what was written of the journal is gone. */
const withoutJournal = (h: Harness, changes: Partial<HarnessOptions> = {}) =>
  h.killed({ files: new MemoryLogFiles(), ...changes });

const rowsOf = (data: MemoryEvents): StateRow[] => [...data.states.values()].map(({ row }) => row);
/** "firing hot node1" */
const statesOf = (data: MemoryEvents) =>
  rowsOf(data)
    .filter(({ kind }) => kind !== "judged")
    .map(({ kind, trigger, host, task }) => `${kind} ${trigger} ${host}${task && ` ${task}`}`)
    .sort();

describe("the store is told", () => {
  test("what is pending, firing and under way, and that it is over", async () => {
    const { h, data } = await kept({ triggers: [hot, slow] });
    await h.frame(0, { node1: 10 });
    expect(rowsOf(data)).toEqual([]);
    await h.frame(15, { node1: 90 });
    expect(statesOf(data)).toEqual(["firing hot node1", "pending slow node1"]);
    expect(rowsOf(data).find(({ kind }) => kind === "firing")).toMatchObject({
      cluster: "khab",
      timeMs: START_MS + 15_000,
      json: expect.stringContaining('"told":[["ops","1-run1-fired-ops"]]'),
    });
    h.ops.answer = deferred;
    await h.frame(30, { node1: 10 });
    expect(statesOf(data)).toEqual(["notice hot  1-run1-resolved-ops"]);
    h.ops.answer = (_notice, recipients) => ({ delivered: recipients, refused: [], deferred: [] });
    await h.clock.advance(10_000);
    expect(statesOf(data)).toEqual([]);
  });

  test("states together with the events that changed them", async () => {
    const given: { events: string[]; changes: StateChanges }[] = [];
    const data = new MemoryEvents();
    const keeper = keeperOf(data);
    const eventSink: EventSink = {
      ...keeper,
      append: () => expect.unreachable("events without states"),
      states: {
        ...(keeper.states as Required<EventSink>["states"]),
        append: async (events, changes) => {
          given.push({ events: events.map(({ kind }) => kind), changes });
          return (await keeper.states?.append(events, changes)) === true;
        },
      },
    };
    const { h } = await kept({ eventSink });
    expect(given).toMatchObject([{ events: [], changes: { step: "last", rows: [] } }]);
    await h.frame(0, { node1: 90 });
    expect(given[1]).toMatchObject({ events: ["fired"], changes: { step: "change", edition: "run1-1" } });
    expect(given[1]?.changes.rows.map(({ kind }) => kind).sort()).toEqual(["firing", "judged", "notice"]);
    expect(given[2]).toMatchObject({ events: ["notice-sent"], changes: { gone: [{ task: "1-run1-fired-ops" }] } });
    await h.frame(15, { node1: 95 });
    expect(given).toHaveLength(3);
  });

  test("nothing that the journal does not have", async () => {
    const { h, data } = await kept();
    h.files.freeBytes = 0;
    await h.frame(0, { node1: 90 });
    expect([...data.events.keys(), ...statesOf(data)]).toEqual([]);
    h.files.freeBytes = Number.POSITIVE_INFINITY;
    await h.clock.advance(10_000);
    expect(statesOf(data)).toEqual(["firing hot node1"]);
  });

  test("the time of a cluster with something pending once a minute, of others not", async () => {
    const { h, data } = await kept({ triggers: [{ ...slow, for: "1h" }] });
    const judged = () => rowsOf(data).find(({ kind }) => kind === "judged");
    for (let atS = 0; atS < 120; atS += 5) await h.frame(atS, { node1: 10 });
    expect(judged()).toBeUndefined();
    const told: number[] = [];
    for (let atS = 120; atS < 360; atS += 5) {
      await h.frame(atS, { node1: 90 });
      told.push((Number(judged()?.timeMs) - START_MS) / 1_000);
    }
    expect([...new Set(told)]).toEqual([120, 180, 240, 300]);
  });

  test("everything anew when its file is a new one, events included", async () => {
    const { h, data } = await kept();
    await h.frame(0, { node1: 90 });
    data.edition = "";
    data.events.clear();
    data.states.clear();
    await h.frame(15, { node2: 90 });
    expect(statesOf(data)).toEqual(["firing hot node1", "firing hot node2"]);
    expect([...data.events.keys()].sort()).toEqual([1, 2, 3, 4]);
  });

  test("what it missed while it failed", async () => {
    const data = new MemoryEvents();
    const keeper = keeperOf(data);
    let fails = false;
    const eventSink: EventSink = {
      ...keeper,
      states: {
        ...(keeper.states as Required<EventSink>["states"]),
        append: async (events, changes) => {
          if (fails) throw new Error("archive is busy");
          return (await keeper.states?.append(events, changes)) === true;
        },
      },
    };
    const { h } = await kept({ eventSink });
    await h.frame(0, { node1: 90, node2: 90 });
    fails = true;
    await h.frame(15, { node1: 10, node3: 90 });
    expect(statesOf(data)).toEqual(["firing hot node1", "firing hot node2"]);
    fails = false;
    await h.clock.advance(10_000);
    expect(statesOf(data)).toEqual(["firing hot node2", "firing hot node3"]);
  });

  test("thousands of rows, in parts", async () => {
    const { h, data } = await kept({ table: new TestTable("khab", 8_192), triggers: [{ ...slow, for: "1h" }] });
    const hosts: Record<string, number> = {};
    for (let i = 0; i < 5_000; i++) hosts[`node${i}`] = 90;
    await h.frame(60, hosts);
    expect(statesOf(data)).toHaveLength(5_000);
    const again = await withoutJournal(h);
    expect(again.alerts).toHaveLength(5_000);
    await again.clock.advance(0);
    expect(statesOf(data)).toHaveLength(5_000);
    expect(data.edition).toBe("run2-1");
  });
});

/** Of a journal of version 1 nothing behind the first damage is believed. */
const garbage = (files: MemoryLogFiles, fromByte: number) => {
  const name = files.list().at(-1) as string;
  const bytes = files.bytesOf(name);
  files.put(name, bytes.fill(0x5a, fromByte));
  return files;
};
const losses: [name: string, lose: (files: MemoryLogFiles) => MemoryLogFiles][] = [
  ["deleted", () => new MemoryLogFiles()],
  [
    "empty",
    (files) => {
      for (const name of files.list()) files.put(name, new Uint8Array(0));
      return files;
    },
  ],
  [
    "noughts",
    (files) => {
      for (const name of files.list()) files.put(name, new Uint8Array(files.bytesOf(name).length));
      return files;
    },
  ],
  ["scribbled over", (files) => garbage(files, 12)],
  ["scribbled over from its middle on", (files) => garbage(files, 600)],
  [
    "cut in the middle of its first record",
    (files) => {
      const name = files.list()[0] as string;
      files.put(name, files.bytesOf(name).subarray(0, 30));
      return files;
    },
  ],
];

describe.each(losses)("after the journal was %s", (_, lose) => {
  const lost = (h: Harness, changes: Partial<HarnessOptions> = {}) =>
    h.killed({ files: lose(h.files.afterKill()), ...changes });

  test("nobody is told again, and everybody that it is over", async () => {
    const { h } = await kept({ triggers: [{ ...hot, severity: "critical" }] });
    await h.frame(0, { node1: 90, node2: 90 });
    await h.frame(15, { node2: 10 });
    expect(h.ops.told).toEqual(["fired hot node1,node2", "resolved hot node2"]);
    const before = h.engine.alerts();
    const again = await lost(h);
    expect(again.engine.alerts()).toEqual(before.map((alert) => ({ ...alert, evidence: "x = 90" })));
    await again.frame(30, { node1: 95, node2: 10 });
    await again.clock.advance(600_000);
    expect(again.ops.told).toHaveLength(2);
    await again.frame(700, { node1: 10 });
    expect(again.ops.told).toEqual(["fired hot node1,node2", "resolved hot node2", "resolved hot node1"]);
    expect(again.ops.attempts[2]?.items[0]).toMatchObject({
      episode: "1-run1",
      problem: "1-run1-fired-ops",
      activeAtMs: START_MS,
      firedAtMs: START_MS,
    });
  });

  test("the next start has a journal again and goes by it", async () => {
    const { h, data } = await kept();
    await h.frame(0, { node1: 90 });
    const again = await lost(h);
    data.states.clear();
    const third = await again.killed();
    expect(third.alerts).toEqual(["firing hot node1"]);
  });

  test("numbers go on behind those that the store has, in one row", async () => {
    const { h, data } = await kept();
    await h.frame(0, { node1: 90 });
    const again = await lost(h);
    await again.frame(15, { node1: 10 });
    await again.clock.advance(0);
    expect([...data.events.values()].map(({ sequence, kind }) => `${sequence} ${kind}`)).toEqual([
      "1 fired",
      "2 notice-sent",
      "3 resolved",
      "4 notice-sent",
    ]);
  });
});

describe("without a journal", () => {
  test("a mail that was not confirmed goes out under the same number; the news of an end too", async () => {
    const { h } = await kept();
    h.ops.answer = deferred;
    await h.frame(0, { node1: 90 });
    await h.frame(15, { node2: 90 });
    const again = await withoutJournal(h);
    again.ops.answer = (_notice, recipients) => ({ delivered: recipients, refused: [], deferred: [] });
    again.ops.attempts.length = 0;
    await again.frame(30, { node1: 90, node2: 90 });
    expect(again.ops.attempts.map(({ id }) => id)).toEqual(["1-run1-fired-ops", "2-run1-fired-ops"]);
    again.ops.answer = deferred;
    await again.frame(45, { node1: 10 });
    const third = await withoutJournal(again);
    third.ops.answer = (_notice, recipients) => ({ delivered: recipients, refused: [], deferred: [] });
    third.ops.attempts.length = 0;
    await third.frame(60, { node1: 10, node2: 90 });
    expect(third.ops.told).toEqual(["resolved hot node1"]);
  });

  test("who was not told of the beginning is not told of the end", async () => {
    const { h } = await kept();
    h.ops.answer = refused;
    await h.frame(0, { node1: 90 });
    const again = await withoutJournal(h);
    await again.frame(15, { node1: 10 });
    expect(again.ops.told).toEqual(["fired hot node1"]);
  });

  test("what is pending has waited as long as the store was told, not longer", async () => {
    const { h } = await kept({ triggers: [{ ...slow, for: "100s" }] });
    for (const atS of [0, 30, 60, 80]) await h.frame(atS, { node1: 90 });
    await h.clock.advance(500_000);
    const again = await withoutJournal(h);
    // The store heard of second 60: forty seconds are left.
    await again.frame(600, { node1: 90 });
    expect(again.engine.alerts()).toMatchObject([{ state: "pending", activeAtMs: START_MS + 540_000 }]);
    await again.frame(639, { node1: 90 });
    expect(again.alerts).toEqual(["pending slow node1"]);
    await again.frame(640, { node1: 90 });
    expect(again.alerts).toEqual(["firing slow node1"]);
  });

  test("a command is not run again, and one that had not ended is told to be unknown", async () => {
    const { h } = await kept({ triggers: [{ ...hot, run: ["drain"] }], commands: drain });
    await h.frame(0, { node1: 90 });
    h.programs.endAtOnce = false;
    await h.frame(15, { node2: 90 });
    expect(h.programs.started).toHaveLength(2);
    const again = await withoutJournal(h);
    await again.frame(30, { node1: 90, node2: 90 });
    expect(again.programs.started).toHaveLength(2);
    expect(again.events.filter((event) => event.startsWith("command"))).toEqual(["command-unknown hot node2"]);
    expect(again.alerts).toEqual(["firing hot node1", "firing hot node2"]);
  });

  test("what the configuration does not speak of any more is closed, as with a journal", async () => {
    const { h } = await kept({ triggers: [hot, slow] });
    await h.frame(0, { node1: 90 });
    const again = await withoutJournal(h, { triggers: [{ ...hot, when: "x > 80" }] });
    await again.clock.advance(400_000);
    expect(again.alerts).toEqual([]);
    expect(again.ops.told).toEqual(["fired hot node1", "closed hot node1"]);
  });

  test("and without a store everything begins anew", async () => {
    const { h } = await kept();
    await h.frame(0, { node1: 90 });
    const again = await withoutJournal(h, { eventSink: keeperOf(new MemoryEvents()) });
    await again.frame(15, { node1: 90 });
    expect(again.ops.told).toEqual(["fired hot node1", "fired hot node1"]);
  });

  test("a row that says nothing is passed over", async () => {
    const { h, data } = await kept();
    await h.frame(0, { node1: 90, node2: 90, node3: 90 });
    for (const [key, { edition, row }] of [...data.states]) {
      const json = { node2: "{", node3: '{"k":"fired"}' }[row.host];
      if (json !== undefined) data.states.set(key, { edition, row: { ...row, json } });
    }
    const again = await withoutJournal(h);
    expect(again.alerts).toEqual(["firing hot node1"]);
  });

  test("a store that cannot be read keeps nobody from judging", async () => {
    const keeper = keeperOf(new MemoryEvents());
    const read = async () => {
      throw new Error("database disk image is malformed");
    };
    const eventSink = { ...keeper, lastSequence: read };
    const { h } = await kept({ eventSink });
    await h.frame(0, { node1: 90 });
    const again = await h.killed();
    expect(again.alerts).toEqual(["firing hot node1"]);
    expect(again.ops.told).toEqual(["fired hot node1"]);
  });
});

describe("with a journal", () => {
  test("the journal counts, whatever the store says", async () => {
    const { h, data } = await kept();
    await h.frame(0, { node1: 90 });
    const older = structuredClone(data.states);
    await h.frame(15, { node1: 10, node2: 90 });
    data.states.clear();
    for (const [key, row] of older) data.states.set(key, row);
    const again = await h.killed();
    expect(again.alerts).toEqual(["firing hot node2"]);
    await again.clock.advance(0);
    expect(statesOf(data)).toEqual(["firing hot node2"]);
  });

  test("that a power cut has shortened, the store knows more, and its word counts", async () => {
    const { h } = await kept();
    await h.frame(0, { node1: 90 });
    await h.clock.advance(2_000);
    await h.frame(15, { node2: 90 });
    const files = h.files.afterPowerCut();
    expect(h.ops.told).toHaveLength(2);
    const again = await h.killed({ files });
    await again.frame(30, { node1: 90, node2: 90 });
    expect(again.ops.told).toHaveLength(2);
    expect(again.alerts).toEqual(["firing hot node1", "firing hot node2"]);
  });

  test("beside a history of another installation, the journal counts", async () => {
    const other = await kept();
    for (let i = 0; i < 9; i++) await other.h.frame(i * 15, { [`other${i}`]: 90 });
    const { h } = await kept();
    await h.frame(0, { node1: 90 });
    const again = await h.killed({ eventSink: keeperOf(other.data) });
    expect(again.alerts).toEqual(["firing hot node1"]);
    await again.frame(15, { node1: 10 });
    // Behind the other one's numbers, so that its events and ours both are kept.
    expect(again.allEvents.at(-1)?.sequence).toBe(20);
  });

  test("whose end is torn, and which is as new as the store: the journal counts", async () => {
    const { h, data } = await kept({ triggers: [hot, slow] });
    await h.frame(0, { node1: 90 });
    const files = h.files.afterKill();
    const name = files.list().at(-1) as string;
    files.put(name, Uint8Array.from([...files.bytesOf(name), 9, 9, 9]));
    const [key] = [...data.states.keys()].filter((text) => text.includes("slow"));
    data.states.delete(key as string);
    const again = await h.killed({ files });
    expect(again.alerts.sort()).toEqual(["firing hot node1", "pending slow node1"]);
  });

  test("that lost what was pending last: the store judged later, and its word counts", async () => {
    const { h, data } = await kept({ triggers: [hot, { ...slow, when: "x > 50", for: "1h" }] });
    await h.frame(0, { node1: 90 });
    const before = h.files.afterKill();
    await h.frame(70, { node1: 90, node2: 60 });
    // No event has told of node2, so only the time tells who is newer.
    expect(data.events.size).toBe(2);
    expect(statesOf(data)).toContain("pending slow node2");
    const name = before.list().at(-1) as string;
    before.put(name, Uint8Array.from([...before.bytesOf(name), 9, 9, 9]));
    const again = await h.killed({ files: before });
    expect(again.alerts.sort()).toEqual(["firing hot node1", "pending slow node1", "pending slow node2"]);
  });

  test("what is pending is told to the store with the next event, or within a minute", async () => {
    const { h, data } = await kept({ triggers: [hot, { ...slow, when: "x > 50", for: "1h" }] });
    await h.frame(1, { node1: 60 });
    await h.frame(16, { node1: 10, node2: 60 });
    expect(statesOf(data)).toEqual([]);
    await h.frame(31, { node3: 90 });
    expect(statesOf(data)).toEqual(["firing hot node3", "pending slow node2", "pending slow node3"]);
    await h.frame(46, { node4: 60 });
    await h.frame(61, { node4: 60 });
    expect(statesOf(data)).toHaveLength(3);
    await h.frame(91, { node4: 60 });
    expect(statesOf(data)).toContain("pending slow node4");
  });
});
