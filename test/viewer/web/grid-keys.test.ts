import { expect, test } from "vitest";
import { moveInGrid } from "../../../viewer/web/lib/grid-keys.js";

// Ten cells, four to a row:  0 1 2 3 / 4 5 6 7 / 8 9
test.each([
  ["ArrowRight", false, 3, 4],
  ["ArrowRight", false, 9, 9],
  ["ArrowLeft", false, 4, 3],
  ["ArrowLeft", false, 0, 0],
  ["ArrowDown", false, 1, 5],
  ["ArrowDown", false, 5, 9],
  ["ArrowDown", false, 6, 9],
  ["ArrowDown", false, 8, 8],
  ["ArrowUp", false, 9, 5],
  ["ArrowUp", false, 2, 2],
  ["Home", false, 6, 4],
  ["End", false, 5, 7],
  ["End", false, 8, 9],
  ["Home", true, 6, 0],
  ["End", true, 5, 9],
  ["PageDown", false, 1, 9],
  ["PageUp", false, 9, 1],
  ["Enter", false, 1, undefined],
  ["a", false, 1, undefined],
])("%s (Control %s) from %s leads to %s", (key, ctrl, from, to) => {
  expect(moveInGrid(key, ctrl, from, 10, 4)).toBe(to);
});

test("in an empty grid nothing leads anywhere", () => {
  expect(moveInGrid("End", true, 0, 0, 4)).toBeUndefined();
});
