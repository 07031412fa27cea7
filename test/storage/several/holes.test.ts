import { describe, expect, test } from "vitest";
import type { Series } from "../../../core/model/series.js";
import { HOLES_MAX, holesOf } from "../../../storage/several/holes.js";

function at(...timesMs: number[]): Series {
  return { kind: "number", timesMs: Float64Array.from(timesMs), values: new Float64Array(timesMs.length) };
}
const ALL = { fromMs: 0, toMs: 1_000 };
/** Silences of more than 10 are holes, except outside what is covered. */
const RULES = { covered: ALL, longerThanMs: 10, settledMs: 2 };

const cases: [name: string, series: Series | undefined, rules: Partial<typeof RULES>, holes: [number, number][]][] = [
  ["nothing is there", undefined, {}, [[0, 1_000]]],
  ["no samples", at(), {}, [[0, 1_000]]],
  [
    "a long silence before and behind",
    at(100, 110, 120),
    {},
    [
      [0, 100],
      [122, 1_000],
    ],
  ],
  ["short silences", at(5, 15, 995), { longerThanMs: 980 }, []],
  ["a long silence between", at(0, 10, 500, 510, 990), { longerThanMs: 479 }, [[12, 500]]],
  [
    "several",
    at(0, 100, 200, 995),
    {},
    [
      [2, 100],
      [102, 200],
      [202, 995],
    ],
  ],
  [
    "a short silence before what is covered",
    at(5, 15, 995),
    { covered: { fromMs: 5, toMs: 1_000 }, longerThanMs: 990 },
    [[0, 5]],
  ],
  [
    "a short silence behind what is covered",
    at(5, 15, 990),
    { covered: { fromMs: 0, toMs: 990 }, longerThanMs: 990 },
    [[992, 1_000]],
  ],
  [
    "the last instant covered, a little more is asked for",
    at(0, 998),
    { covered: { fromMs: 0, toMs: 998 }, longerThanMs: 999 },
    [],
  ],
];
test.each(cases)("%s", (_, series, rules, holes) => {
  const found = holesOf(series, ALL, { ...RULES, ...rules });
  expect(found.map(({ fromMs, toMs }) => [fromMs, toMs])).toEqual(holes);
});

describe("limits", () => {
  test("of too many holes the longest, in order of time", () => {
    // Silences of 11, 12, 13 ... ms.
    const timesMs = [0];
    for (let i = 0; i < 20; i++) timesMs.push((timesMs.at(-1) as number) + 13 + i);
    const found = holesOf(at(...timesMs), { fromMs: 0, toMs: (timesMs.at(-1) as number) + 1 }, RULES);
    expect(found).toHaveLength(HOLES_MAX);
    expect(found.map(({ fromMs, toMs }) => toMs - fromMs)).toEqual([23, 24, 25, 26, 27, 28, 29, 30]);
  });

  test("an empty range and one upside down", () => {
    expect(holesOf(undefined, { fromMs: 5, toMs: 5 }, RULES)).toEqual([]);
    expect(holesOf(undefined, { fromMs: 5, toMs: 1 }, RULES)).toEqual([]);
    expect(holesOf(undefined, { fromMs: Number.NaN, toMs: 1 }, RULES)).toEqual([]);
  });
});
