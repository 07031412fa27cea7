/**
 * The line that asks: `grate:1/<verb>?key=value&key=value`, values
 * percent-encoded. It cannot be mistaken for a path of Ganglia's query port,
 * which begins with a slash.
 */
import { DURATION_EXPECTED, parseDuration } from "../../model/duration.js";
import { nameFault, quoteName } from "../../model/names.js";
import { formatSeconds, parseSeconds } from "./seconds.js";

/** What a line of the extension begins with. */
export const EXTENSION_PREFIX = "grate:";
const VERSIONED_PREFIX = `${EXTENSION_PREFIX}1/`;

/** Longest patience of a `wait`. */
export const WAIT_MS_MAX = 30_000;
/** Most events of one answer. */
export const EVENTS_MAX = 1_000;
const EVENTS_DEFAULT = 50;

/** Where a reader stands: a frame of one run of the collector. */
export interface Since {
  readonly instance: string;
  readonly frame: number;
}

/** An instant, or a distance from the collector's clock when it answers. */
export type TimePoint = { readonly atMs: number } | { readonly agoMs: number };

export const NOW: TimePoint = Object.freeze({ agoMs: 0 });

export interface ChangesRequest {
  readonly verb: "changes";
  /** Absent: the whole present. */
  readonly since?: Since | undefined;
  /** How long the answer may wait for something new, ms. */
  readonly waitMs: number;
  /** Absent: all clusters. */
  readonly cluster?: string | undefined;
}

export interface HistoryRequest {
  readonly verb: "history";
  readonly cluster: string;
  readonly host: string;
  readonly metric: string;
  /** Samples with from <= time < to. */
  readonly from: TimePoint;
  readonly to: TimePoint;
  /** Length of a bucket, ms. Absent: samples as they came. */
  readonly stepMs?: number | undefined;
}

export interface AlertsRequest {
  readonly verb: "alerts";
  /** How many of the newest events to give besides the alerts. */
  readonly events: number;
  /** Only events with a smaller sequence number. */
  readonly before?: number | undefined;
}

export interface StatusRequest {
  readonly verb: "status";
}

export type ExtensionRequest = ChangesRequest | HistoryRequest | AlertsRequest | StatusRequest;

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

class Fault extends Error {}

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
  values.refuseRest();
  return request;
}

function parseVerb(verb: string, values: Values): ExtensionRequest {
  switch (verb) {
    case "changes":
      return {
        verb,
        since: values.take("since", parseSince),
        waitMs: values.take("wait", (text) => parseLength(text, 0, WAIT_MS_MAX)) ?? 0,
        cluster: values.take("cluster", parseName),
      };
    case "history":
      return {
        verb,
        cluster: values.need("cluster", parseName),
        host: values.need("host", parseName),
        metric: values.need("metric", parseName),
        from: values.need("from", parseTimePoint),
        to: values.take("to", parseTimePoint) ?? NOW,
        stepMs: values.take("step", (text) => parseLength(text, 1)),
      };
    case "alerts":
      return {
        verb,
        events: values.take("events", (text) => parseCount(text, EVENTS_MAX)) ?? EVENTS_DEFAULT,
        before: values.take("before", (text) => parseCount(text, Number.MAX_SAFE_INTEGER)),
      };
    case "status":
      return { verb };
    default:
      throw new Fault(`the verb ${quoteName(verb)} is not known, expected changes, history, alerts or status`);
  }
}

/** Keys and values of one line. Each key is taken once; what is left over nobody knows. */
class Values {
  readonly #values = new Map<string, string>();

  constructor(query: string) {
    for (const pair of query === "" ? [] : query.split("&")) {
      const equals = pair.indexOf("=");
      if (equals < 1) throw new Fault(`${quoteName(pair)} in the request, expected key=value`);
      const key = pair.slice(0, equals);
      if (this.#values.has(key)) throw new Fault(`${quoteName(key)} stands twice in the request`);
      this.#values.set(key, decode(key, pair.slice(equals + 1)));
    }
  }

  take<T>(key: string, parseValue: (text: string, key: string) => T): T | undefined {
    const text = this.#values.get(key);
    if (text === undefined) return undefined;
    this.#values.delete(key);
    return parseValue(text, key);
  }

  need<T>(key: string, parseValue: (text: string, key: string) => T): T {
    const value = this.take(key, parseValue);
    if (value === undefined) throw new Fault(`the request has no ${key}`);
    return value;
  }

  refuseRest(): void {
    for (const key of this.#values.keys()) throw new Fault(`${quoteName(key)} is not known for this verb`);
  }
}

function decode(key: string, text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new Fault(`the value of ${quoteName(key)} is not percent-encoded UTF-8`);
  }
}

function parseName(text: string, key: string): string {
  const fault = nameFault(text);
  if (fault !== undefined) throw new Fault(`${key} ${quoteName(text)} is not a name: ${fault}`);
  return text;
}

function parseSince(text: string): Since {
  const match = /^([A-Za-z0-9]{1,64})-(\d{1,15})$/.exec(text);
  if (match === null) throw new Fault(`since ${quoteName(text)}, expected <instance>-<frame>`);
  return { instance: match[1] as string, frame: Number(match[2]) };
}

function parseLength(text: string, minMs: number, maxMs = Number.MAX_SAFE_INTEGER): number {
  const lengthMs = Math.round(parseDuration(text) ?? Number.NaN);
  if (Number.isNaN(lengthMs)) throw new Fault(`${quoteName(text)} in the request, expected ${DURATION_EXPECTED}`);
  if (lengthMs < minMs || lengthMs > maxMs) {
    throw new Fault(`${quoteName(text)} in the request, expected ${minMs}ms to ${maxMs}ms`);
  }
  return lengthMs;
}

function parseTimePoint(text: string): TimePoint {
  const agoMs = text.startsWith("-") ? parseDuration(text.slice(1)) : undefined;
  if (agoMs !== undefined) return { agoMs: Math.round(agoMs) };
  const atMs = parseSeconds(text);
  if (!(atMs >= 0))
    throw new Fault(`the time ${quoteName(text)}, expected epoch seconds or a duration ago such as "-1h"`);
  return { atMs };
}

function parseCount(text: string, max: number): number {
  const count = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (!(count <= max)) throw new Fault(`${quoteName(text)} in the request, expected a whole number up to ${max}`);
  return count;
}

/** @returns the line without a line end; parseRequest gives the request back */
export function formatRequest(request: ExtensionRequest): string {
  const pairs = Object.entries(requestValues(request))
    .filter((pair): pair is [string, string] => pair[1] !== undefined)
    .map(([key, value]) => `${key}=${encodeURIComponent(value)}`);
  return `${VERSIONED_PREFIX}${request.verb}${pairs.length > 0 ? `?${pairs.join("&")}` : ""}`;
}

function requestValues(request: ExtensionRequest): Record<string, string | undefined> {
  switch (request.verb) {
    case "changes":
      return {
        since: request.since && `${request.since.instance}-${request.since.frame}`,
        wait: request.waitMs > 0 ? `${request.waitMs}ms` : undefined,
        cluster: request.cluster,
      };
    case "history":
      return {
        cluster: request.cluster,
        host: request.host,
        metric: request.metric,
        from: formatTimePoint(request.from),
        to: "agoMs" in request.to && request.to.agoMs === 0 ? undefined : formatTimePoint(request.to),
        step: request.stepMs === undefined ? undefined : `${request.stepMs}ms`,
      };
    case "alerts":
      return {
        events: String(request.events),
        before: request.before === undefined ? undefined : String(request.before),
      };
    case "status":
      return {};
  }
}

function formatTimePoint(point: TimePoint): string {
  return "atMs" in point ? formatSeconds(point.atMs) : `-${point.agoMs}ms`;
}
