/** Grids and clusters of which only sums are known, as a part of the answer to `changes`. */
import type { ClusterFacts } from "../../model/host.js";
import { UNSPECIFIED } from "../../model/host.js";
import { isMetricType, isSlope } from "../../model/metric.js";
import type { MetricSum, ReportedSums } from "../../model/summary.js";
import { emptyTag, openTag, yesNo } from "./document.js";
import type { XmlElement } from "./element.js";
import { formatValue, parseValues } from "./lists.js";
import { formatSeconds } from "./seconds.js";

/** What to write of one of them. */
export interface SumsChanges {
  readonly sums: ReportedSums;
  /** The reader is to forget the sums that it has of it. */
  readonly full: boolean;
  /** Sums that are new or changed; all of them where it is full. */
  readonly metrics: readonly MetricSum[];
}

/** What came of one of them: everything but the sums replaces what was known. */
export interface SumsDelta extends Omit<ReportedSums, "summary"> {
  readonly full: boolean;
  readonly hostsUp: number;
  readonly hostsDown: number;
  /** Each replaces the one of its name. The metadata is what Ganglia tells of a sum: type, units and slope. */
  readonly metrics: readonly MetricSum[];
}

export function writeSums({ sums, full, metrics }: SumsChanges): string {
  const isGrid = sums.kind === "grid";
  const open = openTag("SUMS", {
    KIND: sums.kind,
    NAME: sums.name,
    FULL: yesNo(full),
    SOURCE: sums.source,
    AUTHORITY: isGrid ? sums.authority : undefined,
    OWNER: isGrid ? undefined : sums.facts.owner,
    LATLONG: isGrid ? undefined : sums.facts.latlong,
    URL: isGrid ? undefined : sums.facts.url,
    TIME: formatSeconds(sums.timeMs),
    TMAX: sums.tmaxS,
    UP: sums.summary.hostsUp,
    DOWN: sums.summary.hostsDown,
  });
  return `${open}\n${metrics.map(writeSum).join("")}</SUMS>\n`;
}

function writeSum({ meta, sum, num, decimals }: MetricSum): string {
  return `${emptyTag("METRICS", {
    NAME: meta.name,
    SUM: formatValue(sum, decimals),
    NUM: num,
    TYPE: meta.type,
    UNITS: meta.units,
    SLOPE: meta.slope,
  })}\n`;
}

/** @returns undefined for a kind of a later version */
export function readSums(element: XmlElement): SumsDelta | undefined {
  const kind = element.string("KIND");
  if (kind !== "grid" && kind !== "cluster") return undefined;
  const facts: ClusterFacts = {
    owner: element.optional("OWNER") ?? UNSPECIFIED,
    latlong: element.optional("LATLONG") ?? UNSPECIFIED,
    url: element.optional("URL") ?? UNSPECIFIED,
  };
  return {
    kind,
    name: element.string("NAME"),
    full: element.flag("FULL"),
    source: element.string("SOURCE"),
    authority: element.optional("AUTHORITY") ?? "",
    facts,
    timeMs: element.ms("TIME"),
    tmaxS: element.number("TMAX"),
    hostsUp: element.count("UP"),
    hostsDown: element.count("DOWN"),
    metrics: [...element.all("METRICS")].map(readSum).filter((metric) => metric !== undefined),
  };
}

/** @returns undefined for a type or a slope of a later version, and for a sum that is none */
function readSum(element: XmlElement): MetricSum | undefined {
  const type = element.string("TYPE");
  const slope = element.string("SLOPE");
  const { values, decimals } = parseValues(element.string("SUM"), 1);
  const sum = values[0] as number;
  if (!isMetricType(type) || !isSlope(slope) || Number.isNaN(sum)) return undefined;
  const meta = {
    name: element.string("NAME"),
    type,
    units: element.string("UNITS"),
    slope,
    tmaxS: 0,
    dmaxS: 0,
    extra: [],
  };
  return { meta, sum, num: element.count("NUM"), decimals: decimals[0] as number };
}
