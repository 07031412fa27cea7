import { expect, test } from "vitest";
import { type Selection, selectPath } from "../../../collector/serve/ganglia-selection.js";
import { MadeCluster, metaOf } from "../../support/made-cluster.js";

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
