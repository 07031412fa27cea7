/**
 * A store on another machine as an archive: what is appended goes to a queue on disk
 * and from there, in its own time, by Prometheus remote write; what is read comes back
 * by the Prometheus API. Text metrics are passed over: the protocol has none.
 */
import { resolve } from "node:path";
import type { Clock } from "../../core/base/clock.js";
import type { LogFiles } from "../../core/base/record-log.js";
import type {
  Archive,
  ArchiveTraits,
  Coverage,
  ManySamplesQuery,
  NamedSeries,
  SeriesBatch,
  SeriesQuery,
} from "../../core/model/archive.js";
import { nameFault } from "../../core/model/names.js";
import type { Series } from "../../core/model/series.js";
import { requireBatches } from "../batch.js";
import { StorageError } from "../errors.js";
import type { StoreHealth } from "../health.js";
import { endOf } from "../many.js";
import { SampleQueue } from "../queue/sample-queue.js";
import { cutSeries } from "../series.js";
import type { StoreLog } from "../store.js";
import type { RemoteConfig } from "./config.js";
import { RemoteReader } from "./reader.js";
import { RemoteSender } from "./sender.js";
import { SeriesEnds } from "./series-ends.js";
import { wholeMs } from "./whole-ms.js";

/** Markers queued together: at the end of a large cluster they are hundreds of thousands. */
const MARKERS_PER_APPEND = 20_000;

export interface RemoteArchiveOptions {
  readonly config: RemoteConfig;
  /** Of the queue. */
  readonly files: LogFiles;
  readonly clock: Clock;
  readonly log: StoreLog;
}

export class RemoteArchive implements Archive {
  readonly traits: ArchiveTraits;
  readonly #config: RemoteConfig;
  readonly #queue: SampleQueue;
  readonly #sender: RemoteSender;
  readonly #reader: RemoteReader | undefined;
  readonly #clock: Clock;
  readonly #ends = new SeriesEnds();
  #closing: Promise<void> | undefined;

  /** @throws GrateError if the files of the queue cannot be read */
  constructor({ config, files, clock, log }: RemoteArchiveOptions) {
    this.#config = config;
    this.#clock = clock;
    this.traits = Object.freeze({
      name: "remote",
      // Times are whole ms on the other side.
      resolutionMs: 1,
      // VictoriaMetrics keeps some 15 digits of a value, others every bit: which one it is cannot be known.
      exact: false,
      text: false,
      visibilityDelayMs: config["visible-after"],
    });
    const { size: bytesMax, age: ageMaxMs } = config.queue;
    this.#queue = new SampleQueue({ files, bytesMax, ageMaxMs, clock, log, name: "the remote store" });
    this.#sender = new RemoteSender({ queue: this.#queue, config, clock, log });
    this.#reader = config.query === undefined ? undefined : new RemoteReader(config.query, config, clock);
    this.#sender.wake();
  }

  /** Resolves when the samples are in the queue on disk; the other side may be away. */
  async append(batches: readonly SeriesBatch[]): Promise<void> {
    this.#requireOpen();
    requireBatches(batches);
    const whole = wholeMs(batches);
    this.#queue.append(whole);
    this.#ends.note(whole);
    this.#sender.wake();
  }

  /** Now it is known who has sent nothing: series that have ended get their marker, behind all samples. */
  async endSpill(): Promise<void> {
    this.#requireOpen();
    for (const markers of this.#ends.take(MARKERS_PER_APPEND)) {
      this.#queue.append(markers);
      this.#sender.wake();
    }
  }

  async read({ key, fromMs, toMs }: SeriesQuery): Promise<Series | undefined> {
    this.#requireOpen();
    const held = this.#coverage();
    const isKey = [key.cluster, key.host, key.metric].every(isName);
    if (this.#reader === undefined || held === undefined || !isKey) return undefined;
    // Behind its last instant nothing is held; that instant itself belongs to it.
    const startMs = Math.max(fromMs, held.fromMs);
    const endMs = Math.min(toMs, held.toMs + 1);
    return startMs < endMs ? await this.#reader.read(key, startMs, endMs) : undefined;
  }

  /** In one question for some hours, instead of one for each series. */
  async readMany(query: ManySamplesQuery): Promise<readonly NamedSeries[] | undefined> {
    this.#requireOpen();
    if (this.#reader === undefined) return undefined;
    const { cluster, host, metric, samplesMax } = query;
    const held = this.#coverage();
    if (held === undefined || ![cluster, host ?? "-", metric ?? "-"].every(isName)) return [];
    const fromMs = Math.max(query.fromMs, held.fromMs);
    const toMs = Math.min(query.toMs, held.toMs + 1);
    if (!(fromMs < toMs)) return [];
    const found = await this.#reader.readMany({ cluster, host, metric }, fromMs, toMs, samplesMax);
    return found
      .map(({ name, series }) => ({ name, series: cutSeries(series, fromMs, endOf(query, name)) }))
      .filter(({ series }) => series.timesMs.length > 0);
  }

  async coverage(): Promise<Coverage | undefined> {
    this.#requireOpen();
    return this.#coverage();
  }

  health(): StoreHealth {
    const queue = this.#queue.counts;
    const sent = this.#sender.counts;
    const waiting = this.#sender.message === "" ? "" : `; ${queue.samples} samples wait`;
    return {
      store: this.traits.name,
      message: `${this.#sender.message}${waiting}`,
      counters: {
        queuedSamples: queue.samples,
        queueBytes: queue.bytes,
        queueAgeMs: queue.oldestMs === 0 ? 0 : Math.max(0, this.#clock.nowMs() - queue.oldestMs),
        sentSamplesTotal: sent.samples,
        requestsTotal: sent.requests,
        failuresTotal: sent.failures,
        refusedSamplesTotal: sent.refusedSamples,
        endedSeriesTotal: this.#ends.told,
        droppedFullSamplesTotal: queue.droppedFull,
        droppedOldSamplesTotal: queue.droppedOld,
        droppedDamagedSamplesTotal: queue.droppedDamaged,
      },
    };
  }

  /** What waits stays in the queue for the next start. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#reader?.close();
    await this.#sender.stop();
    this.#queue.close();
  }

  /** @returns what is asked for: what this installation gave, and what the configuration says is there besides */
  #coverage(): Coverage | undefined {
    const given = this.#queue.coverage;
    const { since } = this.#config;
    if (this.#reader === undefined) return undefined;
    if (since === undefined) return given;
    const sinceMs = Date.parse(`${since}T00:00:00Z`);
    return { fromMs: Math.min(sinceMs, given?.fromMs ?? sinceMs), toMs: given?.toMs ?? this.#clock.nowMs() };
  }

  #requireOpen(): void {
    if (this.#closing !== undefined) throw new StorageError("storage-closed", "the remote archive is closed");
  }
}

function isName(name: string): boolean {
  return nameFault(name) === undefined;
}

/** @returns where the queue of a configuration lies */
export function queueDirectory(stateDir: string, config: RemoteConfig): string {
  return resolve(stateDir, config.queue.dir);
}
