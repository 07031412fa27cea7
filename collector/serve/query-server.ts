/**
 * The query port: one line in, one document out, closed. A line that begins with
 * a slash is gmetad's grammar (its 8652), as is one of HTTP around it; one that
 * begins with "grate:" is ours.
 */
import type { Socket } from "node:net";
import type { Address } from "../../core/base/address.js";
import type { Clock } from "../../core/base/clock.js";
import type { Logger } from "../../core/base/log.js";
import { EXTENSION_PREFIX } from "../../core/wire/extension/index.js";
import type { Access } from "./access.js";
import { WRITE_LIMITS, type WriteLimits, writeToClient } from "./client-writer.js";
import type { Outcome } from "./counters.js";
import type { Document, Documents } from "./documents.js";
import { type ExtensionAnswer, type ExtensionAnswers, errorAnswer } from "./extension-answers.js";
import { type GangliaQuery, parseGangliaQuery, parseHttpQuery } from "./ganglia-query.js";
import type { GmetadStatus } from "./gmetad-status.js";
import {
  HTTP_GET,
  type HttpRequest,
  httpHead,
  httpMethod,
  httpRefusal,
  parseHttpRequest,
  XML_TYPE,
} from "./http-form.js";
import { type LineLimits, readLine } from "./line-reader.js";
import type { GangliaPort } from "./ports.js";
import { TcpServer, type TcpServerOptions } from "./tcp-server.js";

/** gmetad's own limit. */
const GANGLIA_LINE_MAX = 2_048;
/** Three names of 512 characters, each as nine octets, and the words around them. */
const ENCODED_LINE_MAX = 16_384;

/** gmetad waits for ever; a client that connects has its question ready. */
const LINE_LIMITS: LineLimits = Object.freeze({
  timeMs: 10_000,
  octetsMax: (start: Buffer) => {
    const begins = (word: string) => start.subarray(0, word.length).toString("latin1") === word;
    return begins(EXTENSION_PREFIX) || begins(HTTP_GET) ? ENCODED_LINE_MAX : GANGLIA_LINE_MAX;
  },
});

export interface QueryOptions {
  readonly address: Address;
  readonly access: Access;
  readonly tls?: TcpServerOptions["tls"];
  readonly clientsMax?: number;
  readonly writeLimits?: WriteLimits;
  readonly ganglia: GangliaPort;
  readonly extension: ExtensionAnswers;
  /** gmetad's /status; without one it is a path like others. */
  readonly status?: Pick<GmetadStatus, "answer">;
  readonly documents: Documents;
  readonly clock: Clock;
  readonly logger: Logger;
}

export function createQueryServer(options: QueryOptions): TcpServer {
  const client = new QueryClients(options, (bytes) => {
    server.counters.sentBytes += bytes;
  });
  const server = new TcpServer({ ...options, name: "query", serveClient: (socket) => client.serve(socket) });
  return server;
}

class QueryClients {
  readonly #options: QueryOptions;
  readonly #sent: (bytes: number) => void;

  constructor(options: QueryOptions, sent: (bytes: number) => void) {
    this.#options = options;
    this.#sent = sent;
  }

  async serve(socket: Socket): Promise<Outcome> {
    const result = await readLine(socket, this.#options.clock, LINE_LIMITS);
    switch (result.kind) {
      case "left":
        return closed(socket, "left");
      case "too-long":
        return this.#refuseLong(socket, result.start.toString("latin1"));
      case "too-late":
        return closed(socket, "slow");
      case "line":
        return this.#answer(socket, decodeLine(result.octets));
    }
  }

  /** Who speaks HTTP or our own verbs is told why; of gmetad's grammar is closed without a word, as gmetad does. */
  async #refuseLong(socket: Socket, start: string): Promise<Outcome> {
    const method = httpMethod(start);
    if (method !== undefined) {
      const message = `the request line is too long, expected a GET of at most ${ENCODED_LINE_MAX} octets`;
      return this.#refuse(socket, httpRefusal(414, method === "HEAD" ? "" : message));
    }
    if (!start.startsWith(EXTENSION_PREFIX)) return closed(socket, "rejected");
    const refusal = errorAnswer("bad-request", `the line is too long, expected at most ${ENCODED_LINE_MAX} octets`);
    const outcome = await this.#write(
      socket,
      this.#options.documents.openSmall(() => refusal.build()),
    );
    return outcome === "answered" ? "rejected" : outcome;
  }

  #answer(socket: Socket, line: string): Promise<Outcome> {
    if (line.startsWith(EXTENSION_PREFIX)) return this.#answerExtension(socket, line);
    const http = parseHttpRequest(line);
    if (http !== undefined) return this.#answerHttp(socket, http);
    const status = this.#options.status?.answer(line);
    if (status !== undefined) return this.#say(socket, status);
    const query = parseGangliaQuery(line);
    return query === undefined ? Promise.resolve(closed(socket, "rejected")) : this.#answerGanglia(socket, query);
  }

  /** The headers that follow the line are thrown away while the answer is written. */
  async #answerHttp(socket: Socket, { method, target }: HttpRequest): Promise<Outcome> {
    if (method !== "GET")
      return this.#refuse(socket, httpRefusal(405, method === "HEAD" ? "" : "only GET is answered here"));
    const status = this.#options.status?.answer(target);
    if (status !== undefined) return this.#say(socket, status);
    const query = parseHttpQuery(target);
    if (query === undefined) {
      const expected = "expected /CLUSTER/HOST/METRIC, percent-encoded, and at most ?filter=summary";
      return this.#refuse(socket, httpRefusal(400, expected));
    }
    return this.#answerGanglia(socket, query, httpHead(200, XML_TYPE));
  }

  /** @param head stands before the document; its presence means that a refusal can be told */
  async #answerGanglia(socket: Socket, query: GangliaQuery, head?: string): Promise<Outcome> {
    const answer = this.#options.ganglia.answer(query);
    const document = this.#options.documents.open(answer.key, () => answer.build());
    if (document !== undefined) return this.#write(socket, document, head);
    if (head === undefined) return closed(socket, "busy");
    await this.#say(socket, httpRefusal(503, "too much is waiting to be sent to other clients; try again later"));
    return "busy";
  }

  /** A few words, never too many to be held. */
  #say(socket: Socket, text: string): Promise<Outcome> {
    return this.#write(
      socket,
      this.#options.documents.openSmall(() => [text]),
    );
  }

  async #refuse(socket: Socket, text: string): Promise<Outcome> {
    const outcome = await this.#say(socket, text);
    return outcome === "answered" ? "rejected" : outcome;
  }

  async #answerExtension(socket: Socket, line: string): Promise<Outcome> {
    const answer = await this.#options.extension.answer(line, goneSignal(socket));
    if (socket.destroyed) return "left";
    const document = this.#build(answer);
    if (document === undefined) return closed(socket, "busy");
    const outcome = await this.#write(socket, document);
    return outcome === "answered" && answer.error === "bad-request" ? "rejected" : outcome;
  }

  #build(answer: ExtensionAnswer): Document | undefined {
    const { documents } = this.#options;
    const document = documents.open(answer.key, () => answer.build());
    if (document !== undefined) return document;
    const refusal = errorAnswer("unavailable", "too much is waiting to be sent to other clients; try again later");
    return documents.openSmall(() => refusal.build());
  }

  async #write(socket: Socket, document: Document, head?: string): Promise<Outcome> {
    const { clock, writeLimits = WRITE_LIMITS } = this.#options;
    const chunks = head === undefined ? document.chunks : [Buffer.from(head, "latin1"), ...document.chunks];
    try {
      return await writeToClient(socket, chunks, clock, this.#sent, writeLimits);
    } finally {
      document.release();
    }
  }
}

function closed(socket: Socket, outcome: Outcome): Outcome {
  socket.destroy();
  return outcome;
}

/**
 * Aborts when the client goes or closes its side: the two look the same from
 * here, so who closes early while waiting is answered early.
 */
function goneSignal(socket: Socket): AbortSignal {
  const controller = new AbortController();
  if (socket.readableEnded || socket.destroyed) controller.abort();
  const gone = () => controller.abort();
  socket.once("end", gone).once("close", gone).resume();
  return controller.signal;
}

/** Names are sent raw in gmetad's grammar, as octets of whatever the sender writes in. */
function decodeLine(octets: Buffer): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(octets);
  } catch {
    return octets.toString("latin1");
  }
}
