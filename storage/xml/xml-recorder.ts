/**
 * Writes down what is known, as Ganglia's XML: a document of each cluster at an
 * interval. For handing a bad hour to somebody, who needs nothing but gunzip to look
 * at it, and for playing it again (sensors: source type ganglia-files).
 *
 * It runs beside the archive and takes nothing from it: documents show the present with
 * all that is said of hosts and metrics, which an archive of samples does not keep.
 */
import { resolve } from "node:path";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import type { Clock, Timer } from "../../core/base/clock.js";
import type { Component } from "../../core/base/component.js";
import { messageOf } from "../../core/base/errors.js";
import { type Logger, type RateLimitedLog, rateLimited } from "../../core/base/log.js";
import type { ClusterView } from "../../core/model/columns.js";
import { DOCUMENT_HEAD, GANGLIA_XML_CLOSE, gangliaXmlOpen, writeCluster } from "../../core/wire/ganglia/xml-writer.js";
import type { StoreHealth } from "../health.js";
import type { XmlConfig } from "./config.js";
import { DocumentDirectory } from "./document-directory.js";

/** The Ganglia whose documents these are; readers judge by it. */
const GANGLIA_VERSION = "3.7.2";

/** 40,000 hosts with 39 metrics. A larger one is left out and counted. */
const DOCUMENT_BYTES_MAX = 512 * 2 ** 20;

const SWEEP_EVERY_MS = 600_000;

const gzipAsync = promisify(gzip);

export interface XmlRecorderOptions {
  readonly config: XmlConfig;
  readonly stateDir: string;
  readonly views: () => readonly ClusterView[];
  readonly clock: Clock;
  readonly logger: Logger;
}

export class XmlRecorder implements Component {
  readonly #options: XmlRecorderOptions;
  readonly #directory: DocumentDirectory;
  readonly #log: RateLimitedLog;
  /** Number of the frame that each cluster's last document showed. */
  readonly #written = new Map<string, number>();
  #timer: Timer | undefined;
  #stopped = false;
  #running: Promise<void> | undefined;
  #sweptAtMs = Number.NEGATIVE_INFINITY;
  #message = "";
  #documents = 0;
  #bytes = 0;
  #leftBytes = 0;
  #failures = 0;
  #skipped = 0;

  constructor(options: XmlRecorderOptions) {
    this.#options = options;
    this.#directory = new DocumentDirectory(resolve(options.stateDir, options.config.dir));
    this.#log = rateLimited(options.logger, options.clock);
  }

  async start(): Promise<void> {
    this.#schedule();
  }

  /** Waits for the document under way. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#timer?.cancel();
    await this.idle();
  }

  /** Resolves when nothing is being written. */
  async idle(): Promise<void> {
    await this.#running;
  }

  health(): StoreHealth {
    return {
      store: "xml",
      message: this.#message,
      counters: {
        documentsTotal: this.#documents,
        documentBytesTotal: this.#bytes,
        documentFilesBytes: this.#leftBytes,
        documentFailuresTotal: this.#failures,
        documentsSkippedTotal: this.#skipped,
      },
    };
  }

  /** At whole multiples of the interval, so that two collectors write of the same instants. */
  #schedule(): void {
    if (this.#stopped) return;
    const { clock, config } = this.#options;
    const waitMs = config.every - (clock.nowMs() % config.every);
    this.#timer = clock.setTimer(() => this.#tick(), waitMs);
  }

  #tick(): void {
    this.#schedule();
    if (this.#running !== undefined) {
      this.#skipped++;
      this.#log.warn("slow", {}, "documents take longer to write than their interval");
      return;
    }
    this.#running = this.#run().finally(() => {
      this.#running = undefined;
    });
  }

  async #run(): Promise<void> {
    const faults: string[] = [];
    for (const view of this.#options.views()) {
      if (this.#stopped) break;
      const { name } = view.directory;
      try {
        await this.#write(view);
      } catch (error) {
        this.#failures++;
        faults.push(`cannot write a document of ${name}: ${messageOf(error)}`);
      }
    }
    try {
      await this.#sweep();
    } catch (error) {
      faults.push(`cannot delete old documents: ${messageOf(error)}`);
    }
    this.#message = faults[0] ?? "";
    if (faults[0] !== undefined) this.#log.warn("failed", {}, faults[0]);
  }

  /** A cluster that nobody told anything of since its last document needs no further one. */
  async #write(view: ClusterView): Promise<void> {
    const { name } = view.directory;
    const { frameNumber } = view;
    if (this.#written.get(name) === frameNumber) return;
    const nowMs = this.#options.clock.nowMs();
    // In one go, so that it shows one moment; packed elsewhere, by a thread of Node's own.
    const document = documentOf(view, nowMs);
    const packed = await gzipAsync(document);
    await this.#directory.append(name, nowMs, packed);
    this.#written.set(name, frameNumber);
    this.#documents++;
    this.#bytes += packed.length;
  }

  async #sweep(): Promise<void> {
    const { clock, config } = this.#options;
    if (clock.monotonicMs() - this.#sweptAtMs < SWEEP_EVERY_MS) return;
    this.#sweptAtMs = clock.monotonicMs();
    this.#leftBytes = await this.#directory.sweep(clock.nowMs(), config.keep, config.size);
  }
}

/** @throws Error above the limit */
function documentOf(view: ClusterView, nowMs: number): Buffer {
  const parts: Buffer[] = [];
  let bytes = 0;
  const add = (text: string) => {
    const part = Buffer.from(text, "latin1");
    parts.push(part);
    bytes += part.length;
    if (bytes > DOCUMENT_BYTES_MAX) throw new Error(`it has more than ${DOCUMENT_BYTES_MAX} bytes`);
  };
  // Documents are ASCII throughout, see escapeXml.
  add(DOCUMENT_HEAD);
  add(gangliaXmlOpen(GANGLIA_VERSION, "gmond"));
  for (const text of writeCluster(view, nowMs)) add(text);
  add(GANGLIA_XML_CLOSE);
  return Buffer.concat(parts, bytes);
}
