import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ExtensionError } from "../../../../core/wire/extension/errors.js";
import {
  formatAges,
  formatRows,
  formatSteps,
  formatValue,
  formatValues,
  parseAges,
  parseRows,
  parseSteps,
  parseValues,
} from "../../../../core/wire/extension/lists.js";
import { formatSeconds, parseSeconds } from "../../../../core/wire/extension/seconds.js";

test.each<[number[], string]>([
  [[], ""],
  [[0], "0"],
  [[0, 1], "0-1"],
  [[0, 1, 2, 5], "0-2 5"],
  [[3, 5, 6, 7, 9], "3 5-7 9"],
])("rows %j are written %j and read back", (rows, text) => {
  expect(formatRows(rows)).toBe(text);
  expect([...parseRows(text, 10)]).toEqual(rows);
});

test.each([
  "x",
  "1 1",
  "2 1",
  "3-2",
  "0-3 3",
  "1-",
  "-1",
  "1--2",
  "1  2",
  " 1",
  "1 ",
  "0x1",
  "1.5",
  "10",
  "0-10",
  "1e3",
])("%j is no list of rows below 10", (text) => {
  expect(() => parseRows(text, 10)).toThrow(ExtensionError);
});

describe("values", () => {
  test.each<[number, number, string]>([
    [0.5, 2, "0.50"],
    [12, 0, "12"],
    [0.1, 20, "0.10000000000000000555"],
    [0.8899999856948853, 2, "0.8899999856948853/2"],
    [1e300, 255, "1e+300"],
    [1e300, 2, "1e+300"],
    [5e-324, 255, "5e-324"],
    [5e-324, 3, "5e-324/3"],
    [-0, 0, "-0"],
    [-0, 1, "-0.0"],
    [-0, 255, "-0"],
    [-1.5, 1, "-1.5"],
    [2 ** 53 + 2, 0, "9007199254740994"],
    [123456789012345680000, 0, "123456789012345683968"],
    [0.5, 150, "0.5"],
    [Number.NaN, 0, "-"],
    [Number.POSITIVE_INFINITY, 0, "-"],
  ])("%d with %i decimals is written %s", (value, decimals, text) => {
    expect(formatValue(value, decimals)).toBe(text);
    const read = parseValues(text, 1);
    expect(Object.is(read.values[0], Number.isFinite(value) ? value : Number.NaN)).toBe(true);
  });

  test("decimals come back where they are shown", () => {
    const read = parseValues("0.50 12 0.8899999856948853/2 1e+300 -", 5);
    expect([...read.decimals]).toEqual([2, 0, 2, 255, 0]);
  });

  test("equal neighbours are a run", () => {
    expect(formatValues(Float64Array.of(1, 1, 1, 2, Number.NaN, Number.NaN))).toBe("1*3 2 -*2");
    expect([...parseValues("1*3 2 -*2", 6).values]).toEqual([1, 1, 1, 2, Number.NaN, Number.NaN]);
  });

  test("any finite number comes back bit for bit", () => {
    const number = fc.double({ noNaN: true, noDefaultInfinity: true });
    fc.assert(
      fc.property(fc.array(fc.tuple(number, fc.integer({ min: 0, max: 255 }))), (cells) => {
        const text = cells.map(([value, decimals]) => formatValue(value, decimals)).join(" ");
        const read = parseValues(text, cells.length);
        for (const [i, [value]] of cells.entries()) expect(Object.is(read.values[i], value)).toBe(true);
      }),
      { verbose: true },
    );
  });

  test.each<[string, number]>([
    ["", 1],
    ["1 2", 1],
    ["1", 2],
    ["1*3", 2],
    ["1*0", 0],
    ["1*", 1],
    ["1*-1", 1],
    ["1*01", 1],
    ["1*1e9", 1],
    ["*2", 2],
    ["1  2", 2],
    ["nan", 1],
    ["Infinity", 1],
    ["0x10", 1],
    ["1e999", 1],
    ["--1", 1],
    ["1/", 1],
    ["1/x", 1],
    ["1/256", 1],
    ["-/2", 1],
    ["1/2/3", 1],
  ])("%j is no list of %i values", (text, count) => {
    expect(() => parseValues(text, count)).toThrow(ExtensionError);
  });
});

describe("times", () => {
  test.each<[number, string]>([
    [0, "0"],
    [-0, "0"],
    [1_000, "1"],
    [1_500, "1.5"],
    [-1, "-0.001"],
    [1_795_291_102_123, "1795291102.123"],
    [1_795_291_102_120, "1795291102.12"],
    [1_795_291_102_000, "1795291102"],
    [0.4, "0"],
  ])("%d ms are written %s", (valueMs, text) => {
    expect(formatSeconds(valueMs)).toBe(text);
    expect(parseSeconds(text)).toBe(Math.round(valueMs) + 0);
  });

  test.each(["", "x", "1e3", "1.", ".5", "+1", " 1", "1 ", "0x1", "--1", "1234567890123", "NaN"])(
    "%j is no time",
    (text) => {
      expect(parseSeconds(text)).toBeNaN();
    },
  );

  const timeMs = fc.integer({ min: 0, max: 4_000_000_000_000 });

  test("any time comes back as an age", () => {
    fc.assert(
      fc.property(fc.array(timeMs), timeMs, (timesMs, baseMs) => {
        expect([...parseAges(formatAges(timesMs, baseMs), timesMs.length, baseMs)]).toEqual(timesMs);
      }),
      { verbose: true },
    );
  });

  test("any times come back as steps", () => {
    fc.assert(
      fc.property(fc.array(timeMs), (timesMs) => {
        expect([...parseSteps(formatSteps(timesMs), timesMs.length, timesMs[0] ?? 0)]).toEqual(timesMs);
      }),
      { verbose: true },
    );
  });

  test("an even pace is one run", () => {
    expect(formatSteps([0, 15_000, 30_000, 45_000])).toBe("15*3");
  });

  test.each(["x", "1 x", "-", "1*2*3"])("%j is no list of ages", (text) => {
    expect(() => parseAges(text, text.split(" ").length, 0)).toThrow(ExtensionError);
  });
});
