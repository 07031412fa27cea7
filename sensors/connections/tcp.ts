/**
 * Reads everything a TCP peer sends until it closes. Nothing is ever written.
 *
 * The stream is drained into memory as fast as it comes, because a gmond holds
 * the lock its receiver needs for as long as it writes. Whatever the peer does
 * (nothing, a byte a second, an endless stream, a reset), the read ends within
 * its deadline and its size, with bytes or with one line that says why not.
 */
import { connect as connectTcp } from "node:net";
import type { Readable } from "node:stream";
import { type Address, formatAddress } from "../../core/base/address.js";
import type { Clock, Timer } from "../../core/base/clock.js";
import { codeOf, GrateError, messageOf } from "../../core/base/errors.js";
import { formatDuration } from "../../core/model/duration.js";
import { gunzipWithin, isGzip } from "./gzip.js";

export interface FetchRequest {
  readonly address: Address;
  readonly connectTimeoutMs: number;
  /** From the start of connecting to the last byte. */
  readonly timeoutMs: number;
  /** Of what comes over the line, and of what it unpacks to. */
  readonly sizeLimitBytes: number;
  /** Ends the read at once. */
  readonly signal: AbortSignal;
}

export interface Fetched {
  /** Unpacked where the peer sent gzip. */
  readonly bytes: Uint8Array;
  /** Wall clock at the first byte, epoch ms: the peer had written its LOCALTIME just before. */
  readonly receivedMs: number;
}

/** @throws GrateError that says what failed, with which address */
export type Fetch = (request: FetchRequest) => Promise<Fetched>;

/** A connection being made: emits "connect" once, then data, "end", "error", "close". */
export type Dial = (address: Address) => Readable;

const dialTcp: Dial = ({ host, port }) => connectTcp({ host, port });

/** What a person should know of the commonest errors. */
const CONNECT_ERRORS: Readonly<Record<string, string>> = Object.freeze({
  ECONNREFUSED: "connection refused, nothing listens there",
  EHOSTUNREACH: "no route to the host",
  ENETUNREACH: "the network is unreachable",
  ETIMEDOUT: "the host does not answer",
  ENOTFOUND: "there is no such host name",
  EAI_AGAIN: "the name server does not answer",
});

export function createTcpFetch(clock: Clock, dial: Dial = dialTcp): Fetch {
  return async (request) => {
    const received = await drain(clock, dial, request);
    if (!isGzip(received.bytes)) return received;
    const peer = formatAddress(request.address);
    const bytes = await gunzipWithin(received.bytes, request.sizeLimitBytes, peer);
    return { bytes, receivedMs: received.receivedMs };
  };
}

function drain(clock: Clock, dial: Dial, request: FetchRequest): Promise<Fetched> {
  const { signal, sizeLimitBytes } = request;
  const peer = formatAddress(request.address);
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(new GrateError(`Stopped before reading ${peer}`));
    const chunks: Buffer[] = [];
    let sizeBytes = 0;
    let receivedMs = 0;
    let connected = false;
    let timer: Timer;
    const stream = dial(request.address);

    const finish = (error?: Error) => {
      timer.cancel();
      signal.removeEventListener("abort", onAbort);
      // A late error of a stream that is done with must not end the process.
      stream.removeAllListeners().on("error", () => {});
      stream.destroy();
      if (error !== undefined) reject(error);
      else
        resolve({ bytes: chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks, sizeBytes), receivedMs });
    };
    const fail = (message: string) => finish(new GrateError(message));
    const onAbort = () => fail(`Stopped while reading ${peer}`);
    const onTimeout = () => {
      const limit = formatDuration(connected ? request.timeoutMs : request.connectTimeoutMs);
      fail(
        connected
          ? `Cannot read ${peer}: not finished after ${limit}, ${sizeBytes} bytes received`
          : `Cannot connect to ${peer}: no answer within ${limit}`,
      );
    };

    const startedMs = clock.monotonicMs();
    timer = clock.setTimer(onTimeout, request.connectTimeoutMs);
    signal.addEventListener("abort", onAbort);
    stream.on("connect", () => {
      connected = true;
      timer.cancel();
      timer = clock.setTimer(onTimeout, request.timeoutMs - (clock.monotonicMs() - startedMs));
    });
    stream.on("data", (chunk: Buffer) => {
      if (sizeBytes === 0) receivedMs = clock.nowMs();
      sizeBytes += chunk.length;
      if (sizeBytes > sizeLimitBytes) {
        return fail(`Cannot read ${peer}: more than the limit of ${sizeLimitBytes} bytes`);
      }
      chunks.push(chunk);
    });
    stream.on("end", () => finish());
    stream.on("error", (error) =>
      fail(
        connected
          ? `Cannot read ${peer}: ${messageOf(error)}, ${sizeBytes} bytes received`
          : `Cannot connect to ${peer}: ${CONNECT_ERRORS[codeOf(error)] ?? messageOf(error)}`,
      ),
    );
    stream.on("close", () => fail(`Cannot read ${peer}: closed before its end, ${sizeBytes} bytes received`));
  });
}
