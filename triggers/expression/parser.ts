/**
 * The text of a condition to its tree, by recursive descent. From loose to
 * tight: or, and, not, comparison, + -, * /, minus sign. Types are checked on
 * the way, because here the offset of a fault is still known.
 */
import {
  type Arithmetic,
  COMPARISONS,
  type Comparison,
  type Condition,
  type NumberNode,
  type TruthNode,
} from "./ast.js";
import { ExpressionError } from "./error.js";
import { type Token, tokenize, WORDS } from "./lexer.js";

/** Parentheses, "not" and minus signs within each other. */
export const NESTING_MAX = 64;

/** Nodes of one tree; every one is a loop over all hosts of a cluster. */
export const NODES_MAX = 256;

type Parsed =
  | { readonly type: "truth"; readonly node: TruthNode; readonly offset: number }
  | { readonly type: "number"; readonly node: NumberNode; readonly offset: number }
  | { readonly type: "text"; readonly text: string; readonly offset: number };

/** @throws ExpressionError with the offset and what was expected */
export function parseCondition(text: string): Condition {
  const parser = new Parser(tokenize(text));
  return { text: text.trim(), tree: parser.parse() };
}

class Parser {
  readonly #tokens: readonly Token[];
  #position = 0;
  #nesting = 0;
  #nodes = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  parse(): TruthNode {
    if (this.#token().kind === "end") {
      throw new ExpressionError("expected a condition such as cpu_temp > 70, found nothing", 0);
    }
    const condition = truth(this.#any());
    if (this.#token().kind !== "end") {
      this.#fail('an operator, "and", "or" or the end of the condition');
    }
    return condition;
  }

  #token(): Token {
    return this.#tokens[this.#position] as Token;
  }

  #any(): Parsed {
    return this.#joined("or", "any", () => this.#all());
  }

  #all(): Parsed {
    return this.#joined("and", "all", () => this.#negation());
  }

  #joined(word: string, kind: "any" | "all", operand: () => Parsed): Parsed {
    const first = operand();
    if (!this.#accept("word", word)) return first;
    const operands = [truth(first)];
    do operands.push(truth(operand()));
    while (this.#accept("word", word));
    return { type: "truth", node: this.#count({ kind, operands }), offset: first.offset };
  }

  #negation(): Parsed {
    const { offset } = this.#token();
    if (!this.#accept("word", "not")) return this.#comparison();
    const operand = truth(this.#nested(offset, () => this.#negation()));
    return { type: "truth", node: this.#count({ kind: "not", operand }), offset };
  }

  #comparison(): Parsed {
    const left = this.#sum();
    const operator = this.#comparisonOperator();
    if (operator === undefined) return left;
    const at = (this.#tokens[this.#position - 1] as Token).offset;
    const right = this.#sum();
    const following = this.#token();
    if (this.#comparisonOperator() !== undefined) {
      throw new ExpressionError('expected "and" between two comparisons, they cannot be chained', following.offset);
    }
    return { type: "truth", node: this.#count(compare(left, operator, right, at)), offset: left.offset };
  }

  #comparisonOperator(): Comparison | undefined {
    const { kind, value } = this.#token();
    const operator = kind === "operator" ? COMPARISONS.find((known) => known === value) : undefined;
    if (operator !== undefined) this.#position++;
    return operator;
  }

  #sum(): Parsed {
    return this.#calculation(["+", "-"], () => this.#product());
  }

  #product(): Parsed {
    return this.#calculation(["*", "/"], () => this.#signed());
  }

  #calculation(operators: readonly Arithmetic[], operand: () => Parsed): Parsed {
    let left = operand();
    for (;;) {
      const { kind, value, offset } = this.#token();
      const operator = kind === "operator" ? operators.find((known) => known === value) : undefined;
      if (operator === undefined) return left;
      this.#position++;
      const node = calculate(numeric(left), operator, numeric(operand()), offset);
      left = { type: "number", node: this.#count(node), offset: left.offset };
    }
  }

  #signed(): Parsed {
    const { offset } = this.#token();
    if (!this.#accept("operator", "-")) return this.#primary();
    const operand = numeric(this.#nested(offset, () => this.#signed()));
    const node: NumberNode =
      operand.kind === "number" ? { kind: "number", value: -operand.value } : { kind: "negate", operand };
    return { type: "number", node: this.#count(node), offset };
  }

  #primary(): Parsed {
    const token = this.#token();
    const { kind, value, offset } = token;
    if (kind === "number") {
      this.#position++;
      return { type: "number", node: this.#count({ kind: "number", value: Number(value) }), offset };
    }
    if (kind === "metric") {
      this.#position++;
      return { type: "number", node: this.#count({ kind: "metric", name: value }), offset };
    }
    if (kind === "text") {
      this.#position++;
      return { type: "text", text: value, offset };
    }
    if (this.#accept("operator", "(")) {
      const inner = this.#nested(offset, () => this.#any());
      if (!this.#accept("operator", ")")) this.#fail('an operator or ")"');
      return { ...inner, offset };
    }
    return this.#fail('a number, a metric or "("');
  }

  #nested(offset: number, parse: () => Parsed): Parsed {
    if (++this.#nesting > NESTING_MAX) {
      throw new ExpressionError(`expected at most ${NESTING_MAX} levels of nesting`, offset);
    }
    const parsed = parse();
    this.#nesting--;
    return parsed;
  }

  #count<T>(node: T): T {
    if (++this.#nodes > NODES_MAX) {
      throw new ExpressionError(`expected at most ${NODES_MAX} numbers, metrics and operators`, this.#token().offset);
    }
    return node;
  }

  #accept(kind: Token["kind"], value: string): boolean {
    if (this.#token().kind !== kind || this.#token().value !== value) return false;
    this.#position++;
    return true;
  }

  #fail(expected: string): never {
    const { kind, value, offset } = this.#token();
    if (kind === "end") throw new ExpressionError(`expected ${expected}, found the end of the condition`, offset);
    const lower = value.toLowerCase();
    const hint = kind === "metric" && WORDS.has(lower) ? ` ("${lower}" is written in lower case)` : "";
    throw new ExpressionError(`expected ${expected}, found ${JSON.stringify(value)}${hint}`, offset);
  }
}

function truth(parsed: Parsed): TruthNode {
  if (parsed.type === "truth") return parsed.node;
  const found = parsed.type === "text" ? "a text" : "a number";
  throw new ExpressionError(`expected a comparison such as cpu_temp > 70, found ${found}`, parsed.offset);
}

function numeric(parsed: Parsed): NumberNode {
  if (parsed.type === "number") return parsed.node;
  const found = parsed.type === "text" ? "a text" : "a comparison";
  throw new ExpressionError(`expected a number or a metric, found ${found}`, parsed.offset);
}

function compare(left: Parsed, operator: Comparison, right: Parsed, offset: number): TruthNode {
  if (left.type === "text") return compareText(right, operator, left.text, offset);
  if (right.type === "text") return compareText(left, operator, right.text, offset);
  const node = { kind: "compare", operator, left: numeric(left), right: numeric(right) } as const;
  if (node.left.kind === "number" && node.right.kind === "number") {
    throw new ExpressionError("expected a metric on one side of the comparison, found two numbers", left.offset);
  }
  return node;
}

function compareText(metric: Parsed, operator: Comparison, text: string, offset: number): TruthNode {
  if (operator !== "==" && operator !== "!=") {
    throw new ExpressionError(`expected "==" or "!=" for a text, found "${operator}"`, offset);
  }
  if (metric.type !== "number" || metric.node.kind !== "metric") {
    throw new ExpressionError("expected a metric to compare with the text", metric.offset);
  }
  return { kind: "text", operator, metric: metric.node.name, text };
}

/** Two numbers are calculated here and now. */
function calculate(left: NumberNode, operator: Arithmetic, right: NumberNode, offset: number): NumberNode {
  if (operator === "/" && right.kind === "number" && right.value === 0) {
    throw new ExpressionError("expected a divisor other than 0", offset);
  }
  if (left.kind !== "number" || right.kind !== "number") return { kind: "arithmetic", operator, left, right };
  const value = OPERATIONS[operator](left.value, right.value);
  if (!Number.isFinite(value)) throw new ExpressionError("expected numbers whose result stays finite", offset);
  return { kind: "number", value };
}

const OPERATIONS: Readonly<Record<Arithmetic, (a: number, b: number) => number>> = {
  "+": (a, b) => a + b,
  "-": (a, b) => a - b,
  "*": (a, b) => a * b,
  "/": (a, b) => a / b,
};
