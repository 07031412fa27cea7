import { beforeEach, describe, expect, it } from "vitest";
import type { Collector } from "../../../collector/pipeline.js";
import type { Archive, ArchiveTraits, SeriesBatch, SumTable } from "../../../core/model/archive.js";
import { MemoryArchive, type MemoryData } from "../../../storage/memory/memory-archive.js";
import { diskError, MemoryLogFiles } from "../../support/memory-log-files.js";
import { VirtualClock } from "../../support/virtual-clock.js";
import { type Cell, directoryOf, makeCollector, makeFrame, meta } from "../support.js";

const S = 1_000;
const MINUTE = 60 * S;

/** A memory archive that can be broken, held up, and watched. */
class WatchedArchive extends MemoryArchive {
  readonly appended: number[] = [];
  error: Error | undefined;
  gate: Promise<void> | undefined;
  override readonly traits: ArchiveTraits;

  constructor(data: MemoryData, visibilityDelayMs = 0) {
    super(data);
    this.traits = { name: "watched", resolutionMs: 0, exact: true, text: true, visibilityDelayMs };
  }

  override async append(batches: readonly SeriesBatch[]): Promise<void> {
    this.appended.push(batches.reduce((sum, batch) => sum + batch.series.timesMs.length, 0));
    await this.gate;
    if (this.error !== undefined) throw this.error;
    await super.append(batches);
  }
}

/** Looks at a part once more when others have had turns. */
class SlowArchive extends WatchedArchive {
  parts = 0;

  override async append(batches: readonly SeriesBatch[]): Promise<void> {
    this.parts++;
    await new Promise((resolve) => setImmediate(resolve));
    await super.append(batches);
    // From now on it is the spill's again; poisoned, so that whoever still counts on it is found.
    for (const { series } of batches) {
      series.timesMs.fill(-1);
      if (series.kind === "number") series.values.fill(-1);
    }
  }
}

let clock: VirtualClock;
let files: MemoryLogFiles;
let data: MemoryData;
let archive: WatchedArchive;
let collector: Collector;
let tick: number;
beforeEach(async () => {
  clock = new VirtualClock();
  files = new MemoryLogFiles();
  data = new Map();
  archive = new WatchedArchive(data);
  collector = await start(archive);
  tick = 0;
});

async function start(of: Archive, config = {}, on = files, tuning = {}): Promise<Collector> {
  const started = makeCollector({ clock, files: on, archive: of, config, tuning });
  await started.start();
  return started;
}

/** A frame each 15 s with a value for each of these hosts. */
async function feed(
  of: Collector,
  frames: number,
  hosts = 1,
  makeValue: (n: number, host: number) => number | string = (n) => n,
): Promise<void> {
  for (let i = 0; i < frames; i++) {
    await clock.advance(15 * S);
    const timeMs = clock.nowMs();
    const cells = Array.from({ length: hosts }, (_, h): Cell => [`h${h}`, "m", makeValue(tick, h), timeMs]);
    tick++;
    of.accept(makeFrame(directoryOf(of), { timeMs, cells }));
  }
}

async function history(of: Collector, host = "h0"): Promise<number[]> {
  const key = { cluster: "c", host, metric: "m" };
  const answer = await of.history({ key, fromMs: 0, toMs: clock.nowMs() + 1 });
  return answer?.kind === "number" ? [...answer.values] : [];
}

const archived = () => [...data.values()].flat().reduce((sum, series) => sum + series.timesMs.length, 0);
const upTo = (count: number) => Array.from({ length: count }, (_, i) => i);
const counters = (of: Collector) => of.health().counters;

describe("the spill", () => {
  it("hands over everything every ten minutes, and the log is cut behind it", async () => {
    // The first frame comes after 15 s and waits for ten minutes, until the 41st is there.
    await feed(collector, 40);
    expect(archived()).toBe(0);
    await feed(collector, 2);
    await clock.advance(S);
    expect(archive.appended).toEqual([41]);
    await feed(collector, 40);
    await clock.advance(2 * S);
    expect([archived(), counters(collector)["spills"]]).toEqual([81, 2]);
    expect(files.list()).toHaveLength(1);
    expect(await history(collector)).toEqual(upTo(82));
  });

  it("comes when the oldest frame has waited for ten minutes, not ten minutes after the last one", async () => {
    await feed(collector, 42);
    const spills = () => counters(collector)["spills"];
    collector.requestSpill();
    await clock.advance(9 * MINUTE);
    expect([spills(), archived()]).toEqual([2, 42]);
    await feed(collector, 1);
    await clock.advance(9 * MINUTE + 50 * S);
    expect([spills(), archived()]).toEqual([2, 42]);
    await clock.advance(12 * S);
    expect([spills(), archived()]).toEqual([3, 43]);
  });

  it("comes every ten minutes without frames too: stores hold some back, and some sources tell only sums", async () => {
    await clock.advance(35 * MINUTE);
    expect([counters(collector)["spills"], archived()]).toEqual([3, 0]);
  });

  it("counts how long frames waited before a restart", async () => {
    await feed(collector, 10);
    await collector.stop();
    await clock.advance(4 * MINUTE);
    await start(archive);
    await clock.advance(3 * MINUTE);
    expect(archived()).toBe(0);
    await clock.advance(MINUTE);
    expect(archived()).toBe(10);
  });

  it("after a restart only the rest is in memory; history is whole", async () => {
    await feed(collector, 45);
    const next = await start(new WatchedArchive(data), {}, files.afterKill());
    expect(counters(next)["windowFrames"]).toBe(45 - 41);
    expect(await history(next)).toEqual(upTo(45));
  });

  it("keeps the window in memory, and lets go what is older and archived", async () => {
    await feed(collector, 400);
    expect(counters(collector)["windowFrames"]).toBeLessThanOrEqual(241);
    expect(counters(collector)["windowFrames"]).toBeGreaterThanOrEqual(239);
    expect(await history(collector)).toEqual(upTo(400));
  });

  it("happens on request", async () => {
    await feed(collector, 3);
    collector.requestSpill();
    await clock.advance(S);
    expect(archived()).toBe(3);
  });

  it("happens soon after a start with old frames in the log", async () => {
    await feed(collector, 3);
    await collector.stop();
    await clock.advance(11 * MINUTE);
    const next = await start(new WatchedArchive(data), {}, files);
    await clock.advance(2 * S);
    expect(archived()).toBe(3);
    expect(counters(next)["unarchivedFrames"]).toBe(0);
  });

  it("comes in parts, with frames taken in between", async () => {
    await collector.stop();
    collector = await start(archive, {}, new MemoryLogFiles(), { samplesPerPart: 100 });
    await feed(collector, 10, 50);
    let open: () => void = () => {};
    archive.gate = new Promise((resolve) => {
      open = resolve;
    });
    collector.requestSpill();
    await feed(collector, 2, 50);
    expect(archive.appended).toHaveLength(1);
    open();
    await feed(collector, 2, 50);
    expect(archive.appended).toHaveLength(5);
    expect(archive.appended.every((samples) => samples <= 120)).toBe(true);
    expect(archived()).toBe(500);
    expect(await history(collector, "h49")).toEqual(upTo(14));
  });

  it("what the archive is given stays as it is until it has taken it, whatever the sizes of parts and runs", async () => {
    for (const [samplesPerPart, hosts, frames] of [
      [1, 3, 5],
      [37, 110, 9],
      [500, 230, 3],
      [4_000, 97, 60],
      [20_000, 150, 160],
    ] as const) {
      const kept: MemoryData = new Map();
      const slow = new SlowArchive(kept);
      const of = await start(slow, { "spill-every": "2h" }, new MemoryLogFiles(), { samplesPerPart });
      const begin = tick;
      await feed(of, frames, hosts, (n, host) => n + host / 1_000);
      of.requestSpill();
      while (counters(of)["spills"] === 0) {
        await clock.advance(1);
        await new Promise((resolve) => setImmediate(resolve));
      }
      expect(slow.parts, `parts of ${samplesPerPart}`).toBeGreaterThan(1);
      expect(kept.size).toBe(hosts);
      for (let host = 0; host < hosts; host++) {
        const values = Array.from({ length: frames }, (_, i) => begin + i + host / 1_000);
        const key = { cluster: "c", host: `h${host}`, metric: "m" };
        const read = await slow.read({ key, fromMs: 0, toMs: clock.nowMs() });
        expect(read?.kind === "number" && [...read.values], `parts of ${samplesPerPart}, h${host}`).toEqual(values);
      }
      await of.stop();
    }
  });

  it("begins no further part once the collector is stopped", async () => {
    await collector.stop();
    collector = await start(archive, {}, new MemoryLogFiles(), { samplesPerPart: 10 });
    await feed(collector, 10, 20);
    let open: () => void = () => {};
    archive.gate = new Promise((resolve) => {
      open = resolve;
    });
    collector.requestSpill();
    await clock.advance(S);
    await collector.stop();
    open();
    await clock.advance(MINUTE);
    expect([archive.appended.length, clock.pendingTimers]).toEqual([1, 0]);
  });

  it("waits with letting go until the archive shows what it has", async () => {
    await collector.stop();
    archive = new WatchedArchive(data, 5 * MINUTE);
    collector = await start(archive, { window: "1m" }, files);
    await feed(collector, 45);
    expect([archived() > 0, counters(collector)["windowFrames"]]).toEqual([true, 45]);
    await clock.advance(5 * MINUTE);
    expect(counters(collector)["windowFrames"]).toBeLessThan(45);
    expect(await history(collector)).toEqual(upTo(45));
  });
});

describe("the end of a spill", () => {
  class SummingArchive extends WatchedArchive {
    readonly ends: SumTable[][] = [];
    endError: Error | undefined;
    override readonly traits: ArchiveTraits = {
      name: "summing",
      resolutionMs: 0,
      exact: true,
      text: true,
      visibilityDelayMs: 0,
      sumsEveryMs: 15 * S,
    };

    async endSpill(sums: readonly SumTable[]): Promise<void> {
      if (this.endError !== undefined) throw this.endError;
      this.ends.push([...sums]);
    }
  }

  let summing: SummingArchive;
  beforeEach(async () => {
    await collector.stop();
    summing = new SummingArchive(data);
    collector = await start(summing, {}, files);
    const directory = directoryOf(collector);
    directory.describeMetric(directory.row("h0"), directory.column("m", "number"), meta("m"));
  });

  /** Sums of the cluster given with each end, and in how many rows of them h0 counted. */
  const given = () =>
    summing.ends.map((tables) => {
      const cluster = tables.find(({ kind }) => kind === "cluster");
      return [cluster?.timesMs.length ?? 0, cluster?.hosts.filter((hosts) => hosts === 1).length ?? 0];
    });
  const spillNow = async () => {
    collector.requestSpill();
    await clock.advance(S);
  };

  it("comes after all its samples, with the sums taken since the last one", async () => {
    await feed(collector, 4);
    await spillNow();
    await feed(collector, 3);
    await spillNow();
    expect([given(), archived()]).toEqual([
      [
        [4, 4],
        [3, 3],
      ],
      7,
    ]);
  });

  it("is nothing that samples wait for: refused, sums come again with the next ones", async () => {
    summing.endError = diskError("ENOSPC");
    await feed(collector, 4);
    await spillNow();
    expect([archived(), counters(collector)["unarchivedFrames"], collector.health().messages]).toEqual([4, 0, []]);
    summing.endError = undefined;
    await feed(collector, 2);
    await spillNow();
    expect(given()).toEqual([[6, 6]]);
  });

  it("after a kill has the sums of all frames that the log brings back", async () => {
    await feed(collector, 5);
    summing = new SummingArchive(data);
    collector = await start(summing, {}, files.afterKill());
    await feed(collector, 2);
    await spillNow();
    expect(given()).toEqual([[7, 7]]);
  });
});

describe("the spill at a clean stop", () => {
  async function startSpilling(): Promise<void> {
    await collector.stop();
    files = new MemoryLogFiles();
    collector = makeCollector({ clock, files, archive, spillAtStop: true });
    await collector.start();
  }
  async function stopped(limitMs: number): Promise<boolean> {
    let done = false;
    const stop = collector.stop().then(() => {
      done = true;
    });
    await clock.advance(limitMs);
    if (done) await stop;
    return done;
  }

  it("gives the archive everything, and leaves the next start nothing to give", async () => {
    await startSpilling();
    await feed(collector, 7);
    expect([await stopped(S), archived(), clock.pendingTimers]).toEqual([true, 7, 0]);
    const next = await start(new WatchedArchive(data), {}, files);
    expect([counters(next)["unarchivedFrames"], await history(next)]).toEqual([0, upTo(7)]);
  });

  it("comes after one that is under way", async () => {
    await startSpilling();
    await feed(collector, 3);
    collector.requestSpill();
    let open: () => void = () => {};
    archive.gate = new Promise((resolve) => {
      open = resolve;
    });
    await feed(collector, 2);
    const stop = stopped(S);
    open();
    expect([await stop, archived()]).toEqual([true, 5]);
  });

  it("is given up when the archive hangs: the stop takes 2.5 s, and the log still has all", async () => {
    await startSpilling();
    await feed(collector, 3);
    archive.gate = new Promise(() => {});
    expect([await stopped(2_400), await stopped(200), archived()]).toEqual([false, true, 0]);
    const next = await start(new WatchedArchive(data), {}, files);
    expect(await history(next)).toEqual(upTo(3));
  });

  it("is not tried when the archive fails", async () => {
    await startSpilling();
    archive.error = diskError("ENOSPC");
    await feed(collector, 3);
    expect([await stopped(S), archived()]).toEqual([true, 0]);
    const next = await start(new WatchedArchive(data), {}, files);
    expect(counters(next)["unarchivedFrames"]).toBe(3);
  });
});

describe("an archive that fails", () => {
  beforeEach(async () => {
    archive.error = diskError("ENOSPC");
    await feed(collector, 45);
  });

  it("is told of, and frames wait; the collector is ready", () => {
    expect(collector.health()).toMatchObject({
      ready: true,
      messages: [
        expect.stringMatching(/^archive watched: ENOSPC.*; 45 frames wait for it, tried since \d\d:\d\d UTC$/),
      ],
    });
    expect(files.list().length).toBeGreaterThan(1);
  });

  it("is tried again with growing pauses", async () => {
    const attempts = archive.appended.length;
    expect(attempts).toBeGreaterThanOrEqual(5);
    await clock.advance(10 * MINUTE);
    expect(archive.appended.length - attempts).toBeLessThanOrEqual(11);
    expect(archive.appended.length - attempts).toBeGreaterThanOrEqual(9);
  });

  it("gets everything when it works again", async () => {
    archive.error = undefined;
    await clock.advance(2 * MINUTE);
    expect(collector.health()).toMatchObject({ ready: true, messages: [] });
    await feed(collector, 40);
    expect(await history(await start(new WatchedArchive(data), {}, files.afterKill()))).toEqual(upTo(85));
    expect(files.list()).toHaveLength(1);
  });

  it("costs nothing when the process is killed meanwhile", async () => {
    const next = await start(new WatchedArchive(data), {}, files.afterKill());
    expect(await history(next)).toEqual(upTo(45));
  });
});

describe("memory", () => {
  const HOSTS = 500;
  /** Each text another one: some 130 KB a frame. */
  const noise = (n: number, host: number) => `${n} ${host} ${"x".repeat(100)}`;

  it("half full is reason to spill early", async () => {
    await collector.stop();
    collector = await start(archive, { "window-memory": "16M", "spill-every": "1d" }, new MemoryLogFiles());
    await feed(collector, 80, HOSTS, noise);
    expect(counters(collector)["spills"]).toBeGreaterThan(0);
    expect(counters(collector)).toMatchObject({ lostFrames: 0 });
    expect(collector.health().ready).toBe(true);
  });

  it("full of frames that the archive refuses lets the oldest go, and says so", async () => {
    await collector.stop();
    archive.error = diskError("EIO");
    collector = await start(archive, { "window-memory": "16M" }, new MemoryLogFiles());
    await feed(collector, 200, HOSTS, noise);
    const { windowBytes, lostFrames, lostSamples } = counters(collector);
    expect(windowBytes).toBeLessThanOrEqual(2 ** 24);
    expect(lostFrames).toBeGreaterThan(0);
    expect(lostSamples).toBe((lostFrames as number) * HOSTS);
    expect(collector.health()).toMatchObject({
      ready: false,
      messages: [
        expect.stringMatching(/^window: memory is full, \d+ frames/),
        expect.stringMatching(/^archive watched: EIO/),
      ],
    });
    archive.error = undefined;
    await clock.advance(2 * MINUTE);
    expect(collector.health()).toMatchObject({ ready: true, messages: [] });
    expect(counters(collector)["lostFrames"]).toBe(lostFrames);
  });
});
