/**
 * HOSTS and METRICS of a GRID or CLUSTER:
 *
 *   <HOSTS UP DOWN SOURCE/>
 *   <METRICS NAME SUM NUM TYPE UNITS SLOPE SOURCE> <EXTRA_DATA>...</EXTRA_DATA> </METRICS>
 *
 * gmetad writes TYPE="double" whatever was summed; SUM has as many decimals as
 * the first value had. A broken METRICS is passed over up to the next one.
 */
import { type ExtraPair, isMetricType, isSlope } from "../../../model/metric.js";
import { nameFault, quoteName } from "../../../model/names.js";
import { decimalsOf, parseNumber } from "../../../model/number-text.js";
import type { ClusterSummary, MetricSum } from "../../../model/summary.js";
import { ExtraReader } from "./extra-reader.js";
import type { FaultList } from "./fault-list.js";
import type { ReaderLimits } from "./limits.js";
import { CUT, isTagAt, LESS } from "./octets.js";
import { TagScanner } from "./tag-scanner.js";

const HOSTS = "<HOSTS";
const METRICS = "<METRICS";
/** Where these stand the sums are over. */
const ENDS = ["</GRID", "<GRID", "</CLUSTER", "<CLUSTER", "<HOST", "</GANGLIA_XML"];

export class SumsReader {
  readonly #limits: ReaderLimits;
  readonly #tag: TagScanner;
  readonly #extra: ExtraReader;
  /** METRICS elements that may still be taken from this document. */
  #left = 0;

  constructor(limits: ReaderLimits) {
    this.#limits = limits;
    this.#tag = new TagScanner(limits.attributeOctetsMax);
    this.#extra = new ExtraReader("</METRICS", limits);
  }

  begin(): void {
    this.#left = this.#limits.sumMetricsMax;
  }

  release(): void {
    this.#tag.release();
    this.#extra.release();
  }

  /**
   * @param start where the first HOSTS or METRICS begins
   * @param owner whose they are, for the faults: cluster "c"
   */
  read(octets: Uint8Array, start: number, owner: string, faults: FaultList): ClusterSummary {
    const metrics = new Map<string, MetricSum>();
    let hosts: { readonly up: number; readonly down: number } | undefined;
    let at = start;
    while (at >= 0) {
      let next = at + 1;
      if (isTagAt(octets, at, METRICS)) {
        next = this.#metric(octets, at, owner, metrics, faults);
        if (next === CUT) break;
      } else if (isTagAt(octets, at, HOSTS)) {
        hosts ??= this.#hosts(octets, at, owner, faults);
      } else if (ENDS.some((word) => isTagAt(octets, at, word))) {
        break;
      }
      at = octets.indexOf(LESS, next);
    }
    return { hostsUp: hosts?.up ?? 0, hostsDown: hosts?.down ?? 0, metrics: [...metrics.values()] };
  }

  #hosts(octets: Uint8Array, at: number, owner: string, faults: FaultList): { up: number; down: number } {
    const tag = this.#tag;
    const next = tag.scan(octets, at + HOSTS.length);
    const up = count(tag, "UP");
    const down = count(tag, "DOWN");
    if (next < 0 || Number.isNaN(up + down)) faults.add(`${owner}: its HOSTS has no count of UP and DOWN`);
    return { up: up || 0, down: down || 0 };
  }

  /** @returns the position behind the element, or, if it is broken, behind its beginning; or CUT */
  #metric(octets: Uint8Array, at: number, owner: string, metrics: Map<string, MetricSum>, faults: FaultList): number {
    const tag = this.#tag;
    const extra: ExtraPair[] = [];
    let next = tag.scan(octets, at + METRICS.length);
    let fault = next < 0 ? tag.fault : "";
    if (next >= 0 && !tag.selfClosing) {
      next = this.#extra.read(octets, next, extra);
      if (next < 0) fault = this.#extra.fault;
    }
    if (next === CUT) return CUT;
    if (next >= 0) fault = this.#take(extra, metrics);
    if (fault !== "") faults.add(`${owner}: sum ${quoteName(tag.text("NAME", ""))}: ${fault}`);
    return next >= 0 ? next : at + METRICS.length;
  }

  /** Takes the tag just scanned. @returns why it is refused, "" if it is not */
  #take(extra: readonly ExtraPair[], metrics: Map<string, MetricSum>): string {
    const tag = this.#tag;
    const name = tag.text("NAME", "");
    const type = tag.text("TYPE", "double");
    const sumText = tag.text("SUM", "");
    const sum = parseNumber(sumText);
    const num = count(tag, "NUM");
    const slope = tag.text("SLOPE", "");
    const fault = nameFault(name);
    if (fault !== undefined) return fault;
    if (Number.isNaN(sum)) return `SUM is ${quoteName(sumText)}, expected a number`;
    if (Number.isNaN(num)) return `NUM is ${quoteName(tag.text("NUM", ""))}, expected a count of hosts`;
    if (!isMetricType(type) || type === "string" || type === "timestamp") {
      return `TYPE is ${quoteName(type)}, expected a type that can be summed`;
    }
    if (metrics.has(name)) return "it comes twice, the first one is kept";
    if (metrics.size >= this.#limits.metricsPerHostMax || this.#left === 0) return "there are too many sums";
    this.#left--;
    metrics.set(name, {
      meta: {
        name,
        type,
        units: tag.text("UNITS", ""),
        slope: isSlope(slope) ? slope : "unspecified",
        tmaxS: 0,
        dmaxS: 0,
        extra,
      },
      sum,
      num,
      decimals: decimalsOf(sumText),
    });
    return "";
  }
}

/** @returns NaN where it is missing or no count */
function count(tag: TagScanner, name: "UP" | "DOWN" | "NUM"): number {
  const value = tag.integer(name, Number.NaN);
  return value >= 0 ? value : Number.NaN;
}
