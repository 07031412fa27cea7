/**
 * One HOST element into a frame. First it is expected to be what came here in
 * the last document, octet by octet; where it is not, it is read with care and
 * the difference remembered.
 *
 * A host counts when "</HOST>" has been seen; its values are taken back where it
 * is broken before that, though not by a single metric (see metric-reader.ts). Of
 * a broken host that is already known only this is kept, that it has been heard:
 * its tag was sound, and it must not look dead.
 */
import { NONE } from "../../../model/directory.js";
import { type HostFacts, sameHostFacts, UNSPECIFIED } from "../../../model/host.js";
import { nameFault, quoteName } from "../../../model/names.js";
import { type ClusterMemory, type ElementPlace, HostMemory } from "./cluster-memory.js";
import type { FaultList } from "./fault-list.js";
import type { ReaderLimits } from "./limits.js";
import { MetricReader } from "./metric-reader.js";
import { NumberScan } from "./number-scan.js";
import { CUT, EMPTY_DOCUMENT, FAULT, isTagAt, LESS, QUOTE, sameOctets, skipSpace, type XmlDocument } from "./octets.js";
import type { SourceClock } from "./source-clock.js";
import { TagScanner } from "./tag-scanner.js";

const OPENING = "<HOST";
const CLOSING = "</HOST";
/** Of the tags that may come here. */
const LONGEST = "<METRIC".length;
/** What was expected does not stand here. */
const MISS = -3;
export class HostReader {
  /** What is wrong with the host, after read() gave FAULT. */
  fault = "";
  /** Whose element read() has read, sound or not; undefined where that is not known. */
  host: HostMemory | undefined;
  /** It was in this document before, and takes the place of what stood there. */
  again = false;

  readonly #tag: TagScanner;
  readonly #metrics: MetricReader;
  readonly #number = new NumberScan();
  #faults: FaultList;
  #document: XmlDocument = EMPTY_DOCUMENT;
  #documentNumber = 0;

  // Of the host under way.
  #reportedS = 0;
  #tnS = 0;
  #selfClosing = false;
  /** The tag is the one remembered. */
  #isExpected = false;
  /** Where the tag stands; undefined where it is not of the usual shape and cannot be expected the next time. */
  #tagPlace: ElementPlace | undefined;

  constructor(limits: ReaderLimits, faults: FaultList) {
    this.#tag = new TagScanner(limits.attributeOctetsMax);
    this.#faults = faults;
    this.#metrics = new MetricReader(limits, faults);
  }

  begin(document: XmlDocument, documentNumber: number, faults: FaultList): void {
    this.#document = document;
    this.#documentNumber = documentNumber;
    this.#faults = faults;
    this.#metrics.begin(document, faults);
  }

  release(): void {
    this.#document = EMPTY_DOCUMENT;
    this.#tag.release();
    this.#metrics.release();
    this.host = undefined;
  }

  /**
   * @param at where "<HOST" begins
   * @param expected the host that came here last time
   * @returns the position behind the element, or CUT, or FAULT
   */
  read(memory: ClusterMemory, expected: HostMemory | undefined, at: number, clock: SourceClock): number {
    const { frame } = memory;
    const cells = frame.count;
    const texts = frame.texts.length;
    this.host = undefined;
    let next = this.#expectTag(memory, expected, at);
    if (next === MISS) next = this.#readTag(memory, at);
    const host = this.host as HostMemory | undefined;
    if (next < 0 || host === undefined) return next;
    const heardMs = clock.heardMs(this.#reportedS, this.#tnS);
    this.again = host.seenIn === this.#documentNumber;
    if (this.again) {
      // gmond knows hosts by address: one that got another address stands there twice, in any order.
      const reason = `host ${quoteName(host.name)} comes twice, the one heard last is kept`;
      if (heardMs <= host.heardMs) {
        this.host = undefined;
        return this.#fail(reason);
      }
      this.#faults.add(reason);
    }
    if (this.#selfClosing) this.#metrics.clear();
    else next = this.#readContent(memory, host, next, clock.referenceMs);
    if (next >= 0 && this.#commit(memory, host, cells, heardMs)) return next;
    frame.count = cells;
    frame.texts.length = texts;
    if (next === CUT) return CUT;
    const knownRow = memory.directory.findRow(host.name);
    if (knownRow !== NONE && heardMs > 0) frame.heard(knownRow, heardMs);
    return FAULT;
  }

  #expectTag(memory: ClusterMemory, expected: HostMemory | undefined, at: number): number {
    const kept = expected?.tag;
    if (kept === undefined) return MISS;
    const { octets, view } = this.#document;
    const store = memory.store.view;
    const number = this.#number;
    const middleAt = kept.at + kept.prefixLength;
    if (!sameOctets(view, at, store, kept.at, kept.prefixLength)) return MISS;
    if (!number.scanCount(octets, at + kept.prefixLength)) return MISS;
    const reportedS = number.value;
    if (!sameOctets(view, number.end, store, middleAt, kept.middleLength)) return MISS;
    if (!number.scanCount(octets, number.end + kept.middleLength)) return MISS;
    if (!sameOctets(view, number.end, store, middleAt + kept.middleLength, kept.suffixLength)) return MISS;
    this.#reportedS = reportedS;
    this.#tnS = number.value;
    this.#selfClosing = false;
    this.#isExpected = true;
    this.host = expected;
    return number.end + kept.suffixLength;
  }

  #readTag(memory: ClusterMemory, at: number): number {
    const tag = this.#tag;
    const { octets } = this.#document;
    const behind = tag.scan(octets, at + OPENING.length);
    if (behind === CUT) return CUT;
    // A tag that breaks behind the name still tells whose it is.
    const name = tag.text("NAME", "");
    const reason = behind === FAULT ? tag.fault : tag.has("NAME") ? nameFault(name) : "there is no NAME";
    if (reason !== undefined) return this.#fail(`host ${quoteName(name)}: ${reason}`);
    const next = skipSpace(octets, behind);
    const facts: HostFacts = {
      name,
      ip: tag.text("IP", ""),
      tags: tag.text("TAGS", ""),
      location: tag.text("LOCATION", UNSPECIFIED),
      tmaxS: tag.seconds("TMAX"),
      dmaxS: tag.seconds("DMAX"),
      startedS: tag.seconds("GMOND_STARTED"),
    };
    this.#reportedS = tag.seconds("REPORTED");
    // A clock that went back makes TN negative.
    this.#tnS = tag.has("TN") ? Math.max(0, tag.integer("TN", 0)) || 0 : -1;
    this.#selfClosing = tag.selfClosing;
    this.#isExpected = false;
    this.#tagPlace = this.#placeOfTag(at, next);
    this.host = this.#remembered(memory, facts);
    return next;
  }

  #remembered(memory: ClusterMemory, facts: HostFacts): HostMemory {
    const known = memory.hosts.get(facts.name);
    if (known === undefined) {
      const host = new HostMemory(facts);
      host.templates = memory.lastTemplates;
      return host;
    }
    if (!sameHostFacts(known.facts, facts)) {
      known.facts = facts;
      // The host is to be described anew, and the tag that was kept said something else.
      known.known = undefined;
      known.tag = undefined;
    }
    return known;
  }

  #placeOfTag(start: number, end: number): ElementPlace | undefined {
    const tag = this.#tag;
    const { octets } = this.#document;
    const usual =
      !tag.selfClosing &&
      tag.has("REPORTED") &&
      tag.start("REPORTED") < tag.start("TN") &&
      octets[tag.end("REPORTED")] === QUOTE &&
      octets[tag.end("TN")] === QUOTE;
    if (!usual) return undefined;
    return {
      start,
      firstStart: tag.start("REPORTED"),
      firstEnd: tag.end("REPORTED"),
      secondStart: tag.start("TN"),
      secondEnd: tag.end("TN"),
      end,
    };
  }

  /** @returns the position behind "</HOST>", or CUT, or FAULT */
  #readContent(memory: ClusterMemory, host: HostMemory, start: number, referenceMs: number): number {
    const next = this.#metrics.read(memory, host, start, referenceMs);
    if (next === FAULT) return this.#failHost(host, this.#metrics.fault);
    return next === CUT ? CUT : this.#readEnd(host, next);
  }

  #readEnd(host: HostMemory, at: number): number {
    const { octets } = this.#document;
    if (isTagAt(octets, at, CLOSING)) {
      const next = this.#tag.scan(octets, at + CLOSING.length);
      return next === FAULT ? this.#failHost(host, "a broken end tag") : next;
    }
    // The cut may have left only the beginning of a tag.
    if (octets.length - at <= LONGEST) return CUT;
    return this.#failHost(host, octets[at] === LESS ? "it is not closed" : "text between the tags of a host");
  }

  /** The host is whole: its row is found, what is new is described, and it has been heard. */
  #commit(memory: ClusterMemory, host: HostMemory, firstCell: number, heardMs: number): boolean {
    const { directory, frame } = memory;
    host.templates = this.#metrics.templates;
    // Another record there: the row was given up, or somebody else described the host.
    const described = host.known !== undefined && directory.host(host.row) === host.known;
    if (!described) {
      const row = directory.row(host.name);
      if (row === NONE) {
        this.#failHost(host, "the cluster has too many hosts");
        return false;
      }
      directory.describeHost(row, host.facts);
      host.known = directory.host(row);
      host.row = row;
      frame.rows.fill(row, firstCell, frame.count);
      for (const { column, meta } of host.templates) directory.describeMetric(row, column, meta);
      memory.hosts.set(host.name, host);
    }
    for (const { column, meta } of this.#metrics.newMetas) directory.describeMetric(host.row, column, meta);
    this.#keepTag(memory, host);
    host.seenIn = this.#documentNumber;
    host.heardMs = heardMs;
    memory.lastTemplates = host.templates;
    if (heardMs > 0) frame.heard(host.row, heardMs);
    return true;
  }

  #keepTag(memory: ClusterMemory, host: HostMemory): void {
    if (this.#isExpected) return;
    const place = this.#tagPlace;
    const same = place !== undefined && host.tag !== undefined && memory.isSame(this.#document, place, host.tag);
    if (!same) host.tag = place === undefined ? undefined : memory.keep(this.#document, place);
  }

  #failHost(host: HostMemory, reason: string): number {
    return this.#fail(`host ${quoteName(host.name)}: ${reason}`);
  }

  #fail(reason: string): number {
    this.fault = reason;
    return FAULT;
  }
}
