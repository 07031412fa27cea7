/**
 * Powers of ten that a double holds exactly: 5^22 < 2^53 < 5^23. An integer up
 * to 2^53 divided by one of them is rounded once, so it is the very double that
 * Number() makes of the decimal text. Literals, because 10 ** n may be off.
 */
export const POWERS_OF_TEN: readonly number[] = Object.freeze([
  1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20,
  1e21, 1e22,
]);
