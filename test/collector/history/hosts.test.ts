import { describe, expect, test } from "vitest";
import { holdValues, mergeRows } from "../../../collector/history/hosts.js";
import { BucketGrid, type BucketTable } from "../../../core/model/bucket-table.js";

const _ = Number.NaN;

/** A host a row, a value a step of ten; `_` is none. */
function tableOf(...rows: number[][]): BucketTable {
  const steps = rows[0]?.length ?? 0;
  const grid = new BucketGrid(0, steps * 10, 10);
  for (const values of rows) {
    const row = grid.addRow();
    for (const [s, value] of values.entries()) grid.add(row, s * 10 + 3, value);
  }
  return grid.table();
}

const means = (table: BucketTable) => [...table.sums].map((sum, i) => sum / (table.counts[i] as number));

describe("a value is held until the next comes", () => {
  test.each<[string, number[], steps: number, untilMs: number, number[]]>([
    ["not at all", [1, _, _, 2], 0, 100, [1, _, _, 2]],
    ["for one step", [1, _, _, 2], 1, 100, [1, 1, _, 2]],
    ["as long as it takes", [1, _, _, 2], 9, 100, [1, 1, 1, 2]],
    ["not before the first", [_, 1, _, _], 9, 100, [_, 1, 1, 1]],
    ["not into the future", [1, _, _, _], 9, 25, [1, 1, 1, _]],
    ["not into the future: a step that begins now", [1, _, _, _], 9, 20, [1, 1, 1, _]],
    ["nothing is nothing", [_, _, _, _], 9, 100, [_, _, _, _]],
  ])("%s", (_what, values, steps, untilMs, expected) => {
    const table = tableOf(values, values);
    holdValues(table, steps, untilMs);
    expect(means(table)).toEqual([...expected, ...expected]);
  });

  test("as the mean of its step", () => {
    const grid = new BucketGrid(0, 20, 10);
    grid.add(grid.addRow(), 1, 1);
    grid.add(0, 2, 3);
    const table = grid.table();
    holdValues(table, 1, 100);
    expect([...table.min]).toEqual([1, 2]);
    expect([...table.max]).toEqual([3, 2]);
  });
});

describe("all hosts in one", () => {
  test("sum, mean, least and most, and how many hosts", () => {
    expect(mergeRows(tableOf([1, 2, _, _], [3, _, 4, _]))).toEqual({
      startMs: 0,
      stepMs: 10,
      sum: Float64Array.of(4, 2, 4, _),
      avg: Float64Array.of(2, 2, 4, _),
      min: Float64Array.of(1, 2, 4, _),
      max: Float64Array.of(3, 2, 4, _),
      hosts: Uint32Array.of(2, 1, 1, 0),
    });
  });

  test("a host that sends often has no more weight", () => {
    const grid = new BucketGrid(0, 10, 10);
    const [often, once] = [grid.addRow(), grid.addRow()];
    for (let i = 0; i < 9; i++) grid.add(often, i, 10);
    grid.add(once, 1, 0);
    expect(mergeRows(grid.table())).toMatchObject({ sum: Float64Array.of(10), avg: Float64Array.of(5) });
  });

  test("the steps that were only read to be held are left out", () => {
    expect(mergeRows(tableOf([1, 2, 3]), 2)).toMatchObject({ startMs: 20, sum: Float64Array.of(3) });
  });

  test("no hosts at all", () => {
    const grid = new BucketGrid(0, 20, 10);
    expect(mergeRows(grid.table())).toMatchObject({ sum: Float64Array.of(_, _), hosts: Uint32Array.of(0, 0) });
  });
});

describe("the table", () => {
  test("grows by rows and keeps what it has", () => {
    const grid = new BucketGrid(0, 30, 10);
    for (let row = 0; row < 20; row++) grid.add(grid.addRow(), (row % 3) * 10, row);
    const { counts, sums, min, max } = grid.table();
    expect(counts.length).toBe(60);
    for (let row = 0; row < 20; row++) {
      expect([sums, min, max].map((cells) => cells[row * 3 + (row % 3)])).toEqual([row, row, row]);
      expect(min[row * 3 + ((row + 1) % 3)]).toBeNaN();
    }
  });

  test("takes over rows of another one, added to its own, without what is outside", () => {
    const other = new BucketGrid(-10, 40, 10);
    const row = other.addRow();
    for (let s = -1; s < 4; s++) other.add(row, s * 10, s + 10);
    const grid = new BucketGrid(0, 20, 10);
    grid.add(grid.addRow(), 5, 1);
    grid.addTableRow(0, other.table(), row);
    const { counts, sums, min, max } = grid.table();
    expect([[...counts], [...sums], [...min], [...max]]).toEqual([
      [2, 1],
      [11, 11],
      [1, 11],
      [10, 11],
    ]);
  });
});
