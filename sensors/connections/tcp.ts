/**
 * Reads everything a TCP peer sends until it closes. Nothing is ever written but
 * the one line that a query port wants.
 *
 * The stream is drained into memory, and nothing else is done meanwhile, because
 * a gmond holds the lock its receiver needs for as long as it writes. Whatever the peer does
 * (nothing, a byte a second, an endless stream, a reset), the read ends within
 * its deadline and its size, with bytes or with one line that says why not.
 */
import { type Address, formatAddress } from "../../core/base/address.js";
import type { Clock, Timer } from "../../core/base/clock.js";
import { codeOf, GrateError, messageOf } from "../../core/base/errors.js";
import { formatDuration } from "../../core/model/duration.js";
import type { Dial, DialFacts } from "./dial.js";
import { dialTcp } from "./dial-tcp.js";
import { gunzipWithin, isGzip } from "./gzip.js";
import { ReceiveBuffer } from "./receive-buffer.js";

export interface FetchRequest {
  readonly address: Address;
  readonly connectTimeoutMs: number;
  /** From the start of connecting to the last byte. */
  readonly timeoutMs: number;
  /** Of what comes over the line, and of what it unpacks to. */
  readonly sizeLimitBytes: number;
  /** Sent as soon as the connection stands; nothing is where it is left out. */
  readonly request?: string | undefined;
  /** Ends the read at once. */
  readonly signal: AbortSignal;
}

export interface Fetched {
  /** Unpacked where the peer sent gzip. Valid until release, or the next fetch by the same function. */
  readonly bytes: Uint8Array;
  /** To be called when the bytes have been read: gives their memory back where it is large. */
  readonly release?: () => void;
  /** What came over the line, packed or not; without what TLS adds. */
  readonly receivedBytes: number;
  /** Wall clock at the first byte, epoch ms: the peer had written its LOCALTIME just before. */
  readonly receivedMs: number;
}

/** @throws GrateError that says what failed, with which address */
export type Fetch = (request: FetchRequest) => Promise<Fetched>;

/** What a person should know of the commonest errors. */
const CONNECT_ERRORS: Readonly<Record<string, string>> = Object.freeze({
  ECONNREFUSED: "connection refused, nothing listens there",
  EHOSTUNREACH: "no route to the host",
  ENETUNREACH: "the network is unreachable",
  ETIMEDOUT: "the host does not answer",
  ENOTFOUND: "there is no such host name",
  EAI_AGAIN: "the name server does not answer",
});

export function createTcpFetch(clock: Clock, dial: Dial = dialTcp(clock), facts: DialFacts = {}): Fetch {
  // One fetch at a time has it; one that begins while another is under way makes its own.
  let spare: ReceiveBuffer | undefined = new ReceiveBuffer();
  let fetches = 0;
  return async (request) => {
    const buffer = spare ?? new ReceiveBuffer();
    spare = undefined;
    const number = ++fetches;
    // A later fetch may have used it, or have it still.
    const release = () => {
      if (number === fetches) buffer.release();
    };
    try {
      const received = await drain(clock, dial, facts, request, buffer);
      if (!isGzip(received.bytes)) return { ...received, release };
      const peer = formatAddress(request.address);
      const bytes = await gunzipWithin(received.bytes, request.sizeLimitBytes, peer);
      buffer.release();
      return { ...received, bytes };
    } catch (error) {
      buffer.release();
      throw error;
    } finally {
      spare = buffer;
    }
  };
}

/**
 * A peer that has begun and says nothing for so long will not go on: it died with the connection open, or the
 * network lost it. gmetad waits as long. Before the first byte only the deadline counts.
 */
const IDLE_MS = 10_000;

/** A gmetad's or a collector's query port says nothing before it is asked. */
const SILENT =
  "is this a query port such as 8652 or 8662, which waits for a request? " +
  "A gmond answers on 8649, a gmetad on 8651, a collector on 8661";

function drain(
  clock: Clock,
  dial: Dial,
  facts: DialFacts,
  request: FetchRequest,
  buffer: ReceiveBuffer,
): Promise<Fetched> {
  const { signal, sizeLimitBytes } = request;
  const { readyEvent = "connect", explain = () => undefined } = facts;
  const peer = formatAddress(request.address);
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(new GrateError(`Stopped before reading ${peer}`));
    buffer.clear();
    let sizeBytes = 0;
    let receivedMs = 0;
    let lastMs = 0;
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
      else resolve({ bytes: buffer.bytes(), receivedBytes: sizeBytes, receivedMs });
    };
    const fail = (message: string) => finish(new GrateError(message));
    const onAbort = () => fail(`Stopped while reading ${peer}`);
    /** Until the deadline, or until the peer has been silent for too long in the middle. */
    const leftMs = () => {
      const nowMs = clock.monotonicMs();
      const totalMs = request.timeoutMs - (nowMs - startedMs);
      return sizeBytes === 0 ? totalMs : Math.min(totalMs, lastMs + IDLE_MS - nowMs);
    };
    const onTimeout = () => {
      if (connected && leftMs() > 0) {
        timer = clock.setTimer(onTimeout, leftMs());
        return;
      }
      const limit = formatDuration(connected ? request.timeoutMs : request.connectTimeoutMs);
      if (!connected) return fail(`Cannot connect to ${peer}: no answer within ${limit}`);
      if (sizeBytes === 0 && request.request === undefined) {
        return fail(`Cannot read ${peer}: connected, but nothing came within ${limit}: ${SILENT}`);
      }
      if (clock.monotonicMs() - startedMs < request.timeoutMs) {
        return fail(`Cannot read ${peer}: it stopped for ${formatDuration(IDLE_MS)} after ${sizeBytes} bytes`);
      }
      fail(`Cannot read ${peer}: not finished after ${limit}, ${sizeBytes} bytes received`);
    };

    const startedMs = clock.monotonicMs();
    timer = clock.setTimer(onTimeout, request.connectTimeoutMs);
    signal.addEventListener("abort", onAbort);
    stream.on(readyEvent, () => {
      connected = true;
      if (request.request !== undefined) stream.write(request.request);
      timer.cancel();
      timer = clock.setTimer(onTimeout, Math.min(IDLE_MS, leftMs()));
    });
    stream.on("data", (chunk: Uint8Array) => {
      if (sizeBytes === 0) receivedMs = clock.nowMs();
      lastMs = clock.monotonicMs();
      sizeBytes += chunk.length;
      if (sizeBytes > sizeLimitBytes) {
        return fail(`Cannot read ${peer}: more than the limit of ${sizeLimitBytes} bytes`);
      }
      buffer.append(chunk);
    });
    stream.on("end", () => finish());
    stream.on("error", (error) => {
      // Who closes without having read our request resets the connection; whether it said all shows in what came.
      if (request.request !== undefined && sizeBytes > 0 && codeOf(error) === "ECONNRESET") return finish();
      fail(
        connected
          ? `Cannot read ${peer}: ${explain(error, request.address) ?? messageOf(error)}, ${sizeBytes} bytes received`
          : `Cannot connect to ${peer}: ${explain(error, request.address) ?? CONNECT_ERRORS[codeOf(error)] ?? messageOf(error)}`,
      );
    });
    stream.on("close", () => fail(`Cannot read ${peer}: closed before its end, ${sizeBytes} bytes received`));
  });
}
