/** Many series in one question must tell what each of them tells alone: History is the judge. */
import { describe, expect, test } from "vitest";
import { ManyHistory } from "../../../collector/history/many-history.js";
import type { ManyNames } from "../../../collector/history/recent-many.js";
import { History, HistoryError, type HistoryLimits } from "../../../collector/history.js";
import { RecentWindow } from "../../../collector/window/recent-window.js";
import type { Archive } from "../../../core/model/archive.js";
import { bucketsOfRow } from "../../../core/model/bucket-table.js";
import { ClusterDirectory } from "../../../core/model/directory.js";
import type { Buckets, Series } from "../../../core/model/series.js";
import { MemoryArchive } from "../../../storage/memory/memory-archive.js";
import { SeededRandom } from "../../support/seeded-random.js";
import { type Cell, makeFrame } from "../support.js";

const T = 1_700_000_000_000 - (1_700_000_000_000 % 86_400_000);
const S = 1_000;
const alive = new AbortController().signal;

interface Made {
  readonly single: History;
  readonly many: ManyHistory;
  readonly window: RecentWindow;
  readonly archive: Archive;
}

interface MadeOptions {
  readonly seed: number;
  /** Frames of the window that a run before had logged. */
  readonly replayed?: number;
  /** How the archive presents itself. */
  readonly archive?: (inner: MemoryArchive) => Archive;
  readonly limits?: HistoryLimits;
}

const HOSTS = ["a", "b", "c", "d/e ?%"];
const METRICS = ["m", "n", "text"];

/**
 * Sixty frames, fifteen seconds apart, in which each host may have new cells of some age.
 * The first forty are archived; the first twenty have left the window.
 */
async function make({ seed, replayed = 0, archive: wrap, limits }: MadeOptions): Promise<Made> {
  const random = new SeededRandom(seed);
  const directory = new ClusterDirectory("c");
  const window = new RecentWindow({ windowMs: 40 * 15 * S, bytesMax: 1e9, archiving: true });
  const inner = new MemoryArchive();
  const newest = new Map<string, number>();
  for (let number = 1; number <= 60; number++) {
    const timeMs = T + number * 15 * S;
    const cells: Cell[] = [];
    for (const host of HOSTS) {
      // One host falls silent, one is new: both have only one side of the seam.
      if ((host === "a" && number > 15) || (host === "b" && number < 45)) continue;
      for (const metric of METRICS) {
        const cellMs = timeMs - random.below(20) * S;
        const key = `${host} ${metric}`;
        if (random.chance(0.3) || cellMs <= (newest.get(key) ?? 0)) continue;
        newest.set(key, cellMs);
        cells.push([host, metric, metric === "text" ? `t${random.below(3)}` : random.below(100) / 4, cellMs]);
      }
    }
    const frame = makeFrame(directory, { timeMs, cells });
    const news = {
      newCells: Uint32Array.from(cells, (_, i) => i),
      newCount: cells.length,
      newHeard: new Uint32Array(0),
      newHeardCount: 0,
    };
    window.add(frame, news, number);
    if (number === 20 || number === 40) {
      for (const part of window.batches(number, 1e6)) await inner.append(part);
      window.archived(number);
    }
  }
  window.trim(T + 60 * 15 * S);
  const archive = wrap?.(inner) ?? inner;
  const directoryOf = (name: string) => (name === "c" ? directory : undefined);
  const lastReplayed = () => replayed;
  return {
    window,
    archive,
    single: new History(window, archive, lastReplayed),
    many: new ManyHistory({ window, archive, lastReplayed, directory: directoryOf, ...(limits && { limits }) }),
  };
}

function withTraits(inner: MemoryArchive, exact: boolean): Archive {
  return {
    traits: { ...inner.traits, exact, resolutionMs: exact ? 0 : 15 * S },
    append: (batches) => inner.append(batches),
    read: (query) => inner.read(query),
    coverage: () => inner.coverage(),
    close: () => inner.close(),
  };
}

const RANGES: readonly (readonly [string, number, number])[] = [
  ["all", 0, 2_000],
  ["older than the window", 100, 250],
  ["over the edge of the window", 200, 500],
  ["what both have", 320, 580],
  ["the newest", 650, 901],
  ["one instant", 600, 601],
];

const WAYS: readonly (readonly [string, Omit<MadeOptions, "seed">])[] = [
  ["an archive that reads many", {}],
  ["an archive that reads one at a time", { archive: (inner) => withTraits(inner, true) }],
  ["an archive of averages", { archive: (inner) => withTraits(inner, false) }],
  ["a window from the log of the run before", { replayed: 50 }],
  ["such a window, and an archive that reads one at a time", { replayed: 50, archive: (i) => withTraits(i, true) }],
  ["averages after a restart", { replayed: 50, archive: (inner) => withTraits(inner, false) }],
  [
    "an archive that reads many samples but no buckets",
    { archive: (i) => Object.assign(withTraits(i, true), { readMany: i.readMany.bind(i) }) },
  ],
];

const keyOf = ({ cluster, host, metric }: ManyNames, name: string) => ({
  cluster,
  host: host ?? name,
  metric: metric ?? name,
});

const namesOf = (names: ManyNames) => (names.host === undefined ? HOSTS : METRICS);

const ASKED: readonly ManyNames[] = [
  { cluster: "c", metric: "m" },
  { cluster: "c", metric: "text" },
  { cluster: "c", host: "c" },
  { cluster: "c", host: "a" },
  { cluster: "c", host: "b" },
];

describe.each(WAYS)("with %s", (_way, options) => {
  describe.each([1, 2, 3])("seed %i", (seed) => {
    test.each(RANGES)("samples are what each series has alone: %s", async (_what, from, to) => {
      const { single, many } = await make({ seed, ...options });
      const range = { fromMs: T + from * S, toMs: T + to * S };
      for (const names of ASKED) {
        const found = await many.samples(names, range, alive);
        const expected = new Map<string, Series>();
        for (const name of namesOf(names)) {
          const answer = await single.read({ key: keyOf(names, name), ...range });
          if (answer !== undefined && answer.kind !== "buckets") expected.set(name, answer);
        }
        expect(new Map([...found].sort())).toEqual(new Map([...expected].sort()));
      }
    });

    test.each(RANGES)("buckets too, none lost and none counted twice at a seam: %s", async (_what, from, to) => {
      const { single, many } = await make({ seed, ...options });
      const range = { fromMs: T + from * S, toMs: T + to * S, stepMs: 45 * S };
      for (const names of ASKED) {
        const { names: found, table } = await many.buckets(names, range, alive);
        const expected = new Map<string, Buckets>();
        for (const name of namesOf(names)) {
          if (keyOf(names, name).metric === "text") continue;
          const answer = await single.read({ key: keyOf(names, name), ...range });
          if (answer?.kind === "buckets") expected.set(name, answer);
        }
        const filled = found.flatMap((name, row) => {
          const buckets = bucketsOfRow(table, row);
          return buckets.avg.every(Number.isNaN) ? [] : ([[name, { kind: "buckets", ...buckets }]] as const);
        });
        expect(new Map([...filled].sort())).toEqual(new Map([...expected].sort()));
      }
    });
  });
});

describe("the archive is asked only for what the window may lack", () => {
  test("not at all where the window holds frames of a minute before", async () => {
    const { many, archive } = await make({ seed: 1 });
    await archive.close();
    const range = { fromMs: T + 400 * S, toMs: T + 900 * S };
    expect((await many.samples({ cluster: "c", metric: "m" }, range, alive)).size).toBeGreaterThan(1);
    await expect(many.samples({ cluster: "c", metric: "m" }, { ...range, fromMs: T }, alive)).rejects.toThrow("closed");
  });

  test("once for all series, with the seam of each", async () => {
    const asked: unknown[] = [];
    const { many } = await make({
      seed: 1,
      archive: (inner) =>
        Object.assign(withTraits(inner, true), {
          bucketMany: (query: Parameters<MemoryArchive["bucketMany"]>[0]) => {
            asked.push(query);
            return inner.bucketMany(query);
          },
        }),
    });
    await many.buckets({ cluster: "c", metric: "m" }, { fromMs: T, toMs: T + 900 * S, stepMs: 15 * S }, alive);
    expect(asked.length).toBe(1);
    expect(asked[0]).toMatchObject({ cluster: "c", metric: "m", stepMs: 15 * S });
    expect((asked[0] as { endsMs: Map<string, number> }).endsMs.get("c")).toBeGreaterThan(T + 290 * S);
  });

  test("no longer once nobody waits for it", async () => {
    const stopped = new AbortController();
    stopped.abort();
    const { many } = await make({ seed: 1 });
    const range = { fromMs: T, toMs: T + 900 * S, stepMs: 15 * S };
    const { names } = await many.buckets({ cluster: "c", metric: "m" }, range, stopped.signal);
    expect(names).not.toContain("a");
  });

  test("a cluster that only the archive knows", async () => {
    const { many, archive } = await make({ seed: 1 });
    const series = { kind: "number", timesMs: Float64Array.of(T), values: Float64Array.of(7) } as const;
    await archive.append([{ key: { cluster: "old", host: "h", metric: "m" }, type: "double", units: "", series }]);
    const found = await many.samples({ cluster: "old", metric: "m" }, { fromMs: T, toMs: T + 1 }, alive);
    expect([...found]).toEqual([["h", series]]);
  });

  test("nothing at all of a cluster nobody knows", async () => {
    const { many } = await make({ seed: 1 });
    const range = { fromMs: T, toMs: T + 1, stepMs: 1 };
    expect((await many.samples({ cluster: "x", host: "h" }, range, alive)).size).toBe(0);
    expect((await many.buckets({ cluster: "x", host: "h" }, range, alive)).names).toEqual([]);
  });
});

test("what was archived while the log could not be written is united with what the log gave back", async () => {
  const directory = new ClusterDirectory("c");
  const window = new RecentWindow({ windowMs: 86_400_000, bytesMax: 1e9, archiving: true });
  const news = { newCells: Uint32Array.of(0), newCount: 1, newHeard: new Uint32Array(0), newHeardCount: 0 };
  for (const [i, at] of [2, 3, 6, 7].entries()) {
    window.add(makeFrame(directory, { timeMs: T + at * S, cells: [["a", "m", at, T + at * S]] }), news, i + 1);
  }
  const archive = new MemoryArchive();
  const key = { cluster: "c", host: "a", metric: "m" };
  const held = Float64Array.of(1, 2, 5, 6);
  const timesMs = held.map((at) => T + at * S);
  await archive.append([{ key, type: "double", units: "", series: { kind: "number", timesMs, values: held } }]);
  const many = new ManyHistory({ window, archive, lastReplayed: () => 3, directory: () => directory });
  const range = { fromMs: T, toMs: T + 8 * S };
  const samples = (await many.samples({ cluster: "c", metric: "m" }, range, alive)).get("a");
  expect(samples?.kind === "number" && [...samples.values]).toEqual([1, 2, 3, 5, 6, 7]);
  const { table } = await many.buckets({ cluster: "c", metric: "m" }, { ...range, stepMs: 4 * S }, alive);
  expect([[...table.counts], [...table.sums]]).toEqual([
    [3, 3],
    [6, 18],
  ]);
});

describe("what is refused", () => {
  const limits = { samplesMax: 50, bucketsMax: 100, cellsMax: 60 };
  const whole = { fromMs: T, toMs: T + 900 * S };
  const names = { cluster: "c", metric: "m" };
  test.each<[string, (many: ManyHistory) => Promise<unknown>, string]>([
    [
      "samples of many hosts beyond the limit",
      (many) => many.samples(names, whole, alive),
      "more than 50 samples, ask for steps, a shorter range, or one host and metric",
    ],
    [
      "more buckets of all hosts than are read at once",
      (many) => many.buckets(names, { ...whole, stepMs: 30 * S }, alive),
      "at most 60 buckets are read for one answer, ask for longer steps or a shorter range",
    ],
    [
      "more steps than any answer has",
      (many) => many.buckets(names, { ...whole, stepMs: S }, alive),
      "history in 900 steps: at most 100 are allowed, ask for longer steps",
    ],
    ["a range that is none", (many) => many.samples(names, { fromMs: 5, toMs: 5 }, alive), "expected two times in ms"],
  ])("%s", async (_what, ask, message) => {
    const { many } = await make({ seed: 1, limits });
    const asked = ask(many);
    await expect(asked).rejects.toThrow(HistoryError);
    await expect(asked).rejects.toThrow(message);
  });
});
