import { describe, expect, test } from "vitest";
import type { SeriesBatch } from "../../core/model/archive.js";
import { buffersOf, bytesOfPacked, packBatches, unpackBatches } from "../../storage/pack.js";

const key = (host: string, metric: string) => ({ cluster: "khab", host, metric });

function numbers(host: string, ...values: number[]): SeriesBatch {
  const timesMs = Float64Array.from(values, (_, i) => i);
  return {
    key: key(host, "load_one"),
    type: "float",
    units: " ",
    series: { kind: "number", timesMs, values: Float64Array.from(values) },
  };
}

function texts(host: string, ...list: string[]): SeriesBatch {
  const timesMs = Float64Array.from(list, (_, i) => i + 0.5);
  return { key: key(host, "os_name"), type: "string", units: "", series: { kind: "text", timesMs, texts: list } };
}

describe("round trip", () => {
  const cases: [name: string, batches: SeriesBatch[]][] = [
    ["nothing", []],
    ["one number", [numbers("a", 1)]],
    ["a batch without samples among others", [numbers("a", 1), numbers("b"), texts("c"), numbers("d", 2)]],
    ["both kinds", [texts("a", "x", "y"), numbers("a", 1, -0, Number.NaN), texts("b", "", "x"), numbers("b", 4)]],
    [
      "what is said of a metric",
      [
        { ...numbers("a", 1), tmaxS: 70, slope: "zero" },
        { ...numbers("b", 1), slope: "derivative" },
      ],
    ],
    ["names like properties", [numbers("__proto__", 1), numbers("constructor", 2)]],
  ];
  test.each(cases)("%s", (_, batches) => {
    expect(unpackBatches(packBatches(batches))).toEqual(batches);
    expect(unpackBatches(structuredClone(packBatches(batches), { transfer: buffersOf(packBatches([])) }))).toEqual(
      batches,
    );
  });

  test("arrays that are views of larger ones", () => {
    const large = Float64Array.from({ length: 9 }, (_, i) => i);
    const view: SeriesBatch = {
      ...numbers("a"),
      series: { kind: "number", timesMs: large.subarray(2, 4), values: large.subarray(5, 7) },
    };
    expect(unpackBatches(packBatches([view]))[0]?.series).toEqual({
      kind: "number",
      timesMs: Float64Array.of(2, 3),
      values: Float64Array.of(5, 6),
    });
  });
});

test("sent away, the caller keeps the arrays that were given", () => {
  const given = numbers("a", 1, 2);
  const packed = packBatches([given]);
  const sent = structuredClone(packed, { transfer: buffersOf(packed) });
  expect(packed.timesMs.length).toBe(0);
  expect(given.series.timesMs.length).toBe(2);
  expect(unpackBatches(sent)).toEqual([given]);
});

test("names that come again are sent once", () => {
  const packed = packBatches([numbers("a", 1), numbers("b", 1), numbers("a", 1)]);
  expect(packed.strings).toEqual(["khab", "a", "load_one", "float", " ", "b"]);
});

test("the size counts arrays and characters", () => {
  expect(bytesOfPacked(packBatches([]))).toBe(0);
  // 9 numbers of the head, 2 times, 2 values; khab a load_one float " ".
  expect(bytesOfPacked(packBatches([numbers("a", 1, 2)]))).toBe(9 * 4 + 2 * 8 + 2 * 8 + 2 * 19);
  expect(bytesOfPacked(packBatches([texts("a", "xyz")]))).toBe(9 * 4 + 8 + 2 * (4 + 1 + 7 + 6 + 0 + 3));
});
