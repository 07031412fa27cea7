import { expect, test } from "vitest";
import type { SeriesBatch } from "../../../core/model/archive.js";
import { wholeMs } from "../../../storage/remote/whole-ms.js";

const key = { cluster: "khab", host: "n1", metric: "m" };
const numbers = (...timesMs: number[]): SeriesBatch => ({
  key,
  type: "float",
  units: "",
  series: { kind: "number", timesMs: Float64Array.from(timesMs), values: Float64Array.from(timesMs, (_, i) => i) },
});
const text: SeriesBatch = {
  key,
  type: "string",
  units: "",
  series: { kind: "text", timesMs: Float64Array.of(1), texts: ["a"] },
};

const cases: [name: string, batch: SeriesBatch, left: [timeMs: number, value: number][]][] = [
  [
    "whole times stay",
    numbers(1, 2),
    [
      [1, 0],
      [2, 1],
    ],
  ],
  [
    "fractions are cut off",
    numbers(1.9, 2.1),
    [
      [1, 0],
      [2, 1],
    ],
  ],
  [
    "of several in one ms the first counts",
    numbers(1, 1.5, 1.75, 2),
    [
      [1, 0],
      [2, 3],
    ],
  ],
  [
    "before 1970",
    numbers(-1.5, -1),
    [
      [-2, 0],
      [-1, 1],
    ],
  ],
  ["no samples", numbers(), []],
  ["text is passed over", text, []],
];
test.each(cases)("%s", (_, batch, left) => {
  const found = wholeMs([batch]).flatMap(({ series }) =>
    [...series.timesMs].map((timeMs, i) => [timeMs, series.kind === "number" ? series.values[i] : undefined]),
  );
  expect(found).toEqual(left);
});
