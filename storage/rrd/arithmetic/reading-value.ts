/**
 * A reading that is a double already, taken as if its shortest text had been given: files then have
 * the same bytes whether they were updated by text or by number.
 */
import { parseNumber, scaleByTen } from "./number-text.js";

/** With more digits another decimal may stand for the same double. */
const MANTISSA_MAX = 1e15;
const PLACES_MAX = 15;
const POWERS = Float64Array.from({ length: PLACES_MAX + 1 }, (_, places) => 10 ** places);

/** @returns what parseNumber makes of String(value). Hot: makes a text for values of 16 and more digits only. */
export function readingOf(value: number): number {
  const size = Math.abs(value);
  for (let places = 0; places <= PLACES_MAX; places++) {
    const power = POWERS[places] as number;
    const scaled = size * power;
    if (!(scaled < MANTISSA_MAX)) break;
    const mantissa = Math.round(scaled);
    // One division of two exact numbers rounds to the nearest double: this decimal is the value's text.
    if (mantissa / power !== size) continue;
    // A power that is reached by one division is exact; see scaleByTen for the others.
    if ((places & (places - 1)) === 0) return value;
    return scaleByTen(value < 0 ? -mantissa : mantissa, -places);
  }
  return Number.isFinite(value) ? parseNumber(String(value), "") : value;
}
