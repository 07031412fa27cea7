import { beforeEach, describe, expect, it } from "vitest";
import type { Collector } from "../../collector/pipeline.js";
import { LogFormatError } from "../../core/base/record-log.js";
import type { ClusterView } from "../../core/model/columns.js";
import type { Frame } from "../../core/model/frame.js";
import { newHostFacts } from "../../core/model/host.js";
import { diskError, MemoryLogFiles } from "../support/memory-log-files.js";
import { VirtualClock } from "../support/virtual-clock.js";
import { type Cell, directoryOf, makeCollector, makeFrame, meta } from "./support.js";

const S = 1_000;
const MINUTE = 60 * S;

let clock: VirtualClock;
let files: MemoryLogFiles;
let collector: Collector;
beforeEach(async () => {
  clock = new VirtualClock();
  files = new MemoryLogFiles();
  collector = makeCollector({ clock, files });
  await collector.start();
});

/** A frame of this moment; every cell is of now. */
function accept(of: Collector, ...cells: [host: string, metric: string, value: number | string][]): void {
  const timeMs = clock.nowMs();
  const timed = cells.map(([host, metric, value]): Cell => [host, metric, value, timeMs]);
  of.accept(makeFrame(directoryOf(of), { timeMs, cells: timed }));
}

/** What the present says of a cell. */
function present(of: Collector, host: string, metric: string, kind: "number" | "text" = "number") {
  const view = of.view("c");
  const row = view?.directory.findRow(host) ?? -1;
  const column = view?.column(view.directory.findColumn(metric, kind));
  return column?.kind === "number" ? column.values[row] : column?.texts[row];
}

/** The next process on the same disk; the one before was killed. */
async function restart(on: MemoryLogFiles = files.afterKill(), config = {}): Promise<Collector> {
  const next = makeCollector({ clock, files: on, config });
  await next.start();
  return next;
}

describe("a frame", () => {
  it("is in the table and in the log when the listeners hear of it", async () => {
    const seen: unknown[] = [];
    let onDisk = new MemoryLogFiles();
    collector.onFrame((view: ClusterView, frame: Frame) => {
      seen.push([view.directory.name, view.frameNumber, frame.count, present(collector, "h", "m")]);
      onDisk = files.afterKill();
    });
    accept(collector, ["h", "m", 5]);
    expect(seen).toEqual([["c", 1, 1, 5]]);
    expect(present(await restart(onDisk), "h", "m")).toBe(5);
  });

  it("is told to every listener in order, whatever one of them throws", () => {
    const told: string[] = [];
    collector.onFrame(() => {
      told.push("first");
      throw new Error("a listener's bug");
    });
    collector.onFrame(() => told.push("second"));
    accept(collector, ["h", "m", 5]);
    accept(collector, ["h", "m", 6]);
    expect(told).toEqual(["first", "second", "first", "second"]);
    expect(collector.health().counters["listenerErrors"]).toBe(2);
  });

  it("may be refilled at once", () => {
    const directory = directoryOf(collector);
    const frame = makeFrame(directory, { timeMs: clock.nowMs(), cells: [["h", "t", "x", clock.nowMs()]] });
    collector.accept(frame);
    frame.clear();
    frame.pushText(0, 0, "overwritten", 1);
    expect(present(collector, "h", "t", "text")).toBe("x");
  });

  it("counts all clusters' frames by one number", () => {
    accept(collector, ["h", "m", 1]);
    const other = directoryOf(collector, "d");
    collector.accept(makeFrame(other, { timeMs: clock.nowMs(), cells: [["h", "m", 2, clock.nowMs()]] }));
    expect(collector.frameNumber).toBe(2);
    expect(collector.views().map((view) => [view.directory.name, view.frameNumber])).toEqual([
      ["c", 1],
      ["d", 2],
    ]);
  });

  it.each<[name: string, timeMs: (nowMs: number) => number]>([
    ["without a time", () => 0],
    ["with no number for a time", () => Number.NaN],
    ["from the future", (nowMs) => nowMs + MINUTE + 1],
  ])("%s is refused and counted", (_name, timeMs) => {
    const directory = directoryOf(collector);
    const cells: Cell[] = [["h", "m", 1, clock.nowMs()]];
    collector.accept(makeFrame(directory, { timeMs: timeMs(clock.nowMs()), cells }));
    expect([collector.frameNumber, collector.health().counters["refusedFrames"]]).toEqual([0, 1]);
  });

  it("with values that cannot be counts them", () => {
    const frame = makeFrame(directoryOf(collector), { timeMs: clock.nowMs() });
    frame.pushNumber(99, 0, 1, clock.nowMs(), 0);
    collector.accept(frame);
    expect(collector.health()).toMatchObject({ ready: true, counters: { frames: 1, malformedCells: 1, newCells: 0 } });
  });

  it("of a foreign directory, or before the start, is a bug", () => {
    const stranger = makeCollector({ clock });
    const frame = makeFrame(directoryOf(stranger), { timeMs: clock.nowMs() });
    expect(() => stranger.accept(frame)).toThrow("BUG: the collector is handed a frame before it was started");
    expect(() => collector.accept(frame)).toThrow("BUG: a frame of a directory that is not the collector's");
  });

  it("after the stop is passed over", async () => {
    await collector.stop();
    accept(collector, ["h", "m", 1]);
    expect(collector.frameNumber).toBe(0);
  });
});

describe("clusters", () => {
  it("are refused by bad name and beyond the limit", async () => {
    const small = makeCollector({ clock, config: { limits: { clusters: 2 } } });
    await small.start();
    expect(["a", "", "b\n", "b", "c", "a"].map((name) => small.directory(name)?.name)).toEqual([
      "a",
      undefined,
      undefined,
      "b",
      undefined,
      "a",
    ]);
    expect(small.health().counters["refusedClusters"]).toBe(3);
  });

  it("have the limits of the configuration", async () => {
    const small = makeCollector({ clock, config: { limits: { hosts: 1, metrics: 1 } } });
    const directory = directoryOf(small);
    expect([directory.row("a"), directory.row("b")]).toEqual([0, -1]);
    expect([directory.column("m", "number"), directory.column("n", "number")]).toEqual([0, -1]);
  });

  it("are summed up, anew for each frame and when hosts fall silent", async () => {
    const directory = directoryOf(collector);
    accept(collector, ["a", "m", 1]);
    directory.describeMetric(0, 0, meta("m"));
    const sum = () => collector.summary("c")?.metrics[0]?.sum;
    expect([sum(), collector.summary("c")?.hostsUp]).toEqual([1, 1]);
    accept(collector, ["b", "m", 2]);
    expect(sum()).toBe(3);
    await clock.advance(80 * S);
    expect(collector.summary("c")).toMatchObject({ hostsUp: 0, hostsDown: 2, metrics: [] });
    expect(collector.summary("nobody's")).toBeUndefined();
  });
});

describe("a restart", () => {
  it("finds the present as it was: values, decimals, texts, facts, metadata, times", async () => {
    const directory = directoryOf(collector);
    directory.setFacts({ owner: "o", latlong: "l", url: "u" });
    directory.describeHost(directory.row("a"), { ...newHostFacts("a"), ip: "10.0.0.1", tmaxS: 33, startedS: 7 });
    directory.row("b");
    const column = directory.column("m", "number");
    directory.describeMetric(0, column, meta("m", { units: "C" }));
    directory.describeMetric(1, column, meta("m", { units: "F", extra: [["GROUP", "x"]] }));
    const atMs = clock.nowMs();
    const frame = makeFrame(directory, { timeMs: atMs, heard: [["b", atMs - 3 * S]] });
    frame.pushNumber(0, column, 1.5, atMs - S, 7);
    frame.pushText(0, directory.column("t", "text"), "ä", atMs - 2 * S);
    collector.accept(frame);

    for (const next of [await restart(), await restart((await stopped()).afterPowerCut())]) {
      const view = next.view("c");
      expect(view?.directory.facts).toEqual({ owner: "o", latlong: "l", url: "u" });
      expect(view?.directory.host(0)).toMatchObject({ name: "a", ip: "10.0.0.1", tmaxS: 33, startedS: 7 });
      expect([0, 1].map((row) => view?.directory.meta(row, 0)?.units)).toEqual(["C", "F"]);
      expect(view?.directory.meta(1, 0)?.extra).toEqual([["GROUP", "x"]]);
      expect([present(next, "a", "m"), present(next, "a", "t", "text"), present(next, "b", "m")]).toEqual([
        1.5,
        "ä",
        Number.NaN,
      ]);
      const number = view?.column(0);
      expect(number?.kind === "number" && [number.decimals[0], number.timesMs[0]]).toEqual([7, atMs - S]);
      expect([...(view?.reportedMs.subarray(0, 2) ?? [])]).toEqual([atMs - S, atMs - 3 * S]);
      expect([view?.frameTimeMs, view?.frameNumber, next.frameNumber]).toEqual([atMs, 1, 1]);
    }

    async function stopped(): Promise<MemoryLogFiles> {
      await collector.stop();
      return files;
    }
  });

  it("counts frames on", async () => {
    for (let i = 0; i < 5; i++) accept(collector, ["h", "m", i]);
    const next = await restart();
    accept(next, ["h", "m", 9]);
    expect([next.frameNumber, next.view("c")?.frameNumber]).toEqual([6, 6]);
  });

  it("does not take the same sample again", async () => {
    accept(collector, ["h", "m", 1]);
    const next = await restart();
    accept(next, ["h", "m", 1]);
    expect(next.health().counters["newCells"]).toBe(0);
  });

  it("maps rows and columns by name, not by number", async () => {
    accept(collector, ["a", "m", 1], ["b", "n", 2], ["b", "t", "x"]);
    const next = makeCollector({ clock, files: files.afterKill() });
    const directory = directoryOf(next);
    for (const metric of ["z", "n"]) directory.column(metric, "number");
    for (const host of ["y", "b", "a"]) directory.row(host);
    await next.start();
    expect(directory.findRow("a")).toBe(2);
    expect(["a", "b", "y"].map((host) => [present(next, host, "m"), present(next, host, "n")])).toEqual([
      [1, Number.NaN],
      [Number.NaN, 2],
      [Number.NaN, Number.NaN],
    ]);
    expect(present(next, "b", "t", "text")).toBe("x");
    const range = { fromMs: 0, toMs: clock.nowMs() + 1 };
    expect(await next.history({ key: { cluster: "c", host: "b", metric: "n" }, ...range })).toMatchObject({
      values: Float64Array.of(2),
    });
  });

  it("several times over leaves the same", async () => {
    accept(collector, ["a", "m", 1], ["b", "m", 2]);
    let disk = files.afterKill();
    for (let i = 0; i < 4; i++) {
      const next = await restart(disk);
      await clock.advance(S);
      accept(next, ["a", "m", 10 + i]);
      disk = disk.afterKill();
    }
    const last = await restart(disk);
    expect([present(last, "a", "m"), present(last, "b", "m"), last.frameNumber]).toEqual([13, 2, 5]);
    const key = { cluster: "c", host: "a", metric: "m" };
    const answer = await last.history({ key, fromMs: 0, toMs: clock.nowMs() + 1 });
    expect(answer).toMatchObject({ kind: "number", values: Float64Array.of(1, 10, 11, 12, 13) });
  });

  it("passes over what a smaller limit refuses, and counts it", async () => {
    accept(collector, ["a", "m", 1], ["b", "m", 2]);
    const next = await restart(files.afterKill(), { limits: { hosts: 1 } });
    expect([present(next, "a", "m"), next.view("c")?.directory.findRow("b")]).toEqual([1, -1]);
  });

  it("is refused over a foreign file", async () => {
    files.put("frames-00000009.log", new TextEncoder().encode("something else"));
    const next = makeCollector({ clock, files });
    await expect(next.start()).rejects.toThrow(LogFormatError);
  });

  it("goes on behind a damaged part, and says so", async () => {
    accept(collector, ["a", "m", 1]);
    const disk = files.afterKill();
    const name = "frames-00000001.log";
    const bytes = disk.bytesOf(name);
    bytes[bytes.length - 1] = (bytes[bytes.length - 1] as number) ^ 1;
    disk.put(name, bytes);
    const next = await restart(disk);
    expect(present(next, "a", "m")).toBeUndefined();
    expect(next.health().counters["logTornBytes"]).toBeGreaterThan(0);
    accept(next, ["a", "m", 2]);
    expect(present(await restart(disk.afterKill()), "a", "m")).toBe(2);
  });
});

describe("hosts past their DMAX", () => {
  let gone: string[];
  beforeEach(() => {
    gone = [];
    collector.onGone((cluster, host) => gone.push(`${cluster}/${host}`));
    const directory = directoryOf(collector);
    directory.describeHost(directory.row("h"), { ...newHostFacts("h"), dmaxS: 100 });
    accept(collector, ["h", "m", 1], ["other", "m", 2]);
  });

  it("leave within 20 s, and everyone is told", async () => {
    await clock.advance(100 * S);
    expect(gone).toEqual([]);
    await clock.advance(20 * S);
    expect(gone).toEqual(["c/h"]);
    expect(present(collector, "h", "m")).toBeNaN();
    expect(present(collector, "other", "m")).toBe(2);
  });

  it("leave as a numbered change", async () => {
    await clock.advance(120 * S);
    expect([collector.frameNumber, collector.view("c")?.frameNumber]).toEqual([2, 2]);
    const column = collector.view("c")?.column(0);
    expect([...(column?.changedFrames.subarray(0, 2) ?? [])]).toEqual([2, 1]);
    accept(collector, ["other", "m", 3]);
    expect(collector.frameNumber).toBe(3);
  });

  it("do not leave for the time in which nobody listened", async () => {
    await clock.advance(5 * S);
    const next = await restart();
    next.onGone((cluster, host) => gone.push(`${cluster}/${host} after restart`));
    await clock.advance(9 * MINUTE);
    expect(gone).toEqual(["c/h"]);
    await clock.advance(2 * MINUTE);
    expect(gone).toEqual(["c/h", "c/h after restart"]);
  });

  it("leave after a restart once the cluster is heard again", async () => {
    await collector.stop();
    await clock.advance(120 * S);
    const next = await restart();
    next.onGone((cluster, host) => gone.push(`${cluster}/${host} after restart`));
    await clock.advance(30 * S);
    expect(gone).toEqual([]);
    accept(next, ["other", "m", 5]);
    await clock.advance(15 * S);
    expect(gone).toEqual(["c/h after restart"]);
  });

  it("stay away over a restart, and come back when they are heard", async () => {
    await clock.advance(120 * S);
    const next = await restart();
    next.onGone((cluster, host) => gone.push(`${cluster}/${host} again`));
    expect([next.view("c")?.reportedMs[0], present(next, "h", "m"), next.frameNumber]).toEqual([0, Number.NaN, 2]);
    accept(next, ["other", "m", 9]);
    await clock.advance(MINUTE);
    expect(gone).toEqual(["c/h"]);
    accept(next, ["h", "m", 7]);
    expect(present(next, "h", "m")).toBe(7);
  });

  it("never hand their history to the next host on their row", async () => {
    const nowMs = clock.nowMs();
    await clock.advance(2 * 3_600 * S);
    const directory = directoryOf(collector);
    expect(directory.findRow("h")).toBe(-1);
    accept(collector, ["new", "m", 5]);
    expect(directory.findRow("new")).toBe(0);
    const key = { cluster: "c", host: "new", metric: "m" };
    expect(await collector.history({ key, fromMs: nowMs - S, toMs: clock.nowMs() + 1 })).toMatchObject({
      values: Float64Array.of(5),
    });
    const next = await restart();
    expect([present(next, "new", "m"), present(next, "h", "m")]).toEqual([5, Number.NaN]);
    expect(await next.history({ key, fromMs: nowMs - S, toMs: clock.nowMs() + 1 })).toMatchObject({
      values: Float64Array.of(5),
    });
  });
});

describe("stopping", () => {
  it("leaves no timer, may be repeated, and syncs", async () => {
    accept(collector, ["h", "m", 5]);
    await collector.stop();
    await collector.stop();
    expect([clock.pendingTimers, files.openHandles]).toEqual([0, 0]);
    expect(present(await restart(files.afterPowerCut()), "h", "m")).toBe(5);
    expect(collector.health()).toMatchObject({ ready: false, messages: ["collector: not running"] });
  });
});

describe("sync", () => {
  it("happens each second: a power cut costs no more", async () => {
    accept(collector, ["h", "m", 1]);
    await clock.advance(S);
    accept(collector, ["h", "m", 2]);
    expect(present(await restart(files.afterPowerCut()), "h", "m")).toBe(1);
  });

  describe("of a disk that takes its time", () => {
    const syncs: string[] = [];
    beforeEach(async () => {
      await collector.stop();
      files = files.afterKill();
      files.flushes = [];
      syncs.length = 0;
      files.before = (operation, name) => void (operation === "sync" && syncs.push(name));
      collector = await restart(files);
      await clock.advance(2 * S);
      for (const end of files.flushes.splice(0)) end();
      syncs.length = 0;
    });

    it("is waited for by nobody: frames are taken meanwhile, and one flush is under way at most", async () => {
      accept(collector, ["h", "m", 1]);
      await clock.advance(S);
      for (const value of [2, 3, 4]) {
        accept(collector, ["h", "m", value]);
        await clock.advance(S);
      }
      expect([files.flushes?.length, syncs, present(collector, "h", "m")]).toEqual([1, [], 4]);
      for (const end of files.flushes?.splice(0) ?? []) end();
      expect(syncs.length).toBe(1);
      expect(present(await restart(files.afterPowerCut()), "h", "m")).toBe(4);
    });

    it("is told by the collector when it failed, and what was lost is written again", async () => {
      accept(collector, ["h", "m", 1]);
      await clock.advance(S);
      const { before } = files;
      files.before = (operation) => {
        if (operation === "flush") throw diskError("EIO");
      };
      for (const end of files.flushes?.splice(0) ?? []) end();
      files.before = before;
      expect(collector.health().messages.join()).toContain("EIO");
      files.flushes = undefined;
      await clock.advance(20 * S);
      expect(collector.health().messages).toEqual([]);
      expect(present(await restart(files.afterPowerCut()), "h", "m")).toBe(1);
    });

    it("is told by the collector when it does not answer at all, and hosts leave all the same", async () => {
      const directory = directoryOf(collector);
      directory.describeHost(directory.row("h"), { ...newHostFacts("h"), dmaxS: 30 });
      accept(collector, ["h", "m", 1]);
      await clock.advance(10 * S);
      expect([collector.health().messages, collector.troubles.logFailing]).toEqual([[], false]);
      await clock.advance(2 * S);
      expect(collector.health()).toMatchObject({
        ready: false,
        messages: ["log: the disk has not answered for 11 s; a power cut would lose what came meanwhile"],
        counters: { logFailing: 1 },
      });
      expect(collector.troubles.logFailing).toBe(true);
      await clock.advance(40 * S);
      expect(present(collector, "h", "m")).toBeNaN();
      for (const end of files.flushes?.splice(0) ?? []) end();
      expect([collector.health().messages, collector.troubles.logFailing]).toEqual([[], false]);
    });

    it("does not keep the collector from stopping, and its end is passed over then", async () => {
      accept(collector, ["h", "m", 1]);
      await clock.advance(S);
      await collector.stop();
      for (const end of files.flushes?.splice(0) ?? []) end();
      expect(present(await restart(files.afterPowerCut()), "h", "m")).toBe(1);
    });
  });
});

describe("health", () => {
  it("is ready, with nothing to say, while all is well", () => {
    accept(collector, ["h", "m", 1]);
    expect(collector.health()).toMatchObject({
      ready: true,
      messages: [],
      counters: { frames: 1, cells: 1, newCells: 1, windowFrames: 1 },
    });
  });
});
