import { describe, expect, test } from "vitest";
import { parseQueryAnswer } from "../../../storage/remote/query-answer.js";

const answer = (...series: unknown[]) =>
  JSON.stringify({
    status: "success",
    data: { resultType: "matrix", result: series.map((values) => ({ metric: {}, values })) },
  });

function pairs(text: string): unknown {
  const series = parseQueryAnswer(text);
  return series === undefined ? undefined : [...series.timesMs].map((timeMs, i) => [timeMs, series.values[i]]);
}

describe("accepted", () => {
  const cases: [name: string, text: string, found: unknown][] = [
    ["nothing found", answer(), undefined],
    ["a series without samples", answer([]), undefined],
    ["a value", answer([[1.5, "0.25"]]), [[1_500, 0.25]]],
    ["ms as fractions of seconds", answer([[1700000000.001, "1"]]), [[1_700_000_000_001, 1]]],
    ["before 1970", answer([[-0.005, "1"]]), [[-5, 1]]],
    [
      "exponents and signs",
      answer([
        [1, "1e-07"],
        [2, "-1.5E+3"],
        [3, "+2"],
      ]),
      [
        [1_000, 1e-7],
        [2_000, -1_500],
        [3_000, 2],
      ],
    ],
    [
      "no number and no end",
      answer([
        [1, "NaN"],
        [2, "+Inf"],
        [3, "-Inf"],
      ]),
      [
        [1_000, Number.NaN],
        [2_000, Number.POSITIVE_INFINITY],
        [3_000, Number.NEGATIVE_INFINITY],
      ],
    ],
    [
      "several series, in order of time",
      answer(
        [
          [1, "1"],
          [3, "3"],
        ],
        [[2, "2"]],
      ),
      [
        [1_000, 1],
        [2_000, 2],
        [3_000, 3],
      ],
    ],
    [
      "one time twice: the first counts",
      answer(
        [
          [1, "1"],
          [1, "9"],
        ],
        [[1, "8"]],
      ),
      [[1_000, 1]],
    ],
  ];
  test.each(cases)("%s", (_, text, found) => {
    expect(pairs(text)).toEqual(found);
  });
});

describe("refused", () => {
  const cases: [name: string, text: string, words: string][] = [
    ["nothing", "", "not JSON"],
    ["a page", "<html>", "not JSON"],
    ["cut", answer([[1, "1"]]).slice(0, -1), "not JSON"],
    ["null", "null", "status"],
    ["a list", "[]", "status"],
    ["an error", '{"status":"error","error":"x"}', '"error"'],
    ["no data", '{"status":"success"}', "matrix"],
    ["another type", '{"status":"success","data":{"resultType":"vector","result":[]}}', '"vector"'],
    ["no list", '{"status":"success","data":{"resultType":"matrix","result":{}}}', "matrix"],
    ["a series that is none", '{"status":"success","data":{"resultType":"matrix","result":[1]}}', "no list of values"],
    ["a sample that is none", answer([1]), "expected [seconds"],
    ["a time as text", answer([["1", "1"]]), "expected [seconds"],
    ["a value as number", answer([[1, 1]]), "expected [seconds"],
    ["a value that is a word", answer([[1, "many"]]), "expected [seconds"],
    ["hexadecimal", answer([[1, "0x10"]]), "expected [seconds"],
    ["an empty value", answer([[1, ""]]), "expected [seconds"],
  ];
  test.each(cases)("%s", (_, text, words) => {
    expect(() => parseQueryAnswer(text)).toThrow(words);
  });
});
