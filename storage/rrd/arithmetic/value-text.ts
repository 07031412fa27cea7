/** A number as the text of a reading. */
import type { DsType } from "../format/definition.js";

/** @returns digits for a counter, which takes nothing else */
export function readingText(value: number, type: DsType): string {
  return type === "COUNTER" || type === "DERIVE" ? counterText(value, type) : gaugeText(value);
}

export function gaugeText(value: number): string {
  if (Number.isNaN(value)) return "U";
  if (!Number.isFinite(value)) return value < 0 ? "-inf" : "inf";
  // String() drops the sign of -0.
  return Object.is(value, -0) ? "-0" : String(value);
}

/** Only digits are taken; a counter below 0 is no counter. */
function counterText(value: number, type: "COUNTER" | "DERIVE"): string {
  if (!Number.isFinite(value) || (type === "COUNTER" && value < 0)) return "U";
  return String(BigInt(Math.round(value)));
}
