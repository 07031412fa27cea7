/**
 * History in RRD files of gmetad's layout, so that ganglia-web and scripts find what they are used to. All calls
 * work synchronously inside, but for words with rrdcached; it is meant to live in a worker thread.
 *
 * A file that cannot be used costs its own metric, never the others; a disk that is full costs the append,
 * which may be given again.
 */
import { type Clock, sleep } from "../../../core/base/clock.js";
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
import type { Series, SeriesKey } from "../../../core/model/series.js";
import { requireBatches } from "../../batch.js";
import { diskCode, StorageError } from "../../errors.js";
import type { StoreHealth } from "../../health.js";
import type { StoreLog } from "../../store.js";
import { lastUpdateS, liveView } from "../commands/times.js";
import type { RandomInteger } from "../file/create-file.js";
import { withRrdFile } from "../file/rrd-file.js";
import type { RoundRobinArchive } from "../format/definition.js";
import { RrdError } from "../rrd-error.js";
import type { RunningWriter } from "../takeover/running-writers.js";
import { readCoverage, writeCoverage } from "./coverage-file.js";
import type { DaemonFiles } from "./daemon/daemon-files.js";
import { FileSet } from "./file-set.js";
import { HostFiles } from "./host-files.js";
import { hasCurve, NewestOfHosts } from "./newest-of-hosts.js";
import { readSeries } from "./read-series.js";
import { SpillFault } from "./spill-fault.js";
import { SummaryFiles } from "./summary-files.js";
import { surveyCoverage } from "./survey.js";

/** A gmetad beside us adds a step to it each 15 s; the reader's last minute is in the collector's memory. */
const COVERAGE_AGE_MAX_MS = 60_000;

/** At most a hundredth of the time goes into looking. */
const SURVEY_SHARE = 100;
/**
 * Then others have a turn in the middle of an append: a reader, or the end. The first spill of 1,000 hosts makes
 * 35,000 files of 630 kB, some 6,000 in one append, for seconds.
 */
const TURN_MS_MAX = 50;
/** While we write, this often: a look at who runs takes 10 us a process. */
const ALONE_MS = 1_000;
/**
 * At the end of a spill files that are behind their host by less are not opened once more: the next spill fills that too, and a
 * file bears a silence of eight steps. Of a cluster whose values are some seconds old it was half of all files.
 */
const CARRY_STEPS = 3;
/** For the others at the close; a stop has some seconds in all. */
const LAST_CARRY_MS_MAX = 1_000;
/** Faults of single files are logged so often at most; all are counted. */
const FAULTS_LOGGED_MAX = 20;
/** With these the disk, not the file, is at fault. */
const DISK_CODES = ["ENOSPC", "EDQUOT", "EROFS", "EIO", "EMFILE", "ENFILE"];
/** With these the file is not ours. If not one has been since the start, the directory is at fault. */
const DENIED_CODES = ["EACCES", "EPERM"];

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
  /** Others that write there now; asked once a second while we write, once a minute where we only read. */
  readonly writers?: () => readonly RunningWriter[];
  /** rrdcached, where the files are to be written, or flushed before they are read, by way of it. */
  readonly daemon?: DaemonFiles;
}

export class RrdArchive implements Archive {
  readonly traits: ArchiveTraits;
  readonly #options: RrdArchiveOptions;
  readonly #files: FileSet;
  readonly #hosts: HostFiles;
  readonly #summaries: SummaryFiles;
  #coverage: Coverage | undefined;
  #surveyAtMs: number;
  #faultCount = 0;
  readonly #fileFault = new SpillFault();
  readonly #foreignFault = new SpillFault();
  /** Of them it was told already. */
  #foreignTold = 0;
  #hasWritten = false;
  /** Until then nobody is looked for who writes there too: nobody was a moment ago. Monotonic. */
  #aloneUntilMs = Number.NEGATIVE_INFINITY;
  /** Why nothing is written, or not all can be read; "" while all is well. */
  #other = "";
  /** All samples of a spill, and its end, are written. */
  #isWhole = false;
  /** Settles when no append is under way. */
  #appending: Promise<unknown> = Promise.resolve();
  #isClosed = false;

  constructor(options: RrdArchiveOptions) {
    const { stepS, archivesOf, directory, mode, random, daemon, clock, lowerCaseHosts } = options;
    this.#options = options;
    const files = new FileSet(random, daemon);
    const guard = (what: string, work: () => void) => void this.#guard(what, work);
    this.#files = files;
    this.#hosts = new HostFiles({
      directory,
      files,
      stepS,
      archives: archivesOf(stepS),
      lowerCaseHosts,
      guard,
      onWritten: (fromS, toS) => this.#widen(fromS * 1_000, toS * 1_000),
    });
    this.#summaries = new SummaryFiles({ directory, files, stepS, archivesOf, guard });
    this.traits = Object.freeze({
      name: "rrd",
      resolutionMs: stepS * 1_000,
      exact: false,
      text: false,
      visibilityDelayMs: 0,
      foreign: mode === "read",
      sumsEveryMs: mode === "write" ? stepS * 1_000 : undefined,
    });
    this.#coverage = mode === "write" ? readCoverage(directory) : undefined;
    this.#coverage ??= surveyCoverage(directory);
    this.#surveyAtMs = clock.monotonicMs() + COVERAGE_AGE_MAX_MS;
    // Told at once, not with the first spill.
    if (mode === "write") this.#lookForOthers();
    else this.#lookForDaemon();
    if (this.#other !== "") options.log.warn(this.#other);
  }

  append(batches: readonly SeriesBatch[]): Promise<void> {
    const appended = this.#append(batches);
    this.#appending = Promise.allSettled([this.#appending, appended]);
    return appended;
  }

  async #append(batches: readonly SeriesBatch[]): Promise<void> {
    this.#requireOpen();
    requireBatches(batches);
    if (this.#options.mode === "read") return;
    this.#requireAlone();
    const { clock } = this.#options;
    this.#isWhole = false;
    const newest = new NewestOfHosts(batches);
    let [tried, denied] = [0, 0];
    let turnMs = clock.monotonicMs();
    for (const batch of batches) {
      if (clock.monotonicMs() - turnMs > TURN_MS_MAX) {
        await sleep(clock, 0);
        this.#requireOpen();
        this.#requireAlone();
        turnMs = clock.monotonicMs();
      }
      if (!hasCurve(batch)) continue;
      const fault = this.#guard(batch.key, () => this.#hosts.append(batch, batch.series, newest));
      tried++;
      if (DENIED_CODES.includes(fault)) denied++;
      else if (fault === "") this.#hasWritten = true;
    }
    // Later it is single files, which keep the others from nothing, however few an append has.
    if (tried > 0 && denied === tried && !this.#hasWritten) {
      throw new StorageError("storage-io", `cannot append, no file may be written: ${this.#fileFault.message}`);
    }
    await this.#written();
  }

  /** What a host sends rarely is repeated nearly up to its end, and the sums are written. */
  async endSpill(sums: readonly SumTable[]): Promise<void> {
    this.#requireOpen();
    if (this.#options.mode === "read") return;
    this.#requireAlone();
    this.#hosts.carry(CARRY_STEPS);
    for (const table of sums) this.#summaries.append(table);
    await this.#written();
    await this.#options.daemon?.endSpill();
    this.#noteForeign();
    this.#fileFault.endSpill();
    this.#foreignFault.endSpill();
    this.#isWhole = true;
  }

  async read({ key, fromMs, toMs }: SeriesQuery): Promise<Series | undefined> {
    this.#requireOpen();
    if (!(fromMs < toMs) || !isKey(key)) return undefined;
    const path = this.#hosts.pathOf(key);
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
    const startMs = clock.monotonicMs();
    if (mode === "read" && startMs >= this.#surveyAtMs) {
      this.#coverage = surveyCoverage(directory);
      this.#lookForDaemon();
      // The look goes by files: of many hosts it takes long, and reads of history wait for it.
      const tookMs = clock.monotonicMs() - startMs;
      this.#surveyAtMs = startMs + Math.max(COVERAGE_AGE_MAX_MS, SURVEY_SHARE * tookMs);
    }
    return this.#coverage;
  }

  /**
   * An append under way ends within a turn, refused; what it has written stays and is passed over when it comes again.
   * After a whole spill each file is as far as its host then, for a gmetad that goes on with it. After another one
   * that would take the place of samples that are still to come.
   */
  async close(): Promise<void> {
    const isFirst = !this.#isClosed;
    this.#isClosed = true;
    this.#options.daemon?.close();
    await this.#appending;
    if (isFirst && this.#isWhole && this.#options.daemon === undefined) this.#carryLast();
  }

  #carryLast(): void {
    const { clock, log } = this.#options;
    const untilMs = clock.monotonicMs() + LAST_CARRY_MS_MAX;
    try {
      this.#requireAlone();
      this.#hosts.carry(0, () => clock.monotonicMs() >= untilMs);
    } catch (error) {
      log.warn(`files are not carried on to the end of their hosts: ${messageOf(error)}`);
    }
  }

  health(): StoreHealth {
    this.#noteForeign();
    const { daemon } = this.#options;
    const messages = [this.#other, this.#fileFault.message, this.#foreignFault.message, ...(daemon?.faults ?? [])];
    return {
      store: "rrd",
      message: messages.filter((message) => message !== "").join("; "),
      counters: {
        files: this.#files.count,
        fileFaultsTotal: this.#faultCount,
        foreignUpdatesTotal: this.#foreignTold,
        ...daemon?.counters,
      },
    };
  }

  /**
   * Two that write at one time spoil files: rrdtool keeps the state of a file mapped, and where ours comes in between it
   * counts steps below 0 and overwrites a whole archive (README.md).
   */
  #requireAlone(): void {
    this.#lookForOthers();
    if (this.#other !== "") throw new StorageError("storage-locked", this.#other);
  }

  #lookForOthers(): void {
    const { clock, writers, directory } = this.#options;
    if (writers === undefined || clock.monotonicMs() < this.#aloneUntilMs) return;
    const [other] = writers();
    this.#other =
      other === undefined
        ? ""
        : `cannot write the RRD files in ${directory}: process ${other.pid} writes there too, ${other.why}; ` +
          `stop it, or use its files with "mode: read"`;
    if (other === undefined) this.#aloneUntilMs = clock.monotonicMs() + ALONE_MS;
  }

  /** A reader who does not ask rrdcached for what it holds back misses the newest minutes. */
  #lookForDaemon(): void {
    const { writers, daemon, directory } = this.#options;
    const holder = daemon === undefined ? writers?.().find(({ program }) => program === "rrdcached") : undefined;
    this.#other =
      holder === undefined
        ? ""
        : `rrdcached (process ${holder.pid}) holds back updates of ${directory}: the newest minutes are missing there; ` +
          `write into the configuration where it listens (storage.rrd.rrdcached)`;
  }

  async #written(): Promise<void> {
    await this.#options.daemon?.send();
    if (this.#coverage !== undefined) writeCoverage(this.#options.directory, this.#coverage);
  }

  #noteForeign(): void {
    const count = this.#files.foreignUpdateCount;
    if (count > this.#foreignTold) this.#foreignFault.tell("another program updates files of this directory too");
    this.#foreignTold = count;
  }

  /**
   * @param what is not kept if the file is at fault: its path, or the series
   * @returns the system's word for the fault, "" for none and for others
   */
  #guard(what: string | SeriesKey, work: () => void): string {
    try {
      work();
      return "";
    } catch (error) {
      const cause = error instanceof RrdError ? error.cause : error;
      if (DISK_CODES.includes(codeOf(cause))) {
        throw new StorageError(diskCode(cause), `cannot append: ${messageOf(error)}`);
      }
      if (!(error instanceof RrdError) && codeOf(error) === "") throw error;
      const name = typeof what === "string" ? what : `${what.metric} of ${what.host}`;
      const message = `${name} is not kept: ${messageOf(error)}`;
      this.#fileFault.tell(message);
      if (this.#faultCount++ < FAULTS_LOGGED_MAX) this.#options.log.warn(message);
      return codeOf(cause);
    }
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
