/**
 * Ganglia's XML, as gmond and gmetad write it, into frames: one frame for each
 * cluster, handed on when the cluster has been read.
 *
 * The reader belongs to one source and is given its documents one after the
 * other. It remembers what came last time (see xml/cluster-memory.ts), so that
 * in steady state nothing is made but the numbers themselves.
 *
 * Documents are hostile, cut and ill-formed now and then. What can be told apart
 * is taken: a malformed metric is passed over up to the next one of its host, a
 * malformed host up to the next one, counted and named; hosts that were whole before a document broke off count.
 */
import type { FrameSink } from "../../model/frame.js";
import { type ClusterFacts, UNSPECIFIED } from "../../model/host.js";
import { nameFault, quoteName } from "../../model/names.js";
import { ClusterMemory } from "./xml/cluster-memory.js";
import { ClusterReader, findHostOrEnd, isHostAt } from "./xml/cluster-reader.js";
import { FaultList } from "./xml/fault-list.js";
import { DEFAULT_READER_LIMITS, type ReaderLimits } from "./xml/limits.js";
import { CUT, FAULT, GREATER, isTagAt, LESS, openDocument, skipSpace } from "./xml/octets.js";
import { findRoot } from "./xml/prologue.js";
import { SourceClock } from "./xml/source-clock.js";
import { TagScanner } from "./xml/tag-scanner.js";

export type { ReaderLimits } from "./xml/limits.js";

export interface GangliaXmlReaderOptions {
  /** Name of the source in the configuration, for the frames. */
  readonly source: string;
  readonly sink: FrameSink;
  readonly limits?: Partial<ReaderLimits>;
}

/** What one document was. */
export interface ReadReport {
  /** VERSION of GANGLIA_XML, "" if there is none. */
  readonly version: string;
  /** "gmond" is a leaf, "gmetad" an aggregator, "" anything else. */
  readonly sourceKind: "gmond" | "gmetad" | "";
  /** Clusters with hosts, handed on as frames. */
  readonly clusters: number;
  /** Grids and clusters of which there were only sums; they are passed over. */
  readonly summaries: number;
  readonly hosts: number;
  /** Values handed on. */
  readonly metrics: number;
  /** Clusters, hosts and metrics that were passed over as malformed, refused, or one too many. */
  readonly malformed: number;
  /** Why, one line each, the first few of them. */
  readonly faults: readonly string[];
  /** The writer's clock minus ours, ms; 0 where it is tolerated or not known. */
  readonly skewMs: number;
  /** The end of the document was seen. */
  readonly complete: boolean;
  /** Why nothing at all could be read: it is no Ganglia document. */
  readonly fault?: string;
}

/** A cluster or host may be missing from so many broken-off documents before it is forgotten. */
const ABSENT_MAX = 100;

const ROOT_END = "</GANGLIA_XML";
const GRID = "<GRID";
const CLUSTER = "<CLUSTER";

const EMPTY_REPORT: ReadReport = Object.freeze({
  version: "",
  sourceKind: "",
  clusters: 0,
  summaries: 0,
  hosts: 0,
  metrics: 0,
  malformed: 0,
  faults: Object.freeze([]),
  skewMs: 0,
  complete: false,
});

/** What is known of the document under way. */
class Progress {
  readonly octets: Uint8Array;
  readonly receivedMs: number;
  readonly faults: FaultList;
  /** LOCALTIME of the outermost grid, epoch seconds; 0 = none. */
  gridTimeS = 0;
  gridDepth = 0;
  clusters = 0;
  summaries = 0;
  metrics = 0;
  skewMs = 0;

  constructor(octets: Uint8Array, receivedMs: number, faultsMax: number) {
    this.octets = octets;
    this.receivedMs = receivedMs;
    this.faults = new FaultList(faultsMax);
  }
}

export class GangliaXmlReader {
  readonly #source: string;
  readonly #sink: FrameSink;
  readonly #limits: ReaderLimits;
  readonly #memories = new Map<string, ClusterMemory>();
  readonly #tag: TagScanner;
  readonly #clusters: ClusterReader;
  #documentNumber = 0;

  constructor(options: GangliaXmlReaderOptions) {
    this.#source = options.source;
    this.#sink = options.sink;
    this.#limits = { ...DEFAULT_READER_LIMITS, ...options.limits };
    this.#tag = new TagScanner(this.#limits.attributeOctetsMax);
    this.#clusters = new ClusterReader(this.#limits);
  }

  /**
   * Reads one document. Never throws for what is in it.
   *
   * @param octets the whole document, or what came of it; not kept
   * @param receivedMs when it came, epoch ms on our clock
   */
  read(octets: Uint8Array, receivedMs: number): ReadReport {
    const root = findRoot(octets);
    if (root.fault !== undefined) return { ...EMPTY_REPORT, fault: root.fault };
    const document = new Progress(octets, receivedMs, this.#limits.faultsMax);
    this.#clusters.begin(openDocument(octets), ++this.#documentNumber, document.faults);
    const start = this.#tag.scan(octets, root.at);
    if (start === FAULT) document.faults.add(`the tag GANGLIA_XML: ${this.#tag.fault}`);
    const version = this.#tag.text("VERSION", "");
    const source = this.#tag.text("SOURCE", "");
    const complete = start !== CUT && this.#readRoot(document, start === FAULT ? root.at : start);
    this.#tidy(complete);
    this.#tag.release();
    this.#clusters.release();
    return {
      version,
      sourceKind: source === "gmond" || source === "gmetad" ? source : "",
      clusters: document.clusters,
      summaries: document.summaries,
      hosts: this.#clusters.hosts,
      metrics: document.metrics,
      malformed: document.faults.count,
      faults: document.faults.texts,
      skewMs: document.skewMs,
      complete,
    };
  }

  /** @returns whether the end of the document was seen */
  #readRoot(document: Progress, start: number): boolean {
    const { octets } = document;
    let bare = true;
    for (let at = octets.indexOf(LESS, start); at >= 0; ) {
      let next = at + 1;
      if (isTagAt(octets, at, ROOT_END)) return octets.includes(GREATER, at);
      if (isTagAt(octets, at, CLUSTER)) next = this.#readCluster(document, at);
      else if (isTagAt(octets, at, GRID)) next = this.#readGrid(document, at);
      else if (isTagAt(octets, at, "</GRID")) document.gridDepth = Math.max(0, document.gridDepth - 1);
      else if (isTagAt(octets, at, "<HOSTS")) document.summaries++;
      // A gmond without a cluster section in its configuration writes no CLUSTER.
      else if (bare && isHostAt(octets, at)) next = this.#readHosts(document, at, UNSPECIFIED, 0);
      if (next === CUT) return false;
      bare = false;
      at = octets.indexOf(LESS, next);
    }
    return false;
  }

  #readGrid(document: Progress, at: number): number {
    const tag = this.#tag;
    const next = tag.scan(document.octets, at + GRID.length);
    if (next === FAULT) {
      document.faults.add(`a tag GRID: ${tag.fault}`);
      return at + GRID.length;
    }
    if (next === CUT || tag.selfClosing) return next;
    if (++document.gridDepth === 1) document.gridTimeS = tag.seconds("LOCALTIME");
    return next;
  }

  /** @returns the position behind the cluster, or CUT */
  #readCluster(document: Progress, at: number): number {
    const tag = this.#tag;
    const next = tag.scan(document.octets, at + CLUSTER.length);
    if (next === CUT) return CUT;
    const name = tag.text("NAME", "");
    if (next === FAULT || name === "") {
      const reason = next === FAULT ? tag.fault : "there is no NAME";
      document.faults.add(`the tag of cluster ${quoteName(name)}: ${reason}`);
      return skipHosts(document.octets, at + CLUSTER.length);
    }
    if (tag.selfClosing) return next;
    const facts: ClusterFacts = {
      owner: tag.text("OWNER", UNSPECIFIED),
      latlong: tag.text("LATLONG", UNSPECIFIED),
      url: tag.text("URL", UNSPECIFIED),
    };
    return this.#readHosts(document, next, name, tag.seconds("LOCALTIME"), facts);
  }

  /**
   * @param start first position inside the cluster
   * @param facts missing if there is no CLUSTER element
   * @returns the position behind the cluster, or CUT
   */
  #readHosts(document: Progress, start: number, name: string, localtimeS: number, facts?: ClusterFacts): number {
    const { octets } = document;
    const first = findHostOrEnd(octets, start);
    if (first === CUT) return CUT;
    const isSummary = !isHostAt(octets, first) && isTagAt(octets, skipSpace(octets, start), "<HOSTS");
    if (isSummary) {
      document.summaries++;
      return skipHosts(octets, first);
    }
    const memory = this.#memory(name);
    if (memory === undefined) {
      document.faults.add(`cluster ${quoteName(name)} is refused: ${nameFault(name) ?? "there are too many clusters"}`);
      return skipHosts(octets, first);
    }
    memory.tagged = facts !== undefined;
    if (facts !== undefined) memory.directory.setFacts(facts);
    const clock = new SourceClock(document.gridTimeS || localtimeS, localtimeS, document.receivedMs, memory.skewed);
    memory.skewed = !clock.trusted;
    if (document.clusters === 0) document.skewMs = clock.skewMs;
    const next = this.#clusters.read(memory, first, clock);
    this.#hand(document, memory, next === CUT);
    return next;
  }

  #hand(document: Progress, memory: ClusterMemory, cut: boolean): void {
    const { frame } = memory;
    const isEmpty = frame.count === 0 && frame.heardCount === 0;
    if (!(cut && isEmpty)) {
      frame.timeMs = document.receivedMs;
      document.clusters++;
      document.metrics += frame.count;
      this.#sink.accept(frame);
    }
    frame.clear();
  }

  /** @returns undefined if the cluster is refused */
  #memory(name: string): ClusterMemory | undefined {
    const directory = this.#sink.directory(name);
    if (directory === undefined) return undefined;
    let memory = this.#memories.get(name);
    // Another directory of the same name: the cluster was given up meanwhile and has come back.
    if (memory === undefined || memory.directory !== directory) {
      memory = new ClusterMemory(directory, this.#source, this.#limits.rememberedOctetsMax);
      this.#memories.set(name, memory);
    }
    if (memory.seenIn !== this.#documentNumber) memory.hostsSeen = 0;
    memory.seenIn = this.#documentNumber;
    memory.frame.clear();
    return memory;
  }

  #tidy(complete: boolean): void {
    const absentMax = complete ? 0 : ABSENT_MAX;
    for (const [name, memory] of this.#memories) {
      if (this.#documentNumber - memory.seenIn > absentMax) this.#memories.delete(name);
      else if (memory.seenIn === this.#documentNumber) memory.tidy(this.#documentNumber, absentMax);
    }
  }
}

/** @returns the position of the tag behind the hosts of a cluster that is passed over, or CUT */
function skipHosts(octets: Uint8Array, start: number): number {
  let at = findHostOrEnd(octets, start);
  while (at !== CUT && isHostAt(octets, at)) at = findHostOrEnd(octets, at + 1);
  return at;
}
