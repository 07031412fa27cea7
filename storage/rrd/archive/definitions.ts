/**
 * What a new file of gmetad's layout is to hold.
 *
 * A metric that only grows is kept as its rate, as gmetad does and ganglia-web shows it. gmetad makes COUNTER and DERIVE of
 * all of them, and these take whole numbers only: of a float, and of any sum (which gmetad writes with five
 * decimals), every update would fail. So those become DCOUNTER and DDERIVE (rrdtool 1.5 and later), which mean the same and take
 * what gmetad writes. A sum falls when a host goes: a DCOUNTER then is unknown for one step, a COUNTER would
 * jump by 2^32.
 */
import type { MetricType, Slope } from "../../../core/model/metric.js";
import type { DataSource, DsType, RoundRobinArchive, RrdDefinition } from "../format/definition.js";

/** gmetad's heartbeat is eight polls. */
export const HEARTBEAT_STEPS = 8;

const FLOATS: readonly MetricType[] = ["float", "double"];

export function hostDefinition(
  stepS: number,
  archives: readonly RoundRobinArchive[],
  type: MetricType,
  slope: Slope | undefined,
): RrdDefinition {
  return { stepS, archives, dataSources: [source("sum", typeOf(slope, !FLOATS.includes(type)), stepS)] };
}

/** Of a cluster or a grid: the sum, and of how many hosts. */
export function sumDefinition(stepS: number, archives: readonly RoundRobinArchive[], slope: Slope): RrdDefinition {
  return { stepS, archives, dataSources: [source("sum", typeOf(slope, false), stepS), source("num", "GAUGE", stepS)] };
}

function typeOf(slope: Slope | undefined, isInteger: boolean): DsType {
  if (slope === "positive") return isInteger ? "COUNTER" : "DCOUNTER";
  if (slope === "derivative") return isInteger ? "DERIVE" : "DDERIVE";
  return "GAUGE";
}

function source(name: string, type: DsType, stepS: number): DataSource {
  return { name, type, heartbeatS: HEARTBEAT_STEPS * stepS, min: Number.NaN, max: Number.NaN };
}
