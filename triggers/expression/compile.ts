/**
 * A tree to loops over columns, once when it is loaded. What comes out looks at
 * all hosts of a cluster in one call and makes no object for any of them.
 */
import type { Arithmetic, Comparison, NumberNode, TruthNode } from "./ast.js";
import { CALCULATE, COMPARE_COLUMNS, COMPARE_CONSTANT } from "./loops.js";
import type { Readings } from "./readings.js";
import { andInto, negate, orInto, UNKNOWN } from "./truth.js";

/** Fills out[0 .. readings.rowCount-1] with FALSE, TRUE or UNKNOWN; `out` is at least that long. */
export type Judge = (readings: Readings, out: Uint8Array) => void;

export function compile(tree: TruthNode): Judge {
  switch (tree.kind) {
    case "compare":
      return compileComparison(tree.left, tree.operator, tree.right);
    case "text":
      return compileText(tree.metric, tree.operator, tree.text);
    case "not": {
      const operand = compile(tree.operand);
      return (readings, out) => {
        operand(readings, out);
        negate(out, readings.rowCount);
      };
    }
    default:
      return compileJoined(tree.operands.map(compile), tree.kind === "all" ? andInto : orInto);
  }
}

function compileJoined(operands: readonly Judge[], combine: typeof andInto): Judge {
  const [first, ...others] = operands as [Judge, ...Judge[]];
  return (readings, out) => {
    first(readings, out);
    const other = readings.scratch.takeTruths();
    for (const operand of others) {
      operand(readings, other);
      combine(out, other, readings.rowCount);
    }
    readings.scratch.giveTruths(other);
  };
}

/** 5 < x is x > 5. */
const MIRRORED: Readonly<Record<Comparison, Comparison>> = {
  "<": ">",
  "<=": ">=",
  ">": "<",
  ">=": "<=",
  "==": "==",
  "!=": "!=",
};

function compileComparison(left: NumberNode, operator: Comparison, right: NumberNode): Judge {
  if (right.kind === "number") return compareConstant(left, operator, right.value);
  if (left.kind === "number") return compareConstant(right, MIRRORED[operator], left.value);
  const [a, b] = [compileNumber(left), compileNumber(right)];
  const loop = COMPARE_COLUMNS[operator];
  return (readings, out) => {
    const x = a.load(readings);
    const y = b.load(readings);
    if (x === undefined || y === undefined) out.fill(UNKNOWN, 0, readings.rowCount);
    else loop(x, y, out, readings.rowCount);
    b.release(readings, y);
    a.release(readings, x);
  };
}

function compareConstant(node: NumberNode, operator: Comparison, constant: number): Judge {
  const operand = compileNumber(node);
  const loop = COMPARE_CONSTANT[operator];
  return (readings, out) => {
    const values = operand.load(readings);
    if (values === undefined) out.fill(UNKNOWN, 0, readings.rowCount);
    else loop(values, constant, out, readings.rowCount);
    operand.release(readings, values);
  };
}

function compileText(metric: string, operator: "==" | "!=", text: string): Judge {
  const whenEqual = operator === "==" ? 1 : 0;
  return (readings, out) => {
    const reading = readings.texts(metric);
    if (reading === undefined) {
      out.fill(UNKNOWN, 0, readings.rowCount);
      return;
    }
    const { texts, fresh } = reading;
    for (let row = 0; row < readings.rowCount; row++) {
      out[row] = fresh[row] === 0 ? UNKNOWN : texts[row] === text ? whenEqual : 1 - whenEqual;
    }
  };
}

/** A number by row; what is loaded must be released after use. */
interface Operand {
  /** @returns undefined where it is unknown for every row */
  load(readings: Readings): Float64Array | undefined;
  release(readings: Readings, values: Float64Array | undefined): void;
}

function compileNumber(node: NumberNode): Operand {
  switch (node.kind) {
    case "metric":
      return { load: (readings) => readings.numbers(node.name), release: () => {} };
    case "number":
      return computed((readings, out) => {
        out.fill(node.value, 0, readings.rowCount);
        return true;
      });
    case "negate":
      return compileCalculation({ kind: "number", value: 0 }, "-", node.operand);
    case "arithmetic":
      return compileCalculation(node.left, node.operator, node.right);
  }
}

function compileCalculation(left: NumberNode, operator: Arithmetic, right: NumberNode): Operand {
  const [a, b] = [compileNumber(left), compileNumber(right)];
  const loop = CALCULATE[operator];
  return computed((readings, out) => {
    const x = a.load(readings);
    const y = b.load(readings);
    const known = x !== undefined && y !== undefined;
    if (known) loop(x, y, out, readings.rowCount);
    b.release(readings, y);
    a.release(readings, x);
    return known;
  });
}

/** @param fill false where the result is unknown for every row */
function computed(fill: (readings: Readings, out: Float64Array) => boolean): Operand {
  return {
    load(readings) {
      const out = readings.scratch.takeNumbers();
      if (fill(readings, out)) return out;
      readings.scratch.giveNumbers(out);
      return undefined;
    },
    release(readings, values) {
      if (values !== undefined) readings.scratch.giveNumbers(values);
    },
  };
}
