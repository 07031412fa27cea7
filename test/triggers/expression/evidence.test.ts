import { expect, test } from "vitest";
import { evidenceOf, metricsOf } from "../../../triggers/expression/evidence.js";
import { parseCondition } from "../../../triggers/expression/parser.js";
import { TestTable } from "../support/table.js";

const NOW = 1_700_000_000_000;

function tableOfOne(): TestTable {
  const table = new TestTable();
  table.set("node1", "cpu_temp", 85, NOW, { units: "Celsius" });
  table.set("node1", "load_one", 2.5, NOW, { units: " " });
  table.set("node1", "bytes_in", 1.25, NOW, { units: "bytes/sec" });
  table.set("node1", "os_name", "Li\nnux", NOW);
  table.set("node1", "hostile", 1, NOW, { units: "%\u001b[31m\u202e" });
  table.set("node1", "lost", Number.NaN, NOW);
  return table;
}

test.each<[string, string]>([
  ["cpu_temp > 70", "cpu_temp = 85 Celsius"],
  ["load_one > 2", "load_one = 2.5"],
  ["cpu_temp > 70 and load_one < bytes_in", "cpu_temp = 85 Celsius, load_one = 2.5, bytes_in = 1.25 bytes/sec"],
  ["cpu_temp > 70 or -cpu_temp < 3", "cpu_temp = 85 Celsius"],
  ['not os_name == "Linux"', 'os_name = "Li?nux"'],
  ["hostile > 0", "hostile = 1 %?[31m?"],
  ["missing > 0 or lost > 0", "missing is unknown, lost is unknown"],
  ['missing == "a"', "missing is unknown"],
])("%s: %s", (condition, expected) => {
  expect(evidenceOf(metricsOf(parseCondition(condition).tree), tableOfOne(), 0)).toBe(expected);
});

test("an overdue value is shown, because it is what was looked at last", () => {
  const table = new TestTable();
  table.set("node1", "x", 5, NOW - 86_400_000);
  expect(evidenceOf([{ name: "x", kind: "number" }], table, 0)).toBe("x = 5");
});

test("it stays one short line", () => {
  const table = new TestTable();
  table.set("node1", "os_name", "x".repeat(5_000), NOW);
  const evidence = evidenceOf([{ name: "os_name", kind: "text" }], table, 0);
  expect(evidence).toHaveLength('os_name = ""'.length + 80);
  expect(evidence.endsWith('..."')).toBe(true);
});
