import { describe, expect, test } from "vitest";
import { counterDifference } from "../../../../storage/rrd/arithmetic/counter-text.js";
import { parseNumber } from "../../../../storage/rrd/arithmetic/number-text.js";

/** Taken from files that rrdtool made. */
const VECTORS: [text: string, bits: string][] = [
  ["0.1", "3fb999999999999a"],
  ["0.3", "3fd3333333333333"],
  ["0.123", "3fbf7ced916872b1"],
  ["0.007", "3f7cac083126e978"],
  ["1.005", "3ff0147ae147ae14"],
  ["1.234567", "3ff3c0c9539b8887"],
  ["3.14159265358979", "400921fb54442d11"],
  ["0.001", "3f50624dd2f1a9fc"],
  ["1e-7", "3e7ad7f29abcaf48"],
  ["1e-5", "3ee4f8b588e368f1"],
  ["123.456", "405edd2f1a9fbe77"],
  ["1234567.891", "4132d687e4189374"],
  ["12345678.12345", "41678c29c3f34d6a"],
  ["0.50000", "3fe0000000000000"],
  ["1e22", "4480f0cf064dd592"],
  ["1e23", "44b52d02c7e14af6"],
  ["5e-324", "0000000000000001"],
  ["2.2250738585072e-8", "3e57e43c88007598"],
  ["1.7976931348623e99", "548a4cf9550c53e5"],
  ["1e300", "7e37e43c880075a0"],
  ["9007199254740993", "4340000000000000"],
  ["-0", "8000000000000000"],
  ["1e", "3ff0000000000000"],
  ["7.", "401c000000000000"],
  [".5", "3fe0000000000000"],
  ["+2.5e+3", "40a3880000000000"],
];

describe("text to double as RRD files have it", () => {
  test.each(VECTORS)("%s", (text, bits) => {
    const words = new BigUint64Array(Float64Array.of(parseNumber(text, "")).buffer);
    expect((words[0] as bigint).toString(16).padStart(16, "0")).toBe(bits);
  });

  test.each([
    ["nan", Number.NaN],
    ["-NaNx", Number.NaN],
    ["inf", Number.POSITIVE_INFINITY],
    ["-Infinity", Number.NEGATIVE_INFINITY],
    ["0e999", Number.NaN],
    ["  12", 12],
  ])("%s is %d", (text, value) => expect(parseNumber(text, "")).toBe(value));

  test.each([
    ["", "where - Cannot convert '' to float"],
    ["abc", "where - Cannot convert 'abc' to float"],
    ["+inf", "where - Cannot convert '+inf' to float"],
    ["1e1025", "where - Cannot convert '1e1025' to float"],
    ["1e99999999999999999999", "where - Cannot convert '1e99999999999999999999' to float"],
    ["1.5x", "where - Converted '1.5x' to 1.500000, but cannot convert 'x'"],
    ["0x10", "where - Converted '0x10' to 0.000000, but cannot convert 'x10'"],
    ["1e22x", "where - Converted '1e22x' to 10000000000000000000000.000000, but cannot convert 'x'"],
  ])("%s is refused", (text, message) => expect(() => parseNumber(text, "where")).toThrow(message));
});

describe("differences of counters", () => {
  test.each([
    ["5", "3", 2],
    ["3", "5", -2],
    ["18446744073709551615", "18446744073709551614", 1],
    ["-5", "-3", -2],
    ["5", "-3", Number.NaN],
    ["", "5", Number.NaN],
    ["5", "-", Number.NaN],
    ["7", "+5", 2],
    ["7", "a5b9", 2],
    ["0000000000000000000000000000017", "5", Number.NaN],
    ["999999999999999999999999999999", "999999999999999999999999999998", 1],
  ])("%s - %s = %d", (a, b, difference) => expect(counterDifference(a, b)).toBe(difference));

  test.each([
    ["-5", "-5"],
    ["-12345678901234567890", "-12345678901234567890"],
  ])("%s - %s is a negative nought", (a, b) => expect(Object.is(counterDifference(a, b), -0)).toBe(true));
});
