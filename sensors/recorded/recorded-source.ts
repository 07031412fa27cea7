/**
 * Plays documents of Ganglia's XML from files, as `storage: { xml: ... }` writes them or
 * anybody else: one after the other, each as of the time at which it was written. So a
 * bad hour can be looked at again, with its history, on any machine.
 */
import { messageOf } from "../../core/base/errors.js";
import { type Logger, type RateLimitedLog, rateLimited } from "../../core/base/log.js";
import type { SourceHealth } from "../../core/model/source.js";
import { GangliaXmlReader } from "../../core/wire/ganglia/xml-reader.js";
import { HealthRecord } from "../health.js";
import { PeriodicTask } from "../schedule.js";
import type { Source, SourceDeps } from "../source.js";
import type { GangliaFilesConfig } from "./config.js";
import { filesOf, type RecordedDocument, readDocuments } from "./documents.js";

/** Where documents come from; files unless a test says otherwise. */
export interface DocumentPorts {
  files(paths: readonly string[]): Promise<readonly string[]>;
  documents(path: string, sizeMax: number): AsyncIterator<RecordedDocument>;
}

const FILES: DocumentPorts = { files: filesOf, documents: readDocuments };

/** LOCALTIME stands in the first tags, behind a DTD of 3 kB. */
const HEAD_BYTES = 16_384;

export class RecordedSource implements Source {
  readonly #config: GangliaFilesConfig;
  readonly #ports: DocumentPorts;
  readonly #logger: Logger;
  readonly #log: RateLimitedLog;
  readonly #health: HealthRecord;
  readonly #reader: GangliaXmlReader;
  readonly #task: PeriodicTask;
  #paths: string[] | undefined;
  #open: AsyncIterator<RecordedDocument> | undefined;
  #documents = 0;
  #isDone = false;

  constructor(config: GangliaFilesConfig, { sink, clock, logger }: SourceDeps, ports: DocumentPorts = FILES) {
    this.#config = config;
    this.#ports = ports;
    this.#logger = logger;
    this.#log = rateLimited(logger, clock);
    this.#health = new HealthRecord(config.name, config.type, sink, clock);
    this.#reader = new GangliaXmlReader({ source: config.name, sink: this.#health });
    this.#task = new PeriodicTask({
      clock,
      everyMs: config.every,
      name: config.name,
      run: () => this.#next(),
      onError: (error) => this.#broken(error),
    });
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
    await this.#open?.return?.();
  }

  /** Hands one document on, the first of the next file where one ends. */
  async #next(): Promise<void> {
    if (this.#isDone) return;
    this.#paths ??= [...(await this.#ports.files(this.#config.files))];
    for (;;) {
      if (this.#open === undefined) {
        const path = this.#paths.shift();
        if (path === undefined) return this.#finish();
        this.#health.address = path;
        this.#open = this.#ports.documents(path, this.#config["size-limit"]);
      }
      const next = await this.#documentOf(this.#open);
      if (next !== undefined) return this.#play(next);
    }
  }

  /** @returns undefined at the end of the file; where it cannot be read on, that is its end too */
  async #documentOf(open: AsyncIterator<RecordedDocument>): Promise<RecordedDocument | undefined> {
    let next: IteratorResult<RecordedDocument> | undefined;
    try {
      next = await open.next();
    } finally {
      if (next?.done !== false) this.#open = undefined;
    }
    return next.done === true ? undefined : next.value;
  }

  #play({ path, bytes }: RecordedDocument): void {
    const timeMs = localtimeMs(bytes);
    if (timeMs === undefined) throw new Error(`Cannot play a document of ${path}: it has no LOCALTIME`);
    // As if it had come when it was written: its own clock is then right.
    const report = this.#reader.read(bytes, timeMs);
    this.#documents++;
    this.#health.malformed += report.malformed;
    if (report.fault === undefined) this.#health.ok();
    else throw new Error(`Cannot play a document of ${path}: ${report.fault}`);
  }

  #finish(): void {
    this.#isDone = true;
    this.#logger.info({ source: this.#config.name, documents: this.#documents }, "all documents are played");
  }

  /** A document that cannot be played is passed over, and so is the rest of a file that cannot be read. */
  #broken(error: unknown): void {
    const fault = messageOf(error);
    this.#health.failed(fault);
    // Where not even the list of files can be had, each tick says the same.
    this.#log.warn(fault, { source: this.#config.name, fault }, "playing documents");
  }
}

function localtimeMs(bytes: Uint8Array): number | undefined {
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, HEAD_BYTES)).toString("latin1");
  // The DTD speaks of LOCALTIME too, without a value.
  const seconds = /\sLOCALTIME\s*=\s*["'](\d{1,12})["']/.exec(head)?.[1];
  return seconds === undefined ? undefined : Number(seconds) * 1_000;
}
