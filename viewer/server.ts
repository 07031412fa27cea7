/** The viewer: pulls from one collector and serves what it has to browsers. */
import { access } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { hostname } from "node:os";
import { join } from "node:path";
import type { FastifyInstance } from "fastify";
import { type Address, formatAddress } from "../core/base/address.js";
import type { Clock } from "../core/base/clock.js";
import { type Component, startAll, stopAll } from "../core/base/component.js";
import { tlsPeer } from "../core/base/config/tls.js";
import { GrateError } from "../core/base/errors.js";
import { listenError } from "../core/base/listen-error.js";
import type { Logger } from "../core/base/log.js";
import type { ViewerConfig } from "./config.js";
import { buildApp } from "./http/app.js";
import { Hub } from "./http/hub.js";
import type { CollectorClient } from "./pull/client.js";
import { Present } from "./pull/present.js";
import { Puller } from "./pull/puller.js";
import { QueryClient } from "./pull/query-client.js";

export interface ViewerParts {
  readonly clock: Clock;
  readonly logger: Logger;
  /** What `vite build` wrote: index.html and assets/. */
  readonly publicDir: string;
  /** In place of the query port of `config.collector`. */
  readonly client?: CollectorClient;
}

export class Viewer implements Component {
  readonly present: Present;
  readonly #config: ViewerConfig;
  readonly #parts: ViewerParts;
  readonly #client: CollectorClient;
  readonly #hub: Hub;
  readonly #puller: Puller;
  readonly #stopping = new AbortController();
  #app: FastifyInstance | undefined;
  #address: Address;

  constructor(config: ViewerConfig, parts: ViewerParts) {
    const { clock, logger } = parts;
    this.#config = config;
    this.#parts = parts;
    this.#client = parts.client ?? new QueryClient(config.collector, clock, tlsPeer(config.tls));
    this.present = new Present(clock, formatAddress(config.collector));
    this.#hub = new Hub(this.present, clock);
    this.#puller = new Puller({ client: this.#client, present: this.present, clock, logger });
    this.#address = config.listen;
  }

  /** Where it listens; differs from the configuration only for port 0. */
  get address(): Address {
    return this.#address;
  }

  async start(): Promise<void> {
    const { clock, logger, publicDir } = this.#parts;
    const { listen, names } = this.#config;
    await access(join(publicDir, "index.html")).catch(() => {
      throw new GrateError(`the web pages are not in ${publicDir}, expected index.html: run "npm run build"`);
    });
    const app = await buildApp({
      context: {
        present: this.present,
        client: this.#client,
        hub: this.#hub,
        clock,
        logger,
        startedAtMs: clock.monotonicMs(),
        stopping: this.#stopping.signal,
      },
      publicDir,
      names: new Set([listen.host, hostname(), ...names].map((name) => name.toLowerCase())),
    });
    this.#app = app;
    await startAll([this.#hub, this.#puller]);
    try {
      await app.listen({ host: listen.host, port: listen.port });
    } catch (error) {
      await this.stop();
      throw listenError(listen, "viewer.listen or --listen", error);
    }
    this.#address = { host: listen.host, port: (app.server.address() as AddressInfo).port };
    logger.info({ address: formatAddress(this.#address) }, "the viewer listens");
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await stopAll([this.#puller, this.#hub]);
    await this.#app?.close();
    this.#app = undefined;
  }
}
