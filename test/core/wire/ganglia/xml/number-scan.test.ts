import { describe, expect, it } from "vitest";
import { DECIMALS_SHORTEST, decimalsOf, parseNumber } from "../../../../../core/model/number-text.js";
import { NumberScan } from "../../../../../core/wire/ganglia/xml/number-scan.js";
import { SeededRandom } from "../../../../support/seeded-random.js";

const scan = new NumberScan();
const quoted = (text: string) => Buffer.from(`"${text}" `);

/** What scan() finds, or undefined where it refuses. */
function scanned(text: string) {
  return scan.scan(quoted(text), 1) ? [scan.value, scan.decimals, scan.end] : undefined;
}

describe("NumberScan.scan", () => {
  it.each(["0", "-0", "7", "-12", "0.5", "0.00", "-0.0010", "123456789012345", "1.00000000000000", "999999999999.999"])(
    "takes %s",
    (text) => {
      expect(scanned(text)).toEqual([Number(text), decimalsOf(text), text.length + 1]);
    },
  );

  it.each(["", "-", ".", ".5", "5.", "00", "01", "-01.5", "+1", "1e5", "1.2.3", "1-", "--1", " 1", "1 ", "nan", "1,5"])(
    "leaves %j to others",
    (text) => {
      expect(scanned(text)).toBe(undefined);
    },
  );

  it.each(["1234567890123456", "0.1234567890123456", "9007199254740993"])(
    "leaves %s to others, which has more digits than are surely exact",
    (text) => {
      expect(scanned(text)).toBe(undefined);
    },
  );

  it("leaves a number that is not followed by a quote", () => {
    expect([scan.scan(Buffer.from("12"), 0), scan.scan(Buffer.from("12'"), 0)]).toEqual([false, false]);
  });

  it("is the very double and decimals that number-text finds, for 100,000 texts (seed 3)", () => {
    const random = new SeededRandom(3);
    let taken = 0;
    for (let i = 0; i < 100_000; i++) {
      const whole = String(random.below(10 ** random.below(9)));
      const fraction = random.chance(0.7) ? `.${String(random.below(1e8)).slice(0, 1 + random.below(8))}` : "";
      const text = `${random.chance(0.3) ? "-" : ""}${whole}${fraction}`;
      const found = scanned(text);
      if (found === undefined) continue;
      taken++;
      const same = Object.is(found[0], parseNumber(text)) && found[1] === decimalsOf(text);
      if (!same) expect([text, ...found]).toEqual([text, parseNumber(text), decimalsOf(text), text.length + 1]);
    }
    expect(taken).toBeGreaterThan(90_000);
  });
});

describe("NumberScan.scanOther", () => {
  it.each([
    ["nan", Number.NaN, DECIMALS_SHORTEST],
    ["1e3", 1_000, DECIMALS_SHORTEST],
    ["9007199254740993", 9_007_199_254_740_992, 0],
    ["", Number.NaN, DECIMALS_SHORTEST],
  ])("takes %j", (text, value, decimals) => {
    expect(scan.scanOther(quoted(text), 1)).toBe(true);
    expect([scan.value, scan.decimals, scan.end]).toEqual([value, decimals, text.length + 1]);
  });

  it.each(["1&#50;", "1<2", "1".repeat(65)])("leaves %j to the careful way", (text) => {
    expect(scan.scanOther(quoted(text), 1)).toBe(false);
  });
});

describe("NumberScan.scanCount", () => {
  it.each([
    ["0", 0],
    ["86400", 86_400],
    ["007", 7],
  ])("takes %j", (text, value) => {
    expect(scan.scanCount(quoted(text), 1)).toBe(true);
    expect([scan.value, scan.end]).toEqual([value, text.length + 1]);
  });

  it.each(["", "-1", "1.5", "1234567890123456", "1 "])("leaves %j", (text) => {
    expect(scan.scanCount(quoted(text), 1)).toBe(false);
  });
});
