/** The text of a condition as words; see triggers/README.md for the language. */
import { NAME_LENGTH_MAX, nameFault } from "../../core/model/names.js";
import { ExpressionError } from "./error.js";

export interface Token {
  readonly kind: "number" | "metric" | "text" | "operator" | "word" | "end";
  /** Operator or word as written; name or text without its quotes. */
  readonly value: string;
  readonly offset: number;
  /** Offset behind the last character. */
  readonly end: number;
}

/** Longer than any condition a person reads; keeps hostile configurations cheap. */
export const EXPRESSION_LENGTH_MAX = 4_096;

export const WORDS: ReadonlySet<string> = new Set(["and", "or", "not"]);

const BLANK = /[ \t\r\n]*/y;
const NUMBER = /(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?/y;
const NAME = /[A-Za-z_][A-Za-z0-9_.]*/y;
const NAME_CHARACTER = /[A-Za-z0-9_.%]/y;
const OPERATOR = /<=|>=|==|!=|[<>()+\-*/]/y;

/** What people write in other languages. */
const HINTS: readonly (readonly [found: string, hint: string])[] = [
  ["&&", 'expected "and", found "&&"'],
  ["||", 'expected "or", found "||"'],
  ["=", 'expected "==" for a comparison, found "="'],
  ["!", 'expected "not" or "!=", found "!"'],
  ["'", "expected a text in double quotes, found a single quote"],
  ["%", 'expected an operator, found "%": numbers are written without a unit'],
];

/** @throws ExpressionError */
export function tokenize(text: string): Token[] {
  if (text.length > EXPRESSION_LENGTH_MAX) {
    throw new ExpressionError(
      `the condition has ${text.length} characters, at most ${EXPRESSION_LENGTH_MAX} are allowed`,
      EXPRESSION_LENGTH_MAX,
    );
  }
  const tokens: Token[] = [];
  let offset = skip(BLANK, text, 0);
  while (offset < text.length) {
    const token = next(text, offset);
    tokens.push(token);
    offset = skip(BLANK, text, token.end);
  }
  tokens.push({ kind: "end", value: "", offset: text.length, end: text.length });
  return tokens;
}

function next(text: string, offset: number): Token {
  const first = text[offset] as string;
  if (first === '"') return quotedText(text, offset);
  if (first === "`") return quotedName(text, offset);
  let end = skip(NUMBER, text, offset);
  if (end > offset) return number(text, offset, end);
  end = skip(NAME, text, offset);
  if (end > offset) {
    const value = text.slice(offset, end);
    return { kind: WORDS.has(value) ? "word" : "metric", value, offset, end };
  }
  end = skip(OPERATOR, text, offset);
  if (end > offset) return { kind: "operator", value: text.slice(offset, end), offset, end };
  const hint = HINTS.find(([found]) => text.startsWith(found, offset));
  if (hint !== undefined) throw new ExpressionError(hint[1], offset);
  const shown = JSON.stringify(String.fromCodePoint(text.codePointAt(offset) as number));
  throw new ExpressionError(
    `expected a number, a metric or an operator, found ${shown}: other metric names are written in backticks`,
    offset,
  );
}

function number(text: string, offset: number, end: number): Token {
  if (skip(NAME_CHARACTER, text, end) > end) {
    const whole = /^[A-Za-z0-9_.%]+/.exec(text.slice(offset))?.[0] ?? "";
    throw new ExpressionError(`expected a plain number without a unit, found "${whole}"`, offset);
  }
  const value = text.slice(offset, end);
  if (!Number.isFinite(Number(value))) {
    throw new ExpressionError(`expected a number up to 1.8e308, found "${value}"`, offset);
  }
  return { kind: "number", value, offset, end };
}

/** Within the quotes \" is a quote and \\ is a backslash. */
function quotedText(text: string, offset: number): Token {
  let value = "";
  for (let i = offset + 1; i < text.length; i++) {
    const character = text[i] as string;
    if (character === '"') return { kind: "text", value, offset, end: i + 1 };
    if (character !== "\\") {
      value += character;
      continue;
    }
    const escaped = text[++i];
    if (escaped !== '"' && escaped !== "\\") {
      throw new ExpressionError('expected \\" or \\\\ after a backslash in a text', i - 1);
    }
    value += escaped;
  }
  throw new ExpressionError("expected a closing double quote, the text has no end", offset);
}

/** Within the backticks two of them are one. */
function quotedName(text: string, offset: number): Token {
  let value = "";
  for (let i = offset + 1; i < text.length; i++) {
    if (text[i] === "`") {
      if (text[i + 1] !== "`") return metricName(value, offset, i + 1);
      i++;
    }
    value += text[i];
  }
  throw new ExpressionError("expected a closing backtick, the metric name has no end", offset);
}

function metricName(value: string, offset: number, end: number): Token {
  const fault = nameFault(value);
  if (fault !== undefined) {
    throw new ExpressionError(`expected a metric name of 1 to ${NAME_LENGTH_MAX} characters, ${fault}`, offset);
  }
  return { kind: "metric", value, offset, end };
}

/** @returns the offset behind the match, or the given one where there is none */
function skip(pattern: RegExp, text: string, offset: number): number {
  pattern.lastIndex = offset;
  return pattern.test(text) ? pattern.lastIndex : offset;
}
