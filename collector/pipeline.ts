/**
 * The way of a frame through the collector: into the table (which finds what is
 * news), the frame log, the window, then to everyone who listens. All of it
 * happens inside accept(), in one turn of the event loop, so nobody ever sees a
 * frame that is not logged.
 */
import type { Clock } from "../core/base/clock.js";
import type { Component } from "../core/base/component.js";
import { messageOf } from "../core/base/errors.js";
import { type Logger, type RateLimitedLog, rateLimited } from "../core/base/log.js";
import type { LogFiles } from "../core/base/record-log.js";
import type { Archive } from "../core/model/archive.js";
import type { ClusterView } from "../core/model/columns.js";
import type { ClusterDirectory } from "../core/model/directory.js";
import type { Frame, FrameSink } from "../core/model/frame.js";
import { quoteName } from "../core/model/names.js";
import type { ClusterSummary, ReportedSums } from "../core/model/summary.js";
import type { ClaimStore } from "./claims/claim-file.js";
import { ClaimKeeper } from "./claims/claim-keeper.js";
import type { SourceClaim } from "./claims/cluster-claims.js";
import { ClusterOrigins } from "./cluster-origins.js";
import { Clusters } from "./clusters.js";
import type { CollectorConfig } from "./config.js";
import { type CollectorHealth, describeHealth } from "./health.js";
import { ManyHistory } from "./history/many-history.js";
import { History, type HistoryAnswer, type HistoryQuery } from "./history.js";
import { Housekeeping } from "./housekeeping.js";
import { Replay } from "./replay.js";
import { SumRecorder } from "./sums/sum-recorder.js";
import type { ClusterTable } from "./table/cluster-table.js";
import { ReportedSumsTable } from "./table/reported-sums.js";
import { summarize } from "./table/summary.js";
import { RecentWindow } from "./window/recent-window.js";
import { SAMPLES_PER_PART, Spill } from "./window/spill.js";
import { FrameLog, type FrameLogReport, SEGMENT_BYTES_MAX } from "./window/wal.js";

export interface CollectorOptions {
  readonly config: Omit<CollectorConfig, "serve">;
  /** Names this run; numbers of frames compare only within one. */
  readonly instance: string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Where the frame log lives. */
  readonly files: LogFiles;
  /** Without one, history ends with the window. Closed by its owner, after the collector has stopped. */
  readonly archive?: Archive | undefined;
  /** Who has told of which clusters, over restarts. */
  readonly claims?: ClaimStore;
  /** A clean stop gives the archive all that it has not got yet, as far as there is time: others read what it writes. */
  readonly spillAtStop?: boolean;
  /** Sizes that only tests change. */
  readonly tuning?: { readonly samplesPerPart?: number; readonly segmentBytesMax?: number };
}

export type FrameListener = (view: ClusterView, frame: Frame) => void;
export type GoneListener = (cluster: string, host: string) => void;

/** Hosts of a cluster of which nothing has come since the start are given this long before silence counts. */
const START_GRACE_MS = 600_000;

/** 10,000 hosts with 200 metrics. The record of such a frame stays below the log's 64 MiB. */
const FRAME_CELLS_MAX = 2 ** 21;

/** A frame further ahead of our clock was made with another one. */
const FRAME_FUTURE_MS_MAX = 60_000;

/** Of the five seconds of a stop; the stores need some to close. */
const LAST_SPILL_MS_MAX = 2_500;

/** Sums are made anew for each frame, and because hosts fall silent without one. */
const SUMMARY_KEPT_MS = 1_000;

export class Collector implements FrameSink, Component {
  readonly instance: string;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #told: RateLimitedLog;
  readonly #files: LogFiles;
  readonly #segmentBytesMax: number;
  readonly #clusters: Clusters;
  readonly #origins = new ClusterOrigins();
  readonly #claims: ClaimKeeper;
  readonly #window: RecentWindow;
  readonly #history: History;
  readonly #manyHistory: ManyHistory;
  readonly #spill: Spill | undefined;
  /** Only for archives that keep sums. */
  readonly #sumRecorder: SumRecorder | undefined;
  readonly #spillAtStop: boolean;
  readonly #frameListeners: FrameListener[] = [];
  readonly #goneListeners: GoneListener[] = [];
  readonly #housekeeping: Housekeeping;
  readonly #summaries = new Map<string, { frame: number; atMs: number; summary: ClusterSummary }>();

  readonly #sums: ReportedSumsTable;

  #log: FrameLog | undefined;
  #report: FrameLogReport | undefined;
  #stopped = false;
  #frameNumber = 0;
  /** Of the newest frame that came from the log; clusters still at it have been silent since the start. */
  #lastReplayed = 0;
  #startedMs = 0;
  readonly #counts = {
    frames: 0,
    cells: 0,
    newCells: 0,
    refusedFrames: 0,
    listenerErrors: 0,
    gone: 0,
    leftClusters: 0,
  };

  constructor(options: CollectorOptions) {
    const { config, clock, logger, archive } = options;
    this.instance = options.instance;
    this.#clock = clock;
    this.#logger = logger;
    this.#told = rateLimited(logger, clock);
    this.#files = options.files;
    this.#segmentBytesMax = options.tuning?.segmentBytesMax ?? SEGMENT_BYTES_MAX;
    const { clusters: clustersMax, hosts: hostsMax, metrics: columnsMax } = config.limits;
    this.#clusters = new Clusters({ clustersMax, hostsMax, columnsMax }, logger);
    this.#claims = new ClaimKeeper({
      store: options.claims,
      clock,
      log: this.#told,
      drop: (cluster) => this.#dropCluster(cluster),
    });
    this.#sums = new ReportedSumsTable(clustersMax);
    this.#window = new RecentWindow({
      windowMs: config.window,
      bytesMax: config["window-memory"],
      archiving: archive !== undefined,
    });
    this.#history = new History(this.#window, archive, () => this.#lastReplayed);
    this.#manyHistory = new ManyHistory({
      window: this.#window,
      archive,
      lastReplayed: () => this.#lastReplayed,
      directory: (name) => this.#clusters.get(name)?.directory,
    });
    this.#spillAtStop = options.spillAtStop === true;
    const sumsEveryMs = archive?.traits.sumsEveryMs;
    if (sumsEveryMs !== undefined) this.#sumRecorder = new SumRecorder(sumsEveryMs);
    if (archive !== undefined) {
      this.#spill = new Spill({
        archive,
        window: this.#window,
        everyMs: config["spill-every"],
        samplesPerPart: options.tuning?.samplesPerPart ?? SAMPLES_PER_PART,
        clock,
        logger,
        endSegment: () => this.#log?.endSegment(),
        takeSums: () => this.#sumRecorder?.tables() ?? [],
        onSumsTaken: (tables) => this.#sumRecorder?.written(tables),
        onArchived: (through) => this.#archived(through),
      });
    }
    this.#housekeeping = new Housekeeping({
      clock,
      logger,
      told: this.#told,
      syncMs: config.sync,
      spillEveryMs: config["spill-every"],
      window: this.#window,
      spill: this.#spill,
      frameNumber: () => this.#frameNumber,
      trim: (nowMs) => this.#trim(nowMs),
      expire: () => this.#expire(),
      saveClaims: () => this.#claims.save(),
    });
  }

  /** Number of the newest frame; grows for ever, over restarts too. */
  get frameNumber(): number {
    return this.#frameNumber;
  }

  /** Told after each frame, in the order of registration. What one throws is logged and stops nobody. */
  onFrame(listener: FrameListener): void {
    this.#frameListeners.push(listener);
  }

  /** Told when a host left: silent for longer than its DMAX, or its cluster is claimed by no source any more. */
  onGone(listener: GoneListener): void {
    this.#goneListeners.push(listener);
  }

  /** All clusters of the present, in the order in which they were first named. */
  views(): readonly ClusterView[] {
    return this.#clusters.present();
  }

  /** Of all clusters of which an archive may be given something, also such that are not part of the present any more. */
  directories(): readonly ClusterDirectory[] {
    return this.#known().map(({ directory }) => directory);
  }

  view(clusterName: string): ClusterView | undefined {
    return this.#clusters.presentTable(clusterName);
  }

  /** @returns undefined for a cluster nobody has named */
  summary(clusterName: string): ClusterSummary | undefined {
    const view = this.view(clusterName);
    if (view === undefined) return undefined;
    const nowMs = this.#clock.nowMs();
    const known = this.#summaries.get(clusterName);
    const age = nowMs - (known?.atMs ?? 0);
    if (known?.frame === view.frameNumber && age >= 0 && age < SUMMARY_KEPT_MS) return known.summary;
    const summary = summarize(view, nowMs);
    this.#summaries.set(clusterName, { frame: view.frameNumber, atMs: nowMs, summary });
    return summary;
  }

  /** See History.read. */
  history(query: HistoryQuery): Promise<HistoryAnswer | undefined> {
    return this.#history.read(query);
  }

  /** See ManyHistory.samples. */
  samplesOfMany(...query: Parameters<ManyHistory["samples"]>): ReturnType<ManyHistory["samples"]> {
    return this.#manyHistory.samples(...query);
  }

  /** See ManyHistory.buckets. */
  bucketsOfMany(...query: Parameters<ManyHistory["buckets"]>): ReturnType<ManyHistory["buckets"]> {
    return this.#manyHistory.buckets(...query);
  }

  /**
   * These are the sources from now on. To be called before the first ones start, and after others have taken their
   * place. Clusters that none of them claims leave, see ClusterClaims.
   */
  sourcesAre(claims: readonly SourceClaim[]): void {
    const clusters = this.#clusters.present().map(({ directory }) => directory.name);
    this.#sums.forget(this.#claims.replace(claims, clusters));
    this.#housekeeping.changed();
  }

  /** Everything not archived yet goes to the archive now, not only at the next spill. */
  requestSpill(): void {
    this.#spill?.request();
    this.#housekeeping.changed();
  }

  /**
   * Reads the frame log back and starts to work.
   * @throws LogFormatError if a foreign file is in the log's place, and the system's errors of reading
   */
  async start(): Promise<void> {
    if (this.#log !== undefined) throw new Error("BUG: the collector was started twice");
    const replay = new Replay(this.#clusters, this.#window, (table, frame) =>
      this.#sumRecorder?.frame(table, frame.timeMs),
    );
    const { log, report } = FrameLog.open(this.#files, replay, this.#loggedState(), {
      clock: this.#clock,
      segmentBytesMax: this.#segmentBytesMax,
    });
    this.#log = log;
    this.#report = report;
    replay.finish();
    // Nobody tells of these any more, or somebody will.
    for (const table of this.#clusters.tables()) if (table.isSilent) this.#clusters.leave(table.directory.name);
    this.#frameNumber = report.frameNumber;
    this.#lastReplayed = report.frameNumber;
    this.#startedMs = this.#clock.monotonicMs();
    this.#tellReport(report);

    const nowMs = this.#clock.nowMs();
    log.begin();
    this.#trim(nowMs);
    const { frames: waiting, oldestMs } = this.#window.unarchived();
    if (waiting > 0) this.#spill?.resume(nowMs - oldestMs);
    this.#housekeeping.start(log);
  }

  /** Syncs the log. What is not archived stays in it for the next start; see CollectorOptions.spillAtStop. */
  async stop(): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#housekeeping.stop();
    if (this.#spillAtStop && this.#log !== undefined) await this.#spill?.finish(this.#frameNumber, LAST_SPILL_MS_MAX);
    this.#spill?.stop();
    this.#housekeeping.cutArchived();
    this.#log?.close();
    this.#claims.save();
    const failure = this.#log?.failure;
    if (failure !== undefined) this.#logger.error(`frame log not complete at the end: ${failure.message}`);
  }

  directory(clusterName: string): ClusterDirectory | undefined {
    return this.#clusters.directory(clusterName);
  }

  /** After the stop, frames are passed over. */
  accept(frame: Frame): void {
    const log = this.#log;
    if (log === undefined) throw new Error("BUG: the collector is handed a frame before it was started");
    const table = this.#clusters.get(frame.directory.name);
    if (table?.directory !== frame.directory)
      throw new Error("BUG: a frame of a directory that is not the collector's");
    const nowMs = this.#clock.nowMs();
    if (this.#stopped || this.#refuses(frame, nowMs)) return;

    log.prepare();
    this.#clusters.enter(frame.directory.name);
    this.#claims.told(frame.source, frame.directory.name);
    const number = ++this.#frameNumber;
    const malformedBefore = table.malformed;
    table.apply(frame, number, nowMs);
    log.append(frame, table, number);
    this.#window.add(frame, table, number);
    this.#sumRecorder?.frame(table, frame.timeMs);

    this.#counts.frames++;
    this.#counts.cells += frame.count;
    this.#counts.newCells += table.newCount;
    const malformed = table.malformed - malformedBefore;
    if (malformed > 0) {
      const fields = { source: frame.source, cluster: frame.directory.name, malformed };
      this.#told.warn(
        `malformed ${frame.source}`,
        fields,
        "values passed over: no such host or metric, or an impossible time",
      );
    }
    this.#housekeeping.changed();
    const mixed = this.#origins.note(frame, nowMs);
    if (mixed !== undefined) this.#logger.warn({ cluster: frame.directory.name }, mixed);
    for (const listener of this.#frameListeners) this.#call("a frame", () => listener(table, frame));
  }

  /** Passed over after the stop, and where there are too many. Not logged: they are the present, and come again. */
  acceptSums(sums: ReportedSums): void {
    if (this.#stopped) return;
    this.#claims.worked(sums.source);
    if (this.#sums.accept(sums)) {
      this.#sumRecorder?.reported(sums);
      return;
    }
    const fields = { source: sums.source, [sums.kind]: quoteName(sums.name) };
    this.#told.warn(`sums ${sums.source}`, fields, "sums refused: a bad name, or more of them than limits.clusters");
  }

  /** Grids and clusters of which only sums are told, fresh or not (areSumsLive). */
  reportedSums(): readonly ReportedSums[] {
    return this.#sums.entries(this.#clock.nowMs());
  }

  /** What an alert is made of; asked for every few seconds, so no more than that. */
  get troubles(): { readonly logFailing: boolean; readonly archiveFailing: boolean; readonly framesLost: number } {
    return {
      logFailing: this.#log?.failure !== undefined || this.#log?.stalledMs !== undefined,
      archiveFailing: this.#spill?.failure !== undefined,
      framesLost: this.#window.loss?.frames ?? 0,
    };
  }

  health(): CollectorHealth {
    let malformed = 0;
    let notNumbers = 0;
    for (const table of this.#clusters.tables()) {
      malformed += table.malformed;
      notNumbers += table.notNumbers;
    }
    return describeHealth({
      started: this.#log !== undefined && !this.#stopped,
      log: this.#log,
      report: this.#report,
      window: this.#window,
      spill: this.#spill,
      mixedClusters: this.#origins.messages(this.#clock.nowMs()),
      counts: { ...this.#counts, malformedCells: malformed, notNumbers, refusedClusters: this.#clusters.refused },
    });
  }

  #loggedState() {
    return {
      frameNumber: () => this.#frameNumber,
      // Absent ones too as long as older segments may tell of their hosts: that they left must stand in newer ones.
      views: () => this.#known(),
      framesAfter: (number: number) => this.#window.framesAfter(number),
    };
  }

  #refuses(frame: Frame, nowMs: number): boolean {
    let fault: string | undefined;
    if (!(frame.timeMs > 0 && frame.timeMs <= nowMs + FRAME_FUTURE_MS_MAX)) {
      fault = `its time is ${frame.timeMs}, our clock says ${nowMs}`;
    } else if (frame.count > FRAME_CELLS_MAX) {
      fault = `it has ${frame.count} values, at most ${FRAME_CELLS_MAX} are allowed`;
    }
    if (fault === undefined) return false;
    this.#counts.refusedFrames++;
    const fields = { source: frame.source, cluster: frame.directory.name };
    this.#told.warn(`refused ${frame.source}`, fields, `frame refused: ${fault}`);
    return true;
  }

  #archived(through: number): void {
    const { loss } = this.#window;
    if (loss !== undefined) this.#logger.error(loss, "memory was full: frames left before they were archived");
    this.#window.archived(through);
    this.#trim(this.#clock.nowMs());
    this.#housekeeping.archived(through);
  }

  #trim(nowMs: number): void {
    this.#window.trim(nowMs);
    for (const table of this.#clusters.tables()) {
      table.freeGone(this.#window.oldestFrame(table.directory));
      this.#clusters.shrink(table.directory.name);
    }
  }

  /** Clusters of the present, and those that have a host's row or a frame in the window yet. */
  #known(): ClusterTable[] {
    return [...this.#clusters.tables()].filter((table) => {
      const { directory } = table;
      if (this.view(directory.name) !== undefined || !table.isEmpty) return true;
      return this.#window.oldestFrame(directory) !== Number.POSITIVE_INFINITY;
    });
  }

  #expire(): void {
    const nowMs = this.#clock.nowMs();
    this.#trim(nowMs);
    this.#claims.look();
    const inGrace = this.#clock.monotonicMs() - this.#startedMs < START_GRACE_MS;
    for (const table of this.#clusters.tables()) {
      // Nobody listened while we were down: that a host was not heard then means nothing.
      if (inGrace && table.frameNumber <= this.#lastReplayed) continue;
      this.#expireCluster(table, nowMs);
    }
  }

  #expireCluster(table: ClusterTable, nowMs: number): void {
    const cluster = table.directory.name;
    const left = this.#takeOut(table, (number) => table.expire(nowMs, number));
    this.#counts.gone += left.length;
    for (const host of left) this.#logger.info({ cluster, host }, "host left: silent for longer than its DMAX");
    this.#tellGone(cluster, left);
  }

  /** No source claims it. */
  #dropCluster(cluster: string): void {
    const table = this.#clusters.presentTable(cluster);
    if (table === undefined) return;
    const left = this.#takeOut(table, (number) => table.leave(number));
    this.#clusters.leave(cluster);
    this.#origins.forget(cluster);
    this.#sumRecorder?.left(cluster);
    this.#summaries.delete(cluster);
    this.#counts.leftClusters++;
    this.#logger.info({ cluster, hosts: left.length }, "cluster left: no source of the configuration tells of it");
    this.#tellGone(cluster, left);
  }

  /** @returns names of the hosts that left, which stand in the log now */
  #takeOut(table: ClusterTable, change: (number: number) => string[]): string[] {
    const number = this.#frameNumber + 1;
    const left = change(number);
    // A change of the present takes a number, so that readers see it as they see a frame.
    if (table.frameNumber === number) this.#frameNumber = number;
    const rows = left.map((host) => table.directory.findRow(host));
    if (rows.length > 0) {
      this.#log?.appendLeft(table, rows, number);
      this.#housekeeping.changed();
    }
    return left;
  }

  #tellGone(cluster: string, hosts: readonly string[]): void {
    for (const host of hosts) {
      for (const listener of this.#goneListeners) this.#call("a host that left", () => listener(cluster, host));
    }
  }

  #call(what: string, listener: () => void): void {
    try {
      listener();
    } catch (error) {
      this.#counts.listenerErrors++;
      this.#told.warn(`listener ${messageOf(error)}`, { err: error }, `BUG: a listener failed on ${what}`);
    }
  }

  #tellReport(report: FrameLogReport): void {
    const { frames, segments, bytes, tornBytes, unknownCells, faults } = report;
    if (segments > 0) this.#logger.info({ frames, segments, bytes }, "frame log read back");
    if (faults.length > 0 || unknownCells > 0) {
      this.#logger.warn({ faults, tornBytes, unknownCells }, "frame log: a part could not be read");
    }
  }
}
