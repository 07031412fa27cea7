/** Differences of counters that are given as digits and may have 64 bits or more. */

/** A longer counter, leading zeros counted, is no number. */
const DIGITS_MAX = 30;

/** Up to this many digits a double holds every difference exactly. */
const SAFE_DIGITS = 15;

interface Counter {
  readonly isNegative: boolean;
  /** Without leading zeros. */
  readonly digits: string;
}

/**
 * The exact difference a - b, turned into a double digit by digit as RRD files do.
 * @returns NaN where one is negative and the other is not, or one has no digits or too many
 */
export function counterDifference(a: string, b: string): number {
  const first = readCounter(a);
  const second = readCounter(b);
  if (first === undefined || second === undefined || first.isNegative !== second.isNegative) return Number.NaN;
  const sign = first.isNegative ? -1 : 1;
  if (first.digits.length <= SAFE_DIGITS && second.digits.length <= SAFE_DIGITS) {
    return sign * (Number(first.digits) - Number(second.digits));
  }
  const difference = BigInt(first.digits) - BigInt(second.digits);
  let value = 0;
  for (const digit of String(difference < 0n ? -difference : difference)) value = value * 10 + Number(digit);
  // In this order: negative counters that stand still differ by -0.
  return sign * (difference < 0n ? -value : value);
}

/**
 * The first digits of the text. What comes before them is passed over, because a last reading may
 * be anything: it is not looked at when it comes after a silence.
 */
function readCounter(text: string): Counter | undefined {
  const [, before = "", digits = ""] = /^(\D*)(\d*)/.exec(text) ?? [];
  if (digits === "" || digits.length > DIGITS_MAX) return undefined;
  return { isNegative: before.includes("-"), digits: digits.replace(/^0+(?=.)/, "") };
}
