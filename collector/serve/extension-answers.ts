/** Answers the lines of our own grammar; what they look like stands in core/wire/extension/FORMAT.md. */
import { type Clock, withDeadline } from "../../core/base/clock.js";
import { messageOf } from "../../core/base/errors.js";
import type { Logger } from "../../core/base/log.js";
import {
  type AlertsRequest,
  type ChangesRequest,
  type DocumentFacts,
  type ErrorCode,
  type HistoryData,
  type HistoryRequest,
  parseRequest,
  type TimePoint,
  writeAlerts,
  writeChanges,
  writeError,
  writeHistory,
  writeStatus,
} from "../../core/wire/extension/index.js";
import { HistoryError } from "../history.js";
import { ChangeTracker } from "./change-tracker.js";
import { FrameWaiters } from "./frame-waiters.js";
import type { AlertsPort, HistoryPort, HistoryQuery, Present } from "./ports.js";
import type { StatusReporter } from "./status-reporter.js";

const HISTORY_TIMEOUT_MS = 30_000;

export interface ExtensionAnswer {
  /** Why it is an error document; undefined for an answer. */
  readonly error: ErrorCode | undefined;
  /** To be called in the turn of the loop in which the answer is given: it reads live views. */
  build(): Iterable<string>;
}

export interface ExtensionOptions {
  readonly present: Present;
  readonly history: HistoryPort;
  readonly alerts: AlertsPort;
  readonly reporter: StatusReporter;
  readonly clock: Clock;
  readonly logger: Logger;
}

export class ExtensionAnswers {
  readonly #options: ExtensionOptions;
  readonly #tracker: ChangeTracker;
  readonly #waiters: FrameWaiters;

  constructor(options: ExtensionOptions) {
    this.#options = options;
    // First the tracker, so that it has seen a frame before a waiter asks for it.
    this.#tracker = new ChangeTracker(options.present);
    this.#waiters = new FrameWaiters(options.present, options.clock);
  }

  /** Clients in a long poll. */
  get waiting(): number {
    return this.#waiters.count;
  }

  /**
   * Never rejects: what goes wrong becomes an error document.
   * @param signal ends a wait early, with what there is by then
   */
  async answer(line: string, signal: AbortSignal): Promise<ExtensionAnswer> {
    const request = parseRequest(line);
    try {
      switch (request.verb) {
        case "fault":
          return errorAnswer("bad-request", request.message);
        case "changes":
          return await this.#changes(request, signal);
        case "history":
          return await this.#history(request);
        case "alerts":
          return await this.#alerts(request);
        case "status":
          return { error: undefined, build: () => writeStatus(this.#facts(), this.#options.reporter.status()) };
      }
    } catch (error) {
      this.#options.logger.error({ verb: request.verb, error: messageOf(error) }, "a query failed");
      return errorAnswer("internal", `the query failed: ${messageOf(error)}`);
    }
  }

  async #changes(request: ChangesRequest, signal: AbortSignal): Promise<ExtensionAnswer> {
    const { present, alerts } = this.#options;
    const { since, cluster } = request;
    const known = since?.instance === present.instance && since.frame <= present.frameNumber ? since.frame : undefined;
    if (known !== undefined && !this.#hasNews(known, cluster)) {
      await this.#waiters.wait(cluster, request.waitMs, signal);
    }
    const build = () => {
      const firing = new Map<string, number>();
      for (const alert of alerts.alerts()) {
        if (alert.state === "pending") continue;
        firing.set(alert.cluster, (firing.get(alert.cluster) ?? 0) + 1);
      }
      return writeChanges(
        this.#facts(),
        this.#tracker.changes(known, cluster, (name) => firing.get(name) ?? 0),
      );
    };
    return { error: undefined, build };
  }

  #hasNews(sinceFrame: number, cluster: string | undefined): boolean {
    const { present } = this.#options;
    // A cluster may count what happened since as part of a frame that is still to come.
    if (present.frameNumber <= sinceFrame) return false;
    return present
      .views()
      .some((view) => view.frameNumber > sinceFrame && (cluster === undefined || cluster === view.directory.name));
  }

  async #history(request: HistoryRequest): Promise<ExtensionAnswer> {
    const { clock, history } = this.#options;
    const nowMs = clock.nowMs();
    const { cluster, host, metric, stepMs } = request;
    const fromMs = instant(request.from, nowMs);
    const toMs = instant(request.to, nowMs);
    const query: HistoryQuery = { key: { cluster, host, metric }, fromMs, toMs, stepMs };
    let data: HistoryData | undefined;
    try {
      data = await withDeadline(clock, history.history(query), HISTORY_TIMEOUT_MS, () => new TimeoutError());
    } catch (error) {
      if (error instanceof HistoryError) return errorAnswer("bad-request", messageOf(error));
      if (!(error instanceof TimeoutError)) throw error;
      return errorAnswer("unavailable", `the history took longer than ${HISTORY_TIMEOUT_MS / 1_000} s`);
    }
    const series = data === undefined ? [] : [{ host, data }];
    return { error: undefined, build: () => writeHistory(this.#facts(), { cluster, metric, fromMs, toMs, series }) };
  }

  async #alerts(request: AlertsRequest): Promise<ExtensionAnswer> {
    const { alerts } = this.#options;
    const events = request.events > 0 ? await alerts.events(request.events, request.before) : [];
    return { error: undefined, build: () => writeAlerts(this.#facts(), { alerts: alerts.alerts(), events }) };
  }

  #facts(): DocumentFacts {
    return { instance: this.#options.present.instance, nowMs: this.#options.clock.nowMs() };
  }
}

class TimeoutError extends Error {}

function instant(point: TimePoint, nowMs: number): number {
  return "atMs" in point ? point.atMs : nowMs - point.agoMs;
}

export function errorAnswer(error: ErrorCode, message: string): ExtensionAnswer {
  return { error, build: () => [writeError(error, message)] };
}
