/** What metrics there are, and on how many hosts, read from the present. */
import type { ClusterView, Column } from "../../../core/model/columns.js";
import { NONE } from "../../../core/model/directory.js";
import type { ClusterMetadata } from "../../../core/wire/extension/index.js";
import { isServed } from "../change-tracker.js";

/** @param withHosts hosts are to be named */
export function metadataOf(view: ClusterView, withHosts: boolean): ClusterMetadata {
  const { directory } = view;
  const rows: number[] = [];
  for (let row = 0; row < view.rowCount; row++) if (isServed(view, row)) rows.push(row);
  return {
    name: directory.name,
    hosts: rows.length,
    hostNames: withHosts ? rows.map((row) => directory.host(row)?.name ?? "") : [],
    metrics: [...view.columns()].map((column) => ({
      name: column.name,
      kind: column.kind,
      meta: directory.meta(NONE, column.column),
      hosts: rows.reduce((count, row) => (hasValue(column, row) ? count + 1 : count), 0),
    })),
  };
}

function hasValue(column: Column, row: number): boolean {
  return column.kind === "number" ? !Number.isNaN(column.values[row]) : column.texts[row] !== undefined;
}
