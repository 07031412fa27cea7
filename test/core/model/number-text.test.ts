import { expect, test } from "vitest";
import { DECIMALS_SHORTEST, decimalsOf, formatNumber, parseNumber } from "../../../core/model/number-text.js";

test.each(["0", "-0.5", "0.00", "85", "103.250", "4294967295", "-273.15", "0.000001", "123456789012345"])(
  "%s comes back as it was written",
  (text) => {
    expect(formatNumber(parseNumber(text), decimalsOf(text))).toBe(text);
  },
);

test.each([
  ["1e5", 100_000],
  ["+7", 7],
  [".5", 0.5],
  ["007", 7],
  ["1e300", 1e300],
])("%j is a number in unusual clothes", (text, value) => {
  expect(parseNumber(text)).toBe(value);
  expect(decimalsOf(text)).toBe(DECIMALS_SHORTEST);
});

test.each(["", "nan", "-nan", "inf", "1e999", "0x10", "1,5", "12abc", "--1", "1 2", "Infinity"])(
  "%j is no value",
  (text) => {
    expect(parseNumber(text)).toBeNaN();
  },
);

test("huge numbers are written in full precision", () => {
  expect(Number(formatNumber(1.5e300, 2))).toBe(1.5e300);
});
