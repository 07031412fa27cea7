/**
 * What a late listener has missed: a default gmond sends metadata only when it
 * starts. One document of any gmond of the cluster tells it all, and the names
 * of the hosts besides. Asking on the channel itself would make this machine
 * appear as a host in every gmond, so that is not done.
 */
import { type Address, formatAddress } from "../../core/base/address.js";
import { messageOf } from "../../core/base/errors.js";
import { type Logger, type RateLimitedLog, rateLimited } from "../../core/base/log.js";
import type { ClusterDirectory } from "../../core/model/directory.js";
import type { Frame, FrameSink } from "../../core/model/frame.js";
import { GangliaXmlReader } from "../../core/wire/ganglia/xml-reader.js";
import type { Fetch } from "../connections/tcp.js";
import type { SourceDeps } from "../source.js";
import { type DocumentLimits, documentFault, fetchDocument, readDocument } from "./xml-document.js";

const LIMITS: DocumentLimits = Object.freeze({
  connectTimeoutMs: 5_000,
  timeoutMs: 30_000,
  sizeLimitBytes: 128 * 2 ** 20,
});

/** A gmond that writes its document holds up its receiver; once a minute it can well afford that. */
const SEED_AGAIN_MS = 60_000;

export interface SeedOptions {
  readonly source: string;
  readonly cluster: string;
  readonly address: Address;
  readonly fetch: Fetch;
}

export class ChannelSeed {
  readonly #options: SeedOptions;
  readonly #deps: SourceDeps;
  readonly #log: RateLimitedLog;
  readonly #logger: Logger;
  readonly #sink: OneClusterSink;
  readonly #reader: GangliaXmlReader;
  #startedMs = Number.NEGATIVE_INFINITY;
  #running = false;

  constructor(options: SeedOptions, deps: SourceDeps) {
    this.#options = options;
    this.#deps = deps;
    this.#logger = deps.logger;
    this.#log = rateLimited(deps.logger, deps.clock);
    this.#sink = new OneClusterSink(options.cluster, deps.sink);
    this.#reader = new GangliaXmlReader({ source: options.source, sink: this.#sink });
  }

  /** At most one poll a minute, one at a time. */
  get isDue(): boolean {
    return !this.#running && this.#deps.clock.monotonicMs() - this.#startedMs >= SEED_AGAIN_MS;
  }

  /** Polls once; values and metadata go into the sink. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    const { source, address, fetch, cluster } = this.#options;
    const fields = { source, address: formatAddress(address), cluster };
    this.#running = true;
    this.#startedMs = this.#deps.clock.monotonicMs();
    this.#sink.begin();
    try {
      const report = readDocument(this.#reader, await fetchDocument(fetch, address, LIMITS, signal));
      const fault = documentFault(report, address, false);
      if (fault !== undefined) this.#log.warn("failed", { ...fields, fault }, "metadata poll failed");
      else if (this.#sink.found) this.#logger.info({ ...fields, hosts: report.hosts }, "metadata read");
      else
        this.#log.warn("cluster", { ...fields, found: this.#sink.others }, "metadata-from does not have the cluster");
    } catch (error) {
      if (!signal.aborted) this.#log.warn("failed", { ...fields, fault: messageOf(error) }, "metadata poll failed");
    } finally {
      this.#running = false;
    }
  }
}

/** Names of clusters kept for the message. */
const OTHERS_MAX = 5;

/** Passes one cluster on; a gmetad has others, and they are not this source's. */
class OneClusterSink implements FrameSink {
  found = false;
  others: string[] = [];
  readonly #cluster: string;
  readonly #sink: FrameSink;

  constructor(cluster: string, sink: FrameSink) {
    this.#cluster = cluster;
    this.#sink = sink;
  }

  /** With a new document. */
  begin(): void {
    this.found = false;
    this.others = [];
  }

  directory(clusterName: string): ClusterDirectory | undefined {
    if (clusterName === this.#cluster) {
      this.found = true;
      return this.#sink.directory(clusterName);
    }
    if (this.others.length < OTHERS_MAX && !this.others.includes(clusterName)) this.others.push(clusterName);
    return undefined;
  }

  accept(frame: Frame): void {
    this.#sink.accept(frame);
  }

  /** A channel is one cluster with its hosts; what else the document tells is another source's business. */
  acceptSums(): void {}
}
