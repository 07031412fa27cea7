/** Answers the lines of our own grammar; what they look like stands in core/wire/extension/FORMAT.md. */
import type { Clock } from "../../core/base/clock.js";
import { messageOf } from "../../core/base/errors.js";
import type { Logger } from "../../core/base/log.js";
import {
  type AlertsRequest,
  type ChangesRequest,
  DTD,
  type ErrorCode,
  type ExtensionRequest,
  type GangliaRequest,
  type HistoryRequest,
  type MetadataRequest,
  parseRequest,
  type WritingFacts,
  writeAlerts,
  writeChanges,
  writeError,
  writeMetadata,
  writeStatus,
} from "../../core/wire/extension/index.js";
import { HistoryError } from "../history.js";
import { ChangeTracker } from "./change-tracker.js";
import { gangliaByName } from "./extension/ganglia-by-name.js";
import { HistoryAnswers, UnavailableError } from "./extension/history-answers.js";
import { metadataOf } from "./extension/metadata.js";
import { FrameWaiters } from "./frame-waiters.js";
import { servedSums } from "./ganglia-selection.js";
import type { AlertsPort, GangliaPort, HistoryPort, ManyHistoryPort, Present } from "./ports.js";
import type { StatusReporter } from "./status-reporter.js";

export interface ExtensionAnswer {
  /** Why it is an error document; undefined for an answer. */
  readonly error: ErrorCode | undefined;
  /** As in GangliaAnswer; absent: the document is shared with nobody. */
  readonly key?: string;
  /** To be called in the turn of the loop in which the answer is given: it reads live views. */
  build(): Iterable<string>;
}

export interface ExtensionOptions {
  readonly present: Present;
  readonly history: HistoryPort & ManyHistoryPort;
  readonly ganglia: GangliaPort;
  readonly alerts: AlertsPort;
  readonly reporter: StatusReporter;
  readonly clock: Clock;
  readonly logger: Logger;
}

export class ExtensionAnswers {
  readonly #options: ExtensionOptions;
  readonly #tracker: ChangeTracker;
  readonly #waiters: FrameWaiters;
  readonly #history: HistoryAnswers;

  constructor(options: ExtensionOptions) {
    this.#options = options;
    // First the tracker, so that it has seen a frame before a waiter asks for it.
    this.#tracker = new ChangeTracker(options.present);
    this.#waiters = new FrameWaiters(options.present, options.clock);
    this.#history = new HistoryAnswers({ ...options, facts: () => this.#facts() });
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
    if (request.verb === "fault") return errorAnswer("bad-request", request.message);
    const dtd = "dtd" in request && request.dtd === true;
    try {
      return await this.#answer(request, signal);
    } catch (error) {
      if (error instanceof HistoryError) return errorAnswer("bad-request", messageOf(error), dtd);
      if (error instanceof UnavailableError) return errorAnswer("unavailable", messageOf(error), dtd);
      this.#options.logger.error({ verb: request.verb, error: messageOf(error) }, "a query failed");
      return errorAnswer("internal", `the query failed: ${messageOf(error)}`, dtd);
    }
  }

  async #answer(request: ExtensionRequest, signal: AbortSignal): Promise<ExtensionAnswer> {
    switch (request.verb) {
      case "changes":
        return this.#changes(request, signal);
      case "history":
        return this.#historyOf(request);
      case "metadata":
        return this.#metadata(request);
      case "alerts":
        return this.#alerts(request);
      case "status":
        return {
          error: undefined,
          build: () => writeStatus(this.#facts(request.dtd), this.#options.reporter.status()),
        };
      case "ganglia":
        return this.#ganglia(request);
      case "dtd":
        return { error: undefined, build: () => [DTD] };
    }
  }

  async #changes(request: ChangesRequest, signal: AbortSignal): Promise<ExtensionAnswer> {
    const { present, alerts } = this.#options;
    const { since, cluster, dtd } = request;
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
      const sums = servedSums(present.views(), present.reportedSums());
      return writeChanges(
        this.#facts(dtd),
        this.#tracker.changes(known, cluster, (name) => firing.get(name) ?? 0, sums),
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

  async #historyOf(request: HistoryRequest): Promise<ExtensionAnswer> {
    const chunks = await this.#history.answer(request);
    return { error: undefined, build: () => chunks };
  }

  #metadata({ cluster, hosts, dtd }: MetadataRequest): ExtensionAnswer {
    const isAsked = (name: string) => cluster === undefined || cluster === name;
    return {
      error: undefined,
      build: () => {
        const views = this.#options.present.views().filter((view) => isAsked(view.directory.name));
        return writeMetadata(this.#facts(dtd), { clusters: views.map((view) => metadataOf(view, hosts)) });
      },
    };
  }

  #ganglia(request: GangliaRequest): ExtensionAnswer {
    const { present, ganglia } = this.#options;
    const answer = gangliaByName(present, ganglia, request);
    return "missing" in answer
      ? errorAnswer("not-found", answer.missing)
      : { error: undefined, key: answer.key, build: () => answer.build() };
  }

  async #alerts(request: AlertsRequest): Promise<ExtensionAnswer> {
    const { alerts } = this.#options;
    const events = request.events > 0 ? await alerts.events(request.events, request.before) : [];
    return {
      error: undefined,
      build: () => writeAlerts(this.#facts(request.dtd), { alerts: alerts.alerts(), events }),
    };
  }

  #facts(dtd?: boolean): WritingFacts {
    return { instance: this.#options.present.instance, nowMs: this.#options.clock.nowMs(), dtd };
  }
}

export function errorAnswer(error: ErrorCode, message: string, dtd?: boolean): ExtensionAnswer {
  return { error, build: () => [writeError(error, message, dtd)] };
}
