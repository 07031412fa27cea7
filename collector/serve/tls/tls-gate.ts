/**
 * Mutual TLS in front of a port: who comes from another machine must finish a handshake, with a certificate that
 * our authority signed, before a byte is served. Peers on this machine stay on plain TCP, because ganglia-web,
 * gstat and gmetad know nothing else.
 */
import type { Socket } from "node:net";
import { createServer, type Server, type TLSSocket } from "node:tls";
import type { Clock } from "../../../core/base/clock.js";
import type { TlsFiles } from "../../../core/base/tls-files.js";

/** A handshake is two round trips and some milliseconds of arithmetic. */
const HANDSHAKE_MS = 10_000;

export interface TlsGateOptions {
  readonly files: Pick<TlsFiles, "cert" | "key" | "ca">;
  /** Who need not speak TLS, by its address; undefined once it is gone. */
  readonly isPlain: (remoteAddress: string | undefined) => boolean;
  readonly clock: Clock;
  readonly handshakeMs?: number;
}

/** Called once, when it is known what a connection is. */
export interface GateVerdict {
  /** The socket to talk through: the one that came, or TLS on top of it. */
  admitted(socket: Socket): void;
  /** Destroyed already. */
  refused(reason: string): void;
}

export class TlsGate {
  readonly #options: TlsGateOptions;
  /** Never listens: it is handed connections, and keeps the context and its sessions. */
  readonly #server: Server;
  /** Handshakes under way, by the peer's address and port, which the secured socket has as well. */
  readonly #handshakes = new Map<string, (secured: TLSSocket | undefined, reason: string) => void>();

  constructor(options: TlsGateOptions) {
    this.#options = options;
    const { cert, key, ca } = options.files;
    this.#server = createServer({
      cert,
      key,
      ca,
      requestCert: true,
      rejectUnauthorized: true,
      minVersion: "TLSv1.2",
      allowHalfOpen: true,
    });
    this.#server.on("secureConnection", (socket) => this.#handshakes.get(peerOf(socket))?.(socket, ""));
    this.#server.on("tlsClientError", (error, socket) => {
      this.#handshakes.get(peerOf(socket))?.(undefined, error.message);
      socket.destroy();
    });
  }

  /** @param socket just accepted, with nothing read from it */
  pass(socket: Socket, verdict: GateVerdict): void {
    const { isPlain, clock, handshakeMs = HANDSHAKE_MS } = this.#options;
    if (isPlain(socket.remoteAddress)) {
      verdict.admitted(socket);
      return;
    }
    const peer = peerOf(socket);
    const finish = (secured: TLSSocket | undefined, reason: string) => {
      if (!this.#handshakes.delete(peer)) return;
      timer.cancel();
      if (secured === undefined) {
        socket.destroy();
        verdict.refused(reason);
      } else {
        verdict.admitted(secured);
      }
    };
    const timer = clock.setTimer(
      () => finish(undefined, `no TLS handshake within ${handshakeMs / 1_000} s`),
      handshakeMs,
    );
    this.#handshakes.set(peer, finish);
    socket.once("close", () => finish(undefined, "the peer closed before the TLS handshake was done"));
    this.#server.emit("connection", socket);
  }
}

/** Unique among the open connections of one port. */
function peerOf(socket: Socket): string {
  return `${socket.remoteAddress} ${socket.remotePort}`;
}
