/** One document of a gmond or gmetad, from an address. */
import { type Address, formatAddress } from "../../core/base/address.js";
import { GrateError } from "../../core/base/errors.js";
import type { ReadReport } from "../../core/wire/ganglia/xml-reader.js";
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
      `is this machine in its list of trusted hosts (gmetad: trusted_hosts, gmond: acl)?`,
  );
}

/** @returns why the document is none or not whole; undefined where all is well */
export function documentFault(report: ReadReport, address: Address): string | undefined {
  const peer = formatAddress(address);
  if (report.fault !== undefined) return `Cannot read ${peer}: ${report.fault}`;
  return report.complete ? undefined : `Cannot read all of ${peer}: it broke off after ${report.hosts} hosts`;
}

/** @returns why sums were asked for in vain; undefined where some came */
export function noSumsFault(report: ReadReport, address: Address): string | undefined {
  if (report.summaries > 0) return undefined;
  return (
    `${formatAddress(address)} gives no sums, though they were asked for (take: summary); ` +
    `expected a query port: a gmetad's 8652, a collector's 8662`
  );
}
