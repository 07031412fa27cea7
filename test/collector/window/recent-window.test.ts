import { beforeEach, describe, expect, it } from "vitest";
import type { FrameNews } from "../../../collector/frame-news.js";
import type { FrameTail } from "../../../collector/window/frame-tail.js";
import { RecentWindow, type WindowOptions } from "../../../collector/window/recent-window.js";
import type { SeriesBatch } from "../../../core/model/archive.js";
import { ClusterDirectory } from "../../../core/model/directory.js";
import type { Frame } from "../../../core/model/frame.js";
import type { Series } from "../../../core/model/series.js";
import { type Cell, makeFrame, meta } from "../support.js";

const T = 1_700_000_000_000;
const S = 1_000;
const ALWAYS = { fromMs: 0, toMs: Number.POSITIVE_INFINITY };

let directory: ClusterDirectory;
let window: RecentWindow;
let number: number;
beforeEach(() => {
  directory = new ClusterDirectory("c");
  window = makeWindow();
  number = 0;
});

function makeWindow(options: Partial<WindowOptions> = {}): RecentWindow {
  return new RecentWindow({ windowMs: 3_600 * S, bytesMax: 1e9, archiving: true, ...options });
}

const allOf = (frame: Frame): FrameNews => ({
  newCells: Uint32Array.from({ length: frame.count }, (_, i) => i),
  newCount: frame.count,
  newHeard: new Uint32Array(0),
  newHeardCount: 0,
});

function add(timeMs: number, ...cells: Cell[]): void {
  const frame = makeFrame(directory, { timeMs, cells });
  window.add(frame, allOf(frame), ++number);
}

/** [time - T, value] pairs. */
function pairs(series: Series | undefined): [number, number | string][] | undefined {
  if (series === undefined) return undefined;
  const values: ArrayLike<number | string> = series.kind === "number" ? series.values : series.texts;
  return Array.from(series.timesMs, (timeMs, i) => [timeMs - T, values[i] as number | string]);
}

function read(host: string, metric: string, range: { fromMs: number; toMs: number } = ALWAYS) {
  return pairs(window.read({ key: { cluster: "c", host, metric }, ...range }));
}

describe("reading a series", () => {
  it("gives its samples over frames, in order of time", () => {
    add(T, ["a", "m", 1, T - 5], ["b", "m", 10, T], ["a", "n", 100, T]);
    add(T + 15, ["b", "m", 11, T + 15]);
    add(T + 30, ["a", "n", 101, T + 29.5], ["a", "m", 2, T + 30]);
    expect(read("a", "m")).toEqual([
      [-5, 1],
      [30, 2],
    ]);
    expect(read("b", "m")).toEqual([
      [0, 10],
      [15, 11],
    ]);
    expect(read("a", "n")).toEqual([
      [0, 100],
      [29.5, 101],
    ]);
  });

  it("takes from inclusive, to exclusive", () => {
    for (let i = 0; i < 5; i++) add(T + i, ["a", "m", i, T + i]);
    expect(read("a", "m", { fromMs: T + 1, toMs: T + 3 })).toEqual([
      [1, 1],
      [2, 2],
    ]);
    expect(read("a", "m", { fromMs: T + 5, toMs: T + 9 })).toBeUndefined();
  });

  it.each<[string, string, string]>([
    ["another cluster", "x", "a"],
    ["another host", "c", "x"],
    ["a host without this metric", "c", "b"],
  ])("knows nothing of %s", (_name, cluster, host) => {
    add(T, ["a", "m", 1, T], ["b", "n", 1, T]);
    expect(window.read({ key: { cluster, host, metric: "m" }, ...ALWAYS })).toBeUndefined();
    expect(window.firstTimeMs({ cluster, host, metric: "m" })).toBeUndefined();
  });

  it("keeps texts, no values, and times far away", () => {
    add(T, ["a", "t", "x", T], ["a", "m", Number.NaN, T - 5e9], ["b", "t", "ä\u{1f600}", T]);
    add(T + 1, ["a", "t", "", T + 1]);
    expect(read("a", "t")).toEqual([
      [0, "x"],
      [1, ""],
    ]);
    expect(read("b", "t")).toEqual([[0, "ä\u{1f600}"]]);
    expect(read("a", "m")).toEqual([[-5e9, Number.NaN]]);
  });

  it("only keeps what is news", () => {
    const frame = makeFrame(directory, {
      timeMs: T,
      cells: [
        ["a", "m", 1, T],
        ["b", "m", 2, T],
      ],
    });
    window.add(frame, { ...allOf(frame), newCells: Uint32Array.of(1), newCount: 1 }, 1);
    expect([read("a", "m"), read("b", "m")]).toEqual([undefined, [[0, 2]]]);
  });

  it("gives several samples of one frame", () => {
    add(T, ["a", "m", 1, T - 2], ["b", "m", 9, T], ["a", "m", 2, T - 1], ["a", "m", 3, T]);
    expect(read("a", "m")).toEqual([
      [-2, 1],
      [-1, 2],
      [0, 3],
    ]);
  });

  it("puts samples in order after the clock was set back; the last word counts", () => {
    add(T + 10, ["a", "m", 1, T + 9], ["a", "m", 2, T + 10]);
    add(T, ["a", "m", 3, T]);
    add(T + 10, ["a", "m", 4, T + 10]);
    expect(read("a", "m")).toEqual([
      [0, 3],
      [9, 1],
      [10, 4],
    ]);
    expect(window.firstTimeMs({ cluster: "c", host: "a", metric: "m" })).toBe(T);
  });

  it("gives the kind of the newest sample where a metric changed it", () => {
    add(T, ["a", "m", 1, T], ["b", "m", "x", T]);
    add(T + 1, ["a", "m", "one", T + 1], ["b", "m", 2, T + 1]);
    expect([read("a", "m"), read("b", "m")]).toEqual([[[1, "one"]], [[1, 2]]]);
    expect(window.firstTimeMs({ cluster: "c", host: "a", metric: "m" })).toBe(T);
  });

  it("finds any series among many, alone and as a column", () => {
    const hosts = 210;
    for (let f = 0; f < 5; f++) {
      const cells: Cell[] = [];
      for (let h = hosts - 1; h >= 0; h--) {
        for (let m = 0; m < 40; m++) if ((h + m + f) % 3 === 0) cells.push([`h${h}`, `m${m}`, h * 100 + m, T + f]);
      }
      add(T + f, ...cells);
    }
    for (let h = 0; h < hosts; h++) {
      for (let m = 0; m < 40; m++) {
        const expected = [0, 1, 2, 3, 4].filter((f) => (h + m + f) % 3 === 0).map((f) => [f, h * 100 + m]);
        expect(read(`h${h}`, `m${m}`)).toEqual(expected);
      }
    }
    const column = directory.findColumn("m7", "number");
    const found: unknown[] = [];
    const rows = new Set(["h5", "h100", "h209"].map((host) => directory.findRow(host)));
    window.readColumn(directory, column, T + 1, T + 4, (row, timeMs, value) => found.push([row, timeMs, value]), rows);
    const expected = [...rows].flatMap((row) => {
      const host = directory.host(row)?.name ?? "";
      return (read(host, "m7", { fromMs: T + 1, toMs: T + 4 }) ?? []).map(([ms, value]) => [row, T + ms, value]);
    });
    expect(found.sort()).toEqual(expected.sort());
    expect(found.length).toBeGreaterThan(1);
  });

  it("gives a column of texts", () => {
    add(T, ["a", "t", "x", T], ["b", "t", "y", T]);
    add(T + 1, ["a", "t", "z", T + 1]);
    const found: unknown[] = [];
    const column = directory.findColumn("t", "text");
    window.readColumn(directory, column, 0, 9e15, (row, timeMs, value, text) =>
      found.push([row, timeMs - T, value, text]),
    );
    expect(found).toEqual([
      [0, 0, Number.NaN, "x"],
      [1, 0, Number.NaN, "y"],
      [0, 1, Number.NaN, "z"],
    ]);
  });

  it("goes on over many blocks, and loses sight of frames one by one", () => {
    window = makeWindow({ windowMs: 60 * S, archiving: false });
    for (let i = 0; i < 100; i++) {
      add(T + i * S, ["a", "m", i, T + i * S], ["b", "t", `t${i >> 3}`, T + i * S]);
      window.trim(T + i * S);
      const first = Math.max(0, i - 60);
      const kept = Array.from({ length: i - first + 1 }, (_, k) => first + k);
      expect(read("a", "m")).toEqual(kept.map((k) => [k * S, k]));
      expect(read("b", "t")).toEqual(kept.map((k) => [k * S, `t${k >> 3}`]));
      expect(window.frames).toBe(kept.length);
    }
  });
});

describe("what leaves", () => {
  const lone = () => window.frames;

  it("frames past the window, once they are archived", () => {
    for (let i = 0; i < 4; i++) add(T + i * S, ["a", "m", i, T + i * S]);
    expect(window.trim(T + 3_602 * S)).toBe(0);
    expect(lone()).toBe(4);
    window.archived(1);
    expect(window.trim(T + 3_602 * S)).toBe(1);
    window.archived(4);
    expect(window.trim(T + 3_602 * S)).toBe(2);
    expect(read("a", "m")?.[0]).toEqual([2 * S, 2]);
    expect(window.coverage()).toEqual({ fromMs: T + 2 * S, toMs: T + 3 * S });
  });

  it("frames past the window at once where there is no archive", () => {
    window = makeWindow({ archiving: false });
    add(T, ["a", "m", 1, T]);
    add(T + 1, ["a", "m", 2, T + 1]);
    expect(window.trim(T + 3_600 * S + 1)).toBe(1);
    expect(window.loss).toBeUndefined();
  });

  it("all of it, at the end", () => {
    add(T, ["a", "m", 1, T]);
    window.archived(1);
    window.trim(T + 1e9);
    expect([window.frames, window.bytes, window.coverage(), window.oldestNumber()]).toEqual([
      0,
      0,
      undefined,
      Number.POSITIVE_INFINITY,
    ]);
    expect(window.firstTimeMs({ cluster: "c", host: "a", metric: "m" })).toBeUndefined();
  });

  /** Numbers that cannot be compressed: some 10 KB a frame. */
  const fill = (frames: number) => {
    for (let i = 0; i < frames; i++) {
      add(
        T + i * S,
        ...Array.from({ length: 1_000 }, (_, h): Cell => [`h${h}`, "m", Math.sin(h + 1_000 * i), T + i * S]),
      );
    }
  };

  it("the oldest frames at the memory limit, archived ones without loss", () => {
    window = makeWindow({ bytesMax: 150_000 });
    fill(5);
    window.archived(5);
    fill(5);
    expect(window.bytes).toBeLessThanOrEqual(150_000);
    expect(window.frames).toBeLessThan(10);
    expect(window.loss).toBeUndefined();
    expect(window.shortenedFrames).toBe(10 - window.frames);
  });

  it("frames that no archive has, at the memory limit, with word of it until the archive has caught up", () => {
    window = makeWindow({ bytesMax: 100_000 });
    fill(10);
    const gone = 10 - window.frames;
    expect(window.loss).toEqual({ frames: gone, samples: gone * 1_000, fromMs: T, toMs: T + (gone - 1) * S });
    window.archived(10);
    expect(window.loss).toBeUndefined();
    expect([window.lostFrames, window.lostSamples]).toEqual([gone, gone * 1_000]);
  });

  it("asks for the archive when half of the memory waits for it", () => {
    window = makeWindow({ bytesMax: 150_000 });
    fill(2);
    expect(window.wantsSpill).toBe(false);
    fill(5);
    expect(window.wantsSpill).toBe(true);
    expect(window.loss).toBeUndefined();
    window.archived(7);
    expect(window.wantsSpill).toBe(false);
  });

  it("never the newest frame, however large", () => {
    window = makeWindow({ bytesMax: 10 });
    fill(2);
    expect(window.frames).toBe(1);
  });

  it("counts texts as memory", () => {
    add(T, ["a", "t", "x".repeat(10_000), T]);
    expect(window.bytes).toBeGreaterThan(20_000);
  });
});

describe("batches for the archive", () => {
  const lines = (parts: Iterable<SeriesBatch[]>) =>
    [...parts].map((part) => part.map(({ key, series }) => `${key.host}/${key.metric}: ${pairs(series)?.join(" ")}`));

  beforeEach(() => {
    directory.row("a");
    directory.describeMetric(0, directory.column("m", "number"), meta("m", { type: "uint8", units: "C" }));
    add(T, ["b", "m", 1, T], ["a", "m", 2, T], ["a", "t", "x", T]);
    add(T + 1, ["a", "m", 3, T + 1]);
    add(T + 2, ["a", "m", 4, T + 2], ["b", "m", 5, T + 2], ["a", "t", "y", T + 2]);
  });

  it("hold whole series, metric by metric", () => {
    expect(lines(window.batches(3, 1_000))).toEqual([["a/m: 0,2 1,3 2,4", "b/m: 0,1 2,5", "a/t: 0,x 2,y"]]);
  });

  it("carry type and units, or what fits the values", () => {
    const [part] = window.batches(3, 1_000);
    expect(part?.map(({ key, type, units }) => [key.cluster, type, units])).toEqual([
      ["c", "uint8", "C"],
      ["c", "uint8", "C"],
      ["c", "string", ""],
    ]);
  });

  it("end at the frame asked for and begin behind what is archived", () => {
    expect(lines(window.batches(2, 1_000))).toEqual([["a/m: 0,2 1,3", "b/m: 0,1", "a/t: 0,x"]]);
    window.archived(1);
    expect(lines(window.batches(2, 1_000))).toEqual([["a/m: 1,3"]]);
    window.archived(3);
    expect(lines(window.batches(3, 1_000))).toEqual([]);
  });

  it("come in parts of about the size asked for, no series twice", () => {
    expect(lines(window.batches(3, 1))).toEqual([["a/m: 0,2 1,3 2,4"], ["b/m: 0,1 2,5"], ["a/t: 0,x 2,y"]]);
    expect(lines(window.batches(3, 4))).toEqual([["a/m: 0,2 1,3 2,4", "b/m: 0,1 2,5"], ["a/t: 0,x 2,y"]]);
  });

  it("go over all clusters", () => {
    const other = new ClusterDirectory("d");
    const frame = makeFrame(other, { timeMs: T, cells: [["a", "m", 7, T]] });
    window.add(frame, allOf(frame), ++number);
    expect([...window.batches(4, 1_000)].flat().map(({ key }) => key.cluster)).toEqual(["c", "c", "c", "d"]);
  });

  it("come of at most a hundred hosts at a time, each series whole and once, over blocks and texts", () => {
    window = makeWindow({ windowMs: 60 * S });
    for (let f = 0; f < 40; f++) {
      const cells = Array.from({ length: 250 }, (_, h): Cell[] => [
        [`h${h}`, "m", f * h, T + f * S],
        [`h${h}`, "t", `text ${(f * h) % 7}`, T + f * S],
      ]);
      add(T + f * S, ...cells.flat());
    }
    window.archived(5);
    const seen = new Set<string>();
    for (const part of window.batches(number - 2, 500)) {
      expect(new Set(part.map(({ key }) => key.host)).size).toBeLessThanOrEqual(100);
      for (const { key, series } of part) {
        if (key.host === "a" || key.host === "b") continue;
        const name = `${key.host}/${key.metric}`;
        expect(seen.has(name), name).toBe(false);
        seen.add(name);
        const h = Number(key.host.slice(1));
        // The first three frames are those of every test here; five are archived, two are not asked for.
        const frames = Array.from({ length: 36 }, (_, i) => i + 2);
        expect(pairs(series)).toEqual(frames.map((f) => [f * S, key.metric === "m" ? f * h : `text ${(f * h) % 7}`]));
      }
    }
    expect(seen.size).toBe(500);
  });

  it("of few frames come in parts of at most a hundred series, however few samples these have", () => {
    window = makeWindow({ windowMs: 60 * S });
    for (let f = 0; f < 2; f++) {
      const cells = Array.from({ length: 250 }, (_, h): Cell[] =>
        Array.from({ length: 6 }, (_, m): Cell => [`h${h}`, `m${m}`, f + h + m, T + f * S]),
      );
      add(T + f * S, ...cells.flat());
    }
    const lengths = [...window.batches(number, 4_000)].map((part) => part.length);
    expect(Math.max(...lengths)).toBeLessThanOrEqual(100);
    expect(lengths.reduce((sum, length) => sum + length, 0)).toBe(250 * 6);
  });

  it("do without frames that leave between two parts", () => {
    const small = makeWindow({ bytesMax: 4_000 });
    window = small;
    for (let i = 0; i < 3; i++) add(T + i, ["a", "m", i, T + i], ["a", "n", i, T + i]);
    const parts = small.batches(number, 1);
    expect(parts.next().value).toHaveLength(1);
    for (let i = 3; i < 20; i++) add(T + i, ["a", "z", i, T + i]);
    expect(parts.next().value).toBeUndefined();
  });

  it("are in order of time after the clock was set back", () => {
    add(T + 1, ["b", "m", 6, T + 1], ["b", "m", 7, T + 2]);
    expect(lines(window.batches(4, 1_000)).flat()).toContain("b/m: 0,1 1,6 2,7");
  });
});

describe("frames for the log", () => {
  it("come oldest first over all clusters, without those that the archive has", () => {
    const other = new ClusterDirectory("d");
    add(T, ["a", "m", 1, T]);
    add(T + 1, ["b", "m", 2, T + 1], ["a", "t", "x", T + 0.5], ["a", "m", 3, T + 1]);
    const frame = makeFrame(other, { timeMs: T + 2, cells: [["a", "m", 7, T + 2]] });
    window.add(frame, allOf(frame), ++number);
    add(T + 3);
    window.archived(1);
    const seen: unknown[] = [];
    for (const { number, frame } of steps(window.framesAfter(0))) {
      const cells = Array.from({ length: frame.count }, (_, i) => {
        const { name, kind } = frame.directory.columnFacts(frame.columns[i] as number);
        const value = frame.values[i] as number;
        const host = frame.directory.host(frame.rows[i] as number)?.name;
        return `${host}/${name}=${kind === "text" ? frame.texts[value] : value}@${(frame.timesMs[i] as number) - T}`;
      });
      seen.push([number, frame.directory.name, frame.timeMs - T, cells.join(" ")]);
    }
    expect(seen).toEqual([
      [2, "c", 1, "a/m=3@1 b/m=2@1 a/t=x@0.5"],
      [3, "d", 2, "a/m=7@2"],
      [4, "c", 3, ""],
    ]);
    expect(numbers(window.framesAfter(3))).toEqual([4]);
  });

  it("go on with those that came in the meantime, whatever has left, and with clusters that are new", () => {
    const small = new RecentWindow({ windowMs: 60_000, bytesMax: 1e9, archiving: true });
    const fill = (directory: ClusterDirectory, timeMs: number) => {
      const frame = makeFrame(directory, { timeMs, cells: [["a", "m", timeMs, timeMs]] });
      small.add(frame, allOf(frame), ++number);
    };
    const directories = ["c", "d", "e"].map((name) => new ClusterDirectory(name));
    // A block has ten seconds.
    for (let i = 0; i < 40; i++) fill(directories[i % 2] as ClusterDirectory, T + i * 1_000);
    const tail = small.framesAfter(3);
    expect(numbers(tail, 4)).toEqual([4, 5, 6, 7]);
    small.archived(12);
    expect(numbers(tail, 1)).toEqual([13]);
    small.archived(25);
    small.trim(T + 1e6);
    expect(numbers(tail, 2)).toEqual([26, 27]);
    for (let i = 40; i < 45; i++) fill(directories[i % 3] as ClusterDirectory, T + i * 1_000);
    expect(numbers(tail)).toEqual(Array.from({ length: 18 }, (_, i) => 28 + i));
    expect(tail.step()).toBeUndefined();
    fill(directories[0] as ClusterDirectory, T + 50_000);
    expect(numbers(tail)).toEqual([46]);
  });
});

function* steps(tail: FrameTail) {
  for (let next = tail.step(); next !== undefined; next = tail.step()) if (next !== "passed") yield next;
}

function numbers(tail: FrameTail, max = Number.POSITIVE_INFINITY): number[] {
  const found: number[] = [];
  if (max === 0) return found;
  for (const { number } of steps(tail)) if (found.push(number) >= max) break;
  return found;
}
