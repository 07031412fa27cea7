/**
 * The printf format that travels with a value. gmond prints values through it,
 * so it decides what everyone else sees: a float of 0.89 that came as
 * 0.88999998 with "%.2f" is 0.89 in every document. We do the same, so that a
 * value is one number whether it came by packet or by document.
 *
 * A received format is never run. It is matched against what is known to be
 * harmless; anything else is as good as none.
 */
import { DECIMALS_SHORTEST } from "../../model/number-text.js";
import { POWERS_OF_TEN } from "./powers.js";

export interface ValueFormat {
  /** Digits after the point that the printed text has, see number-text. */
  readonly decimals: number;
  /** The number that remains when the text is read back. Takes finite numbers only. */
  printed(value: number): number;
}

const CONVERSION = /^%[-+ #0]*\d{0,3}(?:\.(\d{0,2}))?(?:hh|h|ll|l|q|L|j|z|t)?([sdiufgexEGX])$/;

/** printf's own, where a format has no precision. */
const PRECISION_DEFAULT = 6;
/** As far as number-text counts decimals. */
const DECIMALS_MAX = 20;

/** For a float whose format says nothing that we trust. */
export const UNFORMATTED: ValueFormat = Object.freeze({
  decimals: DECIMALS_SHORTEST,
  printed: (value: number) => value,
});

/** @returns how a float or double packet with this format is shown */
export function floatFormat(format: string): ValueFormat {
  const match = CONVERSION.exec(format);
  if (match === null) return UNFORMATTED;
  // "%.f" means no decimals.
  const precision = match[1] === undefined ? PRECISION_DEFAULT : Number(match[1]);
  switch (match[2]) {
    case "f":
      if (precision > DECIMALS_MAX) return UNFORMATTED;
      return { decimals: precision, printed: (value) => roundTo(value, precision) };
    case "e":
    case "E":
      return { decimals: DECIMALS_SHORTEST, printed: (value) => Number(value.toExponential(precision)) };
    case "g":
    case "G":
      return { decimals: DECIMALS_SHORTEST, printed: (value) => Number(value.toPrecision(precision || 1)) };
    default:
      return UNFORMATTED;
  }
}

/**
 * The same as Number(value.toFixed(decimals)), without making a string nearly
 * always. Halves go away from zero, as gmond's own printf has them.
 */
export function roundTo(value: number, decimals: number): number {
  const scale = POWERS_OF_TEN[decimals] as number;
  const scaled = Math.abs(value) * scale;
  // From 2^52 on the product has no fraction left to look at.
  if (!(scaled < 2 ** 52)) return Number(value.toFixed(decimals));
  const whole = Math.floor(scaled);
  const rest = scaled - whole;
  // The product is off by up to half a unit in its last place: too near to a half it cannot be trusted.
  if (Math.abs(rest - 0.5) <= scaled * 2 ** -51) return Number(value.toFixed(decimals));
  const rounded = (rest > 0.5 ? whole + 1 : whole) / scale;
  return value < 0 ? -rounded : rounded;
}
