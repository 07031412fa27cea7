/** The first words of reading XML as octets: where am I, what stands here, is it the same as last time. */

/** Results of reading that are no position. */
export const CUT = -1;
export const FAULT = -2;

export const TAB = 0x09;
export const LF = 0x0a;
export const CR = 0x0d;
export const SPACE = 0x20;
export const QUOTE = 0x22;
export const HASH = 0x23;
export const AMPERSAND = 0x26;
export const APOSTROPHE = 0x27;
export const MINUS = 0x2d;
export const POINT = 0x2e;
export const SLASH = 0x2f;
export const ZERO = 0x30;
export const NINE = 0x39;
export const SEMICOLON = 0x3b;
export const LESS = 0x3c;
export const EQUALS = 0x3d;
export const GREATER = 0x3e;

/** A document with the two ways of looking at it. */
export interface XmlDocument {
  readonly octets: Uint8Array;
  readonly view: DataView;
}

export function openDocument(octets: Uint8Array): XmlDocument {
  return { octets, view: new DataView(octets.buffer, octets.byteOffset, octets.byteLength) };
}

/** Held between documents, so that the last one is not. */
export const EMPTY_DOCUMENT: XmlDocument = Object.freeze(openDocument(new Uint8Array(0)));

export function isSpace(octet: number | undefined): boolean {
  return octet === SPACE || octet === LF || octet === TAB || octet === CR;
}

/** @returns the first position from `at` on that holds no white space */
export function skipSpace(octets: Uint8Array, at: number): number {
  let next = at;
  while (isSpace(octets[next])) next++;
  return next;
}

/** The word stands at this position. */
export function isAt(octets: Uint8Array, at: number, word: string): boolean {
  for (let i = 0; i < word.length; i++) {
    if (octets[at + i] !== word.charCodeAt(i)) return false;
  }
  return true;
}

/** A tag of just this name begins here: "<HOST" is not the beginning of "<HOSTS". */
export function isTagAt(octets: Uint8Array, at: number, opening: string): boolean {
  if (!isAt(octets, at, opening)) return false;
  const next = octets[at + opening.length];
  return isSpace(next) || next === GREATER || next === SLASH;
}

/** @returns where the word begins at or after `at`, CUT if nowhere */
export function find(octets: Uint8Array, at: number, word: string): number {
  const first = word.charCodeAt(0);
  for (let i = octets.indexOf(first, at); i >= 0; i = octets.indexOf(first, i + 1)) {
    if (isAt(octets, i, word)) return i;
  }
  return CUT;
}

/**
 * @returns the position of the quote that ends a text without "<" and "&"; -1
 * where it holds one of them or is too long, and has to be read with care
 */
export function endOfPlainText(octets: Uint8Array, start: number, octetsMax: number): number {
  const last = Math.min(octets.length, start + octetsMax);
  for (let at = start; at < last; at++) {
    const octet = octets[at];
    if (octet === QUOTE) return at;
    if (octet === LESS || octet === AMPERSAND) return -1;
  }
  return -1;
}

/**
 * view[at..] and kept[keptAt..] hold the same `length` octets. Four at a time:
 * most of a document is compared, so this loop decides how fast it is read.
 */
export function sameOctets(view: DataView, at: number, kept: DataView, keptAt: number, length: number): boolean {
  if (at + length > view.byteLength) return false;
  const wordsEnd = length & ~3;
  for (let i = 0; i < wordsEnd; i += 4) {
    if (view.getInt32(at + i, true) !== kept.getInt32(keptAt + i, true)) return false;
  }
  for (let i = wordsEnd; i < length; i++) {
    if (view.getUint8(at + i) !== kept.getUint8(keptAt + i)) return false;
  }
  return true;
}

const FIRST_SIZE = 65_536;

/** Octets kept in one growing piece of memory, addressed by position. Nothing is ever taken out singly. */
export class OctetStore {
  /** Replaced when the store grows. */
  view = new DataView(new ArrayBuffer(FIRST_SIZE));
  used = 0;
  #octets = new Uint8Array(this.view.buffer);

  /** Adds octets[start..end) behind what is there. */
  add(octets: Uint8Array, start: number, end: number): void {
    const needed = this.used + end - start;
    if (needed > this.#octets.length) this.#grow(needed);
    this.#octets.set(octets.subarray(start, end), this.used);
    this.used = needed;
  }

  clear(): void {
    this.used = 0;
  }

  #grow(needed: number): void {
    let size = this.#octets.length;
    while (size < needed) size *= 2;
    const bigger = new Uint8Array(size);
    bigger.set(this.#octets.subarray(0, this.used));
    this.#octets = bigger;
    this.view = new DataView(bigger.buffer);
  }
}
