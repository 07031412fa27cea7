import { describe, expect, it } from "vitest";
import type { FrameNews } from "../../collector/frame-news.js";
import { History, HistoryError, type HistoryLimits, type HistoryQuery } from "../../collector/history.js";
import { RecentWindow } from "../../collector/window/recent-window.js";
import type { Archive, SeriesBatch, SeriesQuery } from "../../core/model/archive.js";
import { ClusterDirectory } from "../../core/model/directory.js";
import type { Series } from "../../core/model/series.js";
import { MemoryArchive } from "../../storage/memory/memory-archive.js";
import { makeFrame } from "./support.js";

const T = 1_700_000_000_000;
const DAY = 86_400_000;
const KEY = { cluster: "c", host: "h", metric: "m" };
const ALL: FrameNews = {
  newCells: Uint32Array.from({ length: 100 }, (_, i) => i),
  newCount: 1,
  newHeard: new Uint32Array(0),
  newHeardCount: 0,
};

type Sample = readonly [timeMs: number, value: number | string];

interface Stores {
  readonly archive?: readonly Sample[];
  readonly window?: readonly Sample[];
  readonly limits?: HistoryLimits;
  /** Frames of the window that came from the log. */
  readonly replayed?: number;
  /** false: the archive holds averages. */
  readonly exact?: boolean;
}

/** Says of itself that it keeps no samples. */
class Averages implements Archive {
  readonly #inner: Archive;
  constructor(inner: Archive) {
    this.#inner = inner;
  }
  get traits() {
    return { ...this.#inner.traits, exact: false, resolutionMs: 10 };
  }
  append = (batches: readonly SeriesBatch[]) => this.#inner.append(batches);
  read = (query: SeriesQuery) => this.#inner.read(query);
  coverage = () => this.#inner.coverage();
  close = () => this.#inner.close();
}

async function makeHistory({ archive, window, limits, replayed = 0, exact = true }: Stores): Promise<History> {
  const recent = new RecentWindow({ windowMs: DAY, bytesMax: 1e9, archiving: true });
  const directory = new ClusterDirectory("c");
  (window ?? []).forEach(([timeMs, value], i) => {
    recent.add(makeFrame(directory, { timeMs: T + timeMs, cells: [["h", "m", value, T + timeMs]] }), ALL, i + 1);
  });
  if (archive === undefined) return new History(recent, undefined, () => replayed, limits);
  const memory = new MemoryArchive();
  const store: Archive = exact ? memory : new Averages(memory);
  for (const kind of ["number", "text"] as const) {
    const samples = archive.filter(([, value]) => (typeof value === "string") === (kind === "text"));
    if (samples.length === 0) continue;
    const timesMs = Float64Array.from(samples, ([timeMs]) => T + timeMs);
    const series: Series =
      kind === "text"
        ? { kind, timesMs, texts: samples.map(([, text]) => String(text)) }
        : { kind, timesMs, values: Float64Array.from(samples, ([, value]) => Number(value)) };
    await store.append([{ key: KEY, type: kind === "text" ? "string" : "double", units: "", series }]);
  }
  return new History(recent, store, () => replayed, limits);
}

/** The answer as samples, times without T. */
async function raw(history: History, range: Partial<HistoryQuery> = {}): Promise<Sample[] | undefined> {
  const answer = await history.read({ key: KEY, fromMs: 0, toMs: T + 1_000 * DAY, ...range });
  if (answer === undefined || answer.kind === "buckets") return undefined;
  const values: ArrayLike<number | string> = answer.kind === "number" ? answer.values : answer.texts;
  return Array.from(answer.timesMs, (timeMs, i) => [timeMs - T, values[i] as number | string]);
}

describe("the seam between window and archive", () => {
  it.each<[name: string, stores: Stores, expected: Sample[] | undefined]>([
    ["nothing anywhere", { archive: [], window: [] }, undefined],
    ["no archive at all", { window: [[5, 1]] }, [[5, 1]]],
    [
      "only in the archive",
      {
        archive: [
          [1, 1],
          [2, 2],
        ],
      },
      [
        [1, 1],
        [2, 2],
      ],
    ],
    [
      "only in the window",
      {
        archive: [],
        window: [
          [1, 1],
          [2, 2],
        ],
      },
      [
        [1, 1],
        [2, 2],
      ],
    ],
    [
      "one after the other",
      {
        archive: [
          [1, 1],
          [2, 2],
        ],
        window: [[3, 3]],
      },
      [
        [1, 1],
        [2, 2],
        [3, 3],
      ],
    ],
    [
      "the same samples in both",
      {
        archive: [
          [1, 1],
          [2, 2],
          [3, 3],
        ],
        window: [
          [2, 2],
          [3, 3],
          [4, 4],
        ],
      },
      [
        [1, 1],
        [2, 2],
        [3, 3],
        [4, 4],
      ],
    ],
    [
      "the window wins where they differ, as with an archive of averages",
      {
        archive: [
          [0, 9],
          [10, 9],
          [20, 9],
        ],
        window: [
          [10, 1],
          [15, 2],
          [20, 3],
        ],
      },
      [
        [0, 9],
        [10, 1],
        [15, 2],
        [20, 3],
      ],
    ],
    [
      "texts",
      {
        archive: [
          [1, "a"],
          [2, "b"],
        ],
        window: [
          [2, "b"],
          [3, "c"],
        ],
      },
      [
        [1, "a"],
        [2, "b"],
        [3, "c"],
      ],
    ],
    ["numbers that became texts", { archive: [[1, 1]], window: [[2, "b"]] }, [[2, "b"]]],
    ["texts that became numbers", { archive: [[1, "a"]], window: [[2, 2]] }, [[2, 2]]],
    [
      "what the log gave back, united with what was archived while the log failed",
      {
        archive: [
          [1, 1],
          [2, 2],
          [5, 5],
          [6, 6],
        ],
        window: [
          [2, 2],
          [3, 3],
          [6, 6],
          [7, 7],
        ],
        replayed: 3,
      },
      [
        [1, 1],
        [2, 2],
        [3, 3],
        [5, 5],
        [6, 6],
        [7, 7],
      ],
    ],
    [
      "all of the window from the log",
      {
        archive: [
          [1, 1],
          [9, 9],
        ],
        window: [[2, 2]],
        replayed: 1,
      },
      [
        [1, 1],
        [2, 2],
        [9, 9],
      ],
    ],
    [
      "averages, which are not united with what the log gave back",
      {
        archive: [
          [0, 9],
          [10, 9],
          [20, 9],
        ],
        window: [
          [10, 1],
          [15, 2],
        ],
        replayed: 2,
        exact: false,
      },
      [
        [0, 9],
        [10, 1],
        [15, 2],
      ],
    ],
  ])("%s", async (_name, stores, expected) => {
    expect(await raw(await makeHistory(stores))).toEqual(expected);
  });

  const stores: Stores = {
    archive: [
      [0, 0],
      [10, 1],
      [20, 2],
      [30, 3],
    ],
    window: [
      [20, 2],
      [30, 3],
      [40, 4],
    ],
  };
  it.each<[from: number, to: number, expected: number[] | undefined]>([
    [0, 41, [0, 1, 2, 3, 4]],
    [0, 40, [0, 1, 2, 3]],
    [10, 21, [1, 2]],
    [11, 20, undefined],
    [0, 15, [0, 1]],
    [20, 40, [2, 3]],
    [21, 30, undefined],
    [40, 41, [4]],
    [41, 99, undefined],
  ])("from %i to %i", async (from, to, expected) => {
    const samples = await raw(await makeHistory(stores), { fromMs: T + from, toMs: T + to });
    expect(samples?.map(([, value]) => value)).toEqual(expected);
  });

  it("is not crossed where the window suffices", async () => {
    const recent = new RecentWindow({ windowMs: DAY, bytesMax: 1e9, archiving: true });
    const frame = makeFrame(new ClusterDirectory("c"), { timeMs: T, cells: [["h", "m", 1, T]] });
    recent.add(frame, ALL, 1);
    const store = new MemoryArchive();
    await store.close();
    const history = new History(recent, store, () => 0);
    expect(await history.read({ key: KEY, fromMs: T, toMs: T + 1 })).toMatchObject({ values: Float64Array.of(1) });
    await expect(history.read({ key: KEY, fromMs: T - 1, toMs: T + 1 })).rejects.toThrow("closed");
  });

  it("reads long archives in pieces, without a gap", async () => {
    const samples = Array.from({ length: 60 }, (_, i): Sample => [i * DAY, i]);
    const history = await makeHistory({ archive: samples, window: [[60 * DAY, 60]] });
    expect((await raw(history))?.map(([, value]) => value)).toEqual(Array.from({ length: 61 }, (_, i) => i));
  });
});

describe("buckets", () => {
  const at = (step: number, from: number, to: number, stores: Stores) =>
    makeHistory(stores).then((history) => history.read({ key: KEY, fromMs: T + from, toMs: T + to, stepMs: step }));

  it("sum up over the seam, each sample once, holes as holes", async () => {
    const answer = await at(10_000, 0, 40_000, {
      archive: [
        [0, 1],
        [5_000, 3],
        [20_000, 10],
      ],
      window: [
        [20_000, 10],
        [25_000, 20],
      ],
    });
    expect(answer).toEqual({
      kind: "buckets",
      startMs: T,
      stepMs: 10_000,
      min: Float64Array.of(1, Number.NaN, 10, Number.NaN),
      avg: Float64Array.of(2, Number.NaN, 15, Number.NaN),
      max: Float64Array.of(3, Number.NaN, 20, Number.NaN),
    });
  });

  it("count once what the log gave back and the archive has too", async () => {
    const answer = await at(10_000, 0, 10_000, {
      archive: [
        [0, 1],
        [5_000, 3],
      ],
      window: [
        [0, 1],
        [6_000, 5],
      ],
      replayed: 2,
    });
    expect(answer).toMatchObject({ avg: Float64Array.of(3), min: Float64Array.of(1) });
  });

  it("are whole at both ends, so that two questions agree", async () => {
    const answer = await at(10_000, 7_000, 12_000, {
      window: [
        [1_000, 1],
        [8_000, 3],
        [19_000, 5],
      ],
    });
    expect(answer).toMatchObject({ startMs: T, avg: Float64Array.of(2, 5) });
  });

  it("are undefined where nothing is known", async () => {
    expect(await at(10_000, 0, 10_000, { window: [[10_000, 1]] })).toBeUndefined();
  });

  it("cannot be made of texts", async () => {
    await expect(at(10_000, 0, 10_000, { window: [[1, "x"]] })).rejects.toThrow(
      "history of m on h by steps: it is text, ask without a step",
    );
  });
});

describe("what is refused", () => {
  const limits = { samplesMax: 3, bucketsMax: 4, cellsMax: 100 };
  it.each<[name: string, query: Partial<HistoryQuery>, message: string]>([
    [
      "an empty range",
      { fromMs: 5, toMs: 5 },
      "history from 5 to 5: it ends where it begins, expected two times in ms since 1970, the first before the second",
    ],
    [
      "a range that runs backwards, with its length",
      { fromMs: 7, toMs: 5 },
      "history from 7 to 5: it ends 2 ms before it begins, expected two times in ms since 1970, the first before the second",
    ],
    [
      "no range, with what is no time",
      { fromMs: Number.NaN, toMs: 5 },
      "history from NaN to 5: NaN is no time, expected two times in ms since 1970, the first before the second",
    ],
    ["an endless range", { toMs: Number.POSITIVE_INFINITY }, "Infinity is no time, expected two times"],
    ["no step", { stepMs: 0 }, "history by steps of 0 ms: expected more than 0"],
    [
      "too many steps",
      { fromMs: T, toMs: T + 41, stepMs: 10 },
      "history in 5 steps: at most 4 are allowed, ask for longer steps",
    ],
    ["too many samples", {}, "history of m on h: more than 3 samples, ask for steps or a shorter range"],
  ])("%s", async (_name, query, message) => {
    const history = await makeHistory({
      archive: [
        [1, 1],
        [2, 2],
      ],
      window: [
        [3, 3],
        [4, 4],
      ],
      limits,
    });
    const asked = history.read({ key: KEY, fromMs: 0, toMs: T + DAY, ...query });
    await expect(asked).rejects.toThrow(HistoryError);
    await expect(asked).rejects.toThrow(message);
  });

  it("not an answer just at the limit", async () => {
    const history = await makeHistory({
      archive: [
        [1, 1],
        [2, 2],
      ],
      window: [[3, 3]],
      limits,
    });
    expect(await raw(history)).toHaveLength(3);
  });
});
