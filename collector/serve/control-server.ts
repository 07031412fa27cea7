/**
 * The control port: health for supervisors, numbers for Prometheus, status for
 * commands. Everything but the bare health wants the token, also on loopback:
 * a machine has more than one user, and a browser can be led to ask.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Address } from "../../core/base/address.js";
import type { Clock } from "../../core/base/clock.js";
import type { Component } from "../../core/base/component.js";
import { messageOf } from "../../core/base/errors.js";
import { type Logger, type RateLimitedLog, rateLimited } from "../../core/base/log.js";
import { listen } from "./listening.js";
import { CONTENT_TYPE as METRICS_TYPE } from "./prometheus.js";
import type { Readiness } from "./readiness.js";
import { sameToken } from "./token.js";

const CONNECTIONS_MAX = 64;
/** For the head of a request, and for the whole: there are no bodies yet. */
const REQUEST_MS_MAX = 10_000;
/** Looked for so often, so who is slow goes within twice the limit: each look wakes a process that else sleeps. */
const CONNECTIONS_LOOK_MS = REQUEST_MS_MAX;
const TEXT = "text/plain; charset=utf-8";
const JSON_TYPE = "application/json";

export interface ControlOptions {
  readonly address: Address;
  readonly token: string;
  readonly readiness: () => Readiness;
  /** Prometheus text. */
  readonly metrics: () => string;
  /** Anything that JSON can say. */
  readonly status: () => unknown;
  readonly clock: Clock;
  readonly logger: Logger;
}

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export class ControlServer implements Component {
  readonly #options: ControlOptions;
  readonly #server: Server;
  readonly #log: RateLimitedLog;
  #port = 0;

  constructor(options: ControlOptions) {
    this.#options = options;
    this.#log = rateLimited(options.logger, options.clock);
    this.#server = createServer(
      {
        requestTimeout: REQUEST_MS_MAX,
        headersTimeout: REQUEST_MS_MAX,
        connectionsCheckingInterval: CONNECTIONS_LOOK_MS,
      },
      (request, response) => this.#handle(request, response),
    );
    this.#server.maxConnections = CONNECTIONS_MAX;
  }

  /** The port in use; 0 before start. */
  get port(): number {
    return this.#port;
  }

  async start(): Promise<void> {
    this.#port = await listen(this.#server, this.#options.address, "serve.control");
    this.#server.on("error", (error) => {
      this.#log.warn("accept", { port: "control", error: messageOf(error) }, "cannot accept a connection");
    });
  }

  stop(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }

  #handle(request: IncomingMessage, response: ServerResponse): void {
    // Whatever body there is, is thrown away.
    request.resume();
    let answer: Answer;
    try {
      answer = this.#answer(request);
    } catch (error) {
      this.#options.logger.error({ url: request.url, error: messageOf(error) }, "a control request failed");
      answer = text(500, "internal error");
    }
    response.writeHead(answer.status, {
      "content-type": answer.type,
      "content-length": Buffer.byteLength(answer.body),
      "cache-control": "no-store",
      "x-content-type-options": "nosniff",
      ...answer.headers,
    });
    response.end(request.method === "HEAD" ? undefined : answer.body);
  }

  #answer(request: IncomingMessage): Answer {
    const path = (request.url ?? "").replace(/\?.*$/, "");
    if (request.method !== "GET" && request.method !== "HEAD") {
      return { ...text(405, "only GET and HEAD are understood here"), headers: { allow: "GET, HEAD" } };
    }
    if (path === "/livez") return text(200, "ok");
    const given = request.headers.authorization;
    if (path === "/readyz" && given === undefined) return this.#bareReadiness();
    if (!this.#isAuthorized(given)) {
      this.#log.warn("token", { peer: request.socket.remoteAddress, path }, "a control request without the token");
      return { ...text(401, "the control token is missing or wrong"), headers: { "www-authenticate": "Bearer" } };
    }
    switch (path) {
      case "/readyz": {
        const readiness = this.#options.readiness();
        return { status: readiness.ready ? 200 : 503, type: JSON_TYPE, body: `${JSON.stringify(readiness)}\n` };
      }
      case "/metrics":
        return { status: 200, type: METRICS_TYPE, body: this.#options.metrics() };
      case "/status":
        return { status: 200, type: JSON_TYPE, body: `${JSON.stringify(this.#options.status())}\n` };
      default:
        return text(404, "nothing of this name; there are /livez, /readyz, /metrics and /status");
    }
  }

  /** A probe may ask; why not is for those who may know names of sources. */
  #bareReadiness(): Answer {
    return this.#options.readiness().ready ? text(200, "ready") : text(503, "not ready");
  }

  #isAuthorized(header: string | undefined): boolean {
    const given = /^Bearer +([^ ]+)$/i.exec(header ?? "")?.[1];
    return given !== undefined && sameToken(given, this.#options.token);
  }
}

function text(status: number, line: string): Answer {
  return { status, type: TEXT, body: `${line}\n` };
}
