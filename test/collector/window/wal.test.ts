import { beforeEach, describe, expect, it } from "vitest";
import type { Collector } from "../../../collector/pipeline.js";
import { newHostFacts } from "../../../core/model/host.js";
import { diskError, type LogOperation, MemoryLogFiles } from "../../support/memory-log-files.js";
import { VirtualClock } from "../../support/virtual-clock.js";
import { directoryOf, makeCollector, makeFrame, meta } from "../support.js";

const S = 1_000;
const MINUTE = 60 * S;
const KEY = { cluster: "c", host: "h", metric: "m" };

let clock: VirtualClock;
let files: MemoryLogFiles;
let collector: Collector;
beforeEach(async () => {
  clock = new VirtualClock();
  files = new MemoryLogFiles();
  collector = makeCollector({ clock, files });
  await collector.start();
});

/** A frame each, two seconds apart, with one value. */
async function feed(of: Collector, ...values: number[]): Promise<void> {
  for (const value of values) {
    await clock.advance(2 * S);
    const timeMs = clock.nowMs();
    of.accept(makeFrame(directoryOf(of), { timeMs, cells: [["h", "m", value, timeMs]] }));
  }
}

/** All that the next process knows, after a kill. */
async function valuesAfterKill(disk = files.afterKill()): Promise<number[]> {
  const next = makeCollector({ clock, files: disk });
  await next.start();
  const answer = await next.history({ key: KEY, fromMs: 0, toMs: clock.nowMs() + 1 });
  await next.stop();
  return answer?.kind === "number" ? [...answer.values] : [];
}

const failing = (...operations: LogOperation[]) => {
  files.before = (operation) => {
    if (operations.includes(operation)) throw diskError("EIO");
  };
};
const mend = () => {
  files.before = () => {};
  files.freeBytes = Number.POSITIVE_INFINITY;
};
const segments = () => files.list().map((name) => Number(name.slice(7, 15)));

describe("a disk that refuses to write", () => {
  beforeEach(async () => {
    await feed(collector, 1, 2);
    files.freeBytes = 0;
    await feed(collector, 3, 4);
  });

  it("leaves the collector at work, not ready, and says since when", async () => {
    const since = new Date(clock.nowMs() - 2 * S).toISOString().slice(11, 16);
    expect(collector.health()).toMatchObject({
      ready: false,
      messages: [
        expect.stringMatching(
          new RegExp(
            `^log: cannot .* frames-0000000[12]\\.log: ENOSPC.*; frames since ${since} UTC are only in memory$`,
          ),
        ),
      ],
    });
    const answer = await collector.history({ key: KEY, fromMs: 0, toMs: clock.nowMs() + 1 });
    expect(answer).toMatchObject({ values: Float64Array.of(1, 2, 3, 4) });
  });

  it("costs what it said, if the process dies before the disk is mended", async () => {
    expect(await valuesAfterKill()).toEqual([1, 2]);
  });

  it("costs nothing once it is mended", async () => {
    await clock.advance(10 * S);
    mend();
    await clock.advance(S);
    expect(collector.health()).toMatchObject({ ready: true, messages: [] });
    expect(await valuesAfterKill()).toEqual([1, 2, 3, 4]);
    expect(await valuesAfterKill(files.afterPowerCut())).toEqual([1, 2, 3, 4]);
    await feed(collector, 5);
    expect(await valuesAfterKill()).toEqual([1, 2, 3, 4, 5]);
  });

  it("costs nothing whatever room there is meanwhile, and leaves no heap of files", async () => {
    for (let room = 0; room < 1_500; room += 7) {
      files.freeBytes = room;
      await clock.advance(S);
      expect(files.list().length).toBeLessThanOrEqual(3);
      if (collector.health().ready) break;
    }
    expect(collector.health().ready).toBe(true);
    expect(await valuesAfterKill()).toEqual([1, 2, 3, 4]);
  });

  it("is written again at the stop, if it can be", async () => {
    mend();
    await collector.stop();
    expect(await valuesAfterKill(files)).toEqual([1, 2, 3, 4]);
  });

  it("keeps the present of the frames it lacked", async () => {
    const directory = directoryOf(collector);
    directory.describeHost(directory.row("h"), { ...newHostFacts("h"), ip: "10.9.9.9" });
    mend();
    await clock.advance(S);
    const next = makeCollector({ clock, files: files.afterKill() });
    await next.start();
    const view = next.view("c");
    const column = view?.column(0);
    expect(column?.kind === "number" && [column.values[0], column.decimals[0]]).toEqual([4, 2]);
    expect([view?.directory.host(0)?.ip, view?.frameNumber, next.frameNumber]).toEqual(["10.9.9.9", 4, 4]);
  });
});

describe("a disk that fails otherwise", () => {
  it.each<[name: string, operations: LogOperation[]]>([
    ["write", ["write"]],
    ["write, and cannot take back", ["write", "truncate"]],
    ["sync", ["sync"]],
    ["sync and open", ["sync", "open"]],
    ["everything", ["write", "truncate", "sync", "open", "remove"]],
  ])("%s: nothing is missing and nothing twice when it works again", async (_name, operations) => {
    await feed(collector, 1, 2);
    failing(...operations);
    await feed(collector, 3, 4);
    await clock.advance(5 * S);
    expect(collector.health().ready).toBe(false);
    mend();
    await clock.advance(2 * S);
    await feed(collector, 5);
    expect(collector.health().ready).toBe(true);
    expect(await valuesAfterKill()).toEqual([1, 2, 3, 4, 5]);
  });

  it("logs again what a failed sync left in doubt", async () => {
    await feed(collector, 1);
    await clock.advance(S);
    await feed(collector, 2);
    failing("sync");
    await clock.advance(S);
    expect(collector.health().ready).toBe(false);
    mend();
    await clock.advance(2 * S);
    expect(await valuesAfterKill(files.afterPowerCut())).toEqual([1, 2]);
    const next = makeCollector({ clock, files: files.afterKill() });
    await next.start();
    expect(next.health().counters, "each frame once").toMatchObject({ replayedFrames: 2, windowFrames: 2 });
  });

  it("at the start does not keep the collector from working", async () => {
    await feed(collector, 1);
    await collector.stop();
    const disk = files.afterKill();
    disk.freeBytes = 0;
    const next = makeCollector({ clock, files: disk });
    await next.start();
    expect(next.health().ready).toBe(false);
    await feed(next, 2);
    disk.freeBytes = 1e6;
    await clock.advance(S);
    expect(next.health().ready).toBe(true);
    expect(await valuesAfterKill(disk.afterKill())).toEqual([1, 2]);
  });

  it("by not deleting says that the log grows", async () => {
    await feed(collector, 1);
    failing("remove");
    await clock.advance(71 * MINUTE);
    expect(collector.health()).toMatchObject({
      ready: true,
      messages: [expect.stringMatching(/^log: cannot delete frames-00000001\.log: EIO.*; the log grows$/)],
    });
    mend();
    await clock.advance(10 * MINUTE);
    expect(collector.health().messages).toEqual([]);
  });
});

describe("segments", () => {
  it("hold the window where there is no archive, no more", async () => {
    for (let i = 0; i < 130; i++) {
      await feed(collector, i);
      await clock.advance(58 * S);
    }
    const values = await valuesAfterKill();
    expect(values.at(-1)).toBe(129);
    expect(values.length).toBeGreaterThanOrEqual(60);
    expect(values.length).toBeLessThan(75);
    expect(segments().length).toBeLessThanOrEqual(8);
    expect(segments()[0]).toBeGreaterThan(1);
  });

  it("are not begun while nothing happens", async () => {
    await feed(collector, 1);
    await clock.advance(5 * 3_600 * S);
    expect(segments()).toEqual([2]);
  });

  it("end at their length, and each can be understood alone", async () => {
    const small = makeCollector({ clock, files, tuning: { segmentBytesMax: 2_000 } });
    await small.start();
    const directory = directoryOf(small);
    directory.describeMetric(directory.row("h"), directory.column("m", "number"), meta("m", { units: "C" }));
    await feed(small, ...Array.from({ length: 100 }, (_, i) => i));
    expect(segments().length).toBeGreaterThan(2);
    const last = new MemoryLogFiles();
    const name = files.list().at(-1) as string;
    last.put(name, files.bytesOf(name));
    const next = makeCollector({ clock, files: last });
    await next.start();
    expect(next.view("c")?.directory.meta(0, 0)?.units).toBe("C");
    const column = next.view("c")?.column(0);
    expect(column?.kind === "number" && column.values[0]).toBe(99);
    expect(await valuesAfterKill()).toEqual(Array.from({ length: 100 }, (_, i) => i));
  });

  it("tell only of frames that are logged too, when they begin", async () => {
    const small = makeCollector({ clock, files, tuning: { segmentBytesMax: 500 } });
    await small.start();
    await feed(small, ...Array.from({ length: 30 }, (_, i) => i));
    // Whatever the log is cut to, the present is that of the last whole frame.
    const name = files.list().at(-1) as string;
    const bytes = files.bytesOf(name);
    for (let length = bytes.length; length > 12; length -= 5) {
      const disk = files.afterKill();
      disk.put(name, bytes.slice(0, length));
      const next = makeCollector({ clock, files: disk });
      await next.start();
      const column = next.view("c")?.column(0);
      const held = column?.kind === "number" ? column.values[0] : undefined;
      expect(held, `cut at ${length}`).toBe((await valuesAfterKill(disk)).at(-1));
      await next.stop();
    }
  });
});
