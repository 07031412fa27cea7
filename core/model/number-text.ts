/**
 * Numbers as Ganglia writes them. gmond prints a value through a format such as
 * "%.2f", so "0.50" and "0.5" are the same number in different clothes; to hand
 * on what we were given, the count of decimals travels beside the value.
 */

/** Decimals of a number that is not in plain notation: print the shortest text. */
export const DECIMALS_SHORTEST = 255;

/** toFixed takes at most 100; gmond prints at most a dozen. */
const DECIMALS_MAX = 20;

const PLAIN = /^-?(?:0|[1-9]\d*)(?:\.(\d+))?$/;

/**
 * A strict decimal number. "nan", "inf", "" and hexadecimal are no values.
 * @returns NaN where the text is no finite number
 */
export function parseNumber(text: string): number {
  const trimmed = text.trim();
  if (!/^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(trimmed)) return Number.NaN;
  const value = Number(trimmed);
  return Number.isFinite(value) ? value : Number.NaN;
}

/** @returns digits after the point, or DECIMALS_SHORTEST where toFixed would not give the text back */
export function decimalsOf(text: string): number {
  const match = PLAIN.exec(text);
  if (match === null) return DECIMALS_SHORTEST;
  const decimals = match[1]?.length ?? 0;
  return decimals <= DECIMALS_MAX ? decimals : DECIMALS_SHORTEST;
}

/** @returns the text of a finite number with the given decimals */
export function formatNumber(value: number, decimals: number): string {
  // Above 1e21 toFixed itself falls back to exponents.
  if (decimals === DECIMALS_SHORTEST || Math.abs(value) >= 1e21) return String(value);
  return value.toFixed(decimals);
}
