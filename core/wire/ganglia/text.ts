/**
 * Octets to strings and back to comparisons. Ganglia carries no encoding: gmond
 * passes octets through under an ISO-8859-1 label, while gmetad writes UTF-8
 * under the same label. So each string is judged alone: valid UTF-8 is UTF-8,
 * anything else is Latin-1, which no octet can fail.
 *
 * By hand, because the core does not assume a TextDecoder.
 */

/** fromCharCode takes its characters as arguments, and engines limit those. */
const UNITS_PER_CALL = 4_096;

/** @returns the text of octets[start..end) */
export function decodeText(octets: ArrayLike<number>, start: number, end: number): string {
  const units: number[] = [];
  for (let at = start; at < end; at++) {
    const octet = octets[at] as number;
    if (octet < 0x80) {
      units.push(octet);
      continue;
    }
    const length = sequenceLength(octets, at, end);
    if (length === 0) return decodeLatin1(octets, start, end);
    pushCodePoint(units, codePoint(octets, at, length));
    at += length - 1;
  }
  return fromUnits(units);
}

function decodeLatin1(octets: ArrayLike<number>, start: number, end: number): string {
  const units: number[] = [];
  for (let at = start; at < end; at++) units.push(octets[at] as number);
  return fromUnits(units);
}

/** @returns octets of the UTF-8 sequence that begins here, 0 where there is no valid one */
function sequenceLength(octets: ArrayLike<number>, at: number, end: number): number {
  const lead = octets[at] as number;
  const length =
    lead >= 0xc2 && lead <= 0xdf ? 2 : lead >= 0xe0 && lead <= 0xef ? 3 : lead >= 0xf0 && lead <= 0xf4 ? 4 : 0;
  if (length === 0 || at + length > end) return 0;
  for (let i = 1; i < length; i++) {
    if (((octets[at + i] as number) & 0xc0) !== 0x80) return 0;
  }
  const second = octets[at + 1] as number;
  // Overlong forms, surrogates, and code points beyond U+10FFFF.
  if (lead === 0xe0 && second < 0xa0) return 0;
  if (lead === 0xed && second > 0x9f) return 0;
  if (lead === 0xf0 && second < 0x90) return 0;
  if (lead === 0xf4 && second > 0x8f) return 0;
  return length;
}

function codePoint(octets: ArrayLike<number>, at: number, length: number): number {
  // A lead octet keeps 5, 4 or 3 bits for sequences of 2, 3 or 4.
  let code = (octets[at] as number) & (0x7f >> length);
  for (let i = 1; i < length; i++) code = (code << 6) | ((octets[at + i] as number) & 0x3f);
  return code;
}

function pushCodePoint(units: number[], code: number): void {
  if (code < 0x1_0000) units.push(code);
  else units.push(0xd800 + ((code - 0x1_0000) >> 10), 0xdc00 + ((code - 0x1_0000) & 0x3ff));
}

function fromUnits(units: number[]): string {
  if (units.length <= UNITS_PER_CALL) return String.fromCharCode.apply(undefined, units);
  const parts: string[] = [];
  for (let at = 0; at < units.length; at += UNITS_PER_CALL) {
    parts.push(String.fromCharCode.apply(undefined, units.slice(at, at + UNITS_PER_CALL)));
  }
  return parts.join("");
}

/** @returns true if the octets are exactly this text and plain ASCII; false may also mean "cannot tell" */
export function isText(octets: Uint8Array, start: number, end: number, text: string): boolean {
  if (text.length !== end - start) return false;
  for (let i = 0; i < text.length; i++) {
    const octet = octets[start + i] as number;
    if (octet !== text.charCodeAt(i) || octet >= 0x80) return false;
  }
  return true;
}

/** Longer strings are seldom names that come again. */
const CACHED_LENGTH_MAX = 64;

/**
 * Gives the same string object for the same octets again, as long as no other
 * string took its place: names that come in every packet cost no memory.
 */
export class TextCache {
  readonly #texts: (string | undefined)[];
  readonly #mask: number;

  /** @param places how many strings are kept at most, a power of two */
  constructor(places: number) {
    if (places < 1 || (places & (places - 1)) !== 0) throw new RangeError(`BUG: ${places} is no power of two`);
    this.#texts = new Array(places).fill(undefined);
    this.#mask = places - 1;
  }

  decode(octets: Uint8Array, start: number, end: number): string {
    if (end - start > CACHED_LENGTH_MAX) return decodeText(octets, start, end);
    const place = hash(octets, start, end) & this.#mask;
    const known = this.#texts[place];
    if (known !== undefined && isText(octets, start, end, known)) return known;
    const text = decodeText(octets, start, end);
    this.#texts[place] = text;
    return text;
  }
}

/** FNV-1a, 32 bits. */
export function hash(octets: Uint8Array, start: number, end: number, seed = 0x811c9dc5): number {
  let sum = seed;
  for (let i = start; i < end; i++) sum = Math.imul(sum ^ (octets[i] as number), 0x01000193);
  // The low bits of FNV mix poorly and a mask looks only at them.
  return sum ^ (sum >>> 15);
}
