/**
 * History in RRD files of gmetad's layout, so that ganglia-web and scripts find what they are used to. All calls
 * work synchronously inside, but for words with rrdcached; it is meant to live in a worker thread.
 *
 * A file that cannot be used costs its own metric, never the others; a disk that is full costs the append,
 * which may be given again.
 */
import { dirname, join, relative, resolve, sep } from "node:path";
import type { Clock } from "../../../core/base/clock.js";
import { codeOf, messageOf } from "../../../core/base/errors.js";
import type {
  Archive,
  ArchiveTraits,
  Coverage,
  SeriesBatch,
  SeriesQuery,
  SumTable,
} from "../../../core/model/archive.js";
import { nameFault } from "../../../core/model/names.js";
import type { NumberSeries, Series, SeriesKey } from "../../../core/model/series.js";
import { requireBatches } from "../../batch.js";
import { StorageError } from "../../errors.js";
import type { StoreHealth } from "../../health.js";
import type { StoreLog } from "../../store.js";
import { lastUpdateS, liveView } from "../commands/times.js";
import type { RandomInteger } from "../file/create-file.js";
import { withRrdFile } from "../file/rrd-file.js";
import type { RoundRobinArchive } from "../format/definition.js";
import { RrdError } from "../rrd-error.js";
import { readCoverage, writeCoverage } from "./coverage-file.js";
import type { DaemonFiles } from "./daemon/daemon-files.js";
import { HEARTBEAT_STEPS, hostDefinition } from "./definitions.js";
import { nameToPath } from "./file-names.js";
import { FileSet } from "./file-set.js";
import { FilledSamples } from "./filled-samples.js";
import { readSeries } from "./read-series.js";
import { SummaryFiles } from "./summary-files.js";
import { surveyCoverage } from "./survey.js";

/** A host or metric counts as gone after four times the longest time expected between two values. */
const TMAX_FACTOR = 4;
/** A gmetad beside us adds a step to it each 15 s; the reader's last minute is in the collector's memory. */
const COVERAGE_AGE_MAX_MS = 60_000;
/** Faults of single files are logged so often at most; all are counted. */
const FAULTS_LOGGED_MAX = 20;
/** With these the disk, not the file, is at fault. */
const DISK_CODES = ["ENOSPC", "EDQUOT", "EROFS", "EIO", "EMFILE", "ENFILE"];

export interface RrdArchiveOptions {
  /** Absolute; it is there. */
  readonly directory: string;
  readonly mode: "read" | "write";
  /** Of new files. */
  readonly stepS: number;
  readonly archivesOf: (stepS: number) => readonly RoundRobinArchive[];
  readonly lowerCaseHosts: boolean;
  readonly clock: Clock;
  readonly log: StoreLog;
  readonly random: RandomInteger;
  /** rrdcached, where the files are to be written, or flushed before they are read, by way of it. */
  readonly daemon?: DaemonFiles;
}

export class RrdArchive implements Archive {
  readonly traits: ArchiveTraits;
  readonly #options: RrdArchiveOptions;
  readonly #archives: readonly RoundRobinArchive[];
  readonly #files: FileSet;
  readonly #summaries: SummaryFiles;
  /** By number of a file of a host: its newest sample. */
  readonly #lastTimeS: number[] = [];
  readonly #lastValue: number[] = [];
  readonly #holdsS: number[] = [];
  /** undefined: a file of sums. */
  readonly #hostOf: (number | undefined)[] = [];
  /** Number of a host by its folder, and the newest sample of each. */
  readonly #hosts = new Map<string, number>();
  readonly #hostTimeS: number[] = [];
  readonly #filled = new FilledSamples();
  #coverage: Coverage | undefined;
  #coverageMs: number;
  #faultCount = 0;
  #lastFault = "";
  #isClosed = false;

  constructor(options: RrdArchiveOptions) {
    const { stepS, archivesOf, directory, mode, random, daemon, clock } = options;
    this.#options = options;
    this.#archives = archivesOf(stepS);
    this.#files = new FileSet(random, daemon);
    this.#summaries = new SummaryFiles({
      directory,
      files: this.#files,
      stepS,
      archivesOf,
      guard: (what, work) => this.#guard(what, work),
    });
    this.traits = Object.freeze({
      name: "rrd",
      resolutionMs: stepS * 1_000,
      exact: false,
      text: false,
      visibilityDelayMs: 0,
      sumsEveryMs: mode === "write" ? stepS * 1_000 : undefined,
    });
    this.#coverage = mode === "write" ? readCoverage(directory) : undefined;
    this.#coverage ??= surveyCoverage(directory);
    this.#coverageMs = clock.monotonicMs();
  }

  async append(batches: readonly SeriesBatch[]): Promise<void> {
    this.#requireOpen();
    requireBatches(batches);
    if (this.#options.mode === "read") return;
    for (const batch of batches) {
      // As gmetad: neither texts nor points in time have a curve.
      if (batch.series.kind === "number" && batch.type !== "timestamp" && batch.series.timesMs.length > 0) {
        this.#guard(`${batch.key.metric} of ${batch.key.host}`, () =>
          this.#appendBatch(batch, batch.series as NumberSeries),
        );
      }
    }
    await this.#written();
  }

  /** What a host sends rarely is repeated up to its end, and the sums are written. */
  async endSpill(sums: readonly SumTable[]): Promise<void> {
    this.#requireOpen();
    if (this.#options.mode === "read") return;
    this.#carry();
    for (const table of sums) this.#summaries.append(table);
    await this.#written();
    await this.#options.daemon?.check();
  }

  async read({ key, fromMs, toMs }: SeriesQuery): Promise<Series | undefined> {
    this.#requireOpen();
    if (!(fromMs < toMs) || !isKey(key)) return undefined;
    const path = this.#pathOf(key);
    const fromS = Math.max(0, fromMs / 1_000);
    const toS = Math.min(toMs / 1_000, Number.MAX_SAFE_INTEGER);
    const { daemon } = this.#options;
    try {
      if (daemon !== undefined && withRrdFile(path, "r", path, (file) => lastUpdateS(liveView(file))) < toS) {
        await daemon.flush(path);
      }
      return withRrdFile(path, "r", path, (file) => readSeries(file, fromS, toS));
    } catch (error) {
      if (!(error instanceof RrdError)) throw error;
      if (["ENOENT", "ENOTDIR"].includes(codeOf(error.cause))) return undefined;
      throw new StorageError("storage-corrupt", `cannot read: ${error.message}`);
    }
  }

  /** In mode read it is looked up again once a minute: gmetad goes on writing. */
  async coverage(): Promise<Coverage | undefined> {
    this.#requireOpen();
    const { mode, clock, directory } = this.#options;
    if (mode === "read" && clock.monotonicMs() - this.#coverageMs >= COVERAGE_AGE_MAX_MS) {
      this.#coverage = surveyCoverage(directory);
      this.#coverageMs = clock.monotonicMs();
    }
    return this.#coverage;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#options.daemon?.close();
  }

  health(): StoreHealth {
    const foreign = this.#files.foreignUpdateCount;
    const { daemon } = this.#options;
    const messages: string[] = [];
    if (this.#faultCount > 0) messages.push(this.#lastFault);
    if (foreign > 0) messages.push("another program updates files of this directory too");
    messages.push(...(daemon?.faults ?? []));
    return {
      store: "rrd",
      message: messages.join("; "),
      counters: {
        files: this.#files.count,
        fileFaultsTotal: this.#faultCount,
        foreignUpdatesTotal: foreign,
        ...daemon?.counters,
      },
    };
  }

  async #written(): Promise<void> {
    await this.#options.daemon?.send();
    if (this.#coverage !== undefined) writeCoverage(this.#options.directory, this.#coverage);
  }

  #appendBatch(batch: SeriesBatch, { timesMs, values }: NumberSeries): void {
    const path = this.#pathOf(batch.key);
    const number = this.#files.find(path) ?? this.#open(path, batch, Math.floor((timesMs[0] as number) / 1_000));
    const { stepS } = this.#files.definition(number);
    const afterS = this.#files.lastUpdateS(number);
    const holdsS = Math.max(HEARTBEAT_STEPS * stepS, TMAX_FACTOR * (batch.tmaxS ?? 0));
    const filled = this.#filled;
    filled.begin(this.#lastTimeS[number] as number, this.#lastValue[number] as number);
    for (let i = 0; i < timesMs.length; i++) {
      filled.add(Math.floor((timesMs[i] as number) / 1_000), values[i] as number, afterS, stepS, holdsS);
    }
    this.#update(number, filled);
    this.#lastTimeS[number] = filled.lastTimeS;
    this.#lastValue[number] = filled.lastValue;
    this.#holdsS[number] = holdsS;
    const host = this.#hostOf[number] as number;
    this.#hostTimeS[host] = Math.max(this.#hostTimeS[host] as number, filled.lastTimeS);
  }

  /** What a host sends rarely is repeated up to the newest that the host has sent: so gmetad writes it too. */
  #carry(): void {
    const filled = this.#filled;
    for (let number = 0; number < this.#hostOf.length; number++) {
      const host = this.#hostOf[number];
      if (host === undefined) continue;
      const { stepS } = this.#files.definition(number);
      filled.begin(this.#lastTimeS[number] as number, this.#lastValue[number] as number);
      const untilS = this.#hostTimeS[host] as number;
      filled.carry(untilS, this.#files.lastUpdateS(number), stepS, this.#holdsS[number] as number);
      if (filled.count > 0) this.#guard(this.#files.path(number), () => this.#update(number, filled));
    }
  }

  #update(number: number, { timesS, values, count }: FilledSamples): void {
    if (count === 0) return;
    this.#files.update(number, timesS.subarray(0, count), values.subarray(0, count), 1);
    this.#widen((timesS[0] as number) * 1_000, (timesS[count - 1] as number) * 1_000);
  }

  #open(path: string, { type, slope }: SeriesBatch, firstS: number): number {
    const makeDefinition = () => hostDefinition(this.#options.stepS, this.#archives, type, slope);
    const { number, last } = this.#files.open(path, makeDefinition, firstS);
    this.#lastTimeS[number] = last?.timeS ?? Number.NaN;
    this.#lastValue[number] = last?.value ?? Number.NaN;
    this.#holdsS[number] = 0;
    this.#hostOf[number] = this.#hostNumber(dirname(path));
    return number;
  }

  #hostNumber(folder: string): number {
    const known = this.#hosts.get(folder);
    if (known !== undefined) return known;
    this.#hosts.set(folder, this.#hosts.size);
    this.#hostTimeS.push(Number.NEGATIVE_INFINITY);
    return this.#hosts.size - 1;
  }

  /** @param what is not kept if the file is at fault */
  #guard(what: string, work: () => void): void {
    try {
      work();
    } catch (error) {
      const cause = error instanceof RrdError ? error.cause : error;
      if (DISK_CODES.includes(codeOf(cause))) {
        const code = ["ENOSPC", "EDQUOT"].includes(codeOf(cause)) ? "storage-full" : "storage-io";
        throw new StorageError(code, `cannot append: ${messageOf(error)}`);
      }
      if (!(error instanceof RrdError) && codeOf(error) === "") throw error;
      this.#lastFault = `${what} is not kept: ${messageOf(error)}`;
      if (this.#faultCount++ < FAULTS_LOGGED_MAX) this.#options.log.warn(this.#lastFault);
    }
  }

  /** @throws StorageError where a name led out of the directory: names are escaped so that none can */
  #pathOf({ cluster, host, metric }: SeriesKey): string {
    const { directory, lowerCaseHosts } = this.#options;
    const folder = nameToPath(lowerCaseHosts ? host.toLowerCase() : host);
    const path = resolve(join(directory, nameToPath(cluster), folder, `${nameToPath(metric)}.rrd`));
    const below = relative(directory, path);
    if (below.startsWith("..") || below.split(sep).length < 3) {
      throw new StorageError("storage-bad-batch", `cannot append: ${JSON.stringify(path)} is not below ${directory}`);
    }
    return path;
  }

  #widen(fromMs: number, toMs: number): void {
    const held = this.#coverage;
    this.#coverage = { fromMs: Math.min(held?.fromMs ?? fromMs, fromMs), toMs: Math.max(held?.toMs ?? toMs, toMs) };
  }

  #requireOpen(): void {
    if (this.#isClosed)
      throw new StorageError("storage-closed", `the RRD files in ${this.#options.directory} are closed`);
  }
}

function isKey(key: SeriesKey): boolean {
  return [key.cluster, key.host, key.metric].every((name) => nameFault(name) === undefined);
}
