import { expect, test } from "vitest";
import { andInto, FALSE, negate, orInto, TRUE, UNKNOWN } from "../../../triggers/expression/truth.js";

const [F, T, U] = [FALSE, TRUE, UNKNOWN];

test.each([
  //  a  b  and or
  [F, F, F, F],
  [F, T, F, T],
  [F, U, F, U],
  [T, F, F, T],
  [T, T, T, T],
  [T, U, U, T],
  [U, F, F, U],
  [U, T, U, T],
  [U, U, U, U],
])("%i %i: and %i, or %i", (a, b, and, or) => {
  expect(applied(andInto, a, b)).toBe(and);
  expect(applied(orInto, a, b)).toBe(or);
});

test.each([
  [F, T],
  [T, F],
  [U, U],
])("not %i is %i", (a, expected) => {
  const target = Uint8Array.of(a);
  negate(target, 1);
  expect(target[0]).toBe(expected);
});

test("rows behind the count stay as they are", () => {
  const target = Uint8Array.of(T, T);
  andInto(target, Uint8Array.of(F, F), 1);
  expect([...target]).toEqual([F, T]);
});

function applied(combine: typeof andInto, a: number, b: number): number | undefined {
  const target = Uint8Array.of(a);
  combine(target, Uint8Array.of(b), 1);
  return target[0];
}
