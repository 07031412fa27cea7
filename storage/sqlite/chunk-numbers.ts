/**
 * Values of a chunk. Most metrics are decimal numbers with a few digits after the
 * point, which as doubles look like noise: they are stored as whole numbers and a
 * count of decimals, if that gives every bit back. Whatever else comes (NaN, -0,
 * measured doubles) is compared bit by bit with the value before it.
 */
import { type ByteReader, BytesError } from "./bytes.js";
import { bytesToFloats } from "./floats.js";

/** Powers of ten that a double holds exactly and that metrics use. */
export const POWERS = [1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9] as const;
const DECIMALS_MAX = POWERS.length - 1;
export const BITWISE = 255;

/** Difference and sign double twice; must stay within 2^53. */
const WHOLE_MAX = 2 ** 51;

export function readNumbers(reader: ByteReader, count: number): Float64Array {
  const decimals = reader.byte();
  if (decimals === BITWISE) return bytesToFloats(readBitwise(reader, count));
  const power = POWERS[decimals];
  if (power === undefined) throw new BytesError(`${decimals} decimals are not known, at most ${DECIMALS_MAX}`);
  const values = new Float64Array(count);
  let whole = 0;
  for (let i = 0; i < count; i++) {
    whole += reader.signed();
    values[i] = whole / power;
  }
  return values;
}

/**
 * Values as whole numbers of the fewest decimals that do for all of them, as far as each tells alone.
 * Hot: each sample of a spill.
 * @param into gets the whole numbers; at least as long
 * @returns the decimals; undefined where there are none, or a value that did with fewer does not with these
 */
export function toWhole(values: Float64Array, into: Float64Array): number | undefined {
  let decimals = 0;
  let power = 1;
  /** Those before it were tried with fewer decimals only. */
  let triedFrom = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    while (!isDecimal(value, power)) {
      if (++decimals > DECIMALS_MAX) return undefined;
      power = POWERS[decimals] as number;
      triedFrom = i;
    }
    into[i] = Math.round(value * power);
  }
  for (let i = 0; i < triedFrom; i++) {
    const value = values[i] as number;
    if (!isDecimal(value, power)) return undefined;
    into[i] = Math.round(value * power);
  }
  return decimals;
}

function isDecimal(value: number, power: number): boolean {
  // Adding nought turns -0 to 0, which then is not the same as the value: whole numbers have no -0.
  const whole = Math.round(value * power) + 0;
  // NaN and the infinities fail the limit.
  return Math.abs(whole) <= WHOLE_MAX && Object.is(whole / power, value);
}

function readBitwise(reader: ByteReader, count: number): Uint8Array {
  const bytes = new Uint8Array(count * 8);
  for (let at = 0; at < bytes.length; at += 8) {
    const control = reader.byte();
    const above = control >> 4;
    const below = control & 15;
    if (above + below > 8) throw new BytesError(`control byte ${control} of a value is not known`);
    if (at > 0) bytes.copyWithin(at, at - 8, at);
    for (let i = at + below; i < at + 8 - above; i++) bytes[i] = (bytes[i] as number) ^ reader.byte();
  }
  return bytes;
}
