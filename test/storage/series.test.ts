import { describe, expect, test } from "vitest";
import type { Series } from "../../core/model/series.js";
import { cutSeries, firstAfter, firstAtOrAfter, joinSeries, sliceSeries } from "../../storage/series.js";

const numbers = (...timesMs: number[]): Series => ({
  kind: "number",
  timesMs: Float64Array.from(timesMs),
  values: Float64Array.from(timesMs),
});
const texts = (...timesMs: number[]): Series => ({
  kind: "text",
  timesMs: Float64Array.from(timesMs),
  texts: timesMs.map(String),
});

const searches: [timesMs: number[], instantMs: number, atOrAfter: number, after: number][] = [
  [[], 5, 0, 0],
  [[5], 4, 0, 0],
  [[5], 5, 0, 1],
  [[5], 6, 1, 1],
  [[1, 3, 5, 7], 3, 1, 2],
  [[1, 3, 5, 7], 4, 2, 2],
  [[1, 3, 5, 7], 7, 3, 4],
  [[1, 3, 5], Number.NEGATIVE_INFINITY, 0, 0],
  [[1, 3, 5], Number.POSITIVE_INFINITY, 3, 3],
];
test.each(searches)("in %j the first at or after %d is %d, after it %d", (timesMs, instantMs, atOrAfter, after) => {
  expect(firstAtOrAfter(Float64Array.from(timesMs), instantMs)).toBe(atOrAfter);
  expect(firstAfter(Float64Array.from(timesMs), instantMs)).toBe(after);
});

describe.each([
  ["numbers", numbers],
  ["texts", texts],
])("%s", (_, make) => {
  test("slice", () => {
    expect(sliceSeries(make(1, 2, 3, 4), 1, 3)).toEqual(make(2, 3));
    expect(sliceSeries(make(1, 2), 2)).toEqual(make());
  });
  test("cut", () => {
    expect(cutSeries(make(1, 2, 3, 4), 2, 4)).toEqual(make(2, 3));
    expect(cutSeries(make(1, 2), 3, 1)).toEqual(make());
  });
  test("join", () => expect(joinSeries([make(1), make(), make(2, 3)])).toEqual(make(1, 2, 3)));
  test("join of one is a copy", () => {
    const one = make(1, 2);
    const joined = joinSeries([one]);
    expect(joined).toEqual(one);
    expect(joined?.timesMs.buffer).not.toBe(one.timesMs.buffer);
  });
  test("join of nothing", () => expect(joinSeries([make(), make()])).toBeUndefined());
});

test("join of both kinds: the newest counts", () => {
  expect(joinSeries([numbers(1), texts(2), numbers(3)])).toEqual(numbers(1, 3));
  expect(joinSeries([texts(1), numbers(2), texts()])).toEqual(numbers(2));
});
