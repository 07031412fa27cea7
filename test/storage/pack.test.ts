import { describe, expect, test } from "vitest";
import type { SeriesBatch } from "../../core/model/archive.js";
import { giveBackAppendMemory, takeAppendMemory } from "../../storage/append-memory.js";
import { requireBatches } from "../../storage/batch.js";
import { bytesOfPacked, copyPacked, memoryOf, packBatches, unpackBatches } from "../../storage/pack.js";

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
    expect(unpackBatches(structuredClone(packBatches(batches)))).toEqual(batches);
  });

  test("into memory that was used before, and is longer", () => {
    const used = packBatches([texts("z", "a"), { ...numbers("y", 1, 2, 3), tmaxS: 9, slope: "both" }]);
    new Uint8Array(memoryOf(used)).fill(255);
    const memory = memoryOf(used);
    for (const [, batches] of cases) {
      giveBackAppendMemory(memory);
      const packed = packBatches(batches);
      if (batches.length > 0) expect(memoryOf(packed)).toBe(memory);
      expect(unpackBatches(packed)).toEqual(batches);
      takeAppendMemory(1);
    }
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

test("sent away, the caller keeps the arrays that were given, and a further owner its copy", () => {
  const given = [numbers("a", 1, 2), texts("b", "x", "y"), numbers("c", Number.NaN)];
  const packed = packBatches(given);
  const copy = copyPacked(packed);
  const sent = structuredClone(packed, { transfer: [memoryOf(packed)] });
  expect([packed.timesMs.length, packed.values.length, packed.heads.length]).toEqual([0, 0, 0]);
  expect(given.map(({ series }) => series.timesMs.length)).toEqual([2, 2, 1]);
  sent.values.fill(9);
  expect(unpackBatches(copy)).toEqual(given);
  expect(unpackBatches(structuredClone(copy, { transfer: [memoryOf(copy)] }))).toEqual(given);
});

describe("what is packed was checked", () => {
  const sound = numbers("a", 1, 2);
  const series = (timesMs: number[], values = timesMs): SeriesBatch["series"] => ({
    kind: "number",
    timesMs: Float64Array.from(timesMs),
    values: Float64Array.from(values),
  });
  const cases: [name: string, batch: SeriesBatch][] = [
    ["no name of a host", { ...sound, key: key("", "load_one") }],
    ["a line break in the name of a metric", { ...sound, key: key("a", "load\none") }],
    ["the name of a cluster is half a surrogate pair", { ...sound, key: { ...sound.key, cluster: "\ud800" } }],
    ["a name is bad that stood before as units", { ...sound, key: key("", "load_one"), units: "" }],
    ["texts of a number", { ...texts("a", "x"), type: "float" }],
    ["fewer values than times", { ...sound, series: series([1, 2], [1]) }],
    ["more values than times", { ...sound, series: series([1], [1, 2]) }],
    ["times stand still", { ...sound, series: series([1, 1]) }],
    ["times go back", { ...sound, series: series([2, 1]) }],
    ["a time is none", { ...sound, series: series([1, Number.NaN, 3]) }],
    ["a time that no date has", { ...sound, series: series([8.64e15 + 2]) }],
    ["a time before all dates", { ...sound, series: series([-8.64e15 - 2]) }],
  ];
  test.each(cases)("%s: refused in the same words", (_, batch) => {
    const messageOf = (work: () => unknown) => {
      try {
        return work();
      } catch (error) {
        return (error as Error).message;
      }
    };
    const expected = messageOf(() => requireBatches([sound, batch, { ...sound, series: series([9, 8]) }]));
    expect(expected).toMatch(/^cannot append samples of /);
    expect(messageOf(() => packBatches([sound, batch, { ...sound, series: series([9, 8]) }]))).toBe(expected);
  });

  test("what was unpacked is not looked at again, what anybody else gives is", () => {
    const unpacked = unpackBatches(packBatches([sound]));
    for (const { series } of unpacked) series.timesMs.fill(5);
    expect(() => requireBatches(unpacked)).not.toThrow();
    expect(() => requireBatches([...unpacked])).toThrow("time 1 is 5 after 5");
  });
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
