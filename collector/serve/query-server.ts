/**
 * The query port: one line in, one document out, closed. A line that begins with
 * a slash is gmetad's grammar (its 8652), one that begins with "grate:" is ours.
 * gmetad's HTTP form is not there: such a line is closed without a word.
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
import { parseGangliaQuery } from "./ganglia-query.js";
import { type LineLimits, readLine } from "./line-reader.js";
import type { GangliaPort } from "./ports.js";
import { TcpServer } from "./tcp-server.js";

/** gmetad's own limit. */
const GANGLIA_LINE_MAX = 2_048;
/** Three names of 512 characters, each as nine octets, and the words around them. */
const EXTENSION_LINE_MAX = 16_384;

/** gmetad waits for ever; a client that connects has its question ready. */
const LINE_LIMITS: LineLimits = Object.freeze({
  timeMs: 10_000,
  octetsMax: (start: Buffer) =>
    start.subarray(0, EXTENSION_PREFIX.length).toString("latin1") === EXTENSION_PREFIX
      ? EXTENSION_LINE_MAX
      : GANGLIA_LINE_MAX,
});

export interface QueryOptions {
  readonly address: Address;
  readonly access: Access;
  readonly clientsMax?: number;
  readonly writeLimits?: WriteLimits;
  readonly ganglia: GangliaPort;
  readonly extension: ExtensionAnswers;
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
        return closed(socket, "rejected");
      case "too-late":
        return closed(socket, "slow");
      case "line": {
        const line = decodeLine(result.octets);
        return line.startsWith(EXTENSION_PREFIX)
          ? this.#answerExtension(socket, line)
          : this.#answerGanglia(socket, line);
      }
    }
  }

  async #answerGanglia(socket: Socket, line: string): Promise<Outcome> {
    const query = parseGangliaQuery(line);
    if (query === undefined) return closed(socket, "rejected");
    const answer = this.#options.ganglia.answer(query);
    const document = this.#options.documents.open(answer.key, () => answer.build());
    return document === undefined ? closed(socket, "busy") : this.#write(socket, document);
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
    const document = documents.open(undefined, () => answer.build());
    if (document !== undefined) return document;
    const refusal = errorAnswer("unavailable", "too much is waiting to be sent to other clients; try again later");
    return documents.openSmall(() => refusal.build());
  }

  async #write(socket: Socket, document: Document): Promise<Outcome> {
    const { clock, writeLimits = WRITE_LIMITS } = this.#options;
    try {
      return await writeToClient(socket, document.chunks, clock, this.#sent, writeLimits);
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
