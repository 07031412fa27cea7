import { beforeEach, describe, expect, test } from "vitest";
import type { SeriesBatch } from "../../../core/model/archive.js";
import type { MemoryData } from "../../../storage/memory/memory-archive.js";
import { SampleQueue } from "../../../storage/queue/sample-queue.js";
import { CatchUpArchive } from "../../../storage/several/catch-up-archive.js";
import { archiveContract } from "../../contract/archive-contract.js";
import { until } from "../../support/loopback.js";
import { MemoryLogFiles } from "../../support/memory-log-files.js";
import { VirtualClock } from "../../support/virtual-clock.js";
import { KeptLog } from "../support/sqlite.js";
import { FakeStore } from "./support.js";

const KEY = { cluster: "khab", host: "n1", metric: "load_one" };
const ALL = { key: KEY, fromMs: 0, toMs: 9e12 };

function batch(...timesMs: number[]): SeriesBatch {
  const times = Float64Array.from(timesMs);
  return { key: KEY, type: "float", units: "", series: { kind: "number", timesMs: times, values: times.slice() } };
}

let clock: VirtualClock;
let log: KeptLog;
let files: MemoryLogFiles;
let store: FakeStore;

beforeEach(() => {
  clock = new VirtualClock();
  log = new KeptLog();
  files = new MemoryLogFiles();
  store = new FakeStore();
});

function open(over = store, of = files): CatchUpArchive {
  const backlog = new SampleQueue({ files: of, bytesMax: 2 ** 20, clock, log, name: "test" });
  return new CatchUpArchive({ store: over, backlog, clock, log });
}

const timesIn = async (archive: { read: FakeStore["read"] }) => [...((await archive.read(ALL))?.timesMs ?? [])];
const waiting = (archive: CatchUpArchive) => archive.health().counters["backlogSamples"];

for (const failing of [false, true]) {
  archiveContract(failing ? "a store that fails every other time, catching up" : "a store with a backlog", async () => {
    const data: MemoryData = new Map();
    const files = new MemoryLogFiles();
    const clock = new VirtualClock();
    const log = new KeptLog();
    const openOne = () => {
      const store = new FakeStore({}, data);
      if (failing) {
        const append = store.append.bind(store);
        store.append = async (batches) => {
          if (store.appends++ % 2 === 0) throw new Error("not this time");
          await append(batches);
          store.appends--;
        };
      }
      const backlog = new SampleQueue({ files, bytesMax: 2 ** 30, clock, log, name: "test" });
      return new CatchUpArchive({ store, backlog, clock, log });
    };
    let newest = openOne();
    const settle = async () => {
      while (waiting(newest) !== 0) await clock.advance(60_000);
    };
    return {
      archive: newest,
      isFailing: failing,
      ...(failing && { settle }),
      reopen: async () => {
        newest = openOne();
        await settle();
        return newest;
      },
      cleanup: () => newest.close(),
    };
  });
}

test("in good times the backlog is not touched", async () => {
  const archive = open();
  await archive.append([batch(1, 2)]);
  expect(files.list()).toEqual([]);
  expect(await timesIn(store)).toEqual([1, 2]);
  await archive.close();
});

test("what a failing store cannot take waits, in order, and is given once it can", async () => {
  const archive = open();
  store.fault = new Error("disk full");
  await archive.append([batch(1)]);
  await archive.append([batch(2)]);
  expect(archive.health()).toMatchObject({ message: "disk full; 2 samples wait", counters: { backlogSamples: 2 } });
  await clock.advance(3_000);
  store.fault = undefined;
  await archive.append([batch(3)]);
  expect(waiting(archive)).toBe(3);
  await clock.advance(4_000);
  expect(await timesIn(store)).toEqual([1, 2, 3]);
  expect(archive.health().message).toBe("");
  await archive.append([batch(4)]);
  expect(await timesIn(store)).toEqual([1, 2, 3, 4]);
  expect(log.lines).toEqual([
    "warn memory cannot take samples, they wait in its backlog: disk full",
    "info memory has caught up after 7s",
  ]);
  await archive.close();
  expect(clock.pendingTimers).toBe(0);
});

test("the end of a spill comes after its samples, and not while older ones wait", async () => {
  const archive = open();
  await archive.append([batch(1)]);
  await archive.endSpill([]);
  store.fault = new Error("gone");
  await archive.append([batch(2)]);
  await expect(archive.endSpill([])).rejects.toThrow("memory is still given older samples");
  store.fault = undefined;
  await clock.advance(2_000);
  await archive.endSpill([]);
  expect([store.ends, await timesIn(store)]).toEqual([
    [0, 0],
    [1, 2],
  ]);
  await archive.close();
});

test("a process later it is given too", async () => {
  const before = open();
  store.fault = new Error("gone");
  await before.append([batch(1, 2)]);
  await before.close();
  const next = new FakeStore();
  const archive = open(next, files.afterKill());
  await until(() => waiting(archive) === 0);
  expect(await timesIn(next)).toEqual([1, 2]);
  await archive.close();
});

test("a store that hangs counts as failing after a minute; what it took after all is there once", async () => {
  const archive = open();
  let open_: () => void = () => {};
  store.gate = new Promise((resolve) => {
    open_ = resolve;
  });
  const given = batch(1);
  const appended = archive.append([given]);
  await clock.advance(60_000);
  await appended;
  expect(waiting(archive)).toBe(1);
  // The giver's again, while the store has not looked at it yet.
  given.series.timesMs.fill(7);
  open_();
  await clock.advance(2_000);
  expect(waiting(archive)).toBe(0);
  expect(await timesIn(store)).toEqual([1]);
  await archive.close();
});

describe("neither store nor backlog", () => {
  test("append rejects, nothing of it stays; given again it is there", async () => {
    const archive = open();
    store.fault = new Error("disk full");
    files.freeBytes = 0;
    await expect(archive.append([batch(1)])).rejects.toMatchObject({ code: "storage-full" });
    store.fault = undefined;
    await archive.append([batch(1)]);
    expect(await timesIn(store)).toEqual([1]);
    await archive.close();
  });
});
