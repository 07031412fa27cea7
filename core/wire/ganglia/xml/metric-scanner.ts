/**
 * One METRIC element with its extra data, read the careful way.
 *
 *   <METRIC NAME VAL TYPE UNITS TN TMAX DMAX SLOPE SOURCE>
 *     <EXTRA_DATA> <EXTRA_ELEMENT NAME VAL/>* </EXTRA_DATA>
 *   </METRIC>
 */
import { type ExtraPair, isMetricType, isSlope, kindOf, type MetricMeta } from "../../../model/metric.js";
import { nameFault, quoteName } from "../../../model/names.js";
import { decimalsOf, parseNumber } from "../../../model/number-text.js";
import { ExtraReader } from "./extra-reader.js";
import type { ReaderLimits } from "./limits.js";
import { QUOTE, skipSpace } from "./octets.js";
import { TagScanner } from "./tag-scanner.js";

const OPENING = "<METRIC";
const CLOSING = "</METRIC";

export class MetricScanner {
  /** Where the element is broken, after scan() gave FAULT. */
  fault = "";
  /** Why this metric alone is to be passed over; "" if it is fine. */
  refusal = "";
  meta: MetricMeta | undefined;
  isText = false;
  text = "";
  /** NaN for "nan", "inf" and whatever else is no number. */
  value = Number.NaN;
  decimals = 0;
  /** Seconds since the value was taken. */
  tnS = 0;
  /** Where VAL and TN stand, in this order and in double quotes; all 0 if they stand otherwise. */
  valStart = 0;
  valEnd = 0;
  tnStart = 0;
  tnEnd = 0;

  readonly #tag: TagScanner;
  readonly #extra: ExtraReader;

  constructor(limits: ReaderLimits) {
    this.#tag = new TagScanner(limits.attributeOctetsMax);
    this.#extra = new ExtraReader(CLOSING, limits);
  }

  /**
   * @param at where "<METRIC" begins
   * @returns the position of whatever follows the element and its white space, or CUT, or FAULT
   */
  scan(octets: Uint8Array, at: number): number {
    const tag = this.#tag;
    let next = tag.scan(octets, at + OPENING.length);
    if (next < 0) return this.#fail(next, tag.fault);
    const extra: ExtraPair[] = [];
    if (!tag.selfClosing) {
      next = this.#extra.read(octets, next, extra);
      if (next < 0) return this.#fail(next, this.#extra.fault);
    }
    this.#interpret(octets, extra);
    return skipSpace(octets, next);
  }

  release(): void {
    this.#tag.release();
    this.#extra.release();
  }

  #interpret(octets: Uint8Array, extra: readonly ExtraPair[]): void {
    const tag = this.#tag;
    const name = tag.text("NAME", "");
    const type = tag.text("TYPE", "");
    const slope = tag.text("SLOPE", "");
    this.meta = undefined;
    this.refusal = metricFault(tag, name, type);
    if (this.refusal !== "" || !isMetricType(type)) return;
    this.meta = {
      name,
      type,
      units: tag.text("UNITS", ""),
      slope: isSlope(slope) ? slope : "unspecified",
      tmaxS: tag.seconds("TMAX"),
      dmaxS: tag.seconds("DMAX"),
      extra,
    };
    this.isText = kindOf(type) === "text";
    this.text = tag.text("VAL", "");
    this.value = this.isText ? Number.NaN : parseNumber(this.text);
    this.decimals = this.isText ? 0 : decimalsOf(this.text);
    // A clock that went back makes it negative.
    this.tnS = Math.max(0, tag.integer("TN", 0));
    this.#locate(octets);
  }

  #locate(octets: Uint8Array): void {
    const tag = this.#tag;
    const usual =
      tag.has("TN") &&
      tag.start("VAL") < tag.start("TN") &&
      octets[tag.end("VAL")] === QUOTE &&
      octets[tag.end("TN")] === QUOTE;
    this.valStart = usual ? tag.start("VAL") : 0;
    this.valEnd = usual ? tag.end("VAL") : 0;
    this.tnStart = usual ? tag.start("TN") : 0;
    this.tnEnd = usual ? tag.end("TN") : 0;
  }

  #fail(result: number, reason: string): number {
    // A tag that breaks behind the name still tells which it is.
    this.fault = `metric ${quoteName(this.#tag.text("NAME", ""))}: ${reason}`;
    return result;
  }
}

function metricFault(tag: TagScanner, name: string, type: string): string {
  if (!tag.has("NAME") || !tag.has("VAL") || !tag.has("TYPE"))
    return `metric ${quoteName(name)} lacks NAME, VAL or TYPE`;
  const fault = nameFault(name);
  if (fault !== undefined) return `the metric name ${quoteName(name)} is refused: ${fault}`;
  if (!isMetricType(type)) return `metric ${quoteName(name)} has TYPE ${quoteName(type)}, which is none of Ganglia's`;
  if (Number.isNaN(tag.integer("TN", 0))) return `metric ${quoteName(name)} has a TN that is no number`;
  return "";
}
