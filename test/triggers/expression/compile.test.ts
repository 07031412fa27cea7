import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Arithmetic, Comparison, NumberNode, TruthNode } from "../../../triggers/expression/ast.js";
import { COMPARISONS } from "../../../triggers/expression/ast.js";
import { compile } from "../../../triggers/expression/compile.js";
import { parseCondition } from "../../../triggers/expression/parser.js";
import { capacity, Readings } from "../../../triggers/expression/readings.js";
import { FALSE, TRUE, UNKNOWN } from "../../../triggers/expression/truth.js";
import { TestTable } from "../support/table.js";

const NOW = 1_700_000_000_000;

function judge(table: TestTable, condition: string, timeMs = NOW): number[] {
  const readings = new Readings();
  readings.begin(table, timeMs);
  const out = new Uint8Array(capacity(table.rowCount)).fill(9);
  compile(parseCondition(condition).tree)(readings, out);
  return [...out.subarray(0, table.rowCount)];
}

describe("one host with x=5, y=2, z=0, os=Linux", () => {
  const table = new TestTable();
  table.set("node1", "x", 5, NOW);
  table.set("node1", "y", 2, NOW);
  table.set("node1", "z", 0, NOW);
  table.set("node1", "huge", 1e308, NOW);
  table.set("node1", "nan", Number.NaN, NOW);
  table.set("node1", "inf", Number.POSITIVE_INFINITY, NOW);
  table.set("node1", "os", "Linux", NOW);
  table.set("node1", "and", 1, NOW);

  test.each<[string, number]>([
    ["x > 4", TRUE],
    ["x > 5", FALSE],
    ["x >= 5", TRUE],
    ["x >= 5.1", FALSE],
    ["x < 6", TRUE],
    ["x < 5", FALSE],
    ["x <= 5", TRUE],
    ["x <= 4.9", FALSE],
    ["x == 5", TRUE],
    ["x == 5.000001", FALSE],
    ["x != 5", FALSE],
    ["x != 4", TRUE],
    ["4 < x", TRUE],
    ["5 < x", FALSE],
    ["5 <= x", TRUE],
    ["6 > x", TRUE],
    ["5 >= x", TRUE],
    ["5 == x", TRUE],
    ["5 != x", FALSE],
    ["x > y", TRUE],
    ["x < y", FALSE],
    ["x >= y", TRUE],
    ["x <= y", FALSE],
    ["x == y", FALSE],
    ["x != y", TRUE],
    ["x == x", TRUE],
    ["x <= x", TRUE],
    ["x >= x", TRUE],
    ["x + y == 7", TRUE],
    ["x - y == 3", TRUE],
    ["x * y == 10", TRUE],
    ["x / y == 2.5", TRUE],
    ["-x == -5", TRUE],
    ["-(x - y) < 0", TRUE],
    ["10 - x == 5", TRUE],
    ["10 / x == 2", TRUE],
    ["2 * x + 1 == 11", TRUE],
    ["x * (y + 1) == 15", TRUE],
    ["z == 0", TRUE],
    ["-z == 0", TRUE],
    ["x / z > 1", UNKNOWN],
    ["z / z == 1", UNKNOWN],
    ["huge * 10 > 1", UNKNOWN],
    ["huge + huge > 1", UNKNOWN],
    ["nan > 1", UNKNOWN],
    ["nan != 1", UNKNOWN],
    ["nan == nan", UNKNOWN],
    ["nan != nan", UNKNOWN],
    ["1 < nan", UNKNOWN],
    ["inf > 1", UNKNOWN],
    ["missing > 1", UNKNOWN],
    ["missing != 1", UNKNOWN],
    ["missing + x > 1", UNKNOWN],
    ["x + missing > 1", UNKNOWN],
    ["x < missing", UNKNOWN],
    ["missing == x", UNKNOWN],
    ["not missing > 1", UNKNOWN],
    ["missing > 1 and x > 100", FALSE],
    ["missing > 1 and x > 1", UNKNOWN],
    ["missing > 1 or x > 1", TRUE],
    ["missing > 1 or x > 100", UNKNOWN],
    ["x > 1 and y > 1 and z == 0", TRUE],
    ["x > 1 and y > 5 and z == 0", FALSE],
    ["x > 9 or y > 9 or z == 0", TRUE],
    ["not (x > 9 or y > 9)", TRUE],
    ['os == "Linux"', TRUE],
    ['os == "linux"', FALSE],
    ['os != "Linux"', FALSE],
    ['os != "SunOS"', TRUE],
    ['missing == "Linux"', UNKNOWN],
    ['missing != "Linux"', UNKNOWN],
    // Of the other kind than it is used as.
    ['x == "5"', UNKNOWN],
    ["os > 1", UNKNOWN],
    ["`and` == 1", TRUE],
  ])("%s is %i", (condition, expected) => {
    expect(judge(table, condition)).toEqual([expected]);
  });
});

describe("what is no evidence", () => {
  const age = (seconds: number) => NOW - seconds * 1_000;

  test.each<[number, number, number]>([
    // TMAX 60 s: unknown from four times that on.
    [0, 60, TRUE],
    [239, 60, TRUE],
    [240, 60, UNKNOWN],
    [100_000, 60, UNKNOWN],
    [100_000, 0, TRUE],
    [-30, 60, TRUE],
  ])("a value %i s old with TMAX %i s", (seconds, tmaxS, expected) => {
    const table = new TestTable();
    table.set("node1", "x", 5, age(seconds), { tmaxS });
    table.set("node1", "os", "Linux", age(seconds), { tmaxS });
    table.heard("node1", NOW);
    expect(judge(table, "x > 1")).toEqual([expected]);
    expect(judge(table, 'os == "Linux"')).toEqual([expected]);
  });

  test.each<[number, number]>([
    [79, TRUE],
    [80, UNKNOWN],
    [100_000, UNKNOWN],
  ])("a host with TMAX 20 s silent for %i s", (seconds, expected) => {
    const table = new TestTable();
    table.set("node1", "x", 5, NOW, { tmaxS: 0 });
    table.set("node1", "os", "Linux", NOW, { tmaxS: 0 });
    table.heard("node1", age(seconds), { tmaxS: 20 });
    expect(judge(table, "x > 1")).toEqual([expected]);
    expect(judge(table, 'os == "Linux"')).toEqual([expected]);
  });

  test("each row is for itself: never seen, free, other units of the same metric", () => {
    const table = new TestTable();
    table.set("node1", "x", 5, NOW);
    table.heard("node2", NOW);
    table.set("node3", "x", 0, NOW);
    table.set("node4", "x", 5, NOW);
    table.free("node4");
    expect(judge(table, "x > 1")).toEqual([TRUE, UNKNOWN, FALSE, UNKNOWN]);
  });

  test("one name may be a number here and a text there", () => {
    const table = new TestTable();
    table.set("node1", "x", 5, NOW);
    table.set("node2", "x", "five", NOW);
    expect(judge(table, "x > 1")).toEqual([TRUE, UNKNOWN]);
    expect(judge(table, 'x == "five"')).toEqual([UNKNOWN, TRUE]);
  });
});

test("TMAX, hosts and columns that change between frames are noticed", () => {
  const table = new TestTable();
  const readings = new Readings();
  const out = new Uint8Array(64);
  const isHot = compile(parseCondition("x > 1 and missing > 1").tree);
  const look = (timeMs: number) => {
    readings.begin(table, timeMs);
    isHot(readings, out);
    return [...out.subarray(0, table.rowCount)];
  };
  table.set("node1", "x", 5, NOW, { tmaxS: 10 });
  expect(look(NOW)).toEqual([UNKNOWN]);
  table.set("node1", "missing", 5, NOW);
  expect(look(NOW)).toEqual([TRUE]);
  table.heard("node1", NOW + 60_000);
  expect(look(NOW + 60_000)).toEqual([UNKNOWN]);
  table.set("node1", "x", 5, NOW + 1_000, { tmaxS: 100 });
  table.heard("node1", NOW + 60_000);
  expect(look(NOW + 60_000)).toEqual([TRUE]);
  table.set("node2", "x", 0, NOW + 60_000);
  expect(look(NOW + 60_000)).toEqual([TRUE, FALSE]);
});

test("a column that the directory knows but the table has not made yet is unknown", () => {
  const table = new TestTable();
  table.heard("node1", NOW);
  table.directory.column("x", "number");
  table.directory.column("os", "text");
  expect(judge(table, "x > 1")).toEqual([UNKNOWN]);
  expect(judge(table, 'os == "Linux"')).toEqual([UNKNOWN]);
});

describe("random conditions agree with an evaluator that looks at one host at a time", () => {
  const METRICS = ["a", "b", "c", "d"];
  const value = fc.oneof(fc.integer({ min: -3, max: 3 }), fc.constant(Number.NaN), fc.double({ noNaN: true }));
  const hosts = fc.array(fc.record(Object.fromEntries(METRICS.map((name) => [name, value]))), {
    minLength: 1,
    maxLength: 9,
  });
  const { condition } = fc.letrec<{ number: NumberNode; condition: TruthNode }>((tie) => ({
    number: fc.oneof(
      { maxDepth: 3 },
      fc.constantFrom(...METRICS).map((name): NumberNode => ({ kind: "metric", name })),
      fc.integer({ min: -3, max: 3 }).map((number): NumberNode => ({ kind: "number", value: number })),
      tie("number").map((operand): NumberNode => ({ kind: "negate", operand })),
      fc
        .tuple(tie("number"), fc.constantFrom<Arithmetic>("+", "-", "*", "/"), tie("number"))
        .map(([left, operator, right]): NumberNode => ({ kind: "arithmetic", operator, left, right })),
    ),
    condition: fc.oneof(
      { maxDepth: 4 },
      fc
        .tuple(tie("number"), fc.constantFrom(...COMPARISONS), tie("number"))
        .map(([left, operator, right]): TruthNode => ({ kind: "compare", operator, left, right })),
      tie("condition").map((operand): TruthNode => ({ kind: "not", operand })),
      fc
        .tuple(fc.constantFrom<"all" | "any">("all", "any"), fc.array(tie("condition"), { minLength: 2, maxLength: 4 }))
        .map(([kind, operands]): TruthNode => ({ kind, operands })),
    ),
  }));

  test("700 of them", () => {
    fc.assert(
      fc.property(condition, hosts, (tree, rows) => {
        const table = new TestTable();
        rows.forEach((cells, i) => {
          for (const name of METRICS) table.set(`node${i}`, name, cells[name] ?? Number.NaN, NOW);
        });
        const readings = new Readings();
        readings.begin(table, NOW);
        const out = new Uint8Array(64);
        compile(tree)(readings, out);
        expect([...out.subarray(0, rows.length)]).toEqual(rows.map((cells) => truthOf(tree, cells)));
      }),
      { seed: 20_061_115, numRuns: 700 },
    );
  });

  type Cells = Record<string, number>;

  function numberOf(node: NumberNode, cells: Cells): number {
    const finite = (x: number) => (Number.isFinite(x) ? x : Number.NaN);
    if (node.kind === "number") return node.value;
    if (node.kind === "metric") return finite(cells[node.name] ?? Number.NaN);
    if (node.kind === "negate") return -numberOf(node.operand, cells);
    const [x, y] = [numberOf(node.left, cells), numberOf(node.right, cells)];
    return finite({ "+": x + y, "-": x - y, "*": x * y, "/": x / y }[node.operator]);
  }

  function truthOf(node: TruthNode, cells: Cells): number {
    if (node.kind === "compare")
      return comparisonOf(node.operator, numberOf(node.left, cells), numberOf(node.right, cells));
    if (node.kind === "not") return { [FALSE]: TRUE, [TRUE]: FALSE }[truthOf(node.operand, cells)] ?? UNKNOWN;
    if (node.kind === "text") throw new Error("no texts here");
    const values = node.operands.map((operand) => truthOf(operand, cells));
    const decisive = node.kind === "all" ? FALSE : TRUE;
    if (values.includes(decisive)) return decisive;
    return values.includes(UNKNOWN) ? UNKNOWN : 1 - decisive;
  }

  function comparisonOf(operator: Comparison, x: number, y: number): number {
    if (Number.isNaN(x) || Number.isNaN(y)) return UNKNOWN;
    return Number({ "<": x < y, "<=": x <= y, ">": x > y, ">=": x >= y, "==": x === y, "!=": x !== y }[operator]);
  }
});
