/**
 * Ganglia's names as Prometheus' and back into a question. Pure.
 *
 * A Prometheus metric is made of letters, digits and underscores; Ganglia's names are
 * free text. A name that had to be changed travels in the label "metric" as well, so
 * that "a/b" and "a_b" stay two metrics. Cluster and host are labels, whose values may
 * be any text.
 */
import type { SeriesKey } from "../../core/model/series.js";

export type Labels = readonly (readonly [name: string, value: string])[];

export interface Naming {
  readonly prefix: string;
  /** Of the configuration; every series carries them. */
  readonly labels: Readonly<Record<string, string>>;
}

/** Exactly one of host and metric. */
export interface ManyNames {
  readonly cluster: string;
  readonly host?: string | undefined;
  readonly metric?: string | undefined;
}

/** @returns sorted by name, as the protocol wants them, each name once */
export function labelsOf({ cluster, host, metric }: SeriesKey, { prefix, labels }: Naming): Labels {
  const cleaned = cleanedName(metric);
  const all: [string, string][] = [
    ...Object.entries(labels),
    ["__name__", prefix + cleaned],
    ["cluster", cluster],
    ["host", host],
  ];
  if (cleaned !== metric) all.push(["metric", metric]);
  // By code units: for the ASCII of label names that is the order of bytes.
  return all.sort(([a], [b]) => (a < b ? -1 : 1));
}

/** A PromQL selector of exactly this series. */
export function selectorOf(key: SeriesKey, naming: Naming): string {
  const labels = labelsOf(key, naming);
  // An empty value matches series without the label: "a_b" must not find "a/b".
  const all = labels.some(([name]) => name === "metric") ? labels : [...labels, ["metric", ""] as const];
  return `{${all.map(([name, value]) => `${name}=${quoted(value)}`).join(",")}}`;
}

/** A PromQL selector of one metric of all hosts of a cluster, or of all metrics of one host. */
export function selectorOfMany({ cluster, host, metric }: ManyNames, { prefix, labels }: Naming): string {
  const parts = Object.entries(labels).map(([name, value]) => `${name}=${quoted(value)}`);
  parts.push(`cluster=${quoted(cluster)}`);
  if (host !== undefined) parts.push(`host=${quoted(host)}`);
  if (metric === undefined) {
    // The prefix has no character that means something in a regular expression.
    parts.push(`__name__=~"${prefix}.*"`);
  } else {
    const cleaned = cleanedName(metric);
    parts.push(`__name__="${prefix}${cleaned}"`, `metric=${quoted(cleaned === metric ? "" : metric)}`);
  }
  return `{${parts.join(",")}}`;
}

/** @returns the name of the metric that a series of the store is of */
export function metricOf(labels: Readonly<Record<string, string>>, { prefix }: Naming): string {
  return labels["metric"] ?? (labels["__name__"] ?? "").slice(prefix.length);
}

function cleanedName(metric: string): string {
  return metric.replaceAll(/[^A-Za-z0-9_]/gu, "_");
}

/** Names have no control characters; labels of the configuration might. */
function quoted(value: string): string {
  return `"${value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n")}"`;
}
