import { describe, expect, test } from "vitest";
import { bucketsOf, type NumberSeries } from "../../../core/model/series.js";
import { parseRequest } from "../../../core/wire/extension/request.js";
import type { BucketHistory, RawHistory } from "../../../viewer/api/answers.js";
import {
  chartData,
  collectorQuery,
  joinTail,
  lonelyPoints,
  stepFor,
  summaryOf,
  tailFromMs,
} from "../../../viewer/web/lib/series.js";

const NAMES = { cluster: "c", host: "h", metric: "m" };

function raw(
  samples: readonly (readonly [timeMs: number, value: number | null])[],
  fromMs = 0,
  toMs = 1e9,
): RawHistory {
  return {
    ...NAMES,
    fromMs,
    toMs,
    kind: "number",
    timesMs: samples.map(([timeMs]) => timeMs),
    values: samples.map(([, value]) => value),
  };
}

function buckets(avg: readonly (number | null)[], startMs = 0, stepMs = 60_000): BucketHistory {
  const toMs = startMs + avg.length * stepMs;
  return { ...NAMES, fromMs: startMs, toMs, kind: "buckets", startMs, stepMs, avg, min: avg, max: avg };
}

describe("holes", () => {
  test("a silence longer than four times TMAX breaks the line, a shorter one does not", () => {
    const history = raw([
      [0, 1],
      [80_000, 2],
      [160_001, 3],
    ]);
    expect(chartData(history, 20).values).toEqual([1, 2, null, 3]);
    expect(chartData(history, 20).timesS[2]).toBe(120.0005);
    expect(chartData(history, 21).values).toEqual([1, 2, 3]);
  });

  test("where nothing is expected, nothing is missed", () => {
    const history = raw([
      [0, 1],
      [9e8, 2],
    ]);
    expect(chartData(history, 0).values).toEqual([1, 2]);
  });

  test("a value that is none is a hole", () => {
    expect(
      chartData(
        raw([
          [0, 1],
          [10_000, null],
          [20_000, 2],
        ]),
        60,
      ).values,
    ).toEqual([1, null, 2]);
  });

  test.each([
    ["one empty bucket of a sensor that speaks often", [1, null, 2], 15, [1, null, 2]],
    ["one empty bucket of a sensor that speaks seldom", [1, null, 2], 60, [1, undefined, 2]],
    ["more than it may be silent", [1, null, null, null, null, 2], 60, [1, null, null, null, null, 2]],
    ["before the first and after the last", [null, 1, null], 600, [null, 1, null]],
  ])("buckets: %s", (_what, avg, tmaxS, expected) => {
    const { values, min, max } = chartData(buckets(avg), tmaxS);
    expect(values).toEqual(expected);
    expect(min).toEqual(expected);
    expect(max).toEqual(expected);
  });

  test("a bucket is drawn in its middle", () => {
    expect(chartData(buckets([1, 2], 600_000), 60).timesS).toEqual([630, 690]);
  });

  test.each([
    [[1], [0]],
    [[1, 2], []],
    [[null, 1, null, 2, 3], [1]],
    [[1, undefined, 2], []],
    [[undefined, 1, undefined], [1]],
    [
      [1, undefined, null, 2],
      [0, 3],
    ],
    [[], []],
  ])("points that no line reaches in %j: %j", (values, expected) => {
    expect(lonelyPoints(values)).toEqual(expected);
  });
});

describe("summary", () => {
  test("of samples and of buckets, holes apart", () => {
    const history = raw([
      [0, 4],
      [1, null],
      [2, 2],
    ]);
    expect(summaryOf(history)).toEqual({ min: 2, max: 4, avg: 3, last: 2, count: 2 });
    const summed = { ...buckets([2, null, 4]), min: [1, null, 3], max: [9, null, 5] };
    expect(summaryOf(summed)).toEqual({ min: 1, max: 9, avg: 3, last: 4, count: 2 });
  });

  test("of nothing is none", () => {
    expect(summaryOf(raw([]))).toBeUndefined();
    expect(summaryOf(buckets([null]))).toBeUndefined();
  });
});

test.each([
  [900_000, undefined],
  [3_600_000, undefined],
  [6 * 3_600_000, 60_000],
  [86_400_000, 300_000],
  [7 * 86_400_000, 1_800_000],
  [365 * 86_400_000, 86_400_000],
  [1_000 * 86_400_000, 3 * 86_400_000],
])("a range of %s ms is asked for in steps of %s", (rangeMs, stepMs) => {
  expect(stepFor(rangeMs)).toBe(stepMs);
});

describe("going on where the last answer ended", () => {
  test("samples: after the newest, and the oldest fall off", () => {
    const held = raw(
      [
        [1_000, 1],
        [2_000, 2],
        [3_000, 3],
      ],
      1_000,
      3_500,
    );
    expect(tailFromMs(held)).toBe(3_001);
    const joined = joinTail(held, raw([[4_000, 4]], 3_001, 5_000), 2_000);
    expect(joined).toMatchObject({ timesMs: [2_000, 3_000, 4_000], values: [2, 3, 4], fromMs: 2_000, toMs: 5_000 });
  });

  test("nothing held, nothing new, everything too old", () => {
    expect(tailFromMs(raw([], 700))).toBe(700);
    expect(joinTail(raw([]), raw([[5, 1]]), 0)).toMatchObject({ timesMs: [5] });
    expect(joinTail(raw([[5, 1]]), raw([]), 0)).toMatchObject({ timesMs: [5] });
    expect(joinTail(raw([[5, 1]]), raw([[9, 2]]), 8)).toMatchObject({ timesMs: [9], values: [2] });
  });

  test("buckets: the same as one question over the whole", () => {
    const timesMs = Float64Array.from({ length: 100 }, (_, i) => i * 25_000);
    const series: NumberSeries = { kind: "number", timesMs, values: timesMs.map((timeMs) => Math.sin(timeMs)) };
    const ask = (fromMs: number, toMs: number, untilMs = toMs): BucketHistory => {
      const known = timesMs.filter((timeMs) => timeMs < untilMs);
      const cut = { ...series, timesMs: known, values: series.values.slice(0, known.length) };
      const { startMs, stepMs, min, avg, max } = bucketsOf(cut, fromMs, toMs, 60_000);
      const shown = (values: Float64Array) => Array.from(values, (value) => (Number.isNaN(value) ? null : value));
      return {
        ...NAMES,
        kind: "buckets",
        fromMs,
        toMs,
        startMs,
        stepMs,
        min: shown(min),
        avg: shown(avg),
        max: shown(max),
      };
    };
    let held = ask(0, 700_000);
    for (let nowMs = 715_000; nowMs < 2_000_000; nowMs += 45_000) {
      const fromMs = nowMs - 700_000;
      const next = joinTail(held, ask(tailFromMs(held), nowMs), fromMs);
      expect(next).toEqual(ask(fromMs, nowMs));
      held = next as BucketHistory;
    }
  });

  test("after a long pause only the new part is left", () => {
    const tail = buckets([5], 6_000_000);
    expect(joinTail(buckets([1, 2]), tail, 5_900_000)).toBe(tail);
    expect(joinTail(buckets([1, 2]), raw([[1, 1]]), 0)).toEqual(raw([[1, 1]]));
  });
});

test("the query that a chart names gets the same from the collector", () => {
  const history = { ...raw([], 1_500, 9_000), host: "a/b?&" };
  expect(parseRequest(collectorQuery(history))).toEqual({
    verb: "history",
    cluster: "c",
    host: "a/b?&",
    metric: "m",
    from: { atMs: 1_500 },
    to: { atMs: 9_000 },
    stepMs: undefined,
  });
  expect(parseRequest(collectorQuery(buckets([1])))).toMatchObject({ stepMs: 60_000, to: { atMs: 60_000 } });
});
