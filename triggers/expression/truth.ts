/**
 * Three truth values as bytes, and the tables of Kleene's logic: unknown is
 * "could be either", so it only decides where the other side does not matter.
 */

export const FALSE = 0;
export const TRUE = 1;
export const UNKNOWN = 2;

/** Index: 3 * left + right. */
const AND = Uint8Array.of(FALSE, FALSE, FALSE, FALSE, TRUE, UNKNOWN, FALSE, UNKNOWN, UNKNOWN);
const OR = Uint8Array.of(FALSE, TRUE, UNKNOWN, TRUE, TRUE, TRUE, UNKNOWN, TRUE, UNKNOWN);
const NOT = Uint8Array.of(TRUE, FALSE, UNKNOWN);

/** target = target and other, for the first `count` rows. */
export function andInto(target: Uint8Array, other: Uint8Array, count: number): void {
  combine(AND, target, other, count);
}

/** target = target or other, for the first `count` rows. */
export function orInto(target: Uint8Array, other: Uint8Array, count: number): void {
  combine(OR, target, other, count);
}

/** target = not target, for the first `count` rows. */
export function negate(target: Uint8Array, count: number): void {
  for (let row = 0; row < count; row++) target[row] = NOT[target[row] as number] as number;
}

function combine(table: Uint8Array, target: Uint8Array, other: Uint8Array, count: number): void {
  for (let row = 0; row < count; row++) {
    target[row] = table[3 * (target[row] as number) + (other[row] as number)] as number;
  }
}
