/** One document of a gmond or gmetad, from an address. */
import { type Address, formatAddress } from "../../core/base/address.js";
import { GrateError } from "../../core/base/errors.js";
import type { GangliaXmlReader, ReadReport } from "../../core/wire/ganglia/xml-reader.js";
import type { Fetch, Fetched } from "../connections/tcp.js";

export interface DocumentLimits {
  readonly connectTimeoutMs: number;
  /** From the start of connecting to the last byte. */
  readonly timeoutMs: number;
  readonly sizeLimitBytes: number;
}

/** What a gmetad's 8652 and a collector's 8662 answer with sums alone. */
export const SUMMARY_REQUEST = "/?filter=summary\n";

/**
 * The whole document in memory, to be parsed when nothing is being received any
 * more: a peer is never made to wait for our parser.
 * @param request the line that a query port waits for
 * @throws GrateError if nothing came
 */
export async function fetchDocument(
  fetch: Fetch,
  address: Address,
  limits: DocumentLimits,
  signal: AbortSignal,
  request?: string,
): Promise<Fetched> {
  const document = await fetch({ address, ...limits, signal, request });
  const peer = formatAddress(address);
  if (signal.aborted) throw new GrateError(`Stopped while reading ${peer}`);
  if (document.bytes.length > 0) return document;
  throw new GrateError(
    `Cannot read ${peer}: it closed the connection without a word; ` +
      `is this machine among those that may ask (gmetad: trusted_hosts, gmond: acl, collector: serve.allow), ` +
      `and does it want TLS?`,
  );
}

/** Reads it and gives its memory back. @throws what the reader's sink throws */
export function readDocument(reader: GangliaXmlReader, { bytes, receivedMs, release }: Fetched): ReadReport {
  try {
    return reader.read(bytes, receivedMs);
  } finally {
    release?.();
  }
}

/**
 * @param wantsSums they were asked for
 * @returns why the document is none, not whole or not what was asked for; undefined where all is well
 */
export function documentFault(report: ReadReport, address: Address, wantsSums: boolean): string | undefined {
  const peer = formatAddress(address);
  const { fault, complete, hosts, summaries } = report;
  if (fault !== undefined) return `Cannot read ${peer}: ${fault}`;
  if (wantsSums && summaries === 0) {
    const what = complete ? `${peer} gives no sums` : `Cannot read all of ${peer}: it broke off before any sums`;
    return (
      `${what}, though they were asked for (take: summary); ` +
      `expected a query port: a gmetad's 8652, a collector's 8662`
    );
  }
  return complete ? undefined : `Cannot read all of ${peer}: it broke off after ${hosts} hosts`;
}

/**
 * A peer that answers and has nothing to tell looks well, and nothing comes of it.
 * @returns what a person should look at; undefined where there are hosts or sums
 */
export function emptyNote({ hosts, summaries, faults, sourceKind }: ReadReport, address: Address): string | undefined {
  if (hosts > 0 || summaries > 0) return undefined;
  const [fault] = faults;
  const why =
    fault ??
    (sourceKind === "gmond"
      ? "it hears nobody, not even itself; has its gmond.conf a udp_recv_channel that some udp_send_channel reaches?"
      : "its own sources have given none yet");
  return `${formatAddress(address)} tells of no host: ${why}`;
}
