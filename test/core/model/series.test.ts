import { expect, test } from "vitest";
import { bucketsOf, type NumberSeries } from "../../../core/model/series.js";

const series = (...samples: [timeMs: number, value: number][]): NumberSeries => ({
  kind: "number",
  timesMs: Float64Array.from(samples, ([timeMs]) => timeMs),
  values: Float64Array.from(samples, ([, value]) => value),
});

test("each bucket has the minimum, mean and maximum of its own samples", () => {
  const buckets = bucketsOf(series([0, 1], [999, 3], [1_000, 5], [2_500, -2]), 0, 3_000, 1_000);
  expect([...buckets.min]).toEqual([1, 5, -2]);
  expect([...buckets.avg]).toEqual([2, 5, -2]);
  expect([...buckets.max]).toEqual([3, 5, -2]);
});

test("a bucket without samples stays a hole, and NaN is no sample", () => {
  const buckets = bucketsOf(series([0, 1], [1_500, Number.NaN]), 0, 3_000, 1_000);
  expect([...buckets.avg]).toEqual([1, Number.NaN, Number.NaN]);
  expect([...buckets.max]).toEqual([1, Number.NaN, Number.NaN]);
});

test.each([
  [1_500, 2_500, 1_000, 2],
  [1_000, 2_000, 1_000, 1],
  [1_000, 2_001, 1_000, 2],
  [5_000, 5_000, 1_000, 0],
])("from %d to %d by %d there are buckets from %d-aligned starts", (fromMs, toMs, stepMs, length) => {
  const buckets = bucketsOf(series(), fromMs, toMs, stepMs);
  expect(buckets.startMs % stepMs).toBe(0);
  expect(buckets.avg.length).toBe(length);
});

test("samples outside the range are passed over", () => {
  const buckets = bucketsOf(series([-1, 9], [0, 1], [1_000, 9]), 0, 1_000, 1_000);
  expect([...buckets.max]).toEqual([1]);
});
