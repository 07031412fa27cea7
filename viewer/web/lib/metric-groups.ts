/** How the metrics of a host are laid out: what moves becomes charts by group, the rest facts. */
import type { HostMetric } from "../../api/answers.js";
import { byName } from "./order.js";

export interface MetricGroup {
  readonly name: string;
  /** What we say of ourselves: there for whoever looks for it, out of the way of the rest. */
  readonly own: boolean;
  readonly metrics: readonly HostMetric[];
}

/** gmond's own groups in the order in which one asks; others follow by name. */
const ORDER = ["load", "cpu", "memory", "network", "disk", "process", "system"];
const NO_GROUP = "other";
const OWN_GROUP = "grate";
/** gmond gives these seconds since the epoch without saying so. */
const INSTANTS = ["boottime", "sys_clock"];
/** Where the alphabet is no order. */
const FIRST = ["load_one", "load_five", "load_fifteen"];

/** Text, and numbers that never move. */
export function isFact(metric: HostMetric): boolean {
  return metric.type === "string" || metric.type === "timestamp" || metric.slope === "zero";
}

export function factsOf(metrics: readonly HostMetric[]): HostMetric[] {
  return metrics.filter(isFact).sort((a, b) => byName(a.title, b.title));
}

/** A metric with several groups stands in the first. */
export function groupsOf(metrics: readonly HostMetric[]): MetricGroup[] {
  const groups = new Map<string, HostMetric[]>();
  for (const metric of metrics) {
    if (isFact(metric)) continue;
    const name = metric.groups[0] ?? NO_GROUP;
    const known = groups.get(name);
    if (known === undefined) groups.set(name, [metric]);
    else known.push(metric);
  }
  const last = [NO_GROUP, OWN_GROUP];
  const place = (name: string) => (ORDER.includes(name) ? ORDER.indexOf(name) : ORDER.length + 1 + last.indexOf(name));
  return [...groups]
    .map(([name, members]) => ({ name, own: name === OWN_GROUP, metrics: members.sort(byPlaceAndName) }))
    .sort((a, b) => place(a.name) - place(b.name) || byName(a.name, b.name));
}

function byPlaceAndName(a: HostMetric, b: HostMetric): number {
  const place = (name: string) => (FIRST.includes(name) ? FIRST.indexOf(name) : FIRST.length);
  return place(a.name) - place(b.name) || byName(a.name, b.name);
}

/** Seconds since the epoch, told apart from other numbers of seconds. */
export function isInstant(metric: HostMetric): boolean {
  return metric.type === "timestamp" || INSTANTS.includes(metric.name);
}
