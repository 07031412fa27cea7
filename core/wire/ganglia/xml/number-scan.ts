/**
 * Numbers straight from octets. Exactly the double and the decimals that
 * number-text makes of the same text, or a refusal: then the slow way is taken.
 */
import { decimalsOf, parseNumber } from "../../../model/number-text.js";
import { POWERS_OF_TEN } from "../powers.js";
import { decodeText } from "../text.js";
import { endOfPlainText, MINUS, NINE, POINT, QUOTE, ZERO } from "./octets.js";

/** 10^15 < 2^53: so many digits make an integer that a double holds exactly. */
const DIGITS_MAX = 15;

/** Longer than any number that is one. */
const TEXT_OCTETS_MAX = 64;

/** Results stand in fields, so that a number costs no object. */
export class NumberScan {
  // NaN, so that the field is a double from the start.
  value = Number.NaN;
  decimals = 0;
  /** Position of the quote behind the number. */
  end = 0;

  /**
   * A plain number up to a double quote: -0.50, 96, 1795288274.
   * @returns false for anything else, such as "007", "1e5", "nan", " 5", or 16 digits
   */
  scan(octets: Uint8Array, start: number): boolean {
    let at = start;
    let octet = octets[at] as number;
    const negative = octet === MINUS;
    if (negative) octet = octets[++at] as number;
    const first = at;
    let mantissa = 0;
    while (octet >= ZERO && octet <= NINE) {
      mantissa = mantissa * 10 + (octet - ZERO);
      octet = octets[++at] as number;
    }
    let digits = at - first;
    // A leading zero is kept by nobody's printf.
    if (digits === 0 || (digits > 1 && octets[first] === ZERO)) return false;
    let decimals = 0;
    if (octet === POINT) {
      const firstDecimal = at + 1;
      octet = octets[++at] as number;
      while (octet >= ZERO && octet <= NINE) {
        mantissa = mantissa * 10 + (octet - ZERO);
        octet = octets[++at] as number;
      }
      decimals = at - firstDecimal;
      if (decimals === 0) return false;
      digits += decimals;
    }
    if (octet !== QUOTE || digits > DIGITS_MAX) return false;
    // One division of two exact numbers is rounded once, as Number() rounds.
    const magnitude = decimals === 0 ? mantissa : mantissa / (POWERS_OF_TEN[decimals] as number);
    this.value = negative ? -magnitude : magnitude;
    this.decimals = decimals;
    this.end = at;
    return true;
  }

  /**
   * Anything else that stands where a number should, up to a double quote:
   * "nan", "1e5", " 5". The value is NaN where it is no finite number.
   * @returns false where it is not plain text
   */
  scanOther(octets: Uint8Array, start: number): boolean {
    const end = endOfPlainText(octets, start, TEXT_OCTETS_MAX);
    if (end < 0) return false;
    const text = decodeText(octets, start, end);
    this.value = parseNumber(text);
    this.decimals = decimalsOf(text);
    this.end = end;
    return true;
  }

  /** A count of seconds: digits only, up to a double quote. */
  scanCount(octets: Uint8Array, start: number): boolean {
    let at = start;
    let octet = octets[at] as number;
    let count = 0;
    while (octet >= ZERO && octet <= NINE) {
      count = count * 10 + (octet - ZERO);
      octet = octets[++at] as number;
    }
    const digits = at - start;
    if (digits === 0 || digits > DIGITS_MAX || octet !== QUOTE) return false;
    this.value = count;
    this.decimals = 0;
    this.end = at;
    return true;
  }
}
