import { describe, expect, it } from "vitest";
import { DECIMALS_SHORTEST } from "../../../../core/model/number-text.js";
import { floatFormat, roundTo } from "../../../../core/wire/ganglia/printf-format.js";
import { SeededRandom } from "../../../support/seeded-random.js";

describe("floatFormat", () => {
  // The third column is what gmond 3.7.2 prints for the second.
  it.each([
    ["%.2f", Math.fround(0.89), 0.89, 2],
    ["%.1f", Math.fround(12.345), 12.3, 1],
    ["%.0f", 320_456.5, 320_457, 0],
    ["%.f", 1.4, 1, 0],
    ["%f", 0.125, 0.125, 6],
    ["%lf", 1.0000005, 1.000001, 6],
    ["%5.3f", 103.25, 103.25, 3],
    ["%-8.2lf", -2.675, -2.67, 2],
    ["%.2f", 0.125, 0.13, 2],
    ["%g", 1_234_567.875, 1_234_570, DECIMALS_SHORTEST],
    ["%.0g", 87, 90, DECIMALS_SHORTEST],
    ["%.2e", 12_345, 12_300, DECIMALS_SHORTEST],
  ])("prints %s of %d as %d", (format, value, expected, decimals) => {
    const { printed, decimals: digits } = floatFormat(format);
    expect([printed(value), digits]).toEqual([expected, decimals]);
  });

  it.each([
    "",
    "%",
    "%s",
    "%d",
    "%n",
    "%*f",
    "%.21f",
    "%.999f",
    "%f%f",
    "100%",
    "%.2f C",
    "%1$f",
    `%${"0".repeat(50)}f`.repeat(9),
  ])("trusts nothing in %j", (format) => {
    const { printed, decimals } = floatFormat(format);
    expect([printed(Math.fround(0.89)), decimals]).toEqual([Math.fround(0.89), DECIMALS_SHORTEST]);
  });
});

describe("roundTo", () => {
  it.each([
    [0, 2, 0],
    [-0.001, 2, -0],
    [2.675, 2, 2.67],
    [1.005, 2, 1],
    [0.5, 0, 1],
    [-0.5, 0, -1],
    [9.995, 2, 9.99],
    [1e21, 2, 1e21],
    [123_456_789.987_654, 3, 123_456_789.988],
    [-506_296_915_002.16724, 4, -506_296_915_002.1672],
  ])("rounds %d to %d decimals", (value, decimals, expected) => {
    expect(roundTo(value, decimals)).toBe(expected);
  });

  it("is what toFixed says, for 50,000 random numbers (seed 11)", () => {
    const random = new SeededRandom(11);
    for (let i = 0; i < 50_000; i++) {
      const decimals = random.below(7);
      const coarse = random.below(1_000_000) / 2 ** random.below(12);
      const value =
        (random.chance(0.5) ? -1 : 1) * (random.chance(0.5) ? coarse : random.next() * 10 ** random.below(15));
      expect([value, decimals, roundTo(value, decimals)]).toEqual([value, decimals, Number(value.toFixed(decimals))]);
    }
  });
});
