/** The answer to `metadata`: which metrics there are, for whoever takes them over or completes a name. */
import { isMetricType, isSlope, kindOf, type MetricMeta, type ValueKind } from "../../model/metric.js";
import type { XmlLimits } from "../xml/scanner.js";
import { type DocumentFacts, emptyTag, openDocument, openTag, type WritingFacts, writeDocument } from "./document.js";
import type { XmlElement } from "./element.js";
import { ExtensionError } from "./errors.js";

export interface MetricEntry {
  readonly name: string;
  readonly kind: ValueKind;
  /** As the first host said it; undefined where nobody has said anything. */
  readonly meta: MetricMeta | undefined;
  /** Hosts that have a value at the moment. */
  readonly hosts: number;
}

export interface ClusterMetadata {
  readonly name: string;
  /** Hosts of the present, up or down. */
  readonly hosts: number;
  /** Their names, where they were asked for. */
  readonly hostNames: readonly string[];
  readonly metrics: readonly MetricEntry[];
}

export interface Metadata {
  readonly clusters: readonly ClusterMetadata[];
}

export interface MetadataDocument extends DocumentFacts, Metadata {}

export function writeMetadata(facts: WritingFacts, metadata: Metadata): Generator<string> {
  return writeDocument(facts, writeBody(metadata));
}

function* writeBody({ clusters }: Metadata): Generator<string> {
  yield "<METADATA>\n";
  for (const cluster of clusters) {
    yield `${openTag("CLUSTER", { NAME: cluster.name, HOSTS: cluster.hosts })}\n`;
    for (const metric of cluster.metrics) yield writeMetric(metric);
    for (const name of cluster.hostNames) yield `${emptyTag("HOST", { NAME: name })}\n`;
    yield "</CLUSTER>\n";
  }
  yield "</METADATA>\n";
}

function writeMetric({ name, kind, meta, hosts }: MetricEntry): string {
  const told = meta && { TYPE: meta.type, UNITS: meta.units, SLOPE: meta.slope, TMAX: meta.tmaxS, DMAX: meta.dmaxS };
  const extra = meta?.extra.map(([key, value]) => emptyTag("EXTRA_ELEMENT", { NAME: key, VAL: value })) ?? [];
  return `${openTag("METRIC", { NAME: name, KIND: kind, ...told, HOSTS: hosts })}${extra.join("")}</METRIC>\n`;
}

/**
 * Metrics of a kind, a type or a slope that is not known here are passed over.
 * @throws XmlError, ExtensionError, RefusedError as the other readers do
 */
export function readMetadata(document: string, limits?: XmlLimits): MetadataDocument {
  const { facts, body } = openDocument(document, "METADATA", limits);
  return { ...facts, clusters: [...body.all("CLUSTER")].map(readCluster) };
}

function readCluster(element: XmlElement): ClusterMetadata {
  return {
    name: element.string("NAME"),
    hosts: element.count("HOSTS"),
    hostNames: [...element.all("HOST")].map((host) => host.string("NAME")),
    metrics: [...element.all("METRIC")].map(readMetric).filter((metric) => metric !== undefined),
  };
}

function readMetric(element: XmlElement): MetricEntry | undefined {
  const name = element.string("NAME");
  const kind = element.string("KIND");
  const hosts = element.count("HOSTS");
  if (kind !== "number" && kind !== "text") return undefined;
  const type = element.optional("TYPE");
  if (type === undefined) return { name, kind, meta: undefined, hosts };
  const slope = element.string("SLOPE");
  if (!isMetricType(type) || !isSlope(slope)) return undefined;
  if (kindOf(type) !== kind) throw new ExtensionError(`<METRIC> of KIND ${kind} with TYPE ${type}`);
  const meta: MetricMeta = {
    name,
    type,
    units: element.string("UNITS"),
    slope,
    tmaxS: element.number("TMAX"),
    dmaxS: element.number("DMAX"),
    extra: [...element.all("EXTRA_ELEMENT")].map((pair) => [pair.string("NAME"), pair.string("VAL")] as const),
  };
  return { name, kind, meta, hosts };
}
