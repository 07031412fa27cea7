/** Spans of time as arguments of commands: "300", "5m", "1h" ... */
import { RrdError } from "../rrd-error.js";

const UNIT_S: Readonly<Record<string, number>> = {
  s: 1,
  m: 60,
  h: 3_600,
  d: 86_400,
  w: 604_800,
  /** A month of 31 days and a leap year, so that nothing asked for is missing. */
  M: 31 * 86_400,
  y: 366 * 86_400,
};

/**
 * @param unitS a number without unit counts these; one with a unit must be a multiple of them
 * @returns how many of them
 * @throws RrdError
 */
export function parseCount(text: string, unitS: number): number {
  const match = /^(\d+)(.*)$/s.exec(text);
  if (match === null) throw new RrdError("value must be (suffixed) positive number");
  const count = Number(match[1]);
  const suffix = match[2] as string;
  if (count === 0) throw new RrdError("value must be positive");
  if (suffix === "") return checkSize(count);
  const factor = Object.hasOwn(UNIT_S, suffix) ? UNIT_S[suffix] : undefined;
  if (factor === undefined) throw new RrdError("value has trailing garbage");
  if ((count * factor) % unitS !== 0) throw new RrdError("value would truncate when scaled");
  return checkSize((count * factor) / unitS);
}

/** Larger sizes would make no file that any disk holds. */
function checkSize(count: number): number {
  if (count > 2 ** 32) throw new RrdError(`value is ${count}, expected at most 2^32`);
  return count;
}
