import { describe, expect, test } from "vitest";
import type { ArchiveTraits, SeriesBatch } from "../../../core/model/archive.js";
import { MemoryArchive, type MemoryData } from "../../../storage/memory/memory-archive.js";
import { SeveralArchive } from "../../../storage/several/several-archive.js";
import { archiveContract } from "../../contract/archive-contract.js";
import { VirtualClock } from "../../support/virtual-clock.js";
import { KeptLog } from "../support/sqlite.js";
import { FakeStore } from "./support.js";

const FAR: Partial<ArchiveTraits> = {
  name: "far",
  exact: false,
  resolutionMs: 1,
  text: false,
  visibilityDelayMs: 30_000,
};
const AVERAGES: Partial<ArchiveTraits> = { name: "averages", exact: false, resolutionMs: 60_000, text: false };

archiveContract("several: one exact, one far away", async () => {
  const near: MemoryData = new Map();
  const far: MemoryData = new Map();
  const open = () =>
    new SeveralArchive([new FakeStore(FAR, far), new FakeStore({}, near)], new VirtualClock(), new KeptLog());
  let newest = open();
  return {
    archive: newest,
    reopen: async () => {
      newest = open();
      return newest;
    },
    cleanup: () => newest.close(),
  };
});

const KEY = { cluster: "khab", host: "n1", metric: "load_one" };
const HOUR_MS = 3_600_000;

/** Values tell the store that they came from. */
function batch(value: number, timesMs: readonly number[], key = KEY): SeriesBatch {
  const times = Float64Array.from(timesMs);
  return { key, type: "float", units: "", series: { kind: "number", timesMs: times, values: times.map(() => value) } };
}

/** Every 15 s, from and to in hours, the end not included. */
function every15s(fromHours: number, toHours: number): number[] {
  return Array.from({ length: (toHours - fromHours) * 240 }, (_, i) => fromHours * HOUR_MS + i * 15_000);
}

async function several(...given: [store: FakeStore, timesMs: number[]][]) {
  const clock = new VirtualClock();
  const log = new KeptLog();
  for (const [i, [store, timesMs]] of given.entries()) await store.append([batch(i + 1, timesMs)]);
  return { archive: new SeveralArchive(given.map(([store]) => store).reverse(), clock, log), clock, log };
}

/** Runs of samples of one store: "hours-hours:value". */
async function runs(archive: SeveralArchive, fromHours: number, toHours: number): Promise<string[]> {
  const series = await archive.read({ key: KEY, fromMs: fromHours * HOUR_MS, toMs: toHours * HOUR_MS });
  if (series?.kind !== "number") return [];
  const found: string[] = [];
  let start = 0;
  for (let i = 1; i <= series.timesMs.length; i++) {
    const apart = (series.timesMs[i] as number) - (series.timesMs[i - 1] as number);
    expect(i === series.timesMs.length || apart > 0).toBe(true);
    if (i < series.timesMs.length && series.values[i] === series.values[start]) continue;
    const hours = (index: number) => Math.round(((series.timesMs[index] as number) / HOUR_MS) * 100) / 100;
    found.push(`${hours(start)}-${hours(i - 1)}:${series.values[start]}`);
    start = i;
  }
  return found;
}

test("its traits are those of the best store; text is kept if one keeps it", async () => {
  const { archive } = await several(
    [new FakeStore({ name: "near" }), []],
    [new FakeStore(AVERAGES), []],
    [new FakeStore(FAR), []],
  );
  expect(archive.traits).toEqual({
    name: "near+far+averages",
    resolutionMs: 0,
    exact: true,
    text: true,
    visibilityDelayMs: 0,
  });
});

describe("reads: the best first, the next for the rest, no gap and no double", () => {
  const hours = (from: number, to: number) => every15s(from, to);
  const cases: [name: string, near: number[], far: number[], asked: [number, number], found: string[]][] = [
    ["both have all: the near one answers", hours(0, 10), hours(0, 10), [0, 10], ["0-10:1"]],
    ["the near one began later", hours(6, 10), hours(0, 10), [0, 10], ["0-6:2", "6-10:1"]],
    ["asked from behind its beginning", hours(6, 10), hours(0, 10), [7, 10], ["7-10:1"]],
    ["asked up to before its beginning", hours(6, 10), hours(0, 10), [2, 4], ["2-4:2"]],
    ["the near one ended earlier", hours(0, 6), hours(0, 10), [0, 10], ["0-6:1", "6-10:2"]],
    [
      "the near one lacks hours between",
      [...hours(0, 3), ...hours(6, 10)],
      hours(0, 10),
      [0, 10],
      ["0-3:1", "3-6:2", "6-10:1"],
    ],
    [
      "a silence that both have",
      [...hours(0, 3), ...hours(6, 10)],
      [...hours(0, 3), ...hours(6, 10)],
      [0, 10],
      ["0-10:1"],
    ],
    ["only the far one has any", [], hours(0, 10), [1, 2], ["1-2:2"]],
    ["nobody has any", [], [], [0, 10], []],
  ];
  test.each(cases)("%s", async (_, near, far, [from, to], found) => {
    const { archive } = await several([new FakeStore(), near], [new FakeStore(FAR), far]);
    expect(await runs(archive, from, to)).toEqual(found);
  });

  test("three stores: each only for what the better ones lack", async () => {
    const { archive } = await several(
      [new FakeStore(), every15s(20, 30)],
      [new FakeStore(FAR), every15s(10, 30)],
      [new FakeStore(AVERAGES), Array.from({ length: 30 * 60 }, (_, i) => i * 60_000)],
    );
    expect(await runs(archive, 0, 30)).toEqual(["0-9.98:3", "10-20:2", "20-30:1"]);
  });

  test("a short silence within what the near store covers is no question to the far one", async () => {
    const far = new FakeStore(FAR);
    const { archive } = await several(
      [new FakeStore(), [...every15s(0, 3), ...every15s(3.9, 6)]],
      [far, every15s(0, 6)],
    );
    await runs(archive, 0, 6);
    expect(far.asked).toEqual([]);
  });

  describe("a store that another program writes may know what we missed", () => {
    const FOREIGN: Partial<ArchiveTraits> = { ...AVERAGES, name: "gmetad's", resolutionMs: 15_000, foreign: true };
    const away = [...every15s(0, 2), ...every15s(2.5, 4)];

    test.each<[string, number[], number[], string[]]>([
      ["half an hour of ours", away, every15s(0, 4), ["0-2:1", "2-2.5:2", "2.5-4:1"]],
      ["not what it has not either", away, away, ["0-4:1"]],
      ["no four minutes", [...every15s(0, 2), ...every15s(2.066, 4)], every15s(0, 4), ["0-4:1"]],
      [
        "nothing between samples that are always so far apart",
        [0, 0.33, 0.67, 1, 1.33, 1.67, 2, 2.33, 2.67, 3, 3.33, 3.67].map((hours) => hours * HOUR_MS),
        every15s(0, 3.5),
        ["0-3.67:1"],
      ],
    ])("%s", async (_, ours, theirs, found) => {
      const { archive } = await several([new FakeStore(), ours], [new FakeStore(FOREIGN), theirs]);
      expect(await runs(archive, 0, 4)).toEqual(found);
    });

    test.each<[string, Partial<ArchiveTraits>, number[], boolean]>([
      ["its time", FOREIGN, away, false],
      ["no time", FOREIGN, every15s(0, 4), true],
      ["a time of a store of ours", AVERAGES, away, true],
    ])("many series that lack %s: answered at once, or each by itself", async (_, traits, ours, isAnswered) => {
      const near = new MemoryArchive();
      await near.append([batch(1, ours)]);
      const far = new FakeStore(traits);
      await far.append([batch(2, every15s(0, 3.9))]);
      const archive = new SeveralArchive([far, near], new VirtualClock(), new KeptLog());
      const query = { ...KEY, fromMs: 0, toMs: 4 * HOUR_MS };
      const samples = await archive.readMany({ ...query, samplesMax: 1e6 });
      const buckets = await archive.bucketMany({ ...query, stepMs: 60_000, cellsMax: 1e6 });
      expect([samples !== undefined, buckets !== undefined]).toEqual([isAnswered, isAnswered]);
    });
  });

  describe("a slow store, however exact, is asked last and only for what nobody else covers", () => {
    const SLOW: Partial<ArchiveTraits> = { name: "slow", slow: true };
    const rare: Partial<ArchiveTraits> = { ...AVERAGES, name: "rare" };

    test.each<[string, number[], [number, number], string[], [number, number][]]>([
      ["a long silence of the others is no question", [...hours(2, 3), ...hours(9, 12)], [2, 12], ["2-12:1"], []],
      ["before their first sample", hours(6, 12), [0, 12], ["0-6:2", "6-12:1"], [[0, 6]]],
      ["behind their last", hours(0, 6), [0, 12], ["0-6:1", "6-12:2"], [[6, 12]]],
      ["nobody else has anything", [], [3, 5], ["3-5:2"], [[3, 5]]],
    ])("%s", async (_, near, [from, to], found, asked) => {
      const slow = new FakeStore(SLOW);
      const { archive } = await several([new FakeStore(rare), near], [slow, hours(0, 12)]);
      expect(archive.traits.name).toBe("rare+slow");
      expect(await runs(archive, from, to)).toEqual(found);
      const rounded = slow.asked.map(({ fromMs, toMs }) => [fromMs, toMs].map((ms) => Math.round(ms / HOUR_MS)));
      expect(rounded).toEqual(asked);
    });

    test("nobody waits for it to know that it is not needed", async () => {
      const slow = new FakeStore(SLOW);
      const { archive } = await several([new FakeStore(rare), hours(0, 6)], [slow, hours(0, 6)]);
      await archive.coverage();
      slow.gate = new Promise(() => {});
      expect(await runs(archive, 1, 5)).toEqual(["1-5:1"]);
      expect(await archive.coverage()).toMatchObject({ fromMs: 0 });
      expect(await archive.readMany({ cluster: "c", host: "h", fromMs: 0, toMs: 1, samplesMax: 1 })).toBeUndefined();
    });

    test("a series that the others do not have, in their time, is not looked for", async () => {
      const slow = new FakeStore(SLOW);
      const { archive } = await several([new FakeStore(rare), hours(0, 6)], [slow, hours(0, 6)]);
      const key = { ...KEY, metric: "nosuch" };
      expect(await archive.read({ key, fromMs: HOUR_MS, toMs: 5 * HOUR_MS })).toBeUndefined();
      expect(slow.asked).toEqual([]);
    });
  });

  test("a seam at any sample: all samples once", async () => {
    const all = every15s(0, 1);
    for (let seam = 0; seam <= all.length; seam += 7) {
      const { archive } = await several([new FakeStore(), all.slice(seam)], [new FakeStore(FAR), all]);
      const series = await archive.read({ key: KEY, fromMs: 0, toMs: HOUR_MS });
      expect([...(series?.timesMs ?? [])]).toEqual(all);
    }
  });
});

describe("a store that fails", () => {
  test("an append goes to the others all the same, and rejects", async () => {
    const near = new FakeStore();
    const far = new FakeStore(FAR);
    const { archive } = await several([near, []], [far, []]);
    far.fault = new Error("disk full");
    await expect(archive.append([batch(1, [1])])).rejects.toThrow("disk full");
    far.fault = undefined;
    expect((await near.read({ key: KEY, fromMs: 0, toMs: 9 }))?.timesMs).toHaveLength(1);
    await archive.append([batch(1, [1])]);
    expect((await far.read({ key: KEY, fromMs: 0, toMs: 9 }))?.timesMs).toHaveLength(1);
  });

  test("a bad batch reaches none of them", async () => {
    const stores = [new FakeStore(), new FakeStore(FAR)];
    const archive = new SeveralArchive(stores, new VirtualClock(), new KeptLog());
    await expect(archive.append([batch(1, [2, 1])])).rejects.toMatchObject({ code: "storage-bad-batch" });
    expect(stores.map(({ appends }) => appends)).toEqual([0, 0]);
  });

  test("a read is answered without it, and the log says so once a minute", async () => {
    const near = new FakeStore({ name: "near" });
    const { archive, log, clock } = await several([near, every15s(0, 10)], [new FakeStore(FAR), every15s(0, 10)]);
    near.fault = new Error("damaged");
    expect(await runs(archive, 0, 10)).toEqual(["0-10:2"]);
    await runs(archive, 0, 10);
    expect(log.lines).toEqual(["warn history is answered without near: damaged"]);
    await clock.advance(60_000);
    await runs(archive, 0, 10);
    expect(log.lines).toHaveLength(2);
  });

  test("a read that nobody can answer rejects", async () => {
    const near = new FakeStore();
    const far = new FakeStore(FAR);
    const { archive } = await several([near, every15s(6, 10)], [far, every15s(0, 10)]);
    far.fault = new Error("unreachable");
    await expect(archive.read({ key: KEY, fromMs: 0, toMs: HOUR_MS })).rejects.toThrow("unreachable");
    expect(await runs(archive, 0, 10)).toEqual(["6-10:1"]);
    near.fault = new Error("damaged");
    await expect(archive.coverage()).rejects.toThrow("damaged");
  });

  test("a store that hangs holds a reader up for 40 s at most", async () => {
    const far = new FakeStore(FAR);
    const { archive, clock } = await several([new FakeStore(), every15s(6, 10)], [far, every15s(0, 10)]);
    far.gate = new Promise(() => {});
    const found = runs(archive, 0, 10);
    await clock.advance(40_000);
    expect(await found).toEqual(["6-10:1"]);
  });
});

test("coverage is that of all together", async () => {
  const { archive } = await several([new FakeStore(), every15s(6, 12)], [new FakeStore(FAR), every15s(0, 10)]);
  expect(await archive.coverage()).toEqual({ fromMs: 0, toMs: 12 * HOUR_MS - 15_000 });
});

test("text comes from the store that keeps it", async () => {
  const { archive } = await several([new FakeStore(), []], [new FakeStore(FAR), every15s(0, 2)]);
  const timesMs = Float64Array.of(HOUR_MS);
  const key = { ...KEY, metric: "os_name" };
  await archive.append([{ key, type: "string", units: "", series: { kind: "text", timesMs, texts: ["Linux"] } }]);
  expect(await archive.read({ key, fromMs: 0, toMs: 9e9 })).toMatchObject({ texts: ["Linux"] });
});

describe("many series at once", () => {
  const asked = (fromHours: number) => ({
    cluster: "khab",
    metric: "load_one",
    fromMs: fromHours * HOUR_MS,
    toMs: 10 * HOUR_MS,
    samplesMax: 1e6,
  });
  const many = async () => {
    const near = Object.assign(new FakeStore(), { readMany: async () => [] });
    return several([near, every15s(6, 10)], [new FakeStore(FAR), every15s(0, 10)]);
  };

  test("where the best store has all of the range it answers alone", async () => {
    expect(await (await many()).archive.readMany(asked(7))).toEqual([]);
  });

  test("where only the far one has any, it answers alone", async () => {
    const far = Object.assign(new FakeStore(FAR), { readMany: async () => [] });
    const { archive } = await several([new FakeStore({ text: false }), every15s(6, 10)], [far, every15s(0, 10)]);
    const early = { ...asked(1), toMs: 5 * HOUR_MS };
    expect(await archive.readMany(early)).toEqual([]);
    expect(await archive.readMany(asked(1))).toBeUndefined();
  });

  test("where another one has older samples each series is to be asked for", async () => {
    expect(await (await many()).archive.readMany(asked(5))).toBeUndefined();
  });
});

test("sums go to the stores that keep them, at the shortest of their steps; one that fails is told", async () => {
  const [exact, minutes, quarters] = [
    new FakeStore(),
    new FakeStore({ name: "minutes", sumsEveryMs: 60_000 }),
    new FakeStore({ name: "quarters", sumsEveryMs: 15_000 }),
  ];
  const archive = new SeveralArchive([exact, minutes, quarters], new VirtualClock(), new KeptLog());
  expect(archive.traits.sumsEveryMs).toBe(15_000);
  await archive.endSpill([]);
  minutes.fault = new Error("gone");
  await expect(archive.endSpill([])).rejects.toThrow("gone");
  expect([minutes.ends.length, quarters.ends.length]).toEqual([1, 2]);
  await archive.close();
  await expect(archive.endSpill([])).rejects.toThrow("closed");
});
