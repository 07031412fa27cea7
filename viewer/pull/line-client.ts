/** One line out, one document in until the other side closes: how every Ganglia-like query port works. */
import { connect, type Socket } from "node:net";
import { isLoopback } from "../../core/base/access-list.js";
import { type Address, formatAddress } from "../../core/base/address.js";
import type { Clock } from "../../core/base/clock.js";
import { messageOf } from "../../core/base/errors.js";
import { closedWithoutWord, dialTls, TLS_READY, type TlsPeer, tlsFault } from "../../core/base/tls-client.js";
import { CollectorUnreachable, MalformedAnswer } from "./client.js";

/** A connection on a LAN is made in milliseconds; three lost SYNs in a row take 7 s. */
const CONNECT_LIMIT_MS = 5_000;

/**
 * A full answer carries some 8 octets a value, so that the largest cluster known
 * (50,000 hosts x 100 metrics) takes 40 MB.
 */
export const ANSWER_BYTES_MAX = 128 * 2 ** 20;

export interface AskOptions {
  readonly address: Address;
  readonly clock: Clock;
  /** From the call to the last byte. */
  readonly totalLimitMs: number;
  /** Certificates for a query port that wants them. */
  readonly tls?: TlsPeer | undefined;
  readonly bytesMax?: number;
  readonly signal: AbortSignal;
}

/**
 * @param line without its end of line
 * @returns the document as text
 * @throws CollectorUnreachable when the connection fails or takes too long
 * @throws MalformedAnswer when the document is too large or not UTF-8
 */
export function askLine(line: string, options: AskOptions): Promise<string> {
  const { address, clock, totalLimitMs, bytesMax = ANSWER_BYTES_MAX, signal } = options;
  const where = formatAddress(address);
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(new CollectorUnreachable(`asking ${where}: stopped`));
      return;
    }
    const chunks: Buffer[] = [];
    let length = 0;
    // Collectors speak plain TCP to their own machine, also where others need a certificate.
    const tls = isLoopback(address.host) ? undefined : options.tls;
    const socket: Socket =
      tls === undefined ? connect({ host: address.host, port: address.port }) : dialTls(address, tls);
    // Latency counts, the line is one packet anyway.
    socket.setNoDelay(true);

    const settle = (finish: () => void) => {
      connecting.cancel();
      total.cancel();
      signal.removeEventListener("abort", abort);
      socket.removeAllListeners();
      // A late error of a socket that nobody listens to would end the process.
      socket.on("error", () => {});
      socket.destroy();
      finish();
    };
    const unreachable = (why: string) => settle(() => reject(new CollectorUnreachable(`asking ${where}: ${why}`)));
    const abort = () => unreachable("stopped");
    const connecting = clock.setTimer(
      () => unreachable(`no connection within ${CONNECT_LIMIT_MS} ms`),
      Math.min(CONNECT_LIMIT_MS, totalLimitMs),
    );
    const total = clock.setTimer(() => unreachable(`no whole answer within ${totalLimitMs} ms`), totalLimitMs);
    signal.addEventListener("abort", abort);

    socket.on(tls === undefined ? "connect" : TLS_READY, () => {
      connecting.cancel();
      socket.write(`${line}\n`);
    });
    socket.on("data", (chunk: Buffer) => {
      length += chunk.length;
      if (length > bytesMax) {
        settle(() => reject(new MalformedAnswer(`asking ${where}: the answer has more than ${bytesMax} bytes`)));
        return;
      }
      chunks.push(chunk);
    });
    const explain = (error: unknown) => (tls === undefined ? undefined : tlsFault(error, address, tls));
    socket.on("error", (error) => unreachable(explain(error) ?? messageOf(error)));
    socket.on("end", () => {
      settle(() => {
        if (length === 0) {
          const why = tls === undefined ? closedWithoutAnswer(address.host) : closedWithoutWord(tls);
          reject(new CollectorUnreachable(`asking ${where}: ${why}`));
          return;
        }
        try {
          resolve(new TextDecoder("utf-8", { fatal: true }).decode(Buffer.concat(chunks)));
        } catch {
          reject(new MalformedAnswer(`asking ${where}: the answer is not UTF-8`));
        }
      });
    });
    socket.on("close", () => unreachable("the connection was closed before the answer"));
  });
}

/** From elsewhere a collector takes only whom it knows, and says no word to others. */
function closedWithoutAnswer(host: string): string {
  const closed = "the connection was closed without an answer";
  if (isLoopback(host)) return `${closed}; is this a collector's query port, by default 8662?`;
  return `${closed}; is this machine in its serve.allow, and does it want a certificate (viewer.tls)?`;
}
