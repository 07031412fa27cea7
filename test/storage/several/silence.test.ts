import { describe, expect, test } from "vitest";
import { BucketGrid } from "../../../core/model/bucket-table.js";
import type { Range } from "../../../storage/several/holes.js";
import { isSilentInBuckets, isSilentInSamples } from "../../../storage/several/silence.js";

const RANGE: Range = { fromMs: 1_000, toMs: 2_000 };

/** Each series by its times. Silences of 100 and more are asked for. */
const cases: [name: string, series: number[][], range: Range, isSilent: boolean][] = [
  ["no series", [], RANGE, true],
  ["one that is heard all the time", [every(1_000, 2_000, 10)], RANGE, false],
  ["one that is not heard in the middle", [[...every(1_000, 1_400, 10), ...every(1_600, 2_000, 10)]], RANGE, true],
  ["not at the beginning", [every(1_200, 2_000, 10)], RANGE, true],
  ["not at the end", [every(1_000, 1_800, 10)], RANGE, true],
  ["two that fill each other's silences", [every(1_000, 1_500, 10), every(1_500, 2_000, 10)], RANGE, false],
  ["a short silence", [[...every(1_000, 1_400, 10), ...every(1_450, 2_000, 10)]], RANGE, false],
  ["a silence outside the range", [every(1_000, 1_500, 10)], { fromMs: 1_000, toMs: 1_500 }, false],
  ["an empty range", [], { fromMs: 1_000, toMs: 1_000 }, false],
];

function every(fromMs: number, toMs: number, stepMs: number): number[] {
  return Array.from({ length: (toMs - fromMs) / stepMs }, (_, i) => fromMs + i * stepMs);
}

describe("all series are silent for a while", () => {
  const names = (series: readonly number[][]) => series.map((_, i) => `m${i}`);

  test.each(cases)("in samples: %s", (_, series, range, isSilent) => {
    const many = series.map((timesMs, i) => ({
      name: `m${i}`,
      series: { kind: "number" as const, timesMs: Float64Array.from(timesMs), values: Float64Array.from(timesMs) },
    }));
    expect(isSilentInSamples(many, range, 100)).toBe(isSilent);
  });

  test.each([10, 50, 100])("in steps of %i: the same", (stepMs) => {
    for (const [name, series, range, isSilent] of cases) {
      const grid = new BucketGrid(1_000, 2_000, stepMs);
      for (const timesMs of series) {
        const row = grid.addRow();
        for (const timeMs of timesMs) grid.add(row, timeMs, 1);
      }
      const told = isSilentInBuckets({ names: names(series), table: grid.table() }, range, 100);
      expect(told, name).toBe(isSilent);
    }
  });
});
