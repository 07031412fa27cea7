/**
 * Ganglia's XML, as gmond and gmetad write it, into frames: one frame for each
 * cluster, handed on when the cluster has been read. Grids and clusters that are
 * told only in sums are handed on when the document ends (see xml/grid-stack.ts).
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
import { type ClusterFacts, NO_CLUSTER_FACTS, UNSPECIFIED } from "../../model/host.js";
import { nameFault, quoteName } from "../../model/names.js";
import { ClusterMemory } from "./xml/cluster-memory.js";
import { ClusterReader, findHostOrEnd, isHostAt } from "./xml/cluster-reader.js";
import { FaultList } from "./xml/fault-list.js";
import { GridStack, type SumsPlace } from "./xml/grid-stack.js";
import { DEFAULT_READER_LIMITS, type ReaderLimits } from "./xml/limits.js";
import { CUT, FAULT, GREATER, isTagAt, LESS, openDocument, skipSpace } from "./xml/octets.js";
import { findRoot } from "./xml/prologue.js";
import { EMPTY_REPORT, type ReadReport } from "./xml/read-report.js";
import { SourceClock } from "./xml/source-clock.js";
import { SumsTeller } from "./xml/sums-teller.js";
import { TagScanner } from "./xml/tag-scanner.js";

export type { ReaderLimits } from "./xml/limits.js";
export type { ReadReport } from "./xml/read-report.js";

export interface GangliaXmlReaderOptions {
  /** Name of the source in the configuration, for the frames. */
  readonly source: string;
  readonly sink: FrameSink;
  readonly limits?: Partial<ReaderLimits>;
  /** Names of clusters and grids in the documents, and what they are called here. */
  readonly rename?: ReadonlyMap<string, string>;
  /** false: clusters with hosts are passed over, only sums are handed on. */
  readonly detail?: boolean;
  /** How often documents come, seconds: sums are good for a few times as long. */
  readonly everyS?: number;
}

/** As often as Ganglia's own tools read each other. */
const EVERY_S = 15;

/** A cluster or host may be missing from so many broken-off documents before it is forgotten. */
const ABSENT_MAX = 100;

const ROOT_END = "</GANGLIA_XML";
const GRID = "<GRID";
const CLUSTER = "<CLUSTER";
const HOSTS = "<HOSTS";
const METRICS = "<METRICS";

/** What is known of the document under way. */
class Progress {
  readonly octets: Uint8Array;
  readonly receivedMs: number;
  readonly faults: FaultList;
  readonly grids: GridStack;
  /** LOCALTIME of the outermost grid, epoch seconds; 0 = none. */
  gridTimeS = 0;
  clusters = 0;
  metrics = 0;
  skewMs = 0;

  constructor(octets: Uint8Array, receivedMs: number, limits: ReaderLimits) {
    this.octets = octets;
    this.receivedMs = receivedMs;
    this.faults = new FaultList(limits.faultsMax);
    this.grids = new GridStack(limits.gridDepthMax, limits.sumsMax);
  }
}

export class GangliaXmlReader {
  readonly #source: string;
  readonly #sink: FrameSink;
  readonly #limits: ReaderLimits;
  readonly #rename: ReadonlyMap<string, string>;
  readonly #detail: boolean;
  readonly #memories = new Map<string, ClusterMemory>();
  readonly #tag: TagScanner;
  readonly #clusters: ClusterReader;
  readonly #sums: SumsTeller;
  #documentNumber = 0;
  /** The clock of the outermost grid was off by more than is tolerated. */
  #gridSkewed = false;

  constructor(options: GangliaXmlReaderOptions) {
    this.#source = options.source;
    this.#sink = options.sink;
    this.#limits = { ...DEFAULT_READER_LIMITS, ...options.limits };
    this.#rename = options.rename ?? new Map();
    this.#detail = options.detail ?? true;
    this.#tag = new TagScanner(this.#limits.attributeOctetsMax);
    this.#clusters = new ClusterReader(this.#limits);
    this.#sums = new SumsTeller(options.source, options.sink, options.everyS ?? EVERY_S, this.#limits);
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
    const document = new Progress(octets, receivedMs, this.#limits);
    this.#clusters.begin(openDocument(octets), ++this.#documentNumber, document.faults);
    const start = this.#tag.scan(octets, root.at);
    if (start === FAULT) document.faults.add(`the tag GANGLIA_XML: ${this.#tag.fault}`);
    const version = this.#tag.text("VERSION", "");
    const source = this.#tag.text("SOURCE", "");
    const complete = start !== CUT && this.#readRoot(document, start === FAULT ? root.at : start);
    document.grids.finish(complete);
    const { places, refused } = document.grids;
    if (refused > 0)
      document.faults.add(`more than ${this.#limits.sumsMax} grids and clusters in sums, ${refused} too many`);
    const summaries = this.#sums.tell(places, octets, receivedMs, complete, document.faults);
    this.#measureGrid(document);
    this.#tidy(complete);
    this.#tag.release();
    this.#clusters.release();
    return {
      version,
      sourceKind: source === "gmond" || source === "gmetad" ? source : "",
      clusters: document.clusters,
      summaries,
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
    const { octets, grids } = document;
    let bare = true;
    for (let at = octets.indexOf(LESS, start); at >= 0; ) {
      let next = at + 1;
      if (isTagAt(octets, at, ROOT_END)) return octets.includes(GREATER, at);
      if (isTagAt(octets, at, CLUSTER)) next = this.#readCluster(document, at);
      else if (isTagAt(octets, at, GRID)) next = this.#readGrid(document, at);
      else if (isTagAt(octets, at, "</GRID")) grids.leave();
      else if (isTagAt(octets, at, HOSTS) || isTagAt(octets, at, METRICS)) grids.sumsAt(at);
      // A gmond without a cluster section in its configuration writes no CLUSTER.
      else if (bare && isHostAt(octets, at)) next = this.#readBareHosts(document, at);
      if (next === CUT) return false;
      bare = false;
      at = octets.indexOf(LESS, next);
    }
    return false;
  }

  #readGrid(document: Progress, at: number): number {
    const { grids } = document;
    const tag = this.#tag;
    const next = tag.scan(document.octets, at + GRID.length);
    if (next === CUT || (next >= 0 && tag.selfClosing)) return next;
    if (next === FAULT) document.faults.add(`a tag GRID: ${tag.fault}`);
    const localtimeS = tag.seconds("LOCALTIME");
    // A broken tag has opened a grid all the same, and its end will come.
    const isKept = grids.enter({
      kind: "grid",
      name: this.#nameHere(tag.text("NAME", "")),
      authority: tag.text("AUTHORITY", ""),
      facts: NO_CLUSTER_FACTS,
      localtimeS,
      at: next === FAULT ? -1 : 0,
    });
    if (grids.depth === 1 && next !== FAULT) document.gridTimeS = localtimeS;
    if (!isKept && grids.depth === this.#limits.gridDepthMax + 1) {
      document.faults.add(`grids are nested deeper than ${this.#limits.gridDepthMax}`);
    }
    return next === FAULT ? at + GRID.length : next;
  }

  /** @returns the position behind the cluster, or CUT */
  #readCluster(document: Progress, at: number): number {
    const tag = this.#tag;
    const { octets } = document;
    const next = tag.scan(octets, at + CLUSTER.length);
    if (next === CUT) return CUT;
    const name = tag.text("NAME", "");
    if (next === FAULT || name === "") {
      const reason = next === FAULT ? tag.fault : "there is no NAME";
      document.faults.add(`the tag of cluster ${quoteName(name)}: ${reason}`);
      return skipHosts(octets, at + CLUSTER.length);
    }
    if (tag.selfClosing) return next;
    const cluster: SumsPlace = {
      kind: "cluster",
      name: this.#nameHere(name),
      authority: "",
      facts: {
        owner: tag.text("OWNER", UNSPECIFIED),
        latlong: tag.text("LATLONG", UNSPECIFIED),
        url: tag.text("URL", UNSPECIFIED),
      },
      localtimeS: tag.seconds("LOCALTIME"),
      at: skipSpace(octets, next),
    };
    const first = findHostOrEnd(octets, next);
    if (first === CUT) return CUT;
    const isSums = isTagAt(octets, cluster.at, HOSTS) || isTagAt(octets, cluster.at, METRICS);
    if (isSums && !isHostAt(octets, first)) {
      document.grids.cluster(cluster);
      return skipHosts(octets, first);
    }
    return this.#readHosts(document, first, cluster.name, cluster.localtimeS, cluster.facts);
  }

  /** @returns the position behind the hosts, or CUT */
  #readBareHosts(document: Progress, at: number): number {
    return this.#readHosts(document, at, this.#nameHere(UNSPECIFIED), 0);
  }

  /**
   * @param first where the first host begins, or what ends the cluster
   * @param facts missing if there is no CLUSTER element
   * @returns the position behind the cluster, or CUT
   */
  #readHosts(document: Progress, first: number, name: string, localtimeS: number, facts?: ClusterFacts): number {
    const { octets } = document;
    document.grids.hosts();
    if (!this.#detail) return skipHosts(octets, first);
    const memory = this.#memory(name);
    if (memory === undefined) {
      document.faults.add(`cluster ${quoteName(name)} is refused: ${nameFault(name) ?? "there are too many clusters"}`);
      return skipHosts(octets, first);
    }
    if (++memory.elements === 2) document.faults.add(twiceFault(name));
    memory.tagged = facts !== undefined;
    // Of two clusters of one name the first one's facts stand; theirs would change with each document.
    if (facts !== undefined && memory.elements === 1) memory.directory.setFacts(facts);
    // Inside of a grid LOCALTIME is that of another writer, read some time ago.
    const writtenS = document.grids.depth > 0 ? document.gridTimeS : localtimeS;
    const clock = new SourceClock(writtenS, localtimeS, document.receivedMs, memory.skewed);
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
      frame.whole = !cut && memory.elements === 1;
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
    if (memory.seenIn !== this.#documentNumber) {
      memory.elements = 0;
      memory.hostsSeen = 0;
    }
    memory.seenIn = this.#documentNumber;
    memory.frame.clear();
    return memory;
  }

  #nameHere(name: string): string {
    return this.#rename.get(name) ?? name;
  }

  /** A document without hosts still tells its writer's clock. */
  #measureGrid(document: Progress): void {
    const { gridTimeS, receivedMs, clusters } = document;
    if (clusters > 0 || gridTimeS === 0) return;
    const clock = new SourceClock(gridTimeS, gridTimeS, receivedMs, this.#gridSkewed);
    this.#gridSkewed = !clock.trusted;
    document.skewMs = clock.skewMs;
  }

  #tidy(complete: boolean): void {
    const absentMax = complete ? 0 : ABSENT_MAX;
    for (const [name, memory] of this.#memories) {
      if (this.#documentNumber - memory.seenIn > absentMax) this.#memories.delete(name);
      else if (memory.seenIn === this.#documentNumber) memory.tidy(this.#documentNumber, absentMax);
    }
  }
}

/** Their hosts cannot be told apart any more: of two hosts of one name the one heard last is kept, and said. */
function twiceFault(name: string): string {
  return (
    `cluster ${quoteName(name)} stands in the document more than once and is taken for one; if these are several, ` +
    `give each a name of its own in its gmond.conf, or poll each by a source of its own with "rename"`
  );
}

/** @returns the position of the tag behind the hosts of a cluster that is passed over, or CUT */
function skipHosts(octets: Uint8Array, start: number): number {
  let at = findHostOrEnd(octets, start);
  while (at !== CUT && isHostAt(octets, at)) at = findHostOrEnd(octets, at + 1);
  return at;
}
