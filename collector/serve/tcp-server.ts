/**
 * What the dump and the query port have in common: who may connect, how many at
 * once, TLS where it is asked for, and an end that leaves nobody behind.
 */
import { createServer, type Server, type Socket } from "node:net";
import type { Address } from "../../core/base/address.js";
import type { Clock } from "../../core/base/clock.js";
import type { Component } from "../../core/base/component.js";
import { messageOf } from "../../core/base/errors.js";
import { type Logger, type RateLimitedLog, rateLimited } from "../../core/base/log.js";
import { type Access, normalAddress } from "./access.js";
import { ClientPlaces } from "./client-places.js";
import { newPortCounters, type Outcome } from "./counters.js";
import { listen } from "./listening.js";
import type { TlsGate } from "./tls/tls-gate.js";

/** gmetad has 4 threads for queries; a page of its web front-end asks once. */
export const CLIENTS_MAX = 64;

export interface TcpServerOptions {
  /** Key under `serve` in the configuration: dump, query. */
  readonly name: string;
  readonly address: Address;
  readonly access: Access;
  /** Mutual TLS, asked when a client comes; undefined serves everybody in plain TCP. */
  readonly tls?: (() => TlsGate | undefined) | undefined;
  readonly clientsMax?: number;
  readonly clock: Clock;
  readonly logger: Logger;
  /**
   * Serves one client to the end. The socket is half-open on purpose (a client may
   * close its side after asking) and errors on it are taken care of.
   */
  readonly serveClient: (socket: Socket) => Promise<Outcome>;
}

export class TcpServer implements Component {
  readonly counters = newPortCounters();
  readonly #options: TcpServerOptions;
  readonly #places: ClientPlaces;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #log: RateLimitedLog;
  #port = 0;
  #stopped = false;

  constructor(options: TcpServerOptions) {
    this.#options = options;
    this.#places = new ClientPlaces(options.clientsMax ?? CLIENTS_MAX);
    this.#log = rateLimited(options.logger, options.clock);
    this.#server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => this.#accept(socket));
  }

  /** The port in use; 0 before start. */
  get port(): number {
    return this.#port;
  }

  async start(): Promise<void> {
    const { address, name } = this.#options;
    this.#port = await listen(this.#server, address, `serve.${name}`);
    this.#server.on("error", (error) => {
      this.#log.warn("accept", { port: name, error: messageOf(error) }, "cannot accept a connection");
    });
  }

  /** Connected clients are dropped at once. */
  stop(): Promise<void> {
    this.#stopped = true;
    for (const socket of this.#sockets) socket.destroy();
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
    });
  }

  #accept(socket: Socket): void {
    // Without a listener an error on a socket would end the process.
    socket.on("error", () => {});
    const { access, name } = this.#options;
    const peer = normalAddress(socket.remoteAddress ?? "");
    if (!access.allows(socket.remoteAddress)) {
      this.#log.warn("refused", { port: name, peer }, "a peer that is not in serve.allow was refused");
      this.#turnAway(socket, "refused");
      return;
    }
    const leave = this.#stopped ? undefined : this.#places.take(peer);
    if (leave === undefined) {
      const fields = { port: name, peer, clients: this.#places.taken };
      this.#log.warn("busy", fields, "too many clients, one was turned away");
      this.#turnAway(socket, "busy");
      return;
    }
    socket.once("close", leave);
    this.#serve(socket);
  }

  #turnAway(socket: Socket, outcome: Outcome): void {
    this.counters.connections[outcome]++;
    socket.destroy();
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket);
    this.counters.clients = this.#sockets.size;
    socket.once("close", () => {
      this.#sockets.delete(socket);
      this.counters.clients = this.#sockets.size;
    });
    const gate = this.#options.tls?.();
    if (gate === undefined) {
      this.#talk(socket);
      return;
    }
    const peer = normalAddress(socket.remoteAddress ?? "");
    gate.pass(socket, {
      admitted: (admitted) => {
        if (admitted !== socket) admitted.on("error", () => {});
        this.#talk(admitted);
      },
      refused: (reason) => {
        this.counters.connections.refused++;
        const fields = { port: this.#options.name, peer, reason };
        this.#log.warn("tls", fields, "a peer without a certificate of serve.tls.ca was refused");
      },
    });
  }

  #talk(socket: Socket): void {
    this.#options.serveClient(socket).then(
      (outcome) => {
        this.counters.connections[outcome]++;
      },
      (error: unknown) => {
        this.#options.logger.error({ port: this.#options.name, error: messageOf(error) }, "a request failed");
        socket.destroy();
      },
    );
  }
}
