/**
 * Points in time as arguments of commands: seconds since 1970, "now", "start" or "end",
 * each with spans added or taken away ("end-1d", "now-2h+30min", "-1w"). Words of the
 * at(1) kind, such as "noon yesterday", are refused.
 */
import { RrdError } from "../rrd-error.js";

/** A smaller bare number is an hour or a date in at(1) style: 1 January 1980. */
export const EPOCH_MIN_S = 315_360_000;

const SPANS: Readonly<Record<string, (date: Date, count: number) => void>> = {
  s: (date, count) => date.setTime(date.getTime() + count * 1_000),
  min: (date, count) => date.setTime(date.getTime() + count * 60_000),
  h: (date, count) => date.setTime(date.getTime() + count * 3_600_000),
  // By the calendar of the local time zone: a day may have 23 hours.
  d: (date, count) => date.setDate(date.getDate() + count),
  w: (date, count) => date.setDate(date.getDate() + 7 * count),
  mon: (date, count) => date.setMonth(date.getMonth() + count),
  y: (date, count) => date.setFullYear(date.getFullYear() + count),
};

const UNITS: readonly (readonly [RegExp, keyof typeof SPANS])[] = [
  [/^(|s|sec|secs|second|seconds)$/, "s"],
  [/^(min|mins|minute|minutes)$/, "min"],
  [/^(h|hr|hrs|hour|hours)$/, "h"],
  [/^(d|day|days)$/, "d"],
  [/^(w|wk|wks|week|weeks)$/, "w"],
  [/^(mon|mons|month|months)$/, "mon"],
  [/^(y|yr|yrs|year|years)$/, "y"],
];

export interface Anchors {
  readonly nowS: number;
  /** What "start" and "end" stand for, where the command knows them. */
  readonly start?: number;
  readonly end?: number;
}

/** @returns seconds since 1970 @throws RrdError */
export function parseMoment(text: string, anchors: Anchors): number {
  const match = /^\s*(\d+|now|n|start|s|end|e|epoch)?((?:\s*[+-]\s*\d+\s*[a-z]*)*)\s*$/.exec(text);
  if (match === null || text.trim() === "") throw new RrdError(`unparsable time: ${text}`);
  if (/^(start|s|end|e)$/.test(text.trim())) throw new RrdError("'start' or 'end' MUST be followed by +|- offset");
  const base = anchorOf(match[1] ?? "now", anchors);
  if (base === undefined) throw new RrdError(`unparsable time: ${text}`);
  const date = new Date(base * 1_000);
  for (const [, sign, count, unit] of (match[2] as string).matchAll(/([+-])\s*(\d+)\s*([a-z]*)/g)) {
    const name = UNITS.find(([words]) => words.test(unit as string))?.[1];
    if (name === undefined) throw new RrdError(`unparsable time: ${text}`);
    SPANS[name]?.(date, Number(count) * (sign === "-" ? -1 : 1));
  }
  const timeS = Math.floor(date.getTime() / 1_000);
  if (Number.isNaN(timeS)) throw new RrdError(`unparsable time: ${text}`);
  return timeS;
}

/** @returns whether the text asks for another moment of the command */
export function refersTo(text: string, which: "start" | "end"): boolean {
  return (which === "start" ? /^\s*(start|s)\b/ : /^\s*(end|e)\b/).test(text);
}

function anchorOf(word: string, { nowS, start, end }: Anchors): number | undefined {
  if (word === "now" || word === "n") return nowS;
  if (word === "start" || word === "s") return start;
  if (word === "end" || word === "e") return end;
  if (word === "epoch") return 0;
  const number = Number(word);
  if (number > EPOCH_MIN_S) return number;
  throw new RrdError(
    `${word} is no time here: expected seconds since 1970 above ${EPOCH_MIN_S}, or now, start or end with a span such as now-1h`,
  );
}
