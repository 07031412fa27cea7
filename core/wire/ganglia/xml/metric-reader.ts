/**
 * The METRIC elements of one host into a frame. Each is first taken for the one
 * that came at this place in the last document, then for one that another host
 * has under this name, and only then read with care and learnt.
 *
 * A broken metric is passed over up to the next one of its host: gmond cuts the
 * line of any value of some 900 octets, and whoever may run gmetric could
 * blind us for a whole host with one.
 */
import { NONE } from "../../../model/directory.js";
import { kindOf, type MetricMeta } from "../../../model/metric.js";
import { quoteName } from "../../../model/names.js";
import { isText } from "../text.js";
import type { ClusterMemory, HostMemory, MetricTemplate } from "./cluster-memory.js";
import type { FaultList } from "./fault-list.js";
import type { ReaderLimits } from "./limits.js";
import { MetricScanner } from "./metric-scanner.js";
import { NumberScan } from "./number-scan.js";
import {
  CUT,
  EMPTY_DOCUMENT,
  endOfPlainText,
  FAULT,
  isTagAt,
  LESS,
  sameOctets,
  skipSpace,
  type XmlDocument,
} from "./octets.js";
import { decodeValue } from "./value-text.js";

const METRIC = "<METRIC";
const HOST_END = "</HOST";
/** Behind these it would be the metric of somebody else. */
const OTHERS = ["<HOST", "</CLUSTER", "<CLUSTER", "</GRID", "<GRID", "</GANGLIA_XML"];

/** A name whose metadata differ from host to host has many templates; the newest are tried. */
const CANDIDATES_MAX = 8;

/** Metadata that the directory may not have of this host yet. */
export interface NewMeta {
  readonly column: number;
  readonly meta: MetricMeta;
}

export class MetricReader {
  /** What is wrong with the host, after read() gave FAULT. */
  fault = "";
  /** What the host has now, in order: to be expected the next time. */
  templates: readonly MetricTemplate[] = [];
  readonly newMetas: NewMeta[] = [];

  readonly #limits: ReaderLimits;
  readonly #scanner: MetricScanner;
  readonly #number = new NumberScan();
  #document: XmlDocument = EMPTY_DOCUMENT;
  #faults: FaultList;

  // Of the host under way.
  #texts: string[] = [];
  #textsRead = 0;
  #row = NONE;
  #referenceMs = 0;
  /** The position behind the metric just taken. */
  #behind = 0;

  constructor(limits: ReaderLimits, faults: FaultList) {
    this.#limits = limits;
    this.#faults = faults;
    this.#scanner = new MetricScanner(limits);
  }

  begin(document: XmlDocument, faults: FaultList): void {
    this.#document = document;
    this.#faults = faults;
  }

  release(): void {
    this.#document = EMPTY_DOCUMENT;
    this.#scanner.release();
  }

  /** Before the metrics of a host, or where it has none. */
  clear(): void {
    this.templates = [];
    this.newMetas.length = 0;
  }

  /**
   * Cells get the host's row as it is remembered; the caller puts that right
   * where it is not known yet.
   *
   * @param start first position inside the host
   * @param referenceMs the instant from which ages are counted back
   * @returns the position of whatever is no METRIC any more, or CUT, or FAULT
   */
  read(memory: ClusterMemory, host: HostMemory, start: number, referenceMs: number): number {
    this.clear();
    this.#texts = host.texts;
    this.#textsRead = 0;
    this.#row = host.row;
    this.#referenceMs = referenceMs;
    const { octets } = this.#document;
    const expected = host.templates;
    // Only where something came that was not expected: the order as it is now.
    let changed: MetricTemplate[] | undefined;
    let place = 0;
    let at = start;
    for (let count = 1; ; count++) {
      const template = expected[place];
      if (template !== undefined && this.#expect(memory, template, at)) {
        at = this.#behind;
        place++;
        changed?.push(template);
        continue;
      }
      at = skipSpace(octets, at);
      if (!isTagAt(octets, at, METRIC)) break;
      if (count > this.#limits.metricsPerHostMax) {
        this.fault = `more than ${this.#limits.metricsPerHostMax} metrics`;
        return FAULT;
      }
      changed ??= expected.slice(0, place);
      const result = this.#readOther(memory, host, at);
      if (typeof result === "number") {
        const next = result === FAULT ? findMetricOrEnd(octets, at + METRIC.length) : CUT;
        if (next < 0) return result;
        this.#refuse(host, this.fault);
        at = next;
        continue;
      }
      at = this.#behind;
      if (result === undefined) continue;
      changed.push(result);
      place = behindNear(expected, result, place);
    }
    if (place < expected.length) changed ??= expected.slice(0, place);
    this.templates = changed === undefined ? expected : shared(changed, memory.lastTemplates);
    return at;
  }

  /** @returns whether it is this metric; then its value has been taken */
  #expect(memory: ClusterMemory, template: MetricTemplate, at: number): boolean {
    const { octets, view } = this.#document;
    const store = memory.store.view;
    const number = this.#number;
    if (!sameOctets(view, at, store, template.at, template.prefixLength)) return false;
    const valueAt = at + template.prefixLength;
    const middleAt = template.at + template.prefixLength;
    let end: number;
    if (template.isText) {
      end = endOfPlainText(octets, valueAt, this.#limits.attributeOctetsMax);
      if (end < 0) return false;
    } else {
      if (!number.scan(octets, valueAt) && !number.scanOther(octets, valueAt)) return false;
      end = number.end;
    }
    const value = number.value;
    const decimals = number.decimals;
    if (!sameOctets(view, end, store, middleAt, template.middleLength)) return false;
    if (!number.scanCount(octets, end + template.middleLength)) return false;
    if (!sameOctets(view, number.end, store, middleAt + template.middleLength, template.suffixLength)) return false;
    this.#behind = number.end + template.suffixLength;
    const timeMs = this.#referenceMs - number.value * 1_000;
    if (template.isText) this.#pushText(memory, template, valueAt, end, timeMs);
    else if (timeMs > 0) memory.frame.pushNumber(this.#row, template.column, value, timeMs, decimals);
    return true;
  }

  /** The same string object as long as the text does not change. */
  #pushText(memory: ClusterMemory, template: MetricTemplate, start: number, end: number, timeMs: number): void {
    const { octets } = this.#document;
    const place = this.#textsRead++;
    let text = this.#texts[place];
    if (text === undefined || !isText(octets, start, end, text)) {
      text = isText(octets, start, end, template.lastText) ? template.lastText : decodeValue(octets, start, end);
      this.#texts[place] = text;
    }
    template.lastText = text;
    if (timeMs > 0) memory.frame.pushText(this.#row, template.column, text, timeMs);
  }

  /** @returns its template; undefined where it has none; or CUT, or FAULT */
  #readOther(memory: ClusterMemory, host: HostMemory, at: number): MetricTemplate | undefined | number {
    const known = this.#recognise(memory, at);
    if (known !== undefined) return known;
    this.#behind = this.#scanner.scan(this.#document.octets, at);
    if (this.#behind === FAULT) this.fault = this.#scanner.fault;
    return this.#behind < 0 ? this.#behind : this.#take(memory, host, at);
  }

  /** @returns the template of another host that this metric turns out to have; then its value has been taken */
  #recognise(memory: ClusterMemory, at: number): MetricTemplate | undefined {
    const candidates = memory.candidates(this.#document.octets, at);
    if (candidates === undefined) return undefined;
    for (let i = candidates.length - 1; i >= Math.max(0, candidates.length - CANDIDATES_MAX); i--) {
      const candidate = candidates[i] as MetricTemplate;
      if (!this.#expect(memory, candidate, at)) continue;
      this.newMetas.push(candidate);
      return candidate;
    }
    return undefined;
  }

  /**
   * Takes the metric just scanned, from `at` to #behind.
   * @returns its template; undefined where it is refused or cannot be expected the next time
   */
  #take(memory: ClusterMemory, host: HostMemory, at: number): MetricTemplate | undefined {
    const { meta, isText: asText, text, value, decimals, tnS } = this.#scanner;
    if (meta === undefined) return this.#refuse(host, this.#scanner.refusal);
    const column = memory.directory.column(meta.name, kindOf(meta.type));
    if (column === NONE) return this.#refuse(host, `metric ${quoteName(meta.name)}: the cluster has too many metrics`);
    const timeMs = this.#referenceMs - tnS * 1_000;
    if (asText) this.#texts[this.#textsRead++] = text;
    if (timeMs > 0 && asText) memory.frame.pushText(this.#row, column, text, timeMs);
    if (timeMs > 0 && !asText) memory.frame.pushNumber(this.#row, column, value, timeMs, decimals);
    const template = this.#learn(memory, at, column, meta);
    this.newMetas.push(template ?? { column, meta });
    return template;
  }

  #learn(memory: ClusterMemory, at: number, column: number, meta: MetricMeta): MetricTemplate | undefined {
    const { valStart, valEnd, tnStart, tnEnd, text } = this.#scanner;
    const end = this.#behind;
    // At the very end of what came, the white space behind the element may be cut.
    if (tnEnd === 0 || end >= this.#document.octets.length) return undefined;
    const place = { start: at, firstStart: valStart, firstEnd: valEnd, secondStart: tnStart, secondEnd: tnEnd, end };
    const template = memory.learn(this.#document, place, column, meta);
    if (template !== undefined) template.lastText = text;
    return template;
  }

  #refuse(host: HostMemory, reason: string): undefined {
    this.#faults.add(`host ${quoteName(host.name)}: ${reason}`);
    return undefined;
  }
}

/** @returns where the host goes on or ends behind a broken metric; FAULT where another tag comes first, or none */
function findMetricOrEnd(octets: Uint8Array, at: number): number {
  for (let next = octets.indexOf(LESS, at); next >= 0; next = octets.indexOf(LESS, next + 1)) {
    if (isTagAt(octets, next, METRIC) || isTagAt(octets, next, HOST_END)) return next;
    if (OTHERS.some((word) => isTagAt(octets, next, word))) return FAULT;
  }
  return FAULT;
}

/** Metrics that may be missing in a row before the rest of the host is looked up one by one. */
const AHEAD_MAX = 64;

/** @returns the place behind this template where it is soon to come, else where we are */
function behindNear(expected: readonly MetricTemplate[], template: MetricTemplate, place: number): number {
  const end = Math.min(expected.length, place + AHEAD_MAX);
  for (let at = place; at < end; at++) {
    if (expected[at] === template) return at + 1;
  }
  return place;
}

/** The one of two equal lists that others have too. */
function shared(list: readonly MetricTemplate[], others: readonly MetricTemplate[]): readonly MetricTemplate[] {
  const same = list.length === others.length && list.every((template, place) => template === others[place]);
  return same ? others : list;
}
