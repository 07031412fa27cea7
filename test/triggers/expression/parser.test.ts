import { describe, expect, test } from "vitest";
import { ExpressionError } from "../../../triggers/expression/error.js";
import { EXPRESSION_LENGTH_MAX } from "../../../triggers/expression/lexer.js";
import { NESTING_MAX, NODES_MAX, parseCondition } from "../../../triggers/expression/parser.js";

const metric = (name: string) => ({ kind: "metric", name });
const number = (value: number) => ({ kind: "number", value });
const compare = (left: object, operator: string, right: object) => ({ kind: "compare", operator, left, right });
const calc = (left: object, operator: string, right: object) => ({ kind: "arithmetic", operator, left, right });
const text = (name: string, operator: string, value: string) => ({ kind: "text", operator, metric: name, text: value });
const [a, b, c] = [
  compare(metric("a"), ">", number(1)),
  compare(metric("b"), ">", number(2)),
  compare(metric("c"), ">", number(3)),
];

describe("conditions that are read", () => {
  test.each<[string, object]>([
    ["cpu_temp > 70", compare(metric("cpu_temp"), ">", number(70))],
    ["cpu_temp>70", compare(metric("cpu_temp"), ">", number(70))],
    ["  cpu_temp\n\t>\r\n70 ", compare(metric("cpu_temp"), ">", number(70))],
    ["70 < cpu_temp", compare(number(70), "<", metric("cpu_temp"))],
    ["x <= .5", compare(metric("x"), "<=", number(0.5))],
    ["x >= 1.", compare(metric("x"), ">=", number(1))],
    ["x == 1e3", compare(metric("x"), "==", number(1000))],
    ["x != 2.5E-3", compare(metric("x"), "!=", number(0.0025))],
    ["x > -5", compare(metric("x"), ">", number(-5))],
    ["x > --5", compare(metric("x"), ">", number(5))],
    ["-x > 5", compare({ kind: "negate", operand: metric("x") }, ">", number(5))],
    ["x > 2 * 3 + 1", compare(metric("x"), ">", number(7))],
    ["x > (2 + 1) * 3", compare(metric("x"), ">", number(9))],
    ["x+y*z > 1", compare(calc(metric("x"), "+", calc(metric("y"), "*", metric("z"))), ">", number(1))],
    ["x-y-z > 1", compare(calc(calc(metric("x"), "-", metric("y")), "-", metric("z")), ">", number(1))],
    ["x/y/z > 1", compare(calc(calc(metric("x"), "/", metric("y")), "/", metric("z")), ">", number(1))],
    ["x-1 > y", compare(calc(metric("x"), "-", number(1)), ">", metric("y"))],
    ["load_one > cpu_num * 2", compare(metric("load_one"), ">", calc(metric("cpu_num"), "*", number(2)))],
    ["a>1 and b>2 or c>3", { kind: "any", operands: [{ kind: "all", operands: [a, b] }, c] }],
    ["a>1 or b>2 and c>3", { kind: "any", operands: [a, { kind: "all", operands: [b, c] }] }],
    ["a>1 and (b>2 or c>3)", { kind: "all", operands: [a, { kind: "any", operands: [b, c] }] }],
    ["a>1 and b>2 and c>3", { kind: "all", operands: [a, b, c] }],
    ["not a>1", { kind: "not", operand: a }],
    ["not not a>1", { kind: "not", operand: { kind: "not", operand: a } }],
    ["not a>1 and b>2", { kind: "all", operands: [{ kind: "not", operand: a }, b] }],
    ["not (a>1 and b>2)", { kind: "not", operand: { kind: "all", operands: [a, b] } }],
    ["((((a > 1))))", a],
    ['os_name == "Linux"', text("os_name", "==", "Linux")],
    ['"Linux" != os_name', text("os_name", "!=", "Linux")],
    [String.raw`x == "a \"b\" \\ c"`, text("x", "==", String.raw`a "b" \ c`)],
    ['x == ""', text("x", "==", "")],
    ['x == "o\'k"', text("x", "==", "o'k")],
    ["disk.free > 1", compare(metric("disk.free"), ">", number(1))],
    ["`disk-free /` > 1", compare(metric("disk-free /"), ">", number(1))],
    ["`a``b` > 1", compare(metric("a`b"), ">", number(1))],
    ["`and` > 1", compare(metric("and"), ">", number(1))],
    ["`温度` > 1", compare(metric("温度"), ">", number(1))],
    ["AND > 1", compare(metric("AND"), ">", number(1))],
    ["notes > 1", compare(metric("notes"), ">", number(1))],
    ["_x1 > 1", compare(metric("_x1"), ">", number(1))],
  ])("%s", (source, tree) => {
    expect(parseCondition(source)).toEqual({ text: source.trim(), tree });
  });
});

describe("conditions that are refused", () => {
  test.each<[string, number, string]>([
    ["", 0, "expected a condition such as cpu_temp > 70, found nothing"],
    ["   ", 0, "found nothing"],
    ["cpu_temp", 0, "expected a comparison such as cpu_temp > 70, found a number"],
    ["1 > 2", 0, "expected a metric on one side of the comparison, found two numbers"],
    ["x > 1 and 1 < 2", 10, "found two numbers"],
    ["x >", 3, 'expected a number, a metric or "(", found the end of the condition'],
    ["> 5", 0, 'expected a number, a metric or "(", found ">"'],
    ["x > 70C", 4, 'expected a plain number without a unit, found "70C"'],
    ["x > 5%", 4, 'without a unit, found "5%"'],
    ["x > 10 m", 7, 'expected an operator, "and", "or" or the end of the condition, found "m"'],
    ["x > 1.2.3", 4, 'found "1.2.3"'],
    ["x > 0x10", 4, 'found "0x10"'],
    ["x > 1e999", 4, "expected a number up to 1.8e308"],
    ["x = 5", 2, 'expected "==" for a comparison, found "="'],
    ["x > 1 && y > 2", 6, 'expected "and", found "&&"'],
    ["x > 1 || y > 2", 6, 'expected "or", found "||"'],
    ["! x > 1", 0, 'expected "not" or "!=", found "!"'],
    ["x > 1 AND y > 2", 6, '("and" is written in lower case)'],
    ["x == 'a'", 5, "expected a text in double quotes"],
    ['x == "a', 5, "expected a closing double quote"],
    [String.raw`x == "a\n"`, 7, String.raw`expected \" or \\ after a backslash`],
    ["`x > 1", 0, "expected a closing backtick"],
    ["`` > 1", 0, "expected a metric name of 1 to 512 characters, it is empty"],
    ["`a\nb` > 1", 0, "control character"],
    [`\`${"n".repeat(513)}\` > 1`, 0, "513 characters"],
    ["1 < x < 5", 6, 'expected "and" between two comparisons, they cannot be chained'],
    ["x == y == z", 7, "cannot be chained"],
    ["(x > 1", 6, 'expected an operator or ")", found the end of the condition'],
    ["x > 1)", 5, 'the end of the condition, found ")"'],
    ["x > (y > 1)", 4, "expected a number or a metric, found a comparison"],
    ["x + (y > 1) > 2", 4, "found a comparison"],
    ["(x > 1) + 2 > 3", 0, "found a comparison"],
    ["x and y > 1", 0, "expected a comparison such as cpu_temp > 70, found a number"],
    ["y > 1 and x", 10, "found a number"],
    ["not x", 4, "found a number"],
    ["-(x > 1) > 2", 1, "found a comparison"],
    ['x < "a"', 2, 'expected "==" or "!=" for a text, found "<"'],
    ['"a" == "b"', 7, "expected a metric to compare with the text"],
    ['x + 1 == "a"', 0, "expected a metric to compare with the text"],
    ['(x > 1) == "a"', 0, "expected a metric to compare with the text"],
    ['"a"', 0, "expected a comparison such as cpu_temp > 70, found a text"],
    ['x + "a" > 1', 4, "expected a number or a metric, found a text"],
    ["x / 0 > 1", 2, "expected a divisor other than 0"],
    ["x / (1 - 1) > 1", 2, "expected a divisor other than 0"],
    ["x > 1e308 * 10", 10, "expected numbers whose result stays finite"],
    ["x > 1 y > 2", 6, 'found "y"'],
    ["x > 1;", 5, 'found ";"'],
    ["x > $y", 4, 'found "$"'],
    ["温度 > 1", 0, "other metric names are written in backticks"],
    ["x > 1 and", 9, "found the end of the condition"],
    ["and x > 1", 0, 'found "and"'],
    ["x > 1 and or y > 2", 10, 'found "or"'],
  ])("%s", (source, offset, message) => {
    const error = faultOf(source);
    expect(error.message).toContain(message);
    expect(error.offset).toBe(offset);
  });
});

describe("limits", () => {
  test("length", () => {
    expect(parseCondition(`x > 1${" ".repeat(EXPRESSION_LENGTH_MAX - 5)}`).text).toBe("x > 1");
    expect(faultOf(`x > 1${" ".repeat(EXPRESSION_LENGTH_MAX - 4)}`).message).toContain("at most 4096");
  });

  test.each([
    ["parentheses", (levels: number) => `${"(".repeat(levels)}x > 1${")".repeat(levels)}`],
    ["not", (levels: number) => `${"not ".repeat(levels)}x > 1`],
    ["minus signs", (levels: number) => `${"-".repeat(levels)}x > 1`],
  ])("nesting of %s", (_what, source) => {
    expect(() => parseCondition(source(NESTING_MAX))).not.toThrow();
    expect(faultOf(source(NESTING_MAX + 1)).message).toContain(`at most ${NESTING_MAX} levels`);
  });

  test("nodes", () => {
    const sum = (terms: number) => `${Array.from({ length: terms }, () => "x").join("+")} > 1`;
    // n metrics, n-1 signs, the number and the comparison.
    expect(() => parseCondition(sum((NODES_MAX - 1) / 2))).not.toThrow();
    expect(faultOf(sum(NODES_MAX / 2 + 1)).message).toContain(`at most ${NODES_MAX}`);
  });
});

test("no text makes the parser fail otherwise than with an offset inside it", () => {
  const words = ["x", "1", ">", "==", "and", "or", "not", "(", ")", "-", "+", "/", '"t"', "`m`", "!", "'", "\\", " "];
  let seed = 42;
  const random = () => {
    seed = (seed * 1103515245 + 12345) % 2147483648;
    return seed / 2147483648;
  };
  let refused = 0;
  for (let i = 0; i < 5_000; i++) {
    const source = Array.from({ length: 1 + random() * 8 }, () => words[Math.floor(random() * words.length)]).join(" ");
    try {
      parseCondition(source);
    } catch (error) {
      if (!(error instanceof ExpressionError)) throw new Error(`${source}: ${error}`);
      expect(error.offset).toBeGreaterThanOrEqual(0);
      expect(error.offset).toBeLessThanOrEqual(source.length);
      refused++;
    }
  }
  expect(refused).toBeGreaterThan(1_000);
});

function faultOf(source: string): ExpressionError {
  try {
    parseCondition(source);
  } catch (error) {
    if (error instanceof ExpressionError) return error;
    throw error;
  }
  throw new Error(`${source} was read, expected a fault`);
}
