/**
 * Ganglia's XML as its readers know it: gmetad's document around gmond's
 * elements. Attributes stand in gmond's order, because gstat goes by position;
 * everything is escaped and pure ASCII, so every document is well-formed and
 * right under its ISO-8859-1 label whatever names and texts came in.
 *
 * Written as chunks, one for each host at most, so that a whole cluster never
 * stands in memory as one text.
 */
import { type ClusterView, type Column, hasSample } from "../../model/columns.js";
import { NONE } from "../../model/directory.js";
import type { ClusterFacts, HostFacts } from "../../model/host.js";
import { isExpired } from "../../model/liveness.js";
import type { ExtraPair, MetricMeta } from "../../model/metric.js";
import { formatNumber } from "../../model/number-text.js";
import { type ClusterSummary, type MetricSum, type ReportedSums, summaryAt } from "../../model/summary.js";
import { escapeXml } from "../xml/escape.js";

const TYPES = "(string | int8 | uint8 | int16 | uint16 | int32 | uint32 | float | double | timestamp)";
const SLOPES = "(zero | positive | negative | both | unspecified | derivative)";

/**
 * Declaration and DTD. Parsers take METRIC's SOURCE from the DTD where it is not
 * written. "derivative" is a slope that gmond sends but never declared.
 */
export const DOCUMENT_HEAD = `<?xml version="1.0" encoding="ISO-8859-1" standalone="yes"?>
<!DOCTYPE GANGLIA_XML [
<!ELEMENT GANGLIA_XML (GRID | CLUSTER | HOST)*>
<!ATTLIST GANGLIA_XML VERSION CDATA #REQUIRED SOURCE CDATA #REQUIRED>
<!ELEMENT GRID (CLUSTER | GRID | HOSTS | METRICS)*>
<!ATTLIST GRID NAME CDATA #REQUIRED AUTHORITY CDATA #REQUIRED LOCALTIME CDATA #IMPLIED>
<!ELEMENT CLUSTER (HOST | HOSTS | METRICS)*>
<!ATTLIST CLUSTER NAME CDATA #REQUIRED LOCALTIME CDATA #REQUIRED
  OWNER CDATA #IMPLIED LATLONG CDATA #IMPLIED URL CDATA #IMPLIED>
<!ELEMENT HOST (METRIC)*>
<!ATTLIST HOST NAME CDATA #REQUIRED IP CDATA #REQUIRED TAGS CDATA #IMPLIED REPORTED CDATA #REQUIRED
  TN CDATA #IMPLIED TMAX CDATA #IMPLIED DMAX CDATA #IMPLIED LOCATION CDATA #IMPLIED GMOND_STARTED CDATA #IMPLIED>
<!ELEMENT METRIC (EXTRA_DATA*)>
<!ATTLIST METRIC NAME CDATA #REQUIRED VAL CDATA #REQUIRED
  TYPE ${TYPES} #REQUIRED
  UNITS CDATA #IMPLIED TN CDATA #IMPLIED TMAX CDATA #IMPLIED DMAX CDATA #IMPLIED
  SLOPE ${SLOPES} #IMPLIED
  SOURCE (gmond) "gmond">
<!ELEMENT EXTRA_DATA (EXTRA_ELEMENT*)>
<!ELEMENT EXTRA_ELEMENT EMPTY>
<!ATTLIST EXTRA_ELEMENT NAME CDATA #REQUIRED VAL CDATA #REQUIRED>
<!ELEMENT HOSTS EMPTY>
<!ATTLIST HOSTS UP CDATA #REQUIRED DOWN CDATA #REQUIRED SOURCE (gmond | gmetad) #REQUIRED>
<!ELEMENT METRICS (EXTRA_DATA*)>
<!ATTLIST METRICS NAME CDATA #REQUIRED SUM CDATA #REQUIRED NUM CDATA #REQUIRED
  TYPE ${TYPES} #REQUIRED
  UNITS CDATA #IMPLIED
  SLOPE ${SLOPES} #IMPLIED
  SOURCE (gmond) "gmond">
]>
`;

export const GANGLIA_XML_CLOSE = "</GANGLIA_XML>\n";
export const GRID_CLOSE = "</GRID>\n";
const CLUSTER_CLOSE = "</CLUSTER>\n";

/** What of a cluster is wanted; everything unless said otherwise. */
export interface Selection {
  /** Only the host of this row; NONE for the CLUSTER without hosts. */
  readonly row?: number;
  /** Only metrics of this name. */
  readonly metric?: string;
}

/** @param source "gmond" for a leaf, "gmetad" for what stands above others */
export function gangliaXmlOpen(version: string, source: "gmond" | "gmetad"): string {
  return `<GANGLIA_XML VERSION="${escapeXml(version)}" SOURCE="${source}">\n`;
}

/** @param authority URL of the web front-end that owns the grid */
export function gridOpen(name: string, authority: string, nowMs: number): string {
  const localtime = wholeSeconds(nowMs);
  return `<GRID NAME="${escapeXml(name)}" AUTHORITY="${escapeXml(authority)}" LOCALTIME="${localtime}">\n`;
}

/** A CLUSTER with its hosts in order of rows. Ages are counted up to `nowMs`. */
export function* writeCluster(view: ClusterView, nowMs: number, select: Selection = {}): Generator<string> {
  yield clusterOpen(view.directory.name, view.directory.facts, nowMs);
  const columns = [...view.columns()].filter((column) => select.metric === undefined || column.name === select.metric);
  const writer = new HostWriter(view, columns, nowMs);
  const first = select.row ?? 0;
  const end = select.row === undefined ? view.rowCount : Math.min(view.rowCount, select.row + 1);
  for (let row = first; row < end; row++) {
    const host = view.directory.host(row);
    // A host that left keeps its row for a while, unheard.
    if (host !== undefined && (view.reportedMs[row] ?? 0) > 0) yield writer.write(row, host);
  }
  yield CLUSTER_CLOSE;
}

/** A CLUSTER in sums. */
export function* writeClusterSummary(
  name: string,
  facts: ClusterFacts,
  summary: ClusterSummary,
  nowMs: number,
): Generator<string> {
  yield clusterOpen(name, facts, nowMs);
  yield* writeSummaryBody(summary);
  yield CLUSTER_CLOSE;
}

/**
 * What a source told only in sums: a GRID or CLUSTER of its own, with the time at which it was read. Once they are
 * not renewed their hosts are silent, and silent hosts are down and sum up to nothing, here as in a cluster with
 * hosts; so a reader above needs no rule of his own for what is stale.
 * @param withBody false for the tags alone
 */
export function* writeReportedSums(sums: ReportedSums, nowMs: number, withBody = true): Generator<string> {
  const isGrid = sums.kind === "grid";
  yield isGrid ? gridOpen(sums.name, sums.authority, sums.timeMs) : clusterOpen(sums.name, sums.facts, sums.timeMs);
  if (withBody) yield* writeSummaryBody(summaryAt(sums, nowMs));
  yield isGrid ? GRID_CLOSE : CLUSTER_CLOSE;
}

/** Chunks of a summary hold so many metrics: 64 of some 300 characters. */
const SUMS_PER_CHUNK = 64;

/** HOSTS and METRICS, as they stand in a GRID or a CLUSTER. */
export function* writeSummaryBody(summary: ClusterSummary): Generator<string> {
  yield `<HOSTS UP="${summary.hostsUp}" DOWN="${summary.hostsDown}" SOURCE="gmetad"/>\n`;
  for (let at = 0; at < summary.metrics.length; at += SUMS_PER_CHUNK) {
    yield summary.metrics
      .slice(at, at + SUMS_PER_CHUNK)
      .map(metricSum)
      .join("");
  }
}

function metricSum({ meta, sum, num, decimals }: MetricSum): string {
  return (
    `<METRICS NAME="${escapeXml(meta.name)}" SUM="${numberText(sum, decimals)}" NUM="${num}" TYPE="double"` +
    ` UNITS="${escapeXml(meta.units)}" SLOPE="${meta.slope}" SOURCE="gmond">\n${extraData(meta.extra)}</METRICS>\n`
  );
}

function clusterOpen(name: string, facts: ClusterFacts, nowMs: number): string {
  return (
    `<CLUSTER NAME="${escapeXml(name)}" LOCALTIME="${wholeSeconds(nowMs)}" OWNER="${escapeXml(facts.owner)}"` +
    ` LATLONG="${escapeXml(facts.latlong)}" URL="${escapeXml(facts.url)}">\n`
  );
}

/** A METRIC is the same on all hosts but for its value and age. */
interface MetricText {
  /** Up to the value. */
  readonly prefix: string;
  /** From the value to the age. */
  readonly middle: string;
  /** Behind the age. */
  readonly suffix: string;
}

/** A column, and the one that holds the values of the other kind under the same name. */
interface Twins {
  readonly column: Column;
  readonly twin: Column | undefined;
  /** Values may come before anything is known of their metric. */
  readonly undescribed: MetricMeta;
}

/** Writes the hosts of one view. Lives as long as one document. */
class HostWriter {
  readonly #view: ClusterView;
  readonly #columns: readonly Twins[];
  readonly #nowMs: number;
  readonly #texts = new Map<MetricMeta, MetricText>();

  constructor(view: ClusterView, columns: readonly Column[], nowMs: number) {
    this.#view = view;
    this.#columns = columns.map((column) => twinsOf(view, column));
    this.#nowMs = nowMs;
  }

  write(row: number, host: HostFacts): string {
    const reportedMs = this.#view.reportedMs[row] ?? 0;
    let text =
      `<HOST NAME="${escapeXml(host.name)}" IP="${escapeXml(host.ip)}" TAGS="${escapeXml(host.tags)}"` +
      ` REPORTED="${wholeSeconds(reportedMs)}" TN="${this.#ageS(reportedMs)}" TMAX="${host.tmaxS}" DMAX="${host.dmaxS}"` +
      ` LOCATION="${escapeXml(host.location)}" GMOND_STARTED="${host.startedS}">\n`;
    for (const twins of this.#columns) text += this.#metric(row, twins);
    return `${text}</HOST>\n`;
  }

  #metric(row: number, { column, twin, undescribed }: Twins): string {
    if (!hasSample(column, row)) return "";
    const timeMs = column.timesMs[row] ?? 0;
    // A metric that changed its type on this host: the newer value is the metric.
    const twinMs = twin?.timesMs[row] ?? 0;
    if (twinMs > timeMs || (twinMs === timeMs && column.kind === "text")) return "";
    const meta = this.#view.directory.meta(row, column.column) ?? undescribed;
    const ageS = this.#ageS(timeMs);
    if (isExpired(ageS, meta.dmaxS)) return "";
    const { prefix, middle, suffix } = this.#textOf(meta);
    return prefix + valueText(column, row) + middle + ageS + suffix;
  }

  #textOf(meta: MetricMeta): MetricText {
    let text = this.#texts.get(meta);
    if (text === undefined) {
      text = metricText(meta);
      this.#texts.set(meta, text);
    }
    return text;
  }

  #ageS(timeMs: number): number {
    return Math.max(0, Math.floor((this.#nowMs - timeMs) / 1_000));
  }
}

function twinsOf(view: ClusterView, column: Column): Twins {
  const isText = column.kind === "text";
  const twin = view.directory.findColumn(column.name, isText ? "number" : "text");
  const undescribed: MetricMeta = {
    name: column.name,
    type: isText ? "string" : "double",
    units: "",
    slope: "unspecified",
    tmaxS: 0,
    dmaxS: 0,
    extra: [],
  };
  return { column, twin: twin === NONE ? undefined : view.column(twin), undescribed };
}

function metricText(meta: MetricMeta): MetricText {
  return {
    prefix: `<METRIC NAME="${escapeXml(meta.name)}" VAL="`,
    middle: `" TYPE="${meta.type}" UNITS="${escapeXml(meta.units)}" TN="`,
    suffix:
      `" TMAX="${meta.tmaxS}" DMAX="${meta.dmaxS}" SLOPE="${meta.slope}" SOURCE="gmond">\n` +
      `${extraData(meta.extra)}</METRIC>\n`,
  };
}

function extraData(extra: readonly ExtraPair[]): string {
  const elements = extra.map(([key, value]) => `<EXTRA_ELEMENT NAME="${escapeXml(key)}" VAL="${escapeXml(value)}"/>\n`);
  return `<EXTRA_DATA>\n${elements.join("")}</EXTRA_DATA>\n`;
}

function valueText(column: Column, row: number): string {
  if (column.kind === "text") return escapeXml(column.texts[row] ?? "");
  return numberText(column.values[row] ?? Number.NaN, column.decimals[row] ?? 0);
}

/** As printf writes it: "nan" is what a sender said; what only expired is not written at all. */
function numberText(value: number, decimals: number): string {
  if (Number.isFinite(value)) return formatNumber(value, decimals);
  return Number.isNaN(value) ? "nan" : value > 0 ? "inf" : "-inf";
}

function wholeSeconds(timeMs: number): number {
  return Math.floor(timeMs / 1_000);
}
