import { describe, expect, test } from "vitest";
import { splitWords } from "../../../../storage/rrd/commands/pipe.js";
import { parseCount } from "../../../../storage/rrd/text/duration.js";
import { parseMoment } from "../../../../storage/rrd/text/moment.js";
import { formatDouble, formatDumped } from "../../../../storage/rrd/text/number-format.js";

describe("numbers as C prints them", () => {
  test.each([
    [0, "0.0000000000e+00"],
    [-0, "-0.0000000000e+00"],
    [1, "1.0000000000e+00"],
    [81012915562.5, "8.1012915562e+10"],
    [76589992143.5, "7.6589992144e+10"],
    [9.99999999995, "1.0000000000e+01"],
    [1e100, "1.0000000000e+100"],
    [5e-324, "4.9406564584e-324"],
    [Number.POSITIVE_INFINITY, "inf"],
    [Number.NEGATIVE_INFINITY, "-inf"],
    [Number.NaN, "-nan"],
  ])("%d", (value, text) => expect(formatDouble(value, "-nan")).toBe(text));

  test.each([
    [-0, "0.0000000000e+00"],
    [5e-324, "0.0000000000e-308"],
    [1.23456789e-315, "0.0000001235e-308"],
    [-1e-310, "-0.0100000000e-308"],
    [1e-307, "1.0000000000e-307"],
    [Number.NaN, "NaN"],
  ])("%d in a dump", (value, text) => expect(formatDumped(value)).toBe(text));
});

describe("durations", () => {
  test.each([
    ["300", 1, 300],
    ["5m", 60, 5],
    ["1h", 15, 240],
    ["1M", 86_400, 31],
    ["1y", 86_400, 366],
  ])("%s counted in %d s", (text, unitS, count) => expect(parseCount(text, unitS)).toBe(count));

  test.each([
    ["0", "value must be positive"],
    ["x", "value must be (suffixed) positive number"],
    ["5x", "value has trailing garbage"],
    ["5toString", "value has trailing garbage"],
    ["7m", "value would truncate when scaled"],
    ["99999999999", "value is 99999999999, expected at most 2^32"],
  ])("%s is refused", (text, message) => expect(() => parseCount(text, 300)).toThrow(message));
});

describe("moments", () => {
  const NOW = 1_700_000_000;
  test.each([
    ["1000000000", 1_000_000_000],
    ["now", NOW],
    ["n", NOW],
    ["now-1h", NOW - 3_600],
    ["-90min", NOW - 5_400],
    ["end-1d+2h", 1_600_000_000 - 86_400 + 7_200],
    ["e - 30", 1_600_000_000 - 30],
    ["now-2weeks", NOW - 14 * 86_400],
  ])("%s", (text, timeS) => expect(parseMoment(text, { nowS: NOW, end: 1_600_000_000 })).toBe(timeS));

  test.each(["", "abc", "noon", "12", "315360000", "now-1m", "start-1h", "end", "now-999999999999y"])(
    "%j is refused",
    (text) => expect(() => parseMoment(text, { nowS: NOW })).toThrow(),
  );
});

describe("words of a line", () => {
  test.each<[string, string[] | undefined]>([
    ["", []],
    ["  update  x.rrd\t1:2 ", ["update", "x.rrd", "1:2"]],
    ['last "a b.rrd"', ["last", "a b.rrd"]],
    ["last 'a\"b'", ["last", 'a"b']],
    ['a"b c"d', ["ab cd"]],
    ['update ""', ["update", ""]],
    ['last "x', undefined],
  ])("%j", (line, words) => expect(splitWords(line)).toEqual(words));
});
