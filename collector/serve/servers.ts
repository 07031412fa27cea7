/** The collector's three ports, put together from the configuration. */
import { hostname } from "node:os";
import type { Clock } from "../../core/base/clock.js";
import { type Component, startAll, stopAll } from "../../core/base/component.js";
import type { Logger } from "../../core/base/log.js";
import type { ServeConfig } from "../config.js";
import { AccessList } from "./access.js";
import { ControlServer } from "./control-server.js";
import { Documents } from "./documents.js";
import { createDumpServer } from "./dump-server.js";
import { ExtensionAnswers } from "./extension-answers.js";
import { GangliaAnswers, type Grid } from "./ganglia-answers.js";
import type { AlertsPort, HistoryPort, Present, SelfPort } from "./ports.js";
import { writeMetrics } from "./prometheus.js";
import { createQueryServer } from "./query-server.js";
import { readiness } from "./readiness.js";
import { selfMetrics, type Usage } from "./self-metrics.js";
import { StatusReporter } from "./status-reporter.js";
import type { TcpServer } from "./tcp-server.js";
import { readOrCreateToken } from "./token.js";

export interface ServersOptions {
  readonly config: ServeConfig;
  /** Where the control token lives. */
  readonly stateDir: string;
  /** As gmetad's `gridname` and `authority`, and with its defaults. */
  readonly grid?: Grid;
  /** The collector. */
  readonly present: Present & HistoryPort;
  readonly alerts: AlertsPort;
  readonly self: SelfPort;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Ports in use, for a configuration that leaves the choice to the system. */
export interface ServedPorts {
  readonly dump: number;
  readonly query: number;
  readonly control: number;
}

export class CollectorServers implements Component {
  readonly #options: ServersOptions;
  readonly #documents: Documents;
  readonly #reporter: StatusReporter;
  readonly #extension: ExtensionAnswers;
  readonly #dump: TcpServer;
  readonly #query: TcpServer;
  #control: ControlServer | undefined;

  /** @throws GrateError where `serve.allow` is wrong */
  constructor(options: ServersOptions) {
    this.#options = options;
    const { config, present, alerts, self, clock, logger } = options;
    const grid = options.grid ?? { name: "unspecified", authority: `http://${hostname()}/ganglia/` };
    this.#documents = new Documents(clock);
    this.#reporter = new StatusReporter(present, self, clock);
    this.#extension = new ExtensionAnswers({
      present,
      history: present,
      alerts,
      reporter: this.#reporter,
      clock,
      logger,
    });
    const common = {
      access: new AccessList(config.allow),
      ganglia: new GangliaAnswers(present, grid, clock),
      documents: this.#documents,
      clock,
      logger,
    };
    this.#dump = createDumpServer({ ...common, address: config.dump });
    this.#query = createQueryServer({ ...common, address: config.query, extension: this.#extension });
  }

  get ports(): ServedPorts {
    return { dump: this.#dump.port, query: this.#query.port, control: this.#control?.port ?? 0 };
  }

  /** @throws GrateError naming the port that cannot be had, or the token that is of no use */
  async start(): Promise<void> {
    const { config, stateDir, present, self, clock, logger } = this.#options;
    this.#control = new ControlServer({
      address: config.control,
      token: await readOrCreateToken(stateDir),
      readiness: () => readiness(self, clock.nowMs()),
      metrics: () => this.#metrics(),
      status: () => ({ instance: present.instance, nowMs: clock.nowMs(), ...this.#reporter.status() }),
      clock,
      logger,
    });
    await startAll([this.#dump, this.#query, this.#control]);
    logger.info(this.ports, "serving");
  }

  async stop(): Promise<void> {
    await stopAll([this.#dump, this.#query, ...(this.#control === undefined ? [] : [this.#control])]);
    this.#documents.close();
  }

  #metrics(): string {
    const { alerts, self } = this.#options;
    const families = selfMetrics({
      status: this.#reporter.status(),
      counters: self.health().counters,
      alerts,
      ports: { dump: this.#dump.counters, query: this.#query.counters },
      waiting: this.#extension.waiting,
      documentBytes: this.#documents.liveBytes,
      usage: processUsage(),
    });
    return writeMetrics("grate_", families) + writeMetrics("grate_", self.families());
  }
}

function processUsage(): Usage {
  const { user, system } = process.cpuUsage();
  return { residentBytes: process.memoryUsage.rss(), cpuS: (user + system) / 1_000_000 };
}
