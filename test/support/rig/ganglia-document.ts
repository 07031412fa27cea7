/** Ganglia XML as plain objects, through a parser that is not ours: the second opinion of the tests. */
import { XMLParser } from "fast-xml-parser";

export interface SeenMetric {
  readonly NAME: string;
  readonly VAL: string;
  readonly TYPE: string;
  readonly UNITS: string;
  readonly TMAX: string;
  readonly DMAX: string;
  readonly SLOPE: string;
  readonly TN: string;
}

export interface SeenHost {
  readonly NAME: string;
  readonly IP: string;
  readonly metrics: ReadonlyMap<string, SeenMetric>;
}

const parser = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: "",
  parseAttributeValue: false,
  processEntities: true,
  htmlEntities: true,
  isArray: (name) => ["GRID", "CLUSTER", "HOST", "METRIC", "EXTRA_ELEMENT"].includes(name),
});

/** @returns the hosts of all clusters by name */
export function hostsOf(document: string): Map<string, SeenHost> {
  const hosts = new Map<string, SeenHost>();
  const root = parser.parse(document.replace(/<!DOCTYPE[^[]*\[[\s\S]*?\]>/, "")).GANGLIA_XML;
  for (const cluster of clustersOf(root)) {
    for (const host of cluster["HOST"] ?? []) {
      const metrics = new Map<string, SeenMetric>();
      for (const metric of host.METRIC ?? []) metrics.set(metric.NAME, metric);
      hosts.set(host.NAME, { NAME: host.NAME, IP: host.IP, metrics });
    }
  }
  return hosts;
}

// biome-ignore lint/suspicious/noExplicitAny: the shape of a foreign document
function clustersOf(element: any): any[] {
  if (element === undefined) throw new Error("no GANGLIA_XML element in the document");
  const nested = (element.GRID ?? []).flatMap(clustersOf);
  return [...(element.CLUSTER ?? []), ...nested];
}
