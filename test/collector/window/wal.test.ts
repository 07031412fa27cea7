import { beforeEach, describe, expect, it } from "vitest";
import { AllNews } from "../../../collector/frame-news.js";
import type { Collector } from "../../../collector/pipeline.js";
import { CellsEncoder, encodeJson } from "../../../collector/window/log-records.js";
import { LogReplay } from "../../../collector/window/log-replay.js";
import { RecordLog } from "../../../core/base/record-log.js";
import { ClusterDirectory, NONE } from "../../../core/model/directory.js";
import { NO_CLUSTER_FACTS, newHostFacts } from "../../../core/model/host.js";
import { diskError, type LogOperation, MemoryLogFiles } from "../../support/memory-log-files.js";
import { SlowClock } from "../../support/slow-clock.js";
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

describe("a disk that refused for long", () => {
  const MISSED = Array.from({ length: 40 }, (_, i) => i + 3);
  let slow: SlowClock;
  beforeEach(async () => {
    slow = new SlowClock();
    clock = slow;
    collector = makeCollector({ clock, files });
    await collector.start();
    await feed(collector, 1, 2);
    files.freeBytes = 0;
    await feed(collector, ...MISSED);
    slow.costMs = 5;
    mend();
  });

  /** Lets the log have its turns until the condition holds. @returns most frames written in a turn */
  async function turnsUntil(done: () => boolean): Promise<number> {
    let most = 0;
    for (let turn = 0; !done(); turn++) {
      if (turn > 10_000) throw new Error("the log never gets there");
      let frames = 0;
      files.before = (operation, _name, bytes) => {
        // Type 5, behind mark, length and checksum: a late frame; 4: any other.
        if (operation === "write" && (bytes?.[12] === 5 || bytes?.[12] === 4)) frames++;
      };
      await clock.advance(1);
      most = Math.max(most, frames);
    }
    return most;
  }
  const isReady = () => collector.health().ready;
  const late = (count: number) => [1, 2, ...MISSED.slice(0, count)];

  it("gets what it missed a frame at a time, and everybody else has his turn in between", async () => {
    expect(await turnsUntil(isReady)).toBe(1);
    expect(await valuesAfterKill()).toEqual([1, 2, ...MISSED]);
    expect(await valuesAfterKill(files.afterPowerCut())).toEqual([1, 2, ...MISSED]);
  });

  it("keeps what came meanwhile, in order, in the present too", async () => {
    const recordsOf = () => [...files.files.values()].reduce((sum, { bytes }) => sum + bytes.length, 0);
    const before = recordsOf();
    await turnsUntil(() => recordsOf() > before + 1_000);
    expect(isReady()).toBe(false);
    const timeMs = clock.nowMs();
    collector.accept(makeFrame(directoryOf(collector), { timeMs, cells: [["h", "m", 100, timeMs]] }));
    await clock.advance(1);
    expect(isReady()).toBe(false);
    slow.costMs = 0;
    await clock.advance(S);
    expect(isReady()).toBe(true);
    const disk = files.afterKill();
    expect(await valuesAfterKill(disk)).toEqual([1, 2, ...MISSED, 100]);
    const next = makeCollector({ clock, files: disk.afterKill() });
    await next.start();
    const column = next.view("c")?.column(0);
    expect(column?.kind === "number" && column.values[0]).toBe(100);
  });

  it("loses nothing that it had before, and not what it has got again, if the process dies meanwhile", async () => {
    let most = 0;
    while (!isReady()) {
      await clock.advance(3);
      const values = await valuesAfterKill(files.afterKill());
      expect(values).toEqual(late(values.length - 2));
      expect(values.length).toBeGreaterThanOrEqual(most);
      most = values.length;
    }
    expect(most).toBe(42);
  });

  it("that fails again half way begins anew some seconds later, and leaves its room to others meanwhile", async () => {
    await turnsUntil(() => files.list().length === 3);
    files.freeBytes = 600;
    await turnsUntil(() => files.list().length === 2);
    expect(isReady()).toBe(false);
    mend();
    slow.costMs = 0;
    await clock.advance(9 * S);
    expect(isReady()).toBe(false);
    await clock.advance(2 * S);
    expect(isReady()).toBe(true);
    expect(await valuesAfterKill()).toEqual([1, 2, ...MISSED]);
  });

  it("does not bring back a host that left meanwhile", async () => {
    slow.costMs = 0;
    files.freeBytes = 0;
    await feed(collector, ...Array.from({ length: 150 }, (_, i) => 100 + i));
    const directory = directoryOf(collector);
    const hear = (host: string, dmaxS: number) => {
      const timeMs = clock.nowMs();
      directory.describeHost(directory.row(host), { ...newHostFacts(host), dmaxS });
      collector.accept(makeFrame(directory, { timeMs, heard: [[host, timeMs]] }));
    };
    const isThere = (host: string) => (collector.view("c")?.reportedMs[directory.findRow(host)] ?? 0) > 0;
    // Hosts are looked at every 10 s now; the log begins to catch up within a second before that, and needs two.
    hear("pace", 1);
    await turnsUntil(() => !isThere("pace"));
    hear("x", 9);
    await clock.advance(8.9 * S);
    expect(isThere("x")).toBe(true);
    mend();
    slow.costMs = 5;
    await turnsUntil(() => !isThere("x"));
    expect(isReady()).toBe(false);
    await turnsUntil(isReady);
    const next = makeCollector({ clock, files: files.afterKill() });
    await next.start();
    const row = next.view("c")?.directory.findRow("x") ?? NONE;
    expect(row === NONE || next.view("c")?.reportedMs[row] === 0).toBe(true);
    expect(next.view("c")?.reportedMs[0]).toBeGreaterThan(0);
  });

  it("is given all of it at the stop", async () => {
    slow.costMs = 0;
    await collector.stop();
    expect(await valuesAfterKill(files)).toEqual([1, 2, ...MISSED]);
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

describe("a damaged record in the middle of a segment", () => {
  /** Records of the only segment that is left: begin, end, type. */
  function records(disk: MemoryLogFiles): { begin: number; end: number; type: number }[] {
    const bytes = disk.bytesOf(disk.list().at(-1) as string);
    const view = new DataView(bytes.buffer);
    const found = [];
    for (let begin = 16; begin < bytes.length; ) {
      const end = begin + 13 + view.getUint32(begin + 4, true);
      found.push({ begin, end, type: view.getUint8(begin + 12) });
      begin = end;
    }
    return found;
  }

  function damage(at: number): MemoryLogFiles {
    const disk = files.afterKill();
    const name = disk.list().at(-1) as string;
    const bytes = disk.bytesOf(name);
    bytes[at] = (bytes[at] as number) ^ 0x10;
    disk.put(name, bytes);
    return disk;
  }

  const FRAME = 4;
  const DIRECTORY = 2;

  it("costs that frame, no other, and is told of", async () => {
    await feed(collector, 1, 2, 3, 4, 5);
    const frames = records(files).filter(({ type }) => type === FRAME);
    expect(frames).toHaveLength(5);
    for (const [i, { begin, end }] of frames.entries()) {
      for (const at of [begin, begin + 5, begin + 9, begin + 12, begin + 20, end - 1]) {
        const expected = [1, 2, 3, 4, 5].filter((value) => value !== i + 1);
        expect(await valuesAfterKill(damage(at)), `frame ${i + 1}, byte ${at}`).toEqual(expected);
      }
    }
    const next = makeCollector({ clock, files: damage((frames[2]?.begin ?? 0) + 30) });
    await next.start();
    expect(next.health().counters["logTornBytes"]).toBe((frames[2]?.end ?? 0) - (frames[2]?.begin ?? 0));
  });

  it("with names costs the frames that rely on it, and gives none a wrong name", async () => {
    const at = async (...cells: (readonly [string, string, number])[]) => {
      await clock.advance(2 * S);
      const timeMs = clock.nowMs();
      collector.accept(
        makeFrame(directoryOf(collector), { timeMs, cells: cells.map((cell) => [...cell, timeMs] as const) }),
      );
    };
    await at(["h", "m", 1]);
    await at(["h", "m", 2], ["late", "m", 20]);
    await at(["h", "m", 3], ["late", "m", 30], ["h", "later", 300]);
    const named = records(files).filter(({ type }) => type === DIRECTORY);
    const second = named.at(-3) as { begin: number };
    const disk = damage(second.begin + 40);
    expect(await valuesAfterKill(disk)).toEqual([1]);
    const next = makeCollector({ clock, files: disk });
    await next.start();
    const answer = await next.history({ key: { ...KEY, host: "late" }, fromMs: 0, toMs: clock.nowMs() + 1 });
    expect(answer).toBeUndefined();
  });

  it("at the beginning of a segment does not lend it the numbers of the one before", () => {
    const directory = new ClusterDirectory("c");
    const taken: number[] = [];
    const replay = new LogReplay({
      directory: () => directory,
      present: () => {},
      taken: (frame) => taken.push(frame.count),
      late: () => {},
    });
    const frame = makeFrame(new ClusterDirectory("logged"), { timeMs: 1, cells: [["h", "m", 1, 1]] });
    const cells = (number: number) =>
      new CellsEncoder().encode({ cluster: 0, number, timeMs: 1, names: 1 }, frame, new AllNews().of(frame));
    const column = { column: 0, name: "m", kind: "number", common: null, own: [] } as const;
    const names = {
      id: 0,
      name: "c",
      facts: NO_CLUSTER_FACTS,
      hosts: [[0, newHostFacts("h")]],
      columns: [column],
    } as const;
    replay.onRecord(2, encodeJson(names), 1);
    replay.onRecord(4, cells(1), 1);
    // Its checkpoint and its names could not be read.
    replay.onRecord(4, cells(2), 2);
    expect([taken, replay.unknownCells]).toEqual([[1], 1]);
    expect(replay.faults).toEqual(["frame 2: names that it relies on are lost"]);
  });
});

it("a log of the first version is refused with a word on what to do", async () => {
  const old = new MemoryLogFiles();
  const { log } = RecordLog.open(old, { prefix: "frames", segmentBytesMax: 1e6 }, () => {});
  log.append(1, new TextEncoder().encode('{"frame":0}'));
  log.close();
  await expect(makeCollector({ clock, files: old }).start()).rejects.toThrow(
    "reading the frame log: it has version 1, this program reads version 2; move the directory of frames away",
  );
});
