import { describe, expect, test } from "vitest";
import {
  alignedFormat,
  formatAge,
  formatDateTime,
  formatNumber,
  formatTime,
  formatValue,
  fromLocalInput,
  toLocalInput,
} from "../../../viewer/web/lib/format.js";

/** The narrow space between number and unit, shown as a plain one in these tables. */
const plain = (text: string) => text.replaceAll("\u202f", " ");

test.each([
  [0, "0"],
  [0.35, "0.35"],
  [0.1, "0.1"],
  [0.012345, "0.01235"],
  [1 / 3, "0.333"],
  [9.999, "10"],
  [11.08, "11.1"],
  [100, "100"],
  [123.456, "123.5"],
  [1200, "1200"],
  [-3.456, "-3.46"],
  [0.00001, "1.00e-5"],
  [1e16, "1.00e+16"],
])("number %s reads %s", (value, text) => {
  expect(formatNumber(value)).toBe(text);
});

test.each([
  [131_072_000, "KB", "125 GiB"],
  [12, "KB", "12 KiB"],
  [0, "KB", "0 B"],
  [94_000_000, "bytes/sec", "94 MB/s"],
  [512, "bytes/sec", "512 B/s"],
  [81_000, "packets/sec", "81 kpkt/s"],
  [12.3, "%", "12.3 %"],
  [72.4, "Celsius", "72.4 °C"],
  [0.35, " ", "0.35"],
  [32, "CPUs", "32 CPUs"],
  [2600, "MHz", "2600 MHz"],
  [447.132, "GB", "447.1 GB"],
  [1234, "", "1234"],
  [123_456, "", "123.5 k"],
  [85, "weird <unit>", "85 weird <unit>"],
  [null, "%", "–"],
  [undefined, "%", "–"],
  [Number.NaN, "%", "–"],
])("value %s of %j reads %s", (value, units, text) => {
  expect(plain(formatValue(value, units))).toBe(text);
});

describe("values beside each other", () => {
  test("have the same unit and decimals", () => {
    const format = alignedFormat(9.4e7, "bytes/sec", false);
    expect([9.4e7, 1.13e6, 0].map(format).map(plain)).toEqual(["94.0 MB/s", "1.1 MB/s", "0.0 MB/s"]);
  });

  test("whole numbers have none", () => {
    expect([310, 7].map(alignedFormat(310, "", true))).toEqual(["310", "7"]);
    expect([310, 7].map(alignedFormat(310, "", false))).toEqual(["310.0", "7.0"]);
  });

  test("no value is no zero", () => {
    expect(alignedFormat(1, "%", false)(null)).toBe("–");
  });
});

test.each([
  [-500, "0 s"],
  [400, "0 s"],
  [4_000, "4 s"],
  [99_000, "99 s"],
  [180_000, "3 min"],
  [7_500_000, "2 h 5 min"],
  [7_200_000, "2 h"],
  [3 * 86_400_000 + 4 * 3_600_000, "3 d 4 h"],
])("age of %s ms reads %s", (ageMs, text) => {
  expect(plain(formatAge(ageMs))).toBe(text);
});

test("times sort as they read, and the day is left out only where it is today", () => {
  const timeMs = new Date(2026, 1, 3, 4, 5, 6).getTime();
  expect(formatDateTime(timeMs)).toBe("2026-02-03 04:05:06");
  expect(formatTime(timeMs, timeMs + 3_600_000)).toBe("04:05:06");
  expect(formatTime(timeMs, timeMs + 86_400_000)).toBe("2026-02-03 04:05:06");
});

test("what an input of a time shows is what it reads", () => {
  const timeMs = new Date(2026, 11, 31, 23, 59, 58).getTime();
  expect(fromLocalInput(toLocalInput(timeMs))).toBe(timeMs);
  expect(fromLocalInput("")).toBeNaN();
});
