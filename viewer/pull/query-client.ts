/** The CollectorClient that speaks to a collector's query port. */
import type { Address } from "../../core/base/address.js";
import type { Clock } from "../../core/base/clock.js";
import { messageOf } from "../../core/base/errors.js";
import type { TlsPeer } from "../../core/base/tls-client.js";
import { readAlerts } from "../../core/wire/extension/alerts.js";
import type { ChangesDocument } from "../../core/wire/extension/changes.js";
import { readChanges } from "../../core/wire/extension/changes-reader.js";
import { RefusedError } from "../../core/wire/extension/errors.js";
import { type HistorySeries, type MergedHistory, readHistory } from "../../core/wire/extension/history.js";
import { type ClusterMetadata, readMetadata } from "../../core/wire/extension/metadata.js";
import { type ExtensionRequest, formatRequest, type Since } from "../../core/wire/extension/request.js";
import { readStatus } from "../../core/wire/extension/status.js";
import type { XmlLimits } from "../../core/wire/xml/scanner.js";
import {
  type AlertsResult,
  type CollectorClient,
  CollectorRefused,
  type CollectorStatus,
  type HistoryQuery,
  type HistoryResult,
  MalformedAnswer,
  type ManyHistoryQuery,
  type MergedHistoryQuery,
} from "./client.js";
import { ANSWER_BYTES_MAX, askLine } from "./line-client.js";

/** From the question to the last byte, besides what a long poll waits by request. */
const ANSWER_LIMIT_MS = 15_000;
/** The collector gives such a question up after 30 s; its word is better than our silence. */
const HISTORY_LIMIT_MS = 40_000;
/** Our documents nest 6 elements deep. */
const XML_LIMITS: XmlLimits = Object.freeze({ charsMax: ANSWER_BYTES_MAX, depthMax: 16, attributesMax: 64 });

export class QueryClient implements CollectorClient {
  readonly #address: Address;
  readonly #clock: Clock;
  readonly #tls: TlsPeer | undefined;

  /** @param tls certificates for a query port that wants them */
  constructor(address: Address, clock: Clock, tls?: TlsPeer) {
    this.#address = address;
    this.#clock = clock;
    this.#tls = tls;
  }

  changes(since: Since | undefined, waitMs: number, signal: AbortSignal): Promise<ChangesDocument> {
    return this.#ask({ verb: "changes", since, waitMs }, waitMs + ANSWER_LIMIT_MS, signal, readChanges);
  }

  async history({ key, fromMs, toMs, stepMs }: HistoryQuery, signal: AbortSignal): Promise<HistoryResult> {
    const request = { verb: "history", ...key, from: { atMs: fromMs }, to: { atMs: toMs }, stepMs } as const;
    const { series } = await this.#ask(request, ANSWER_LIMIT_MS, signal, readHistory);
    const data = series.find((one) => one.host === key.host)?.data;
    return data ?? { kind: "number", timesMs: new Float64Array(0), values: new Float64Array(0) };
  }

  /** @returns a series for each host or metric of which anything is known in the range, in no order */
  async historyOfMany(query: ManyHistoryQuery, signal: AbortSignal): Promise<readonly HistorySeries[]> {
    const { cluster, host, metric, fromMs, toMs, stepMs, holdMs } = query;
    const range = { from: { atMs: fromMs }, to: { atMs: toMs }, stepMs, holdMs };
    const request = { verb: "history", cluster, host, metric, ...range } as const;
    return (await this.#ask(request, HISTORY_LIMIT_MS, signal, readHistory)).series;
  }

  async mergedHistory(query: MergedHistoryQuery, signal: AbortSignal): Promise<MergedHistory> {
    const { cluster, metric, fromMs, toMs, stepMs, holdMs } = query;
    const range = { from: { atMs: fromMs }, to: { atMs: toMs }, stepMs, holdMs };
    const request = { verb: "history", cluster, host: undefined, metric, ...range, merge: "hosts" } as const;
    const { merged } = await this.#ask(request, HISTORY_LIMIT_MS, signal, readHistory);
    if (merged === undefined) throw new MalformedAnswer("history: the answer has no <MERGED>");
    return merged;
  }

  /** @param cluster only this one; undefined for all @param hosts hosts are to be named too */
  async metadata(
    cluster: string | undefined,
    hosts: boolean,
    signal: AbortSignal,
  ): Promise<readonly ClusterMetadata[]> {
    return (await this.#ask({ verb: "metadata", cluster, hosts }, ANSWER_LIMIT_MS, signal, readMetadata)).clusters;
  }

  alerts(events: number, beforeSequence: number | undefined, signal: AbortSignal): Promise<AlertsResult> {
    return this.#ask({ verb: "alerts", events, before: beforeSequence }, ANSWER_LIMIT_MS, signal, readAlerts);
  }

  status(signal: AbortSignal): Promise<CollectorStatus> {
    return this.#ask({ verb: "status" }, ANSWER_LIMIT_MS, signal, readStatus);
  }

  async #ask<T>(
    request: ExtensionRequest,
    totalLimitMs: number,
    signal: AbortSignal,
    read: (document: string, limits: XmlLimits) => T,
  ): Promise<T> {
    const options = { address: this.#address, clock: this.#clock, tls: this.#tls, totalLimitMs, signal };
    const document = await askLine(formatRequest(request), options);
    try {
      return read(document, XML_LIMITS);
    } catch (error) {
      if (error instanceof RefusedError) throw new CollectorRefused(error.code, error.message);
      // Everything else that a reader throws says what is wrong with the document.
      throw new MalformedAnswer(`${request.verb}: ${messageOf(error)}`, { cause: error });
    }
  }
}
