import { describe, expect, test } from "vitest";
import { countOf, type HostFilter, shownHosts } from "../../../viewer/web/lib/order.js";

const COLUMNS = {
  hosts: ["node10", "node2", "Login", "node1"],
  values: [3, null, 1, 3],
  states: "unds",
  alerts: "c---",
};
const names = (positions: readonly number[]) => positions.map((i) => COLUMNS.hosts[i]);

test("by name, numbers by their size", () => {
  expect(names(shownHosts(COLUMNS, "name", "all", ""))).toEqual(["Login", "node1", "node2", "node10"]);
});

test("by value, the highest first, without a value last, equal ones by name", () => {
  expect(names(shownHosts(COLUMNS, "value", "all", ""))).toEqual(["node1", "node10", "Login", "node2"]);
});

describe("filters", () => {
  test.each<[HostFilter, string[]]>([
    ["all", ["Login", "node1", "node2", "node10"]],
    ["up", ["node1", "node2", "node10"]],
    ["down", ["Login"]],
    ["stale", ["node1"]],
    ["alert", ["node10"]],
  ])("%s", (filter, expected) => {
    expect(names(shownHosts(COLUMNS, "name", filter, ""))).toEqual(expected);
    expect(countOf(COLUMNS, filter)).toBe(expected.length);
  });

  test.each([
    ["ODE1", ["node1", "node10"]],
    ["  log ", ["Login"]],
    ["nobody", []],
    [".*", []],
  ])("search %j", (search, expected) => {
    expect(names(shownHosts(COLUMNS, "name", "all", search))).toEqual(expected);
  });
});
