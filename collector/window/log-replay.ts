/**
 * Reads the frame log back. The numbers in it are those of the process that
 * wrote it; here they are turned into the living directory's by name, record by
 * record, and never taken as they are.
 */
import { messageOf } from "../../core/base/errors.js";
import { LogFormatError } from "../../core/base/record-log.js";
import { type ClusterDirectory, NONE } from "../../core/model/directory.js";
import { Frame } from "../../core/model/frame.js";
import {
  CellsDecoder,
  type CheckpointRecord,
  type ColumnRecord,
  type DirectoryRecord,
  decodeJson,
  LOG_VERSION,
  RECORD,
} from "./log-records.js";
import type { CellState } from "./tile/tile-cells.js";

/** What becomes of the records. Frames speak in the living directory's numbers and are valid during the call. */
export interface ReplayTarget {
  /** @returns undefined if there are too many clusters */
  directory(clusterName: string): ClusterDirectory | undefined;
  /** A part of the present as a checkpoint has it: NaN for a cell without a value, time 0 for a host that left. */
  present(frame: Frame, number: number): void;
  /** What was new in a frame; oldest first, each frame once. */
  taken(frame: Frame, number: number): void;
  /** The same, but the present has later news already. */
  late(frame: Frame, number: number): void;
}

/** Faults told one by one; more are only counted. */
const FAULTS_MAX = 20;

export class LogReplay {
  /** Newest frame seen, of any kind. */
  frameNumber = 0;
  /** Frames handed on. */
  frames = 0;
  /** Cells whose host or metric the log does not explain, or that a limit refuses. */
  unknownCells = 0;
  readonly faults: string[] = [];
  readonly #target: ReplayTarget;
  readonly #decoder = new CellsDecoder();
  readonly #clusters = new Map<number, LoggedCluster>();
  #segment = 0;
  /** A frame may stand in the log twice: logged, doubted after a failed sync, logged again. */
  #newestHandedOn = 0;

  constructor(target: ReplayTarget) {
    this.#target = target;
  }

  /**
   * For RecordLog.open. Does not throw for what stands in a record.
   * @throws LogFormatError for a log of another version
   */
  readonly onRecord = (type: number, payload: Uint8Array, segment: number): void => {
    // Also where the checkpoint is damaged: numbers never mean what they meant in another segment.
    if (segment !== this.#segment) this.#clusters.clear();
    this.#segment = segment;
    try {
      this.#take(type, payload);
    } catch (error) {
      if (error instanceof LogFormatError) throw error;
      this.#fault(`record of type ${type}: ${messageOf(error)}`);
    }
  };

  #fault(message: string): void {
    if (this.faults.length < FAULTS_MAX) this.faults.push(message);
  }

  #take(type: number, payload: Uint8Array): void {
    switch (type) {
      case RECORD.checkpoint:
        this.#takeCheckpoint(decodeJson(payload) as CheckpointRecord);
        return;
      case RECORD.directory:
        this.#takeDirectory(decodeJson(payload) as DirectoryRecord);
        return;
      case RECORD.present:
      case RECORD.frame:
      case RECORD.late:
        this.#takeCells(type, payload);
        return;
      default:
        throw new RangeError(`no such type in version ${LOG_VERSION}`);
    }
  }

  #takeCheckpoint({ version = 1, frame }: CheckpointRecord): void {
    if (version !== LOG_VERSION) {
      throw new LogFormatError(
        `reading the frame log: it has version ${version}, this program reads version ${LOG_VERSION}; ` +
          "move the directory of frames away (what is not archived yet is lost) or start the program that wrote it",
      );
    }
    this.#clusters.clear();
    this.frameNumber = Math.max(this.frameNumber, frame);
  }

  #takeDirectory(record: DirectoryRecord): void {
    const directory = this.#target.directory(record.name);
    if (directory === undefined) return;
    let cluster = this.#clusters.get(record.id);
    if (cluster === undefined) {
      cluster = new LoggedCluster(directory);
      this.#clusters.set(record.id, cluster);
    }
    cluster.names++;
    directory.setFacts(record.facts);
    for (const [row, facts] of record.hosts) {
      const living = directory.row(facts.name);
      cluster.rows[row] = living;
      if (living !== NONE) directory.describeHost(living, facts);
    }
    for (const column of record.columns) takeColumn(cluster, directory, column);
  }

  #takeCells(type: number, payload: Uint8Array): void {
    const head = this.#decoder.head(payload);
    this.frameNumber = Math.max(this.frameNumber, head.number);
    if (type !== RECORD.present && head.number <= this.#newestHandedOn) return;
    const cluster = this.#clusters.get(head.cluster) ?? new LoggedCluster(undefined);
    if (cluster.names !== head.names) {
      // What its numbers mean stood in a record that could not be read.
      this.#decoder.cells(payload, cluster);
      this.unknownCells += cluster.takeUnknown() + (cluster.frame?.count ?? 0);
      this.#fault(`frame ${head.number}: names that it relies on are lost`);
      cluster.clear(0);
      return;
    }
    cluster.clear(head.timeMs);
    this.#decoder.cells(payload, cluster);
    this.unknownCells += cluster.takeUnknown();
    const { frame } = cluster;
    if (frame === undefined) return;
    if (type === RECORD.present) {
      this.#target.present(frame, head.number);
      return;
    }
    this.#newestHandedOn = head.number;
    this.frames++;
    if (type === RECORD.frame) this.#target.taken(frame, head.number);
    else this.#target.late(frame, head.number);
  }
}

/** A cluster of the segment; fills a frame that speaks in the living directory's numbers. */
class LoggedCluster {
  /** undefined where there is no such cluster, or too many. */
  readonly frame: Frame | undefined;
  /** Living row by logged row; NONE or missing = not known. */
  readonly rows: number[] = [];
  readonly columns: number[] = [];
  readonly isText: boolean[] = [];
  /** Directory records read. */
  names = 0;
  #unknown = 0;

  constructor(directory: ClusterDirectory | undefined) {
    this.frame = directory === undefined ? undefined : new Frame(directory, "log");
  }

  clear(timeMs: number): void {
    this.frame?.clear();
    if (this.frame !== undefined) this.frame.timeMs = timeMs;
  }

  /** @returns cells since the last call that nobody can tell whose they are */
  takeUnknown(): number {
    const count = this.#unknown;
    this.#unknown = 0;
    return count;
  }

  heard(row: number, timeMs: number): void {
    const living = this.rows[row] ?? NONE;
    if (living !== NONE) this.frame?.heard(living, timeMs);
  }

  cells(
    logged: number,
    firstRow: number,
    count: number,
    rows: Uint8Array,
    timesMs: Float64Array,
    { values, decimals }: CellState,
    texts: readonly string[],
  ): void {
    const { frame } = this;
    const column = this.columns[logged] ?? NONE;
    if (frame === undefined || column === NONE) {
      this.#unknown += count;
      return;
    }
    const isText = this.isText[logged] === true;
    for (let i = 0; i < count; i++) {
      const rowOfTile = rows[i] as number;
      const row = this.rows[firstRow + rowOfTile] ?? NONE;
      if (row === NONE) {
        this.#unknown++;
        continue;
      }
      const timeMs = timesMs[i] as number;
      const value = values[rowOfTile] as number;
      if (!isText) {
        frame.pushNumber(row, column, value, timeMs, decimals[rowOfTile] as number);
        continue;
      }
      const text = texts[value];
      if (text !== undefined) frame.pushText(row, column, text, timeMs);
      else frame.pushNumber(row, column, Number.NaN, timeMs, 0);
    }
  }
}

function takeColumn(cluster: LoggedCluster, directory: ClusterDirectory, record: ColumnRecord): void {
  const living = directory.column(record.name, record.kind);
  cluster.columns[record.column] = living;
  cluster.isText[record.column] = record.kind === "text";
  if (living === NONE) return;
  if (record.common !== null) directory.describeColumn(living, record.common);
  const own = new Map(record.own.flatMap(([meta, rows]) => rows.map((row) => [row, meta] as const)));
  cluster.rows.forEach((row, logged) => {
    const meta = own.get(logged) ?? record.common;
    if (row !== NONE && meta !== null) directory.describeMetric(row, living, meta);
  });
}
