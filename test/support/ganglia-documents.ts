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

/** Made by hand, one or two of each version of Ganglia; see the README there. */
export const VERSION_FIXTURES = [
  "gmond-2.4.xml",
  "gmond-2.5.xml",
  "gmetad-2.5.xml",
  "gmond-3.0.xml",
  "gmetad-3.0.xml",
  "gmond-3.1.xml",
  "gmetad-3.1.xml",
  "gmond-3.2.xml",
  "gmetad-3.6.xml",
  "federation-3.7.xml",
  "federation-summary-3.7.xml",
] as const;
export type VersionFixtureName = (typeof VERSION_FIXTURES)[number];

export function versionFixture(name: VersionFixtureName): Buffer {
  return readFileSync(`test/fixtures/ganglia-versions/${name}`);
}

/** When the built documents and those of the versions were written, epoch seconds. */
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

/** HOSTS as gmetad writes it. */
export function hostCounts(up: number | string, down: number | string): string {
  return `${tag("HOSTS", { UP: up, DOWN: down, SOURCE: "gmetad" })}/>\n`;
}

export function metricSum(name: string, sum: number | string, num: number | string, more: Attributes = {}): string {
  const attributes = {
    NAME: name,
    SUM: sum,
    NUM: num,
    TYPE: "double",
    UNITS: "",
    SLOPE: "both",
    SOURCE: "gmond",
    ...more,
  };
  return `${tag("METRICS", attributes)}>\n<EXTRA_DATA>\n</EXTRA_DATA>\n</METRICS>\n`;
}

export function document(content: string, source = "gmond"): string {
  return `<?xml version="1.0" encoding="ISO-8859-1" standalone="yes"?>\n<GANGLIA_XML VERSION="3.7.2" SOURCE="${source}">\n${content}</GANGLIA_XML>\n`;
}
