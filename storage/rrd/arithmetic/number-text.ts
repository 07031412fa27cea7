/**
 * Text to double in the way of RRD files, which is not the correctly rounded one: the
 * digits are gathered in a double from left to right, then scaled by powers of ten
 * that are squared on the way. One decimal in four with 3, 5 or 6 places comes out
 * 1 unit of the last place beside the nearest double, and so it stands in every file.
 */
import { RrdError } from "../rrd-error.js";

const EXPONENT_MIN = -1021;
const EXPONENT_MAX = 1024;
/** Further digits of an exponent change nothing: it is out of range already. */
const EXPONENT_STOP = 100_000;

interface Parsed {
  readonly value: number;
  /** Position after the number. */
  readonly end: number;
}

/** @returns undefined where no number begins, or it is out of range */
function parsePrefix(text: string): Parsed | undefined {
  let i = 0;
  while (isSpace(text.charCodeAt(i))) i++;
  const sign = text[i];
  if (sign === "-" || sign === "+") i++;
  let mantissa = 0;
  let digits = 0;
  let exponent = 0;
  for (; isDigit(text.charCodeAt(i)); i++, digits++) mantissa = mantissa * 10 + (text.charCodeAt(i) - 48);
  if (text[i] === ".") {
    i++;
    for (; isDigit(text.charCodeAt(i)); i++, digits++, exponent--) mantissa = mantissa * 10 + (text.charCodeAt(i) - 48);
  }
  if (digits === 0) return undefined;
  if (sign === "-") mantissa = -mantissa;
  if (text[i] === "e" || text[i] === "E") {
    i++;
    const isNegative = text[i] === "-";
    if (isNegative || text[i] === "+") i++;
    let written = 0;
    for (; isDigit(text.charCodeAt(i)); i++) {
      if (written < EXPONENT_STOP) written = written * 10 + (text.charCodeAt(i) - 48);
    }
    exponent += isNegative ? -written : written;
  }
  if (exponent < EXPONENT_MIN || exponent > EXPONENT_MAX) return undefined;
  return { value: scaleByTen(mantissa, exponent), end: i };
}

/** mantissa * 10^exponent with the roundings of RRD files: a step for each set bit of the exponent. */
export function scaleByTen(mantissa: number, exponent: number): number {
  let value = mantissa;
  let power = 10;
  for (let bits = Math.abs(exponent); bits > 0; bits >>= 1) {
    if (bits & 1) value = exponent < 0 ? value / power : value * power;
    power *= power;
  }
  return value;
}

/**
 * The whole text must be a number; "nan" and "inf", in any case, only need to begin it.
 * @param where begins the message of the error
 * @throws RrdError
 */
export function parseNumber(text: string, where: string): number {
  const parsed = parsePrefix(text);
  if (parsed !== undefined) {
    if (parsed.end === text.length) return parsed.value;
    const tail = text.slice(parsed.end);
    throw new RrdError(`${where} - Converted '${text}' to ${sixDecimals(parsed.value)}, but cannot convert '${tail}'`);
  }
  const special = /^(-?)(nan|inf)/i.exec(text);
  if (special === null) throw new RrdError(`${where} - Cannot convert '${text}' to float`);
  if (special[2]?.toLowerCase() === "nan") return Number.NaN;
  return special[1] === "-" ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
}

/** As C's %f prints it; toFixed turns to exponents at 1e21. */
function sixDecimals(value: number): string {
  if (Number.isNaN(value)) return "-nan";
  if (!Number.isFinite(value)) return value < 0 ? "-inf" : "inf";
  if (Object.is(value, -0)) return "-0.000000";
  return Math.abs(value) < 1e21 ? value.toFixed(6) : `${BigInt(value)}.000000`;
}

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}

/** Blank, tabulators, line ends. */
function isSpace(code: number): boolean {
  return code === 32 || (code >= 9 && code <= 13);
}
