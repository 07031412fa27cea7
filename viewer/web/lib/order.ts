/** The order of hosts, and which of them are shown. */
import { STATE } from "../../api/answers.js";

const collator = new Intl.Collator("en", { numeric: true, sensitivity: "base" });

/** node2 before node10. */
export function byName(a: string, b: string): number {
  return collator.compare(a, b) || (a < b ? -1 : Number(a > b));
}

export type HostSort = "name" | "value";
export type HostFilter = "all" | "up" | "down" | "stale" | "alert";

export interface Columns {
  readonly hosts: readonly string[];
  readonly values: readonly (number | null)[];
  readonly states: string;
  readonly alerts: string;
}

/** Names seldom change, values with every frame: sorting 1,000 names takes longer than all the rest of a tick. */
const nameOrders = new WeakMap<readonly string[], readonly number[]>();

function nameOrder(hosts: readonly string[]): readonly number[] {
  const known = nameOrders.get(hosts);
  if (known !== undefined) return known;
  const order = hosts.map((_, i) => i).sort((a, b) => byName(hosts[a] ?? "", hosts[b] ?? ""));
  nameOrders.set(hosts, order);
  return order;
}

/** @returns positions of the hosts to show, in order */
export function shownHosts(columns: Columns, sort: HostSort, filter: HostFilter, search: string): readonly number[] {
  const wanted = search.trim().toLowerCase();
  const named = nameOrder(columns.hosts);
  const shown =
    wanted === "" && filter === "all"
      ? named
      : named.filter((i) => passes(columns, i, filter) && (columns.hosts[i] ?? "").toLowerCase().includes(wanted));
  if (sort === "name") return shown;
  // Highest first; hosts without a value last. The sort is stable: equal ones stay in the order of their names.
  const value = (i: number) => columns.values[i] ?? Number.NEGATIVE_INFINITY;
  return [...shown].sort((a, b) => Number(value(b) > value(a)) - Number(value(b) < value(a)));
}

export function passes(columns: Columns, i: number, filter: HostFilter): boolean {
  const state = columns.states[i];
  switch (filter) {
    case "all":
      return true;
    case "up":
      return state !== STATE.down;
    case "down":
      return state === STATE.down;
    case "stale":
      return state === STATE.stale;
    case "alert":
      return columns.alerts[i] !== "-";
  }
}

export function countOf(columns: Columns, filter: HostFilter): number {
  let count = 0;
  for (let i = 0; i < columns.hosts.length; i++) if (passes(columns, i, filter)) count++;
  return count;
}
