/**
 * The line that asks: `grate:1/<verb>?key=value&key=value`, values
 * percent-encoded. It cannot be mistaken for a path of Ganglia's query port,
 * which begins with a slash.
 */
import { quoteName } from "../../model/names.js";
import {
  Fault,
  parseCount,
  parseLength,
  parseName,
  parseSince,
  parseTimePoint,
  parseWord,
  parseYesNo,
  type Since,
  type TimePoint,
  Values,
} from "./request-values.js";
import { formatSeconds } from "./seconds.js";

export type { Since, TimePoint } from "./request-values.js";

/** What a line of the extension begins with. */
export const EXTENSION_PREFIX = "grate:";
const VERSIONED_PREFIX = `${EXTENSION_PREFIX}1/`;

/** Longest patience of a `wait`. */
export const WAIT_MS_MAX = 30_000;
/** Most events of one answer. */
export const EVENTS_MAX = 1_000;
const EVENTS_DEFAULT = 50;

export const NOW: TimePoint = Object.freeze({ agoMs: 0 });

/** What any verb that is answered in our own format knows. */
interface DocumentRequest {
  /** The document is to carry its DTD. */
  readonly dtd?: boolean | undefined;
}

export interface ChangesRequest extends DocumentRequest {
  readonly verb: "changes";
  /** Absent: the whole present. */
  readonly since?: Since | undefined;
  /** How long the answer may wait for something new, ms. */
  readonly waitMs: number;
  /** Absent: all clusters. */
  readonly cluster?: string | undefined;
}

export interface HistoryRequest extends DocumentRequest {
  readonly verb: "history";
  readonly cluster: string;
  /** undefined: every host that has the metric, of which one is named then. */
  readonly host: string | undefined;
  /** undefined: every metric of the host, of which one is named then. */
  readonly metric: string | undefined;
  /** Samples with from <= time < to. */
  readonly from: TimePoint;
  readonly to: TimePoint;
  /** Length of a bucket, ms. Absent: samples as they came. */
  readonly stepMs?: number | undefined;
  /** All hosts in one series; there is a step then. */
  readonly merge?: "hosts" | undefined;
  /** How long a value counts where none comes after it, ms. Absent: what suits the question. */
  readonly holdMs?: number | undefined;
}

/** What metrics there are. */
export interface MetadataRequest extends DocumentRequest {
  readonly verb: "metadata";
  /** Absent: all clusters. */
  readonly cluster?: string | undefined;
  /** Hosts are to be named too. */
  readonly hosts: boolean;
}

/** A document in Ganglia's own words. */
export interface GangliaRequest {
  readonly verb: "ganglia";
  /** Cluster, host, metric; as many of them as are named. */
  readonly path: readonly string[];
  readonly summary: boolean;
}

/** What documents in our own format look like. */
export interface DtdRequest {
  readonly verb: "dtd";
}

export interface AlertsRequest extends DocumentRequest {
  readonly verb: "alerts";
  /** How many of the newest events to give besides the alerts. */
  readonly events: number;
  /** Only events with a smaller sequence number. */
  readonly before?: number | undefined;
}

export interface StatusRequest extends DocumentRequest {
  readonly verb: "status";
}

export type ExtensionRequest =
  | ChangesRequest
  | HistoryRequest
  | MetadataRequest
  | AlertsRequest
  | StatusRequest
  | GangliaRequest
  | DtdRequest;

/** Why a line is not answered, for its author. */
export interface RequestFault {
  readonly verb: "fault";
  readonly message: string;
}

/** @param line without its line end */
export function parseRequest(line: string): ExtensionRequest | RequestFault {
  try {
    return parse(line);
  } catch (error) {
    if (error instanceof Fault) return { verb: "fault", message: error.message };
    throw error;
  }
}

function parse(line: string): ExtensionRequest {
  if (!line.startsWith(VERSIONED_PREFIX)) {
    throw new Fault(
      `the request ${quoteName(line)} is not of a version known here, expected ${VERSIONED_PREFIX}<verb>`,
    );
  }
  const question = line.indexOf("?");
  const verb = line.slice(VERSIONED_PREFIX.length, question < 0 ? line.length : question);
  const values = new Values(question < 0 ? "" : line.slice(question + 1));
  const request = parseVerb(verb, values);
  const hasDtd = request.verb !== "ganglia" && request.verb !== "dtd" && values.take("dtd", parseYesNo) === true;
  values.refuseRest();
  return hasDtd ? { ...request, dtd: true } : request;
}

function parseVerb(verb: string, values: Values): ExtensionRequest {
  switch (verb) {
    case "changes":
      return {
        verb,
        since: values.take("since", parseSince),
        waitMs: values.take("wait", parseLength(0, WAIT_MS_MAX)) ?? 0,
        cluster: values.take("cluster", parseName),
      };
    case "history":
      return parseHistory(values);
    case "metadata":
      return {
        verb,
        cluster: values.take("cluster", parseName),
        hosts: values.take("hosts", parseYesNo) ?? false,
      };
    case "alerts":
      return {
        verb,
        events: values.take("events", parseCount(EVENTS_MAX)) ?? EVENTS_DEFAULT,
        before: values.take("before", parseCount()),
      };
    case "status":
    case "dtd":
      return { verb };
    case "ganglia":
      return parseGanglia(values);
    default:
      throw new Fault(
        `the verb ${quoteName(verb)} is not known, expected changes, history, metadata, alerts, status, ganglia or dtd`,
      );
  }
}

function parseHistory(values: Values): HistoryRequest {
  const cluster = values.need("cluster", parseName);
  const host = nameOrEvery(values, "host");
  if (host === undefined) throw new Fault("the request has no host, expected host=<name>, or host=* for all hosts");
  const metric = nameOrEvery(values, "metric") ?? EVERY;
  const request: HistoryRequest = {
    verb: "history",
    cluster,
    host: host === EVERY ? undefined : host,
    metric: metric === EVERY ? undefined : metric,
    from: values.need("from", parseTimePoint),
    to: values.take("to", parseTimePoint) ?? NOW,
    stepMs: values.take("step", parseLength(1)),
    merge: values.take("merge", parseWord("hosts")),
    holdMs: values.take("hold", parseLength(0)),
  };
  if (request.host === undefined && request.metric === undefined) {
    throw new Fault("the request names neither host nor metric, expected one of them: metric=<name> with host=*");
  }
  if (request.merge !== undefined && (request.host !== undefined || request.stepMs === undefined)) {
    throw new Fault("merge=hosts without all hosts in steps, expected host=* and step=<duration> beside it");
  }
  if (request.holdMs !== undefined && request.stepMs === undefined) {
    throw new Fault("hold without steps, expected step=<duration> beside it");
  }
  if (request.holdMs !== undefined && request.host !== undefined && request.metric !== undefined) {
    throw new Fault("hold for one host and one metric, expected host=* or metric=* beside it");
  }
  return request;
}

/** No name has a control character. */
const EVERY = "\u0000*";

function nameOrEvery(values: Values, key: string): string | undefined {
  const isEvery = values.isStar(key);
  return values.take(key, (text) => (isEvery ? EVERY : parseName(text, key)));
}

function parseGanglia(values: Values): GangliaRequest {
  const names = (["cluster", "host", "metric"] as const).map((key) => values.take(key, parseName));
  const depth = names.indexOf(undefined);
  const path = names.filter((name) => name !== undefined);
  if (depth >= 0 && path.length > depth) {
    throw new Fault("the request names a part and not the whole, expected cluster, host and metric in this order");
  }
  return { verb: "ganglia", path, summary: values.take("filter", parseWord("summary")) !== undefined };
}

/** @returns the line without a line end; parseRequest gives the request back */
export function formatRequest(request: ExtensionRequest): string {
  const pairs = Object.entries(requestValues(request))
    .filter((pair): pair is [string, string] => pair[1] !== undefined)
    .map(([key, value]) => `${key}=${value === EVERY ? "*" : encodeURIComponent(value).replaceAll("*", "%2A")}`);
  return `${VERSIONED_PREFIX}${request.verb}${pairs.length > 0 ? `?${pairs.join("&")}` : ""}`;
}

function requestValues(request: ExtensionRequest): Record<string, string | undefined> {
  switch (request.verb) {
    case "changes":
      return {
        since: request.since && `${request.since.instance}-${request.since.frame}`,
        wait: request.waitMs > 0 ? `${request.waitMs}ms` : undefined,
        cluster: request.cluster,
        ...dtdValue(request),
      };
    case "history":
      return {
        cluster: request.cluster,
        host: request.host ?? EVERY,
        metric: request.metric ?? EVERY,
        from: formatTimePoint(request.from),
        to: "agoMs" in request.to && request.to.agoMs === 0 ? undefined : formatTimePoint(request.to),
        step: request.stepMs === undefined ? undefined : `${request.stepMs}ms`,
        merge: request.merge,
        hold: request.holdMs === undefined ? undefined : `${request.holdMs}ms`,
        ...dtdValue(request),
      };
    case "metadata":
      return { cluster: request.cluster, hosts: request.hosts ? "yes" : undefined, ...dtdValue(request) };
    case "alerts":
      return {
        events: String(request.events),
        before: request.before === undefined ? undefined : String(request.before),
        ...dtdValue(request),
      };
    case "status":
      return dtdValue(request);
    case "ganglia": {
      const [cluster, host, metric] = request.path;
      return { cluster, host, metric, filter: request.summary ? "summary" : undefined };
    }
    case "dtd":
      return {};
  }
}

const dtdValue = ({ dtd }: DocumentRequest) => ({ dtd: dtd === true ? "yes" : undefined });

function formatTimePoint(point: TimePoint): string {
  return "atMs" in point ? formatSeconds(point.atMs) : `-${point.agoMs}ms`;
}
