/**
 * What the reader remembers of a cluster from one document to the next, so that
 * it can expect instead of look up.
 *
 * A METRIC element changes in two places only, the value and its age. The rest
 * is kept once as a template of three pieces:
 *
 *   <METRIC NAME="load_one" VAL=" | 0.89 | " TYPE="float" UNITS=" " TN=" | 12 | " TMAX="70" ... </METRIC>\n
 *          prefix                              middle                            suffix
 *
 * All hosts of a cluster share templates, so a few kilobytes serve thousands of
 * hosts. Each host knows its templates in order. A HOST tag is kept the same way,
 * split at REPORTED and TN, one for each host.
 */
import type { ClusterDirectory } from "../../../model/directory.js";
import { NONE } from "../../../model/directory.js";
import { Frame } from "../../../model/frame.js";
import { type ClusterFacts, type HostFacts, NO_CLUSTER_FACTS } from "../../../model/host.js";
import type { MetricMeta } from "../../../model/metric.js";
import { hash } from "../text.js";
import { OctetStore, QUOTE, sameOctets, type XmlDocument } from "./octets.js";

/** Three pieces of an element around its two changing values, one behind the other in the store. */
export interface Pieces {
  readonly at: number;
  readonly prefixLength: number;
  readonly middleLength: number;
  readonly suffixLength: number;
}

/** Where an element and its two values stand in a document. */
export interface ElementPlace {
  readonly start: number;
  readonly firstStart: number;
  readonly firstEnd: number;
  readonly secondStart: number;
  readonly secondEnd: number;
  readonly end: number;
}

export interface MetricTemplate extends Pieces {
  readonly column: number;
  readonly meta: MetricMeta;
  readonly isText: boolean;
  /** The newest text any host had here: most of them are the same on all hosts. */
  lastText: string;
}

/** What is remembered of one host. */
export class HostMemory {
  readonly name: string;
  facts: HostFacts;
  row = NONE;
  /** The directory's own record after we described the host; another one there means that somebody else was at it. */
  known: HostFacts | undefined;
  tag: Pieces | undefined;
  /** In the order of the document. Shared by hosts that have the same; never changed in place. */
  templates: readonly MetricTemplate[] = [];
  /** Text values in the order of the document. */
  readonly texts: string[] = [];
  /** Number of the last document it was in. */
  seenIn = 0;
  /** When it was heard last, as of that document, epoch ms. */
  heardMs = 0;
  /** The host that came behind it. */
  next: HostMemory | undefined;

  constructor(facts: HostFacts) {
    this.name = facts.name;
    this.facts = facts;
  }

  /** What was kept in the store is no longer there. */
  forget(): void {
    this.tag = undefined;
    this.templates = [];
  }
}

/** Templates of one hash: more than a few are made on purpose, to make us search. */
const ALIKE_MAX = 16;
/** Below this no cluster is worth starting anew for. */
const FORGET_OCTETS_MIN = 1_048_576;

export class ClusterMemory {
  readonly name: string;
  readonly directory: ClusterDirectory;
  readonly frame: Frame;
  facts: ClusterFacts = NO_CLUSTER_FACTS;
  /** The source's clock is off by more than is tolerated. */
  skewed = false;
  readonly hosts = new Map<string, HostMemory>();
  /** The host that a document is expected to begin with. */
  first: HostMemory | undefined;
  /** Metrics of the host read last: the best guess for one never seen. */
  lastTemplates: readonly MetricTemplate[] = [];
  /** Number of the last document it was in. */
  seenIn = 0;
  /** It stands in a CLUSTER element; a gmond without a cluster section writes none. */
  tagged = true;
  /** CLUSTER elements of this name in the document being read. */
  elements = 0;
  /** Hosts taken from the document being read. */
  hostsSeen = 0;

  readonly store = new OctetStore();
  readonly #octetsMax: number;
  /** By hash of the metric's name. In most clusters there is one template of each. */
  readonly #byName = new Map<number, MetricTemplate[]>();
  /** By hash of all three pieces. */
  readonly #byContent = new Map<number, MetricTemplate[]>();
  /** Octets in the store when all of a document had just been learnt; 0 = not yet. */
  #learntOctets = 0;

  constructor(directory: ClusterDirectory, source: string, octetsMax: number) {
    this.name = directory.name;
    this.directory = directory;
    this.frame = new Frame(directory, source);
    this.#octetsMax = octetsMax;
  }

  /**
   * Templates that may be the one of the METRIC element that begins here, the newest last.
   * @returns undefined if there is none
   */
  candidates(octets: Uint8Array, at: number): readonly MetricTemplate[] | undefined {
    return this.#byName.get(nameKey(octets, at));
  }

  /** @returns the template of this element, made if it is new; undefined where there is no room for it */
  learn(document: XmlDocument, place: ElementPlace, column: number, meta: MetricMeta): MetricTemplate | undefined {
    const key = contentKey(document.octets, place);
    const alike = this.#byContent.get(key);
    const known = alike?.find((candidate) => this.isSame(document, place, candidate));
    if (known !== undefined) return known;
    if (alike !== undefined && alike.length >= ALIKE_MAX) return undefined;
    const pieces = this.keep(document, place);
    if (pieces === undefined) return undefined;
    const template: MetricTemplate = { ...pieces, column, meta, isText: meta.type === "string", lastText: "" };
    addTo(this.#byContent, key, template);
    addTo(this.#byName, nameKey(document.octets, place.start), template);
    return template;
  }

  /** @returns undefined where there is no room */
  keep(document: XmlDocument, place: ElementPlace): Pieces | undefined {
    const prefixLength = place.firstStart - place.start;
    const middleLength = place.secondStart - place.firstEnd;
    const suffixLength = place.end - place.secondEnd;
    const at = this.store.used;
    if (at + prefixLength + middleLength + suffixLength > this.#octetsMax) return undefined;
    this.store.add(document.octets, place.start, place.firstStart);
    this.store.add(document.octets, place.firstEnd, place.secondStart);
    this.store.add(document.octets, place.secondEnd, place.end);
    return { at, prefixLength, middleLength, suffixLength };
  }

  /**
   * Drops hosts that have not come for so many documents, and begins anew where
   * too much has been kept that is no longer used.
   */
  tidy(documentNumber: number, absentMax: number): void {
    if (this.hosts.size > this.hostsSeen) {
      for (const [name, host] of this.hosts) {
        if (documentNumber - host.seenIn <= absentMax) continue;
        this.hosts.delete(name);
        // Another host's `next` may still lead here: nothing may be expected of it.
        host.forget();
        host.row = NONE;
        host.known = undefined;
      }
    }
    if (this.#learntOctets === 0) this.#learntOctets = this.store.used;
    else if (this.store.used > 2 * this.#learntOctets + FORGET_OCTETS_MIN) this.#forgetOctets();
  }

  #forgetOctets(): void {
    this.store.clear();
    this.#byName.clear();
    this.#byContent.clear();
    this.#learntOctets = 0;
    this.lastTemplates = [];
    for (const host of this.hosts.values()) host.forget();
  }

  /** The element consists of just these pieces, whatever its two values are. */
  isSame(document: XmlDocument, place: ElementPlace, kept: Pieces): boolean {
    const { view } = document;
    const store = this.store.view;
    const middleAt = kept.at + kept.prefixLength;
    const suffixAt = middleAt + kept.middleLength;
    return (
      kept.prefixLength === place.firstStart - place.start &&
      kept.middleLength === place.secondStart - place.firstEnd &&
      kept.suffixLength === place.end - place.secondEnd &&
      sameOctets(view, place.start, store, kept.at, kept.prefixLength) &&
      sameOctets(view, place.firstEnd, store, middleAt, kept.middleLength) &&
      sameOctets(view, place.secondEnd, store, suffixAt, kept.suffixLength)
    );
  }
}

/** Where gmond and gmetad begin the name; where others do, the key is as good, only less distinct. */
const NAME_AT = '<METRIC NAME="'.length;
const KEY_OCTETS_MAX = 64;

function nameKey(octets: Uint8Array, at: number): number {
  const start = at + NAME_AT;
  let end = start;
  while (end < start + KEY_OCTETS_MAX && end < octets.length && octets[end] !== QUOTE) end++;
  return hash(octets, start, end);
}

function contentKey(octets: Uint8Array, place: ElementPlace): number {
  const prefix = hash(octets, place.start, place.firstStart);
  const middle = hash(octets, place.firstEnd, place.secondStart, prefix);
  return hash(octets, place.secondEnd, place.end, middle);
}

function addTo(map: Map<number, MetricTemplate[]>, key: number, template: MetricTemplate): void {
  const others = map.get(key);
  if (others === undefined) map.set(key, [template]);
  else others.push(template);
}
