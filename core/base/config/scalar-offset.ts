/**
 * From a position inside a text value to the place where that character was
 * written: quotes, escapes, folded lines and block indentation lie between.
 *
 * YAML may add, drop and fold blanks, but every other character of the value
 * stands in the source, in the same order. So characters that are not blank are
 * counted on both sides.
 */
import type { LocatedScalar } from "./located.js";

interface Token {
  /** Where it stands in the source. */
  readonly offset: number;
  /** UTF-16 units in the source and in the value. */
  readonly sourceLength: number;
  readonly valueLength: number;
}

const BLANK = /[ \t\r\n]/;
/** Escapes of double-quoted text that stand for a blank, or for nothing (an escaped line end). */
const BLANK_ESCAPES = new Set([" ", "t", "\t", "r", "n", "\r", "\n"]);
const HEX_ESCAPES: Readonly<Record<string, number>> = Object.freeze({ x: 2, u: 4, U: 8 });

/** @returns the offset in scalar.source of the character at valueOffset of the scalar's text */
export function sourceOffsetOf(scalar: LocatedScalar, valueOffset: number): number {
  if (typeof scalar.value !== "string") return scalar.offset;
  const tokens = tokensOf(scalar);
  const { value } = scalar;
  const wanted = Math.max(0, Math.min(valueOffset, value.length));
  let last: Token | undefined;
  /** Where the last token ends in the value. */
  let endInValue = 0;
  let at = 0;
  for (const token of tokens) {
    while (at < value.length && BLANK.test(value[at] as string)) at++;
    if (wanted < at) break;
    if (wanted < at + token.valueLength) return token.offset;
    at += token.valueLength;
    endInValue = at;
    last = token;
  }
  const base = last === undefined ? contentStart(scalar) : last.offset + last.sourceLength;
  // Inside of blanks: as far behind the last character, but not past its line.
  const lineEnd = scalar.source.text.indexOf("\n", base);
  const limit = Math.min(scalar.end, lineEnd < 0 ? scalar.end : lineEnd);
  return Math.max(base, Math.min(base + wanted - endInValue, limit));
}

function contentStart(scalar: LocatedScalar): number {
  if (scalar.style === "plain") return scalar.offset;
  if (scalar.style === "single" || scalar.style === "double") return scalar.offset + 1;
  const headerEnd = scalar.source.text.indexOf("\n", scalar.offset);
  return headerEnd < 0 ? scalar.end : headerEnd + 1;
}

function tokensOf(scalar: LocatedScalar): Token[] {
  const { text } = scalar.source;
  const tokens: Token[] = [];
  let i = contentStart(scalar);
  while (i < scalar.end) {
    const char = text[i] as string;
    if (BLANK.test(char)) {
      i++;
    } else if (scalar.style === "double" && char === "\\") {
      const kind = text[i + 1] ?? "";
      const hexDigits = HEX_ESCAPES[kind] ?? 0;
      const sourceLength = 2 + hexDigits;
      const code = hexDigits > 0 ? Number.parseInt(text.slice(i + 2, i + sourceLength), 16) : 0;
      const isBlank = hexDigits > 0 ? BLANK.test(String.fromCharCode(code)) && code < 0x80 : BLANK_ESCAPES.has(kind);
      if (!isBlank) tokens.push({ offset: i, sourceLength, valueLength: code > 0xffff ? 2 : 1 });
      i += sourceLength;
    } else if (scalar.style === "double" && char === '"') {
      break;
    } else if (scalar.style === "single" && char === "'") {
      if (text[i + 1] !== "'") break;
      tokens.push({ offset: i, sourceLength: 2, valueLength: 1 });
      i += 2;
    } else {
      tokens.push({ offset: i, sourceLength: 1, valueLength: 1 });
      i++;
    }
  }
  return tokens;
}
