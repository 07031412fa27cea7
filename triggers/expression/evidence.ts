/** Why a condition is what it is, for one host: "cpu_temp = 85 Celsius". */
import type { ClusterView } from "../../core/model/columns.js";
import type { ValueKind } from "../../core/model/metric.js";
import { formatNumber } from "../../core/model/number-text.js";
import { printable } from "../printable.js";
import type { NumberNode, TruthNode } from "./ast.js";

export interface MetricUse {
  readonly name: string;
  readonly kind: ValueKind;
}

/** Enough for a line of a mail; a condition may name dozens of metrics. */
const EVIDENCE_LENGTH_MAX = 400;
const TEXT_LENGTH_MAX = 80;

/** @returns each metric once, in the order of the text */
export function metricsOf(tree: TruthNode): MetricUse[] {
  const uses = new Map<string, MetricUse>();
  const add = (name: string, kind: ValueKind) => {
    const key = `${kind}:${name}`;
    if (!uses.has(key)) uses.set(key, { name, kind });
  };
  const walk = (node: TruthNode | NumberNode): void => {
    if (node.kind === "metric") add(node.name, "number");
    else if (node.kind === "text") add(node.metric, "text");
    else if ("operand" in node) walk(node.operand);
    else if ("operands" in node) for (const operand of node.operands) walk(operand);
    else if ("left" in node) {
      walk(node.left);
      walk(node.right);
    }
  };
  walk(tree);
  return [...uses.values()];
}

/** The values as they stand in the table, overdue ones too: it is what was looked at last. */
export function evidenceOf(uses: readonly MetricUse[], view: ClusterView, row: number): string {
  const parts = uses.map((use) => `${printable(use.name, TEXT_LENGTH_MAX)} ${shownValue(use, view, row)}`);
  return printable(parts.join(", "), EVIDENCE_LENGTH_MAX);
}

function shownValue(use: MetricUse, view: ClusterView, row: number): string {
  const number = view.directory.findColumn(use.name, use.kind);
  const column = view.column(number);
  const known = column !== undefined && (column.timesMs[row] ?? 0) > 0;
  if (!known) return "is unknown";
  if (column.kind === "text") {
    const text = column.texts[row];
    return text === undefined ? "is unknown" : `= "${printable(text, TEXT_LENGTH_MAX)}"`;
  }
  const value = column.values[row] ?? Number.NaN;
  if (Number.isNaN(value)) return "is unknown";
  const units = view.directory.meta(row, number)?.units.trim() ?? "";
  const shown = `= ${formatNumber(value, column.decimals[row] ?? 0)}`;
  return units === "" ? shown : `${shown} ${printable(units, TEXT_LENGTH_MAX)}`;
}
