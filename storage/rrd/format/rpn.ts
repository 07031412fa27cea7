/** The formula of a computed data source, as text: nodes of an operation, a pad byte and a 16-bit operand. */

const NODE_BYTES = 4;
const NUMBER = 0;
const VARIABLE = 1;
const END = 32;
const PREVIOUS_OF = 36;

/** By number. */
// biome-ignore format: a table of numbers is read in rows
const OPERATIONS: readonly string[] = [
  "", "", "INF", "PREV", "NEGINF", "UNKN", "NOW", "TIME", "+", "%", "-", "*", "/", "SIN", "DUP", "EXC", "POP", "COS",
  "LOG", "EXP", "LT", "LE", "GT", "GE", "EQ", "IF", "MIN", "MAX", "LIMIT", "FLOOR", "CEIL", "UN", "", "LTIME", "NE",
  "ISINF", "", "COUNT", "ATAN", "SQRT", "SORT", "REV", "TREND", "TRENDNAN", "ATAN2", "RAD2DEG", "DEG2RAD", "PREDICT",
  "PREDICTSIGMA", "AVG", "ABS", "ADDNAN", "MINNAN", "MAXNAN", "MEDIAN", "PREDICTPERC", "DEPTH", "COPY", "ROLL", "INDEX",
  "STEPWIDTH", "NEWDAY", "NEWWEEK", "NEWMONTH", "NEWYEAR", "SMIN", "SMAX", "STDEV", "PERCENT", "POW",
];

/** @param names of the data sources, by position */
export function formulaText(bytes: Uint8Array, names: readonly string[]): string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const words: string[] = [];
  for (let offset = 0; offset + NODE_BYTES <= bytes.length; offset += NODE_BYTES) {
    const operation = view.getUint8(offset);
    const operand = view.getInt16(offset + 2, true);
    if (operation === END) break;
    if (operation === NUMBER) words.push(String(operand));
    else if (operation === VARIABLE) words.push(names[operand] ?? "?");
    else if (operation === PREVIOUS_OF) words.push(`PREV(${names[operand] ?? "?"})`);
    else words.push(OPERATIONS[operation] ?? "?");
  }
  return words.join(",");
}
