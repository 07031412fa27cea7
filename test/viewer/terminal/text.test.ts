/** Text on a terminal: nothing hostile, nothing out of line. */
import { describe, expect, test } from "vitest";
import { compareHosts, foldHosts } from "../../../viewer/terminal/host-list.js";
import { formatAge, formatTime } from "../../../viewer/terminal/output.js";
import { cut, printable, printableJson, textWidth } from "../../../viewer/terminal/printable.js";
import { paint, wantsColor } from "../../../viewer/terminal/style.js";
import { formatTable, type TableColumn, wrap } from "../../../viewer/terminal/table.js";

test.each([
  ["node01", "node01"],
  ["a\u001b[2Jb", "a\\x1b[2Jb"],
  ["a\nb\rc\td\0", "a\\x0ab\\x0dc\\x09d\\x00"],
  ["\u007f\u0085\u009b31m", "\\x7f\\x85\\x9b31m"],
  ["\u202egnp.exe", "\\u202egnp.exe"],
  ["a\u200bb\ufeff", "a\\u200bb\\ufeff"],
  ["\ud800x\udc00", "\\ud800x\\udc00"],
  ["узел-1 节点 😀", "узел-1 节点 😀"],
])("%j is shown as %j", (text, expected) => {
  expect(printable(text)).toBe(expected);
});

test("JSON for a terminal says the same and is plain", () => {
  const value = { name: "a\u001b[2J\u009b31m\u202e\ud800\n", list: ["узел", 5, null] };
  const text = printableJson(value);
  expect(JSON.parse(text)).toEqual(value);
  expect(printable(text.replaceAll("\n", ""))).toBe(text.replaceAll("\n", ""));
});

test.each([
  ["abc", 3],
  ["узел", 4],
  ["节点", 4],
  ["e\u0301", 1],
  ["😀", 2],
  ["", 0],
])("%j takes %i cells", (text, expected) => {
  expect(textWidth(text)).toBe(expected);
});

test.each([
  ["abcdef", 6, "abcdef"],
  ["abcdef", 5, "abcd…"],
  ["节点节点", 5, "节点…"],
  ["😀😀😀", 4, "😀…"],
])("%j cut to %i is %j", (text, limit, expected) => {
  expect(cut(text, limit)).toBe(expected);
});

describe("host lists", () => {
  test.each([
    [[], ""],
    [["node01"], "node01"],
    [["node01", "node02", "node03"], "node[01-03]"],
    [["node12", "node03", "node01", "node02"], "node[01-03,12]"],
    [["node9", "node10", "node11"], "node[9-11]"],
    [["node08", "node09", "node10"], "node[08-10]"],
    [["node99", "node100"], "node[99-100]"],
    [["node1", "node02"], "node[1,02]"],
    [["node1", "node1"], "node1"],
    [["a1.x.org", "a2.x.org", "b1.x.org"], "a[1-2].x.org,b1.x.org"],
    [["n1-ib0", "n2-ib0"], "n1-ib0,n2-ib0"],
    [["r1n1", "r1n2", "r2n1"], "r1n[1-2],r2n1"],
    [["login", "node1"], "login,node1"],
    [["a[1]", "a,2", "a3"], "a,2,a[1],a3"],
    [["10.0.0.1", "10.0.0.2"], "10.0.0.[1-2]"],
  ])("%j folds to %j", (names, expected) => {
    expect(foldHosts(names)).toBe(expected);
  });

  test("node2 comes before node10, and equals stay in one order", () => {
    expect(["node10", "node2", "Node2", "node02"].sort(compareHosts)).toEqual(
      ["node02", "node2", "Node2", "node10"].sort(compareHosts),
    );
    expect(compareHosts("node2", "node10")).toBeLessThan(0);
    expect(compareHosts("node2", "node02")).not.toBe(0);
  });
});

test.each([
  [1_000_000, 0, "never"],
  [1_000_000, 1_000_000, "0s"],
  [1_000_000, 999_600, "0s"],
  [1_000_000, 996_900, "3s"],
  [1_000_000, 1_002_000, "0s"],
  [10_000_000, 2_500_000, "2h 5m"],
])("at %i something of %i is %s old", (nowMs, thenMs, expected) => {
  expect(formatAge(nowMs, thenMs)).toBe(expected);
});

test.each([
  [0, ""],
  [1_700_000_000_123, "2023-11-14T22:13:20Z"],
])("%i is the time %j", (timeMs, expected) => {
  expect(formatTime(timeMs)).toBe(expected);
});

test.each([
  [{}, true, true],
  [{ NO_COLOR: "1" }, true, false],
  [{ NO_COLOR: "" }, true, true],
  [{ TERM: "dumb" }, true, false],
  [{}, false, false],
])("colour with %j on a terminal %s is %s", (env, isTerminal, expected) => {
  expect(wantsColor(env, isTerminal)).toBe(expected);
});

test.each([
  ["x", "bad", true, "\u001b[1;31mx\u001b[0m"],
  ["x", "bad", false, "x"],
  ["x", "plain", true, "x"],
  ["", "bad", true, ""],
] as const)("%j painted %s with colour %s", (text, tone, color, expected) => {
  expect(paint(text, tone, color)).toBe(expected);
});

test.each([
  ["", 5, [""]],
  ["abc", 5, ["abc"]],
  ["ab cd ef", 5, ["ab cd", "ef"]],
  ["a1,a2,a3", 6, ["a1,a2,", "a3"]],
  ["abcdefgh", 3, ["abc", "def", "gh"]],
  ["节点节点", 5, ["节点", "节点"]],
  ["节", 1, ["节"]],
])("%j wrapped at %i is %j", (text, limit, expected) => {
  expect(wrap(text, limit)).toEqual(expected);
});

describe("tables", () => {
  const columns: TableColumn[] = [
    { title: "NAME", fit: "cut" },
    { title: "N", align: "right" },
    { title: "TEXT", fit: "wrap" },
  ];
  const options = { width: 80, header: true, color: false };

  test("columns are as wide as what stands in them", () => {
    expect(
      formatTable(
        columns,
        [
          ["a", "10", "x"],
          ["bcdefg", "5", ""],
        ],
        options,
      ),
    ).toEqual(["NAME     N  TEXT", "a       10  x", "bcdefg   5"]);
  });

  test("without a header", () => {
    expect(formatTable(columns, [["a", "10", "x"]], { ...options, header: false })).toEqual(["a  10  x"]);
  });

  test("what is too wide is cut or goes on below", () => {
    const rows = [["a".repeat(30), "1", "one two three four five six seven"]];
    const lines = formatTable(columns, rows, { ...options, width: 40 });
    expect(lines).toEqual([
      "NAME                N  TEXT",
      `${"a".repeat(17)}…  1  one two three`,
      `${" ".repeat(23)}four five six`,
      `${" ".repeat(23)}seven`,
    ]);
    expect(lines.every((line) => textWidth(line) <= 40)).toBe(true);
  });

  test("cells are made printable, and colour does not count as width", () => {
    const rows = [
      [{ text: "\u001b[2J", tone: "bad" as const }, "1", "x"],
      ["b", "2", "y"],
    ];
    expect(formatTable(columns, rows, { ...options, header: false, color: true })).toEqual([
      "\u001b[1;31m\\x1b[2J\u001b[0m  1  x",
      "b        2  y",
    ]);
  });

  test("a terminal too narrow for anything still gets its lines", () => {
    expect(formatTable(columns, [["abc", "1", "x"]], { ...options, width: 1 })).toEqual([
      "NAME  N  TEXT",
      "abc   1  x",
    ]);
  });
});
