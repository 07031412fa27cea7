import { describe, expect, test } from "vitest";
import { EVERY } from "../../../collector/serve/ganglia-query.js";
import {
  type ExactSelection,
  type Selection,
  selectExact,
  selectPath,
  servedSums,
} from "../../../collector/serve/ganglia-selection.js";
import { NONE } from "../../../core/model/directory.js";
import { MadeCluster, metaOf } from "../../support/made-cluster.js";
import { madeSums } from "../../support/made-sums.js";

const khab = new MadeCluster("khab").frame(1, 1_000_000);
for (const host of ["n1", "n2", "left", "silent"]) khab.host(host);
khab.set("n1", metaOf("load_one"), 0.5);
khab.set("n1", metaOf("os_name", { type: "string" }), "Linux");
khab.set("n2", metaOf("load_one"), Number.NaN);
khab.leave("left");
khab.host("silent", {}, 0);
const other = new MadeCluster("other");

function words(selection: Selection): string {
  if (selection.kind === "all") return "all";
  if (selection.kind === "sums") return `sums of ${selection.sums.kind} ${selection.sums.name}`;
  const { name } = selection.view.directory;
  if (selection.kind === "cluster") return name;
  const host = selection.view.directory.host(selection.row)?.name;
  return selection.kind === "host" ? `${name} > ${host}` : `${name} > ${host} > ${selection.metric}`;
}

test.each<[string[], string]>([
  [[], "all"],
  [["khab"], "khab"],
  [["other"], "other"],
  [["khab", "n1"], "khab > n1"],
  [["khab", "n1", "load_one"], "khab > n1 > load_one"],
  [["khab", "n1", "os_name"], "khab > n1 > os_name"],
  [["khab", "n1", "load_one", "deeper"], "khab > n1 > load_one"],
  [["nosuch"], "all"],
  [["nosuch", "n1"], "all"],
  [[""], "all"],
  [["", "khab"], "all"],
  [["Khab"], "all"],
  [["khab "], "all"],
  [["khab", "nosuch"], "khab"],
  [["khab", "nosuch", "load_one"], "khab"],
  [["khab", "", "load_one"], "khab"],
  [["khab", "N1"], "khab"],
  [["khab", "left"], "khab"],
  [["khab", "silent"], "khab"],
  [["khab", "n1", "nosuch"], "khab > n1"],
  [["khab", "n1", ""], "khab > n1"],
  [["khab", "n1", "LOAD_ONE"], "khab > n1"],
  [["khab", "n2", "load_one"], "khab > n2 > load_one"],
  [["khab", "n2", "os_name"], "khab > n2"],
  [["other", "n1"], "other"],
])("%j stands for %s", (path, expected) => {
  expect(words(selectPath([khab, other], path))).toBe(expected);
});

describe("what is known only in sums", () => {
  const views = [khab, other];
  const told = [
    madeSums("grid", "far"),
    madeSums("cluster", "khab"),
    madeSums("grid", "other"),
    madeSums("grid", "two"),
  ];
  const sums = servedSums(views, [...told, madeSums("cluster", "two")]);

  test("a cluster known with its hosts is not told in sums as well; a grid of the same name is another thing", () => {
    expect(sums.map(({ kind, name }) => `${kind} ${name}`)).toEqual([
      "grid far",
      "grid other",
      "grid two",
      "cluster two",
    ]);
  });

  test.each<[string[], string]>([
    [["far"], "sums of grid far"],
    [["far", "khab"], "sums of grid far"],
    [["far", ""], "sums of grid far"],
    [["Far"], "all"],
    [["khab"], "khab"],
    [["other"], "other"],
    [["two"], "sums of cluster two"],
  ])("%j stands for %s", (path, expected) => {
    expect(words(selectPath(views, path, sums))).toBe(expected);
  });

  test.each<[string[], string[]]>([
    [["far"], ["grid far"]],
    [["far", "x"], ["grid far, empty"]],
    [["other"], ["other"]],
    [["nosuch"], []],
    [[""], []],
    [["*"], []],
    [[EVERY], ["khab", "other", "grid far", "grid other", "grid two", "cluster two"]],
    [["khab", EVERY], ["khab: every host"]],
    [["khab", "n1"], ["khab: n1"]],
    [["khab", "nosuch"], ["khab: none"]],
    [["khab", "left"], ["khab: none"]],
    [["khab", "n1", "load_one"], ["khab: n1 load_one"]],
    [["khab", EVERY, "load_one"], ["khab: every host load_one"]],
    [["khab", "n1", EVERY], ["khab: n1"]],
    [
      [EVERY, "n1"],
      ["khab: n1", "other: none", "grid far, empty", "grid other, empty", "grid two, empty", "cluster two, empty"],
    ],
  ])("exactly %j is %j", (path, expected) => {
    expect([...selectExact(views, path, sums)].map(exactWords)).toEqual(expected);
  });

  function exactWords(selected: ExactSelection): string {
    if (selected.kind === "sums")
      return `${selected.sums.kind} ${selected.sums.name}${selected.found ? "" : ", empty"}`;
    const { view, row, metric, whole } = selected;
    if (whole) return view.directory.name;
    const host = row === undefined ? "every host" : row === NONE ? "none" : view.directory.host(row)?.name;
    return `${view.directory.name}: ${host}${metric === undefined ? "" : ` ${metric}`}`;
  }
});
