/**
 * One start tag, attributes by name in any order. This is the careful way to
 * read: what has not changed since the last document never comes here.
 *
 * gmond escapes string values and nothing else, so names, units and extra data
 * may hold raw "&", "<" and quotes. A quote ends a value only where a tag can go
 * on behind it. One sign is never taken for text: the beginning of another of
 * Ganglia's own tags inside a value. There a line was cut, as gmond does after
 * 1,023 octets and gmetad after 4,095.
 */

import {
  APOSTROPHE,
  CUT,
  EMPTY_DOCUMENT,
  EQUALS,
  FAULT,
  GREATER,
  isAt,
  LESS,
  QUOTE,
  SLASH,
  skipSpace,
} from "./octets.js";
import { decodeValue } from "./value-text.js";

const NAMES = [
  "NAME",
  "VAL",
  "TYPE",
  "UNITS",
  "TN",
  "TMAX",
  "DMAX",
  "SLOPE",
  "IP",
  "TAGS",
  "REPORTED",
  "LOCATION",
  "GMOND_STARTED",
  "LOCALTIME",
  "OWNER",
  "LATLONG",
  "URL",
  "VERSION",
  "SOURCE",
  "AUTHORITY",
  "UP",
  "DOWN",
  "SUM",
  "NUM",
] as const;
/** Attributes that anyone asks for; others may be there and are passed over. */
export type AttributeName = (typeof NAMES)[number];

const PLACE = Object.freeze(Object.fromEntries(NAMES.map((name, place) => [name, place]))) as Readonly<
  Record<AttributeName, number>
>;

/** Fifteen digits are exact; %d and %u never print more than eleven characters. */
const INTEGER = /^-?\d{1,15}$/;
/** Ganglia's longest attribute name has 13 letters. */
const NAME_OCTETS_MAX = 64;
/** Elements whose beginning inside a value is the sign of a cut line. */
const OWN_ELEMENTS = ["METRIC", "EXTRA_", "HOST", "CLUSTER", "GRID", "GANGLIA_XML"];
/** gmond prints its unsigned 32-bit numbers through %d. */
const WRAP = 2 ** 32;

export class TagScanner {
  /** What is wrong, in words for a log line, after scan() gave FAULT. */
  fault = "";
  /** The tag ended with "/>". */
  selfClosing = false;

  readonly #octetsMax: number;
  readonly #starts = new Int32Array(NAMES.length);
  readonly #ends = new Int32Array(NAMES.length);
  #octets: Uint8Array = EMPTY_DOCUMENT.octets;

  /** @param octetsMax longest value of an attribute */
  constructor(octetsMax: number) {
    this.#octetsMax = octetsMax;
  }

  /**
   * @param at first position behind the element's name
   * @returns the first position behind the tag, or CUT where the document ends before it does, or FAULT
   */
  scan(octets: Uint8Array, at: number): number {
    this.#octets = octets;
    this.#starts.fill(-1);
    this.selfClosing = false;
    let next = skipSpace(octets, at);
    while (next < octets.length) {
      const octet = octets[next];
      if (octet === GREATER) return next + 1;
      if (octet === SLASH) {
        if (next + 1 >= octets.length) return CUT;
        if (octets[next + 1] !== GREATER) return this.#faulty('"/" inside the tag');
        this.selfClosing = true;
        return next + 2;
      }
      next = this.#attribute(next);
      if (next < 0) return next;
      next = skipSpace(octets, next);
    }
    return CUT;
  }

  /** Lets go of the document; attributes cannot be asked for any more. */
  release(): void {
    this.#octets = EMPTY_DOCUMENT.octets;
    this.#starts.fill(-1);
  }

  has(name: AttributeName): boolean {
    return this.start(name) >= 0;
  }

  /** @returns the first position of the value, -1 if there is no such attribute */
  start(name: AttributeName): number {
    return this.#starts[PLACE[name]] as number;
  }

  /** @returns the position of the quote that ends the value */
  end(name: AttributeName): number {
    return this.#ends[PLACE[name]] as number;
  }

  /** @returns the value with references resolved; the fallback if there is no such attribute */
  text(name: AttributeName, fallback: string): string {
    const start = this.start(name);
    return start < 0 ? fallback : decodeValue(this.#octets, start, this.end(name));
  }

  /**
   * A whole number as written by %d or %u.
   * @returns NaN where it is something else, the fallback if there is no such attribute
   */
  integer(name: AttributeName, fallback: number): number {
    const text = this.text(name, "");
    if (!this.has(name)) return fallback;
    return INTEGER.test(text) ? Number(text) : Number.NaN;
  }

  /** Seconds of TMAX or DMAX: unsigned 32 bits, whatever they were printed as; 0 where unreadable or missing. */
  seconds(name: AttributeName): number {
    const value = this.integer(name, 0);
    const unsigned = value < 0 ? value + WRAP : value;
    return unsigned >= 0 && unsigned < WRAP ? unsigned : 0;
  }

  /** @returns the position behind the value's quote, CUT, or FAULT */
  #attribute(at: number): number {
    const octets = this.#octets;
    const nameEnd = endOfName(octets, at);
    if (nameEnd === at || nameEnd - at > NAME_OCTETS_MAX) return this.#faulty("what should be an attribute is none");
    const equals = skipSpace(octets, nameEnd);
    const open = skipSpace(octets, equals + 1);
    if (open >= octets.length) return CUT;
    const quote = octets[open] as number;
    if (octets[equals] !== EQUALS || (quote !== QUOTE && quote !== APOSTROPHE)) {
      return this.#faulty("an attribute without a quoted value");
    }
    const start = open + 1;
    const end = this.#endOfValue(start, quote);
    if (end < 0) return end;
    const place = NAMES.findIndex((name) => name.length === nameEnd - at && isAt(octets, at, name));
    if (place >= 0) {
      if ((this.#starts[place] as number) >= 0) return this.#faulty(`attribute ${NAMES[place]} twice`);
      this.#starts[place] = start;
      this.#ends[place] = end;
    }
    return end + 1;
  }

  #endOfValue(start: number, quote: number): number {
    const octets = this.#octets;
    for (let at = start; at < octets.length; at++) {
      const octet = octets[at];
      if (octet === quote && endsValue(octets, at + 1)) return at;
      if (octet === LESS && isOwnTag(octets, at)) return this.#faulty("a value that is cut off by the next tag");
      if (at - start >= this.#octetsMax) return this.#faulty(`a value of more than ${this.#octetsMax} octets`);
    }
    return CUT;
  }

  #faulty(reason: string): number {
    this.fault = reason;
    return FAULT;
  }
}

/**
 * A tag can go on here, behind a quote: with its end or with another attribute,
 * be it a broken one. Words and another quote are text that goes on. Where the
 * document ends it is not known, and does not matter.
 */
function endsValue(octets: Uint8Array, at: number): boolean {
  const next = skipSpace(octets, at);
  const octet = octets[next];
  if (octet === undefined || octet === GREATER) return true;
  if (octet === SLASH) return octets[next + 1] === GREATER || next + 1 === octets.length;
  const nameEnd = endOfName(octets, next);
  if (next === at || nameEnd === next) return false;
  const behindName = skipSpace(octets, nameEnd);
  const behind = octets[behindName];
  if (behind === undefined || behind === GREATER || behind === LESS) return true;
  if (behind !== EQUALS) return false;
  const quote = octets[skipSpace(octets, behindName + 1)];
  return quote === QUOTE || quote === APOSTROPHE || quote === undefined;
}

function endOfName(octets: Uint8Array, at: number): number {
  let end = at;
  while (isNameOctet(octets[end])) end++;
  return end;
}

/** Letters, digits and "_": all that Ganglia's attribute names are made of. */
function isNameOctet(octet: number | undefined): boolean {
  if (octet === undefined) return false;
  return (
    (octet >= 0x41 && octet <= 0x5a) ||
    (octet >= 0x61 && octet <= 0x7a) ||
    (octet >= 0x30 && octet <= 0x39) ||
    octet === 0x5f
  );
}

function isOwnTag(octets: Uint8Array, at: number): boolean {
  const name = octets[at + 1] === SLASH ? at + 2 : at + 1;
  return OWN_ELEMENTS.some((element) => isAt(octets, name, element));
}
