/** Readings as text, as an update command gives them, turned into amounts for the machine. */
import { DS_TYPES } from "../format/definition.js";
import { LAST_DS_BYTES } from "../format/layout.js";
import { RrdError } from "../rrd-error.js";
import { counterDifference } from "./counter-text.js";
import type { RrdMachine } from "./machine.js";
import { parseNumber } from "./number-text.js";
import type { RrdState } from "./state.js";

/** A 32-bit counter that wrapped gets this, not 2^32: so it has been computed since 2014. */
const WRAP_32 = 4294967295;
const WRAP_64 = 2 ** 64 - 2 ** 32;

/**
 * Puts what the readings amount to into machine.amounts, and the readings into the
 * state as the last ones. On an error the sources before the bad one keep their new
 * last reading: that is in the file afterwards.
 * @param texts one a data source; "U" and whatever begins so is unknown
 * @throws RrdError
 */
export function takeReadings(machine: RrdMachine, state: RrdState, texts: readonly string[], intervalS: number): void {
  for (let ds = 0; ds < machine.dsCount; ds++) {
    const text = texts[ds] as string;
    const isStale = (machine.heartbeatsS[ds] as number) < intervalS;
    if (isStale) state.lastDs[ds] = "U";
    machine.amounts[ds] =
      isStale || text.startsWith("U") ? Number.NaN : amountOf(machine, ds, text, state.lastDs[ds] as string, intervalS);
    state.lastDs[ds] = text.slice(0, LAST_DS_BYTES - 1);
  }
}

/** @returns rate times seconds; NaN where it is unknown or outside the limits */
function amountOf(machine: RrdMachine, ds: number, text: string, previous: string, intervalS: number): number {
  let amount: number;
  let rate: number;
  const type = DS_TYPES[machine.types[ds] as number];
  switch (type) {
    case "GAUGE":
      rate = parseNumber(text, "Function update_pdp_prep, case DST_GAUGE");
      amount = rate * intervalS;
      break;
    case "ABSOLUTE":
      amount = parseNumber(text, "Function update_pdp_prep, case DST_ABSOLUTE");
      rate = amount / intervalS;
      break;
    case "COUNTER":
      if (!/^\d*$/.test(text)) throw new RrdError(`not a simple unsigned integer: '${text}'`);
      amount = previous.startsWith("U") ? Number.NaN : unwrapped(counterDifference(text, previous));
      rate = amount / intervalS;
      break;
    case "DERIVE":
      if (!/^-?\d*$/.test(text)) throw new RrdError(`not a simple signed integer: '${text}'`);
      amount = previous.startsWith("U") ? Number.NaN : counterDifference(text, previous);
      rate = amount / intervalS;
      break;
    case "DCOUNTER":
    case "DDERIVE":
      amount = previous.startsWith("U") ? Number.NaN : doubleDifference(type, text, previous);
      rate = amount / intervalS;
      break;
    default:
      throw new RrdError(`BUG: no rule for data sources of type ${type}`);
  }
  return isOutside(rate, machine.mins[ds] as number, machine.maxs[ds] as number) ? Number.NaN : amount;
}

/** Comparisons with NaN are false: without a rate or a limit nothing is outside. */
export function isOutside(rate: number, min: number, max: number): boolean {
  return rate > max || rate < min;
}

/** @param difference of two readings of a counter @returns it with what a wrap took away */
export function unwrapped(difference: number): number {
  let value = difference;
  if (value < 0) value += WRAP_32;
  if (value < 0) value += WRAP_64;
  return value;
}

function doubleDifference(type: "DCOUNTER" | "DDERIVE", text: string, previous: string): number {
  const where = `Function update_pdp_prep, case DST_${type}`;
  const value = parseNumber(text, where);
  const before = parseNumber(previous, where);
  const isReset = type === "DCOUNTER" && ((value > 0 && before > value) || (value < 0 && value > before));
  return isReset ? Number.NaN : value - before;
}
