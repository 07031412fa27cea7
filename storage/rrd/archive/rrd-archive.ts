/**
 * History in RRD files of gmetad's layout, so that ganglia-web and scripts find what they are used to. All calls
 * work synchronously inside; it is meant to live in a worker thread.
 *
 * A file that cannot be used costs its own metric, never the others; a disk that is full costs the append,
 * which may be given again.
 */
import { mkdirSync } from "node:fs";
import { dirname, join, relative, resolve, sep } from "node:path";
import type { Clock } from "../../../core/base/clock.js";
import { codeOf, messageOf } from "../../../core/base/errors.js";
import type { Archive, ArchiveTraits, Coverage, SeriesBatch, SeriesQuery } from "../../../core/model/archive.js";
import { nameFault } from "../../../core/model/names.js";
import type { NumberSeries, Series, SeriesKey } from "../../../core/model/series.js";
import { requireBatches } from "../../batch.js";
import { StorageError } from "../../errors.js";
import type { StoreHealth } from "../../health.js";
import type { StoreLog } from "../../store.js";
import { RrdFleet } from "../bulk/fleet.js";
import { lastUpdateS, liveView } from "../commands/times.js";
import { createRrdFile, type RandomInteger } from "../file/create-file.js";
import { type RrdFile, withRrdFile } from "../file/rrd-file.js";
import type { RrdDefinition } from "../format/definition.js";
import type { RrdHeader } from "../format/header.js";
import { LAST_DS_BYTES, pdpOffset } from "../format/layout.js";
import { getText } from "../format/words.js";
import { RrdError } from "../rrd-error.js";
import { readCoverage, writeCoverage } from "./coverage-file.js";
import { nameToPath } from "./file-names.js";
import { FilledSamples } from "./filled-samples.js";
import { readSeries } from "./read-series.js";
import { surveyCoverage } from "./survey.js";

/** gmetad's heartbeat is eight polls. */
const HEARTBEAT_STEPS = 8;
/** A host or metric counts as gone after four times the longest time expected between two values. */
const TMAX_FACTOR = 4;
/**
 * The parts of a spill come one right after the other. After a longer pause the one before is complete, and what
 * was not in it can be repeated up to its end.
 */
const SPILL_PAUSE_MS = 5_000;
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
  readonly archives: RrdDefinition["archives"];
  readonly lowerCaseHosts: boolean;
  readonly clock: Clock;
  readonly log: StoreLog;
  readonly random: RandomInteger;
}

export class RrdArchive implements Archive {
  readonly traits: ArchiveTraits;
  readonly #options: RrdArchiveOptions;
  readonly #definition: RrdDefinition;
  /** Number of a file by its path below the directory. */
  readonly #files = new Map<string, number>();
  readonly #fleets: RrdFleet[] = [];
  /** By number of a file: its fleet, its number there, and its newest sample. */
  readonly #fleetOf: number[] = [];
  readonly #slotOf: number[] = [];
  readonly #lastTimeS: number[] = [];
  readonly #lastValue: number[] = [];
  readonly #holdsS: number[] = [];
  readonly #hostOf: number[] = [];
  readonly #paths: string[] = [];
  /** Number of a host by its folder, and the newest sample of each. */
  readonly #hosts = new Map<string, number>();
  readonly #hostTimeS: number[] = [];
  #appendedMs = Number.NEGATIVE_INFINITY;
  readonly #filled = new FilledSamples();
  #coverage: Coverage | undefined;
  #faultCount = 0;
  #lastFault = "";
  #isClosed = false;

  constructor(options: RrdArchiveOptions) {
    const { stepS, archives, directory } = options;
    this.#options = options;
    this.#definition = {
      stepS,
      dataSources: [
        { name: "sum", type: "GAUGE", heartbeatS: HEARTBEAT_STEPS * stepS, min: Number.NaN, max: Number.NaN },
      ],
      archives,
    };
    this.traits = Object.freeze({
      name: "rrd",
      resolutionMs: stepS * 1_000,
      exact: false,
      text: false,
      visibilityDelayMs: 0,
    });
    this.#coverage = options.mode === "write" ? readCoverage(directory) : undefined;
    this.#coverage ??= surveyCoverage(directory);
  }

  async append(batches: readonly SeriesBatch[]): Promise<void> {
    this.#requireOpen();
    requireBatches(batches);
    if (this.#options.mode === "read") return;
    const { clock, directory } = this.#options;
    if (clock.monotonicMs() - this.#appendedMs > SPILL_PAUSE_MS) this.#carry();
    for (const batch of batches) {
      // As gmetad: neither texts nor points in time have a curve.
      if (batch.series.kind === "number" && batch.type !== "timestamp" && batch.series.timesMs.length > 0) {
        this.#guard(`${batch.key.metric} of ${batch.key.host}`, () =>
          this.#appendBatch(batch, batch.series as NumberSeries),
        );
      }
    }
    if (this.#coverage !== undefined) writeCoverage(directory, this.#coverage);
    this.#appendedMs = clock.monotonicMs();
  }

  async read({ key, fromMs, toMs }: SeriesQuery): Promise<Series | undefined> {
    this.#requireOpen();
    if (!(fromMs < toMs) || !isKey(key)) return undefined;
    const path = this.#pathOf(key);
    try {
      return withRrdFile(path, "r", path, (file) => {
        const fromS = Math.max(0, fromMs / 1_000);
        return readSeries(file, fromS, Math.min(toMs / 1_000, Number.MAX_SAFE_INTEGER));
      });
    } catch (error) {
      if (!(error instanceof RrdError)) throw error;
      if (["ENOENT", "ENOTDIR"].includes(codeOf(error.cause))) return undefined;
      throw new StorageError("storage-corrupt", `cannot read: ${error.message}`);
    }
  }

  /** In mode read it is looked up again each time: gmetad goes on writing. */
  async coverage(): Promise<Coverage | undefined> {
    this.#requireOpen();
    if (this.#options.mode === "read") this.#coverage = surveyCoverage(this.#options.directory);
    return this.#coverage;
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    if (this.#options.mode === "write") this.#carry();
    this.#isClosed = true;
  }

  health(): StoreHealth {
    const foreign = this.#fleets.reduce((sum, fleet) => sum + fleet.foreignUpdateCount, 0);
    const messages: string[] = [];
    if (this.#faultCount > 0) messages.push(this.#lastFault);
    if (foreign > 0) messages.push("another program updates files of this directory too");
    return {
      store: "rrd",
      message: messages.join("; "),
      counters: { files: this.#files.size, fileFaultsTotal: this.#faultCount, foreignUpdatesTotal: foreign },
    };
  }

  #appendBatch({ key, tmaxS }: SeriesBatch, { timesMs, values }: NumberSeries): void {
    const path = this.#pathOf(key);
    const number = this.#files.get(path) ?? this.#open(path, Math.floor((timesMs[0] as number) / 1_000));
    const fleet = this.#fleets[this.#fleetOf[number] as number] as RrdFleet;
    const { stepS } = fleet.definition;
    const afterS = fleet.lastUpdateS(this.#slotOf[number] as number);
    const holdsS = Math.max(HEARTBEAT_STEPS * stepS, TMAX_FACTOR * (tmaxS ?? 0));
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
    for (let number = 0; number < this.#paths.length; number++) {
      const path = this.#paths[number] as string;
      const untilS = this.#hostTimeS[this.#hostOf[number] as number] as number;
      const fleet = this.#fleets[this.#fleetOf[number] as number] as RrdFleet;
      const afterS = fleet.lastUpdateS(this.#slotOf[number] as number);
      filled.begin(this.#lastTimeS[number] as number, this.#lastValue[number] as number);
      filled.carry(untilS, afterS, fleet.definition.stepS, this.#holdsS[number] as number);
      if (filled.count > 0) this.#guard(path, () => this.#update(number, filled));
    }
  }

  #update(number: number, filled: FilledSamples): void {
    if (filled.count === 0) return;
    const fleet = this.#fleets[this.#fleetOf[number] as number] as RrdFleet;
    const times = filled.timesS.subarray(0, filled.count);
    fleet.updateMany(this.#slotOf[number] as number, this.#paths[number] as string, times, this.#rowsOf(fleet, filled));
    this.#widen((times[0] as number) * 1_000, (times.at(-1) as number) * 1_000);
  }

  /** One value a data source: the first one is ours. */
  #rowsOf(fleet: RrdFleet, { values, count }: FilledSamples): Float64Array {
    const width = fleet.definition.dataSources.length;
    if (width === 1) return values.subarray(0, count);
    const rows = new Float64Array(count * width).fill(Number.NaN);
    for (let i = 0; i < count; i++) rows[i * width] = values[i] as number;
    return rows;
  }

  /** A file that is there is gone on with, whoever made it. */
  #open(path: string, firstS: number): number {
    let header: RrdHeader;
    let last: { timeS: number; value: number } | undefined;
    try {
      [header, last] = withRrdFile(path, "r", path, (file) => [file.header, lastReading(file)] as const);
    } catch (error) {
      if (!(error instanceof RrdError) || codeOf(error.cause) !== "ENOENT") throw error;
      mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
      // One step before the first sample, so that the first row is known.
      createRrdFile(path, this.#definition, firstS - this.#definition.stepS, this.#options.random);
      header = withRrdFile(path, "r", path, (file) => file.header);
    }
    let fleetNumber = this.#fleets.findIndex((fleet) => fleet.hasDefinitionOf(header));
    if (fleetNumber < 0) fleetNumber = this.#fleets.push(new RrdFleet(header)) - 1;
    const slot = (this.#fleets[fleetNumber] as RrdFleet).add(path);
    const number = this.#files.size;
    this.#files.set(path, number);
    this.#fleetOf.push(fleetNumber);
    this.#slotOf.push(slot);
    this.#lastTimeS.push(last?.timeS ?? Number.NaN);
    this.#lastValue.push(last?.value ?? Number.NaN);
    this.#holdsS.push(0);
    this.#paths.push(path);
    this.#hostOf.push(this.#hostNumber(dirname(path)));
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

/** The last reading of a file, as far as it is a number. */
function lastReading(file: RrdFile): { timeS: number; value: number } | undefined {
  const live = liveView(file);
  const value = Number.parseFloat(getText(live.bytes, pdpOffset(live.layout, 0), LAST_DS_BYTES));
  return Number.isNaN(value) ? undefined : { timeS: lastUpdateS(live), value };
}
