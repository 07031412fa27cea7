/** /proc/loadavg: "0.20 0.18 0.12 1/80 11206". */
import { parseNumber } from "../../../core/model/number-text.js";
import { cannotParse, words } from "../parsing.js";

export interface LoadAverages {
  readonly one: number;
  readonly five: number;
  readonly fifteen: number;
}

/** @throws SyntaxError if the text does not begin with three numbers that are not negative */
export function parseLoadAverages(text: string): LoadAverages {
  const [one, five, fifteen] = words(text).slice(0, 3).map(parseNumber);
  if (!isLoad(one) || !isLoad(five) || !isLoad(fifteen)) {
    throw cannotParse("/proc/loadavg", text, 'three averages such as "0.20 0.18 0.12"');
  }
  return { one, five, fifteen };
}

function isLoad(value: number | undefined): value is number {
  return value !== undefined && value >= 0;
}
