/**
 * Attribute values to text: references are resolved, then octets are decoded.
 *
 * Besides XML's own references there is one that only gmond writes. It prints an
 * octet from 127 on as "&#" tens ones ";", where tens are one octet counted from
 * "0", with the highest bit set where the compiler's char is signed: 195 becomes
 * "&#", 0xc3, "5;". No XML parser takes that, but it loses nothing: we give the
 * octet back, and UTF-8 text comes through as it was sent.
 *
 * What is no reference at all stays as it stands: an "&" that somebody forgot to
 * escape is an "&".
 */
import { decodeText } from "../text.js";
import { AMPERSAND, HASH, LESS, NINE, SEMICOLON, ZERO } from "./octets.js";

/** The longest is "&#1114111;". */
const REFERENCE_OCTETS_MAX = 10;
/** "&#" tens ones ";" */
const GMOND_REFERENCE_OCTETS = 5;
const CODE_POINT_MAX = 0x10_ffff;
const DECIMAL = /^\d+$/;
const HEXADECIMAL = /^[xX][0-9a-fA-F]+$/;

const NAMED: Readonly<Record<string, number>> = Object.freeze({
  amp: 0x26,
  lt: 0x3c,
  gt: 0x3e,
  quot: 0x22,
  apos: 0x27,
});

/** @returns the text of the value octets[start..end) */
export function decodeValue(octets: Uint8Array, start: number, end: number): string {
  if (indexIn(octets, AMPERSAND, start, end) < 0) return decodeText(octets, start, end);
  let text = "";
  // Octets that make characters together, whether they came raw or as gmond's references.
  let run: number[] = [];
  let at = start;
  while (at < end) {
    const octet = octets[at] as number;
    const raw = octet === AMPERSAND ? gmondOctet(octets, at, end) : octet;
    if (raw >= 0) {
      run.push(raw);
      at += octet === AMPERSAND ? GMOND_REFERENCE_OCTETS : 1;
      continue;
    }
    const semicolon = indexIn(octets, SEMICOLON, at, Math.min(end, at + REFERENCE_OCTETS_MAX));
    const code = semicolon < 0 ? -1 : referenced(decodeText(octets, at + 1, semicolon));
    if (code < 0) {
      run.push(AMPERSAND);
      at++;
      continue;
    }
    at = semicolon + 1;
    if (code < 0x80) {
      run.push(code);
    } else {
      text += decodeText(run, 0, run.length) + String.fromCodePoint(code);
      run = [];
    }
  }
  return text + decodeText(run, 0, run.length);
}

/** indexOf with an end: a search must not run through the rest of the document. */
function indexIn(octets: Uint8Array, octet: number, start: number, end: number): number {
  for (let at = start; at < end; at++) {
    if (octets[at] === octet) return at;
  }
  return -1;
}

/** @returns the octet from 127 to 255 that gmond means here, -1 if this is none of its references */
function gmondOctet(octets: Uint8Array, at: number, end: number): number {
  if (at + GMOND_REFERENCE_OCTETS > end || octets[at + 1] !== HASH || octets[at + 4] !== SEMICOLON) return -1;
  const tens = (octets[at + 2] as number) & 0x7f;
  const ones = octets[at + 3] as number;
  // "<" stands for 12 tens, so anything below is a decimal reference or nothing.
  if (tens < LESS || ones < ZERO || ones > NINE) return -1;
  const octet = (tens - ZERO) * 10 + (ones - ZERO);
  return octet >= 127 && octet <= 255 ? octet : -1;
}

/** @returns the code point that "amp", "#65" or "#x41" stands for, -1 for anything else */
function referenced(body: string): number {
  if (!body.startsWith("#")) return NAMED[body] ?? -1;
  const digits = body.slice(1);
  if (DECIMAL.test(digits)) return inRange(Number(digits));
  if (HEXADECIMAL.test(digits)) return inRange(Number.parseInt(digits.slice(1), 16));
  return -1;
}

function inRange(code: number): number {
  return code <= CODE_POINT_MAX ? code : -1;
}
