/**
 * The three lists that our documents are made of: rows ("0-2 5"), values with
 * runs ("16*40 8 -") and, in the same form, ages. A cluster's hosts have much in
 * common, so a run is what most columns of facts shrink to.
 */
import { DECIMALS_SHORTEST, decimalsOf, formatNumber, parseNumber } from "../../model/number-text.js";
import { ExtensionError } from "./errors.js";
import { formatSeconds, parseSeconds } from "./seconds.js";

/** Stands for "no value". */
export const MISSING = "-";

/** toFixed takes no more; only a broken producer would say so. */
const TO_FIXED_MAX = 100;

/** @param rows ascending, each once */
export function formatRows(rows: ArrayLike<number>): string {
  const parts: string[] = [];
  for (let i = 0; i < rows.length; ) {
    const first = rows[i] as number;
    let last = first;
    while (++i < rows.length && rows[i] === last + 1) last++;
    parts.push(first === last ? String(first) : `${first}-${last}`);
  }
  return parts.join(" ");
}

/**
 * @param limit rows must be below it; bounds what a short text can claim
 * @returns ascending, each once
 */
export function parseRows(text: string, limit: number): Uint32Array {
  if (text === "") return new Uint32Array(0);
  const rows: number[] = [];
  let next = 0;
  for (const part of text.split(" ")) {
    const match = /^(\d{1,9})(?:-(\d{1,9}))?$/.exec(part);
    const first = Number(match?.[1] ?? Number.NaN);
    const last = match?.[2] === undefined ? first : Number(match[2]);
    if (!(first >= next && last >= first && last < limit)) {
      throw new ExtensionError(`${quote(part)} in a list of rows, expected rising numbers below ${limit}`);
    }
    for (let row = first; row <= last; row++) rows.push(row);
    next = last + 1;
  }
  return Uint32Array.from(rows);
}

/** Joins equal neighbours to runs as they come. */
export class RunWriter {
  readonly #parts: string[] = [];
  #token = "";
  #count = 0;

  push(token: string): void {
    if (token === this.#token) {
      this.#count++;
      return;
    }
    this.#flush();
    this.#token = token;
    this.#count = 1;
  }

  toString(): string {
    this.#flush();
    this.#count = 0;
    return this.#parts.join(" ");
  }

  #flush(): void {
    if (this.#count === 1) this.#parts.push(this.#token);
    // Two short tokens are no longer than a run of two.
    else if (this.#count > 1) this.#parts.push(`${this.#token}*${this.#count}`);
  }
}

/**
 * Reads a list with runs.
 * @param count how many entries there must be
 * @param take told each token with the first index it stands for and the index after its last
 */
function parseRuns(text: string, count: number, take: (token: string, from: number, to: number) => void): void {
  let at = 0;
  for (const part of text === "" ? [] : text.split(" ")) {
    const star = part.indexOf("*");
    const token = star < 0 ? part : part.slice(0, star);
    const run = star < 0 ? 1 : parseCount(part.slice(star + 1));
    if (token === "" || !(run >= 1) || at + run > count) {
      throw new ExtensionError(`${quote(part)} in a list, expected ${count} entries in all`);
    }
    take(token, at, at + run);
    at += run;
  }
  if (at !== count) throw new ExtensionError(`a list has ${at} entries, expected ${count}`);
}

function parseCount(text: string): number {
  return /^[1-9]\d{0,8}$/.test(text) ? Number(text) : Number.NaN;
}

/**
 * A number so that reading gives back its very bits, in the clothes in which it
 * came where these do not cost precision. "0.8899999856948853/2" is a number
 * that is shown with two decimals.
 */
export function formatValue(value: number, decimals: number): string {
  if (!Number.isFinite(value)) return MISSING;
  if (Object.is(value, -0)) return `-${formatNumber(0, decimals > TO_FIXED_MAX ? DECIMALS_SHORTEST : decimals)}`;
  if (decimals > TO_FIXED_MAX) return String(value);
  const text = formatNumber(value, decimals);
  return Number(text) === value ? text : `${value}/${decimals}`;
}

export interface NumberList {
  /** NaN where there is none. */
  readonly values: Float64Array;
  readonly decimals: Uint8Array;
}

export function parseValues(text: string, count: number): NumberList {
  const values = new Float64Array(count);
  const decimals = new Uint8Array(count);
  parseRuns(text, count, (token, from, to) => {
    if (token === MISSING) {
      values.fill(Number.NaN, from, to);
      return;
    }
    const slash = token.indexOf("/");
    const digits = slash < 0 ? token : token.slice(0, slash);
    const value = parseNumber(digits);
    const shown = slash < 0 ? decimalsOf(digits) : Number(/^\d{1,3}$/.exec(token.slice(slash + 1))?.[0] ?? Number.NaN);
    if (Number.isNaN(value) || !(shown <= DECIMALS_SHORTEST)) {
      throw new ExtensionError(`${quote(token)} in a list of values, expected a number or ${MISSING}`);
    }
    values.fill(value, from, to);
    decimals.fill(shown, from, to);
  });
  return { values, decimals };
}

/** Full precision, shortest text. */
export function formatValues(values: Float64Array): string {
  const runs = new RunWriter();
  for (const value of values) runs.push(formatValue(value, DECIMALS_SHORTEST));
  return runs.toString();
}

/** Ages in seconds before a base; negative where a time is later than the base. */
export function formatAges(timesMs: ArrayLike<number>, baseMs: number): string {
  const runs = new RunWriter();
  for (let i = 0; i < timesMs.length; i++) runs.push(formatSeconds(baseMs - (timesMs[i] as number)));
  return runs.toString();
}

/** @returns times, epoch ms */
export function parseAges(text: string, count: number, baseMs: number): Float64Array {
  const timesMs = new Float64Array(count);
  parseRuns(text, count, (token, from, to) => timesMs.fill(baseMs - seconds(token), from, to));
  return timesMs;
}

/** The way from each time to the next, seconds; one entry fewer than there are times. */
export function formatSteps(timesMs: ArrayLike<number>): string {
  const runs = new RunWriter();
  for (let i = 1; i < timesMs.length; i++) {
    runs.push(formatSeconds(Math.round(timesMs[i] as number) - Math.round(timesMs[i - 1] as number)));
  }
  return runs.toString();
}

/** @param count of the times, the first one included */
export function parseSteps(text: string, count: number, firstMs: number): Float64Array {
  const timesMs = new Float64Array(count);
  if (count > 0) timesMs[0] = firstMs;
  parseRuns(text, Math.max(0, count - 1), (token, from, to) => {
    const stepMs = seconds(token);
    for (let i = from; i < to; i++) timesMs[i + 1] = (timesMs[i] as number) + stepMs;
  });
  return timesMs;
}

function seconds(token: string): number {
  const valueMs = parseSeconds(token);
  if (Number.isNaN(valueMs)) throw new ExtensionError(`${quote(token)} in a list of times, expected seconds`);
  return valueMs;
}

function quote(text: string): string {
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}...` : text);
}
