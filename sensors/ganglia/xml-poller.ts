/** Polls a gmond, a gmetad or a collector for its document: one frame a cluster and poll, and the sums of what has no hosts. */
import { type Address, formatAddress } from "../../core/base/address.js";
import type { Clock } from "../../core/base/clock.js";
import { tlsPeer } from "../../core/base/config/tls.js";
import { messageOf } from "../../core/base/errors.js";
import { type Logger, type RateLimitedLog, rateLimited } from "../../core/base/log.js";
import type { SourceHealth } from "../../core/model/source.js";
import { GangliaXmlReader, type ReadReport } from "../../core/wire/ganglia/xml-reader.js";
import type { GangliaXmlConfig } from "../config.js";
import { createTcpFetch, type Fetch, type Fetched } from "../connections/tcp.js";
import { createTlsFetch } from "../connections/tls.js";
import { HealthRecord } from "../health.js";
import { PeriodicTask } from "../schedule.js";
import type { Source, SourceDeps } from "../source.js";
import { AddressList } from "./address-list.js";
import {
  type DocumentLimits,
  documentFault,
  emptyNote,
  fetchDocument,
  readDocument,
  SUMMARY_REQUEST,
} from "./xml-document.js";

/** How bytes come in, as the source's configuration says. */
function fetchOf({ tls }: GangliaXmlConfig, clock: Clock): Fetch {
  const peer = tlsPeer(tls);
  return peer === undefined ? createTcpFetch(clock) : createTlsFetch(clock, peer);
}

export class GangliaXmlPoller implements Source {
  readonly #name: string;
  readonly #wantsSums: boolean;
  readonly #limits: DocumentLimits;
  readonly #logger: Logger;
  readonly #log: RateLimitedLog;
  readonly #fetch: Fetch;
  readonly #addresses: AddressList;
  readonly #health: HealthRecord;
  readonly #reader: GangliaXmlReader;
  readonly #task: PeriodicTask;

  /** @param fetch how bytes come in; TCP or TLS unless a test says otherwise */
  constructor(config: GangliaXmlConfig, deps: SourceDeps, fetch: Fetch = fetchOf(config, deps.clock)) {
    this.#name = config.name;
    this.#wantsSums = config.take === "summary";
    this.#limits = {
      connectTimeoutMs: config["connect-timeout"],
      timeoutMs: config.timeout,
      sizeLimitBytes: config["size-limit"],
    };
    this.#logger = deps.logger;
    this.#log = rateLimited(deps.logger, deps.clock);
    this.#fetch = fetch;
    this.#addresses = new AddressList(config.address);
    this.#health = new HealthRecord(config.name, config.type, deps.sink, deps.clock);
    this.#health.address = formatAddress(this.#addresses.current);
    this.#health.receivedBytes = 0;
    this.#reader = new GangliaXmlReader({
      source: config.name,
      sink: this.#health,
      rename: new Map(Object.entries(config.rename ?? {})),
      detail: !this.#wantsSums,
      everyS: Math.ceil(config.every / 1_000),
    });
    this.#task = new PeriodicTask({
      clock: deps.clock,
      everyMs: config.every,
      name: config.name,
      run: (signal) => this.#poll(signal),
      onError: (error) => this.#broken(error),
      onSkipped: (ticks) =>
        this.#log.warn("skipped", { source: this.#name, ticks }, "poll took longer than its interval"),
    });
  }

  /** Polls that did not take place because the one before was still under way. */
  get skippedPolls(): number {
    return this.#task.skipped;
  }

  health(): SourceHealth {
    return this.#health.snapshot();
  }

  async start(): Promise<void> {
    this.#task.start();
  }

  async stop(): Promise<void> {
    this.#health.stopped();
    await this.#task.stop();
  }

  /** Tries the addresses in turn until one gives a whole document. */
  async #poll(signal: AbortSignal): Promise<void> {
    const faults: string[] = [];
    for (const address of this.#addresses.candidates()) {
      const fault = await this.#pollAddress(address, signal);
      if (fault === undefined || signal.aborted) return;
      faults.push(fault);
      const peer = formatAddress(address);
      this.#log.warn(`address ${peer}`, { source: this.#name, address: peer, fault }, "poll failed");
    }
    this.#health.failed(faults.join("; "));
  }

  /**
   * @returns why another address should be tried; what came before a document broke off counts all the same
   * @throws what our own sink throws: no other address would help
   */
  async #pollAddress(address: Address, signal: AbortSignal): Promise<string | undefined> {
    let document: Fetched;
    try {
      const request = this.#wantsSums ? SUMMARY_REQUEST : undefined;
      document = await fetchDocument(this.#fetch, address, this.#limits, signal, request);
    } catch (error) {
      return messageOf(error);
    }
    this.#health.receivedBytes = (this.#health.receivedBytes ?? 0) + document.receivedBytes;
    const report = readDocument(this.#reader, document);
    this.#note(report, address);
    const fault = documentFault(report, address, this.#wantsSums);
    if (fault === undefined) this.#succeeded(report, address);
    return fault;
  }

  /** Not the peer's fault: our own sink refused the frame. */
  #broken(error: unknown): void {
    const fault = messageOf(error);
    this.#health.failed(fault);
    this.#log.warn("broken", { source: this.#name, fault }, "poll failed");
  }

  /** What holds of any document that came, whole or not. */
  #note(report: ReadReport, address: Address): void {
    this.#health.malformed += report.malformed;
    this.#health.skewMs = report.skewMs;
    if (report.faults.length === 0) return;
    const { malformed, faults } = report;
    const peer = formatAddress(address);
    const fields = { source: this.#name, address: peer, malformed, faults };
    this.#log.warn(`malformed ${peer}`, fields, "parts of a document were passed over");
  }

  #succeeded(report: ReadReport, address: Address): void {
    const peer = formatAddress(address);
    if (peer !== this.#health.address || this.#health.state !== "ok") {
      const { hosts, summaries } = report;
      this.#logger.info({ source: this.#name, address: peer, hosts, summaries }, "polling");
    }
    this.#addresses.succeeded(address);
    this.#health.address = peer;
    const note = emptyNote(report, address);
    if (note === undefined) this.#health.ok();
    else this.#health.partly(note, 0);
  }
}
