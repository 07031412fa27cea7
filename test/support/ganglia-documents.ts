/** Ganglia documents for tests: the captured ones, and small ones built of text that may be wrong. */
import { readFileSync } from "node:fs";

export const FIXTURES = [
  "gmond-8649.xml",
  "gmetad-8651.xml",
  "gmetad-8652-cluster-host.xml",
  "gmetad-8652-filter-summary.xml",
] as const;
export type FixtureName = (typeof FIXTURES)[number];

export function fixture(name: FixtureName): Buffer {
  return readFileSync(`test/fixtures/ganglia-3.7.2/${name}`);
}

/** When the built documents were written, epoch seconds. */
export const LOCALTIME_S = 1_700_000_000;

type Attributes = Readonly<Record<string, string | number>>;

/** Values stand as they are given: nothing is escaped. */
export function tag(name: string, attributes: Attributes): string {
  const list = Object.entries(attributes).map(([key, value]) => ` ${key}="${value}"`);
  return `<${name}${list.join("")}`;
}

export function metric(name: string, val: string | number, more: Attributes = {}, extra = ""): string {
  const attributes = {
    NAME: name,
    VAL: val,
    TYPE: "float",
    UNITS: "",
    TN: 5,
    TMAX: 60,
    DMAX: 0,
    SLOPE: "both",
    ...more,
  };
  return `${tag("METRIC", attributes)}>\n<EXTRA_DATA>\n${extra}</EXTRA_DATA>\n</METRIC>\n`;
}

export function host(name: string, content = "", more: Attributes = {}): string {
  const attributes = {
    NAME: name,
    IP: "10.0.0.1",
    TAGS: "",
    REPORTED: LOCALTIME_S - 3,
    TN: 3,
    TMAX: 20,
    DMAX: 0,
    LOCATION: "unspecified",
    GMOND_STARTED: 1_699_999_000,
    ...more,
  };
  return `${tag("HOST", attributes)}>\n${content}</HOST>\n`;
}

export function cluster(name: string, content: string, more: Attributes = {}): string {
  const attributes = { NAME: name, LOCALTIME: LOCALTIME_S, OWNER: "o", LATLONG: "l", URL: "u", ...more };
  return `${tag("CLUSTER", attributes)}>\n${content}</CLUSTER>\n`;
}

export function grid(name: string, content: string, more: Attributes = {}): string {
  const attributes = { NAME: name, AUTHORITY: "http://a/", LOCALTIME: LOCALTIME_S, ...more };
  return `${tag("GRID", attributes)}>\n${content}</GRID>\n`;
}

export function document(content: string, source = "gmond"): string {
  return `<?xml version="1.0" encoding="ISO-8859-1" standalone="yes"?>\n<GANGLIA_XML VERSION="3.7.2" SOURCE="${source}">\n${content}</GANGLIA_XML>\n`;
}
