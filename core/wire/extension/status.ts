/** The answer to `status`: how the collector itself is. The control port gives the same as JSON. */
import type { SourceHealth, SourceState } from "../../model/source.js";
import type { ReportedSums } from "../../model/summary.js";
import type { XmlLimits } from "../xml/scanner.js";
import { oneOf } from "./alerts.js";
import { type DocumentFacts, emptyTag, openDocument, openTag, type WritingFacts, writeDocument } from "./document.js";
import type { XmlElement } from "./element.js";
import { ExtensionError } from "./errors.js";
import { formatSeconds } from "./seconds.js";

export interface ClusterStatus {
  readonly name: string;
  readonly hostsUp: number;
  readonly hostsDown: number;
  /** Distinct metrics ever seen. */
  readonly metrics: number;
  /** Newest frame that touched the cluster, and its time, epoch ms; 0 = none yet. */
  readonly frame: number;
  readonly frameTimeMs: number;
}

/** A grid or cluster of which a source tells only sums. */
export interface SumsStatus {
  readonly kind: ReportedSums["kind"];
  readonly name: string;
  /** Name of the source in the configuration. */
  readonly source: string;
  readonly hostsUp: number;
  /** All of them where the sums were not renewed in time. */
  readonly hostsDown: number;
  /** Metrics of which there is a sum. */
  readonly metrics: number;
  /** When they were read, epoch ms. */
  readonly timeMs: number;
}

export interface Status {
  /** Of the collector's program. */
  readonly version: string;
  readonly startedMs: number;
  readonly uptimeMs: number;
  /** Newest frame of all. */
  readonly frame: number;
  readonly sources: readonly SourceHealth[];
  readonly clusters: readonly ClusterStatus[];
  /** Absent where nobody has any. */
  readonly sums?: readonly SumsStatus[] | undefined;
}

export interface StatusDocument extends DocumentFacts, Status {}

const STATES: readonly SourceState[] = ["starting", "ok", "failing", "stopped"];

export function writeStatus(facts: WritingFacts, status: Status): Generator<string> {
  return writeDocument(facts, writeBody(status));
}

function* writeBody(status: Status): Generator<string> {
  yield `${openTag("STATUS", {
    COLLECTOR: status.version,
    STARTED: formatSeconds(status.startedMs),
    UPTIME: formatSeconds(status.uptimeMs),
    FRAME: status.frame,
  })}\n`;
  for (const source of status.sources) yield writeSource(source);
  for (const cluster of status.clusters) {
    yield `${emptyTag("CLUSTER", {
      NAME: cluster.name,
      UP: cluster.hostsUp,
      DOWN: cluster.hostsDown,
      METRICS: cluster.metrics,
      FRAME: cluster.frame,
      FRAME_TIME: formatSeconds(cluster.frameTimeMs),
    })}\n`;
  }
  for (const sums of status.sums ?? []) yield writeSums(sums);
  yield "</STATUS>\n";
}

function writeSource(source: SourceHealth): string {
  return `${emptyTag("SOURCE", {
    NAME: source.name,
    TYPE: source.type,
    STATE: source.state,
    MESSAGE: source.message,
    LAST_FRAME: formatSeconds(source.lastFrameMs),
    FRAMES: source.frames,
    FAILURES: source.failures,
    MALFORMED: source.malformed,
    SKEW: formatSeconds(source.skewMs),
    ADDRESS: source.address,
  })}\n`;
}

function writeSums(sums: SumsStatus): string {
  return `${emptyTag("SUMS", {
    KIND: sums.kind,
    NAME: sums.name,
    SOURCE: sums.source,
    UP: sums.hostsUp,
    DOWN: sums.hostsDown,
    METRICS: sums.metrics,
    TIME: formatSeconds(sums.timeMs),
  })}\n`;
}

/** @throws XmlError, ExtensionError, RefusedError as the other readers do */
export function readStatus(document: string, limits?: XmlLimits): StatusDocument {
  const { facts, body } = openDocument(document, "STATUS", limits);
  const sums = [...body.all("SUMS")].map(readSums).filter((one) => one !== undefined);
  return {
    ...facts,
    version: body.string("COLLECTOR"),
    startedMs: body.ms("STARTED"),
    uptimeMs: body.ms("UPTIME"),
    frame: body.count("FRAME"),
    sources: [...body.all("SOURCE")].map(readSource),
    clusters: [...body.all("CLUSTER")].map(readCluster),
    ...(sums.length > 0 && { sums }),
  };
}

function readSource(element: XmlElement): SourceHealth {
  const state = oneOf<SourceState>(STATES, element.string("STATE"));
  if (state === undefined) throw new ExtensionError(`<SOURCE> with an unknown STATE, expected ${STATES.join(", ")}`);
  return {
    name: element.string("NAME"),
    type: element.string("TYPE"),
    state,
    message: element.string("MESSAGE"),
    lastFrameMs: element.ms("LAST_FRAME"),
    frames: element.count("FRAMES"),
    failures: element.count("FAILURES"),
    malformed: element.count("MALFORMED"),
    skewMs: element.ms("SKEW"),
    address: element.string("ADDRESS"),
  };
}

function readCluster(element: XmlElement): ClusterStatus {
  return {
    name: element.string("NAME"),
    hostsUp: element.count("UP"),
    hostsDown: element.count("DOWN"),
    metrics: element.count("METRICS"),
    frame: element.count("FRAME"),
    frameTimeMs: element.ms("FRAME_TIME"),
  };
}

/** @returns undefined for a kind of a later version */
function readSums(element: XmlElement): SumsStatus | undefined {
  const kind = element.string("KIND");
  if (kind !== "grid" && kind !== "cluster") return undefined;
  return {
    kind,
    name: element.string("NAME"),
    source: element.string("SOURCE"),
    hostsUp: element.count("UP"),
    hostsDown: element.count("DOWN"),
    metrics: element.count("METRICS"),
    timeMs: element.ms("TIME"),
  };
}
