import { describe, expect, test } from "vitest";
import { ClusterDirectory, NONE } from "../../../core/model/directory.js";
import type { MetricMeta } from "../../../core/model/metric.js";

const load: MetricMeta = { name: "load_one", type: "float", units: " ", slope: "both", tmaxS: 70, dmaxS: 0, extra: [] };

describe("ClusterDirectory", () => {
  test("a name keeps its number", () => {
    const directory = new ClusterDirectory("c");
    expect([directory.row("a"), directory.row("b"), directory.row("a")]).toEqual([0, 1, 0]);
    expect(directory.findRow("b")).toBe(1);
    expect(directory.findRow("nobody")).toBe(NONE);
    expect(directory.rowCount).toBe(2);
  });

  test("a number and a text of one name are two columns", () => {
    const directory = new ClusterDirectory("c");
    expect(directory.column("x", "number")).not.toBe(directory.column("x", "text"));
    expect(directory.columnFacts(1)).toEqual({ name: "x", kind: "text" });
  });

  test.each([
    ["a bad name", "a\nb"],
    ["an endless name", "x".repeat(5_000)],
  ])("%s is refused and counted", (_what, name) => {
    const directory = new ClusterDirectory("c");
    expect(directory.row(name)).toBe(NONE);
    expect(directory.column(name, "number")).toBe(NONE);
    expect(directory.refused).toBe(2);
    expect(directory.rowCount + directory.columnCount).toBe(0);
  });

  test("at the limit new names are refused, known ones stay", () => {
    const directory = new ClusterDirectory("c", { hostsMax: 2, columnsMax: 1 });
    expect(["a", "b", "c", "a"].map((name) => directory.row(name))).toEqual([0, 1, NONE, 0]);
    expect(["x", "y", "x"].map((name) => directory.column(name, "number"))).toEqual([0, NONE, 0]);
    expect(directory.refused).toBe(2);
  });

  test("a freed row is used again and remembers nothing", () => {
    const directory = new ClusterDirectory("c", { hostsMax: 2, columnsMax: 1 });
    const row = directory.row("a");
    const column = directory.column("load_one", "number");
    directory.describeHost(row, {
      ...(directory.host(row) as NonNullable<ReturnType<typeof directory.host>>),
      ip: "10.0.0.1",
    });
    directory.describeMetric(row, column, { ...load, units: "odd" });
    directory.freeRow(row);
    expect(directory.host(row)).toBeUndefined();
    expect(directory.findRow("a")).toBe(NONE);
    expect(directory.row("z")).toBe(row);
    expect(directory.host(row)?.ip).toBe("");
  });

  test("metadata is told by host, else by any host", () => {
    const directory = new ClusterDirectory("c");
    const [a, b] = [directory.row("a"), directory.row("b")];
    const column = directory.column("load_one", "number");
    expect(directory.meta(a, column)).toBeUndefined();
    directory.describeMetric(a, column, load);
    expect(directory.meta(b, column)).toBe(load);
    directory.describeMetric(b, column, { ...load, tmaxS: 10 });
    expect(directory.meta(a, column)?.tmaxS).toBe(70);
    expect(directory.meta(b, column)?.tmaxS).toBe(10);
  });

  test("equal metadata is one object and changes no version", () => {
    const directory = new ClusterDirectory("c");
    const [a, b] = [directory.row("a"), directory.row("b")];
    const column = directory.column("load_one", "number");
    directory.describeMetric(a, column, load);
    directory.describeMetric(b, column, { ...load });
    expect(directory.meta(b, column)).toBe(load);
    const { version } = directory;
    directory.describeMetric(b, column, { ...load });
    expect(directory.version).toBe(version);
  });

  test("what a column is said to be serves hosts that say nothing; the first word counts", () => {
    const directory = new ClusterDirectory("c");
    const [a, b] = [directory.row("a"), directory.row("b")];
    const column = directory.column("load_one", "number");
    directory.describeColumn(column, load);
    directory.describeColumn(column, { ...load, tmaxS: 10 });
    directory.describeMetric(b, column, { ...load, tmaxS: 20 });
    expect([directory.meta(a, column)?.tmaxS, directory.meta(b, column)?.tmaxS]).toEqual([70, 20]);
    expect(() => directory.describeColumn(column, { ...load, name: "other" })).toThrow("BUG");
  });

  test("a description under the wrong name is a bug, and says so", () => {
    const directory = new ClusterDirectory("c");
    const column = directory.column("load_one", "text");
    expect(() => directory.describeMetric(0, column, load)).toThrow("BUG");
    expect(() => directory.columnFacts(7)).toThrow("BUG: column 7");
  });
});
