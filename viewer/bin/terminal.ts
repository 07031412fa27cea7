/** What the terminal commands share: where the collector is, and how to print. */
import { loadConfiguration } from "../../collector/bin/configuration.js";
import { type Address, formatAddress } from "../../core/base/address.js";
import { systemClock } from "../../core/base/clock.js";
import { tlsPeer } from "../../core/base/config/tls.js";
import { GrateError, messageOf } from "../../core/base/errors.js";
import type { TlsPeer } from "../../core/base/tls-client.js";
import { CollectorRefused, CollectorUnreachable, MalformedAnswer } from "../pull/client.js";
import { QueryClient } from "../pull/query-client.js";
import { DEFAULT_WIDTH, type OutputOptions } from "../terminal/output.js";
import { printable } from "../terminal/printable.js";
import { wantsColor } from "../terminal/style.js";

export interface TerminalOptions {
  readonly config?: string;
  readonly state?: string;
  readonly query?: Address;
  readonly control?: Address;
  readonly json?: true;
  readonly header: boolean;
}

export interface CollectorAddresses {
  readonly query: Address;
  readonly control: Address;
  /** Certificates for a query port that wants them. */
  readonly tls?: TlsPeer | undefined;
}

const DEFAULTS: CollectorAddresses = Object.freeze({
  query: Object.freeze({ host: "127.0.0.1", port: 8662 }),
  control: Object.freeze({ host: "127.0.0.1", port: 8663 }),
});

/** @throws ConfigError where the file that was named is bad */
export function collectorAddresses(options: TerminalOptions): CollectorAddresses {
  if (options.config !== undefined) {
    const { viewer } = loadConfiguration(options.config).config;
    return { query: viewer.collector, control: viewer.control, tls: tlsPeer(viewer.tls) };
  }
  return { query: options.query ?? DEFAULTS.query, control: options.control ?? DEFAULTS.control };
}

export function outputOptions(options: TerminalOptions): OutputOptions {
  const isTerminal = process.stdout.isTTY === true;
  // Lines that a program reads are never broken.
  const width = isTerminal ? process.stdout.columns : options.header ? DEFAULT_WIDTH : Number.POSITIVE_INFINITY;
  return {
    json: options.json === true,
    header: options.header,
    color: wantsColor(process.env, isTerminal),
    width,
  };
}

export function printLines(lines: readonly string[]): void {
  if (lines.length > 0) process.stdout.write(`${lines.join("\n")}\n`);
}

/**
 * Asks the query port.
 * @throws GrateError in one line where there is no good answer
 */
export async function ask<T>(
  { query: address, tls }: CollectorAddresses,
  question: (client: QueryClient, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  try {
    return await question(new QueryClient(address, systemClock, tls), new AbortController().signal);
  } catch (error) {
    if (error instanceof CollectorUnreachable) {
      const why = printable(messageOf(error).replace(/^asking \S+: /, ""));
      const hint = why.includes("ECONNREFUSED")
        ? "connection refused, nothing listens there; does a collector run? -c FILE or --query ADDRESS says where it is"
        : why;
      throw new GrateError(`cannot reach the collector at ${formatAddress(address)}: ${hint}`);
    }
    if (error instanceof MalformedAnswer || error instanceof CollectorRefused) {
      throw new GrateError(`the collector at ${formatAddress(address)}: ${printable(messageOf(error))}`);
    }
    throw error;
  }
}
