/** The collector's three ports, put together from the configuration. */
import { hostname } from "node:os";
import { isLoopback } from "../../core/base/access-list.js";
import type { Clock } from "../../core/base/clock.js";
import { type Component, startAll, stopAll } from "../../core/base/component.js";
import type { Logger } from "../../core/base/log.js";
import { readTlsFiles } from "../../core/base/tls-files.js";
import type { ServeConfig } from "../config.js";
import { AccessList } from "./access.js";
import { ControlServer } from "./control-server.js";
import type { PortCounters } from "./counters.js";
import { Documents } from "./documents.js";
import { createDumpServer } from "./dump-server.js";
import { ExtensionAnswers } from "./extension-answers.js";
import { GangliaAnswers, type Grid } from "./ganglia-answers.js";
import { GmetadStatus } from "./gmetad-status.js";
import type { AlertsPort, HistoryPort, ManyHistoryPort, Present, SelfPort } from "./ports.js";
import { writeMetrics } from "./prometheus.js";
import { createQueryServer } from "./query-server.js";
import { readiness } from "./readiness.js";
import { selfMetrics, type Usage } from "./self-metrics.js";
import { StatusReporter } from "./status-reporter.js";
import type { TcpServer } from "./tcp-server.js";
import { TlsGate } from "./tls/tls-gate.js";
import { readOrCreateToken } from "./token.js";

export interface ServersOptions {
  readonly config: ServeConfig;
  /** Where the control token lives; relative paths of `serve.tls` start here. */
  readonly stateDir: string;
  /** Who stays on plain TCP where `serve.tls` is set: this machine, unless a test says otherwise. */
  readonly isPlain?: (remoteAddress: string | undefined) => boolean;
  /** The collector. */
  readonly present: Present & HistoryPort & ManyHistoryPort;
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
  /** One for each port: a peer may come from one port of its own to both. */
  #gates: { readonly dump: TlsGate; readonly query: TlsGate } | undefined;

  /** @throws GrateError where `serve.allow` is wrong */
  constructor(options: ServersOptions) {
    this.#options = options;
    const { config, present, alerts, self, clock, logger } = options;
    const grid = gridOf(config);
    this.#documents = new Documents(clock);
    this.#reporter = new StatusReporter(present, self, clock);
    const ganglia = new GangliaAnswers(present, grid, clock);
    this.#extension = new ExtensionAnswers({
      present,
      history: present,
      ganglia,
      alerts,
      reporter: this.#reporter,
      clock,
      logger,
    });
    const common = {
      access: new AccessList(config.allow),
      ganglia,
      documents: this.#documents,
      clock,
      logger,
    };
    this.#dump = createDumpServer({ ...common, address: config.dump, tls: () => this.#gates?.dump });
    this.#query = createQueryServer({
      ...common,
      address: config.query,
      tls: () => this.#gates?.query,
      extension: this.#extension,
      status: new GmetadStatus({
        grid: grid.name,
        clock,
        status: () => this.#reporter.status(),
        counters: () => self.health().counters,
        ports: () => this.counters,
        isName: (name) =>
          present.views().some((view) => view.directory.name === name) ||
          present.reportedSums().some((sums) => sums.name === name),
      }),
    });
  }

  get ports(): ServedPorts {
    return { dump: this.#dump.port, query: this.#query.port, control: this.#control?.port ?? 0 };
  }

  get counters(): Readonly<Record<"dump" | "query", PortCounters>> {
    return { dump: this.#dump.counters, query: this.#query.counters };
  }

  /** @throws GrateError naming the port that cannot be had, or the token or file that is of no use */
  async start(): Promise<void> {
    const { config, stateDir, present, self, clock, logger } = this.#options;
    this.#gates = this.#makeGates();
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

  /** Read once: new certificates are taken over by a restart. */
  #makeGates() {
    const { config, clock, logger, isPlain } = this.#options;
    if (config.tls === undefined) return undefined;
    const files = readTlsFiles(config.tls, "serve.tls");
    for (const warning of files.warnings) logger.warn(warning);
    const gate = () =>
      new TlsGate({ files, isPlain: isPlain ?? ((address) => address !== undefined && isLoopback(address)), clock });
    return { dump: gate(), query: gate() };
  }

  #metrics(): string {
    const { alerts, self } = this.#options;
    const families = selfMetrics({
      status: this.#reporter.status(),
      counters: self.health().counters,
      alerts,
      ports: this.counters,
      waiting: this.#extension.waiting,
      documentBytes: this.#documents.liveBytes,
      usage: processUsage(),
    });
    return writeMetrics("grate_", families) + writeMetrics("grate_", self.families());
  }
}

/**
 * With gmetad's defaults. The authority is read by ganglia-web and by gmetads above, which make links of
 * ganglia-web's form of it; so it is not the address of our own viewer unless someone writes that there.
 */
function gridOf(config: ServeConfig): Grid {
  return { name: config.grid, authority: config.authority ?? `http://${hostname()}/ganglia/` };
}

function processUsage(): Usage {
  const { user, system } = process.cpuUsage();
  return { residentBytes: process.memoryUsage.rss(), cpuS: (user + system) / 1_000_000 };
}
