/** The dump port: the whole document on connect, as gmetad's 8651; nothing is read. */
import type { Socket } from "node:net";
import type { Address } from "../../core/base/address.js";
import type { Clock } from "../../core/base/clock.js";
import type { Logger } from "../../core/base/log.js";
import type { Access } from "./access.js";
import { WRITE_LIMITS, type WriteLimits, writeToClient } from "./client-writer.js";
import type { Outcome } from "./counters.js";
import type { Documents } from "./documents.js";
import type { GangliaPort } from "./ports.js";
import { TcpServer, type TcpServerOptions } from "./tcp-server.js";

export interface DumpOptions {
  readonly address: Address;
  readonly access: Access;
  readonly tls?: TcpServerOptions["tls"];
  readonly clientsMax?: number;
  readonly writeLimits?: WriteLimits;
  readonly ganglia: GangliaPort;
  readonly documents: Documents;
  readonly clock: Clock;
  readonly logger: Logger;
}

export function createDumpServer(options: DumpOptions): TcpServer {
  const { ganglia, documents, clock, writeLimits = WRITE_LIMITS } = options;
  const serveClient = async (socket: Socket): Promise<Outcome> => {
    const answer = ganglia.answer({ path: [], summary: false });
    const document = documents.open(answer.key, () => answer.build());
    if (document === undefined) {
      socket.destroy();
      return "busy";
    }
    try {
      const sent = (bytes: number) => {
        server.counters.sentBytes += bytes;
      };
      return await writeToClient(socket, document.chunks, clock, sent, writeLimits);
    } finally {
      document.release();
    }
  };
  const server = new TcpServer({ ...options, name: "dump", serveClient });
  return server;
}
