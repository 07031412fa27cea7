/**
 * A condition as a tree. The parser has checked the types, so a number never
 * stands where a truth value belongs. There are no positions in it: two texts
 * that differ only in blanks and parentheses give equal trees.
 */

export const COMPARISONS = ["<", "<=", ">", ">=", "==", "!="] as const;
export type Comparison = (typeof COMPARISONS)[number];

export type Arithmetic = "+" | "-" | "*" | "/";

export type NumberNode =
  | { readonly kind: "number"; readonly value: number }
  | { readonly kind: "metric"; readonly name: string }
  | { readonly kind: "negate"; readonly operand: NumberNode }
  | {
      readonly kind: "arithmetic";
      readonly operator: Arithmetic;
      readonly left: NumberNode;
      readonly right: NumberNode;
    };

export type TruthNode =
  | {
      readonly kind: "compare";
      readonly operator: Comparison;
      readonly left: NumberNode;
      readonly right: NumberNode;
    }
  | { readonly kind: "text"; readonly operator: "==" | "!="; readonly metric: string; readonly text: string }
  | { readonly kind: "not"; readonly operand: TruthNode }
  /** "all" is and, "any" is or; two operands or more. */
  | { readonly kind: "all" | "any"; readonly operands: readonly TruthNode[] };

/** A condition as configured, and its tree. */
export interface Condition {
  readonly text: string;
  readonly tree: TruthNode;
}

export function sameTree(a: TruthNode, b: TruthNode): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
