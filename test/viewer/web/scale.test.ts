import { describe, expect, test } from "vitest";
import { LEVELS, legendTicks, levelOf, scaleOf } from "../../../viewer/web/lib/scale.js";

describe("ends of the scale", () => {
  test.each<[string, (number | null)[], string, [number, number]]>([
    ["percent are always of a hundred", [3, 7], "%", [0, 100]],
    ["unless they are not", [3, 250], "%", [0, 250]],
    ["from zero", [0.1, 23.5], "", [0, 25]],
    ["round above", [1, 11.08], "", [0, 12]],
    ["small numbers too", [0.01, 0.034], "", [0, 0.035]],
    ["far from zero: around the values", [447.1, 451], "GB", [447, 451]],
    ["all the same", [5, 5, 5], "", [0, 5]],
    ["all zero", [0, 0], "", [0, 1]],
    ["all the same and below zero", [-4, -4], "", [-4, 0]],
    ["on both sides of zero", [-3, 8], "", [-4, 8]],
    ["nobody has a value", [null, null], "", [0, 1]],
    ["nobody at all", [], "", [0, 1]],
  ])("%s", (_what, values, units, [min, max]) => {
    expect(scaleOf(values, units)).toMatchObject({ min, max, clipped: false });
  });

  test("one wild host of many is clipped instead of washing out the others", () => {
    const values = [...Array.from({ length: 99 }, (_, i) => i / 10), 5_000];
    const scale = scaleOf(values, "");
    expect(scale).toMatchObject({ min: 0, max: 10, clipped: true });
    expect(levelOf(5_000, scale)).toBe(LEVELS - 1);
  });

  test("of a few hosts each one counts", () => {
    expect(scaleOf([1, 2, 5_000], "")).toMatchObject({ max: 5_000, clipped: false });
  });
});

test("levels rise with the value and never leave the palette", () => {
  const scale = scaleOf([0, 100], "%");
  const levels = [-5, 0, 4.2, 50, 99.9, 100, 1e9].map((value) => levelOf(value, scale));
  expect(levels).toEqual([0, 0, 1, 12, 23, 23, 23]);
});

test("for any values: the ends hold them all, and the legend has few round numbers", () => {
  for (let i = 0; i < 2_000; i++) {
    // A walk through magnitudes without any chance in it.
    const top = 10 ** ((i % 97) / 8 - 6) * (1 + (i % 13) / 3);
    const low = i % 3 === 0 ? top * 0.9 : i % 3 === 1 ? -top / 2 : 0;
    const scale = scaleOf([low, top], "");
    const ticks = legendTicks(scale);
    expect(scale.min, `${low} to ${top}`).toBeLessThanOrEqual(low + top * 1e-9);
    expect(scale.max, `${low} to ${top}`).toBeGreaterThanOrEqual(top * (1 - 1e-9));
    expect(ticks.length, `${low} to ${top}: ${ticks}`).toBeLessThanOrEqual(12);
    expect(ticks.length).toBeGreaterThanOrEqual(3);
    expect(ticks[0]).toBe(scale.min);
    expect(ticks.at(-1)).toBe(scale.max);
    for (const tick of ticks) expect(Number(tick.toPrecision(4)), `${low} to ${top}`).toBe(tick);
  }
});
