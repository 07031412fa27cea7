/** The keys and values of a request line, and what each kind of value must be. */
import { DURATION_EXPECTED, formatDuration, parseDuration } from "../../model/duration.js";
import { NAME_LENGTH_MAX, nameFault, quoteName } from "../../model/names.js";
import { parseSeconds } from "./seconds.js";

/** Where a reader stands: a frame of one run of the collector. */
export interface Since {
  readonly instance: string;
  readonly frame: number;
}

/** An instant, or a distance from the collector's clock when it answers. */
export type TimePoint = { readonly atMs: number } | { readonly agoMs: number };

/** Why a line is not answered; becomes a RequestFault. The message says what was expected. */
export class Fault extends Error {}

const NAME_EXPECTED = `1 to ${NAME_LENGTH_MAX} characters, none of them a control character`;

/** Keys and values of one line. Each key is taken once; what is left over nobody knows. */
export class Values {
  readonly #values = new Map<string, { readonly text: string; readonly raw: string }>();
  /** What was asked for, there or not: what this verb knows. */
  readonly #known: string[] = [];

  constructor(query: string) {
    for (const pair of query === "" ? [] : query.split("&")) {
      const equals = pair.indexOf("=");
      if (equals < 1) throw new Fault(`${quoteName(pair)} in the request, expected key=value`);
      const key = pair.slice(0, equals);
      if (this.#values.has(key)) throw new Fault(`${quoteName(key)} stands twice in the request, expected it once`);
      const raw = pair.slice(equals + 1);
      this.#values.set(key, { raw, text: decode(key, raw) });
    }
  }

  take<T>(key: string, parseValue: (text: string, key: string) => T): T | undefined {
    this.#known.push(key);
    const value = this.#values.get(key);
    if (value === undefined) return undefined;
    this.#values.delete(key);
    return parseValue(value.text, key);
  }

  need<T>(key: string, parseValue: (text: string, key: string) => T): T {
    const value = this.take(key, parseValue);
    if (value === undefined) throw new Fault(`the request has no ${key}, expected ${key}=<value>`);
    return value;
  }

  /** The value is a plain star, not one that is percent-encoded, which is a name like others. */
  isStar(key: string): boolean {
    return this.#values.get(key)?.raw === "*";
  }

  refuseRest(): void {
    const expected = this.#known.length > 0 ? this.#known.join(", ") : "none";
    for (const key of this.#values.keys()) {
      throw new Fault(`${quoteName(key)} is not known for this verb, expected keys: ${expected}`);
    }
  }
}

function decode(key: string, text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new Fault(`the value of ${quoteName(key)} is not percent-encoded UTF-8, expected %25 for a percent sign`);
  }
}

export function parseName(text: string, key: string): string {
  const fault = nameFault(text);
  if (fault !== undefined)
    throw new Fault(`${key} ${quoteName(text)} is not a name: ${fault}, expected ${NAME_EXPECTED}`);
  return text;
}

export function parseSince(text: string): Since {
  const match = /^([A-Za-z0-9]{1,64})-(\d{1,15})$/.exec(text);
  if (match === null) throw new Fault(`since ${quoteName(text)}, expected <instance>-<frame>`);
  return { instance: match[1] as string, frame: Number(match[2]) };
}

/** @returns what reads such a length, from the least that is allowed to the most, if there is one */
export function parseLength(minMs: number, maxMs = Number.MAX_SAFE_INTEGER): (text: string, key: string) => number {
  return (text, key) => {
    const lengthMs = Math.round(parseDuration(text) ?? Number.NaN);
    if (Number.isNaN(lengthMs)) throw new Fault(`${key} ${quoteName(text)}, expected ${DURATION_EXPECTED}`);
    if (lengthMs > maxMs) throw new Fault(`${key} ${quoteName(text)}, expected at most ${formatDuration(maxMs)}`);
    if (lengthMs < minMs) throw new Fault(`${key} ${quoteName(text)}, expected at least ${formatDuration(minMs)}`);
    return lengthMs;
  };
}

export function parseTimePoint(text: string, key: string): TimePoint {
  const agoMs = text.startsWith("-") ? parseDuration(text.slice(1)) : undefined;
  if (agoMs !== undefined) return { agoMs: Math.round(agoMs) };
  const atMs = parseSeconds(text);
  if (!(atMs >= 0))
    throw new Fault(`${key} ${quoteName(text)}, expected epoch seconds or a duration ago such as "-1h"`);
  return { atMs };
}

/** @returns what reads such a number, up to the most that is allowed, if there is one */
export function parseCount(max = Number.MAX_SAFE_INTEGER): (text: string, key: string) => number {
  const limit = max === Number.MAX_SAFE_INTEGER ? "" : ` up to ${max}`;
  return (text, key) => {
    const count = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
    if (!(count <= max)) throw new Fault(`${key} ${quoteName(text)}, expected a whole number${limit}`);
    return count;
  };
}

export function parseYesNo(text: string, key: string): boolean {
  if (text !== "yes" && text !== "no") throw new Fault(`${key} ${quoteName(text)}, expected yes or no`);
  return text === "yes";
}

/** @returns the word, which is the only one there is so far */
export function parseWord<T extends string>(word: T): (text: string, key: string) => T {
  return (text, key) => {
    if (text !== word) throw new Fault(`${key} ${quoteName(text)}, expected ${word}`);
    return word;
  };
}
