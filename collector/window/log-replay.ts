/**
 * Reads the frame log back. The numbers in it are those of the process that
 * wrote it; here they are turned into the living directory's by name, record by
 * record, and never taken as they are.
 */
import { messageOf } from "../../core/base/errors.js";
import { type ClusterDirectory, NONE } from "../../core/model/directory.js";
import { Frame } from "../../core/model/frame.js";
import {
  type CellsRecord,
  type CheckpointRecord,
  type ColumnRecord,
  type DirectoryRecord,
  decodeCells,
  decodeJson,
  RECORD,
} from "./log-records.js";

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

interface LoggedCluster {
  readonly frame: Frame;
  /** Living row by logged row; NONE or missing = not known. */
  readonly rows: number[];
  readonly columns: number[];
  readonly isText: boolean[];
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
  readonly #clusters = new Map<number, LoggedCluster>();
  /** A frame may stand in the log twice: logged, doubted after a failed sync, logged again. */
  #newestHandedOn = 0;

  constructor(target: ReplayTarget) {
    this.#target = target;
  }

  /** For RecordLog.open. Does not throw for what stands in a record. */
  readonly onRecord = (type: number, payload: Uint8Array): void => {
    try {
      this.#take(type, payload);
    } catch (error) {
      if (this.faults.length < FAULTS_MAX) this.faults.push(`record of type ${type}: ${messageOf(error)}`);
    }
  };

  #take(type: number, payload: Uint8Array): void {
    switch (type) {
      case RECORD.checkpoint:
        this.#clusters.clear();
        this.frameNumber = Math.max(this.frameNumber, (decodeJson(payload) as CheckpointRecord).frame);
        return;
      case RECORD.directory:
        this.#takeDirectory(decodeJson(payload) as DirectoryRecord);
        return;
      case RECORD.present:
      case RECORD.frame:
      case RECORD.late:
        this.#takeCells(type, decodeCells(payload));
        return;
      default:
        throw new RangeError("no such type in version 1");
    }
  }

  #takeDirectory(record: DirectoryRecord): void {
    const directory = this.#target.directory(record.name);
    if (directory === undefined) return;
    let cluster = this.#clusters.get(record.id);
    if (cluster === undefined) {
      cluster = { frame: new Frame(directory, "log"), rows: [], columns: [], isText: [] };
      this.#clusters.set(record.id, cluster);
    }
    directory.setFacts(record.facts);
    for (const [row, facts] of record.hosts) {
      const living = directory.row(facts.name);
      cluster.rows[row] = living;
      if (living !== NONE) directory.describeHost(living, facts);
    }
    for (const column of record.columns) takeColumn(cluster, directory, column);
  }

  #takeCells(type: number, record: CellsRecord): void {
    this.frameNumber = Math.max(this.frameNumber, record.number);
    const again = type !== RECORD.present && record.number <= this.#newestHandedOn;
    const cluster = this.#clusters.get(record.cluster);
    if (again) return;
    if (cluster === undefined) {
      this.unknownCells += record.rows.length;
      return;
    }
    const frame = this.#fill(cluster, record);
    if (type === RECORD.present) {
      this.#target.present(frame, record.number);
      return;
    }
    this.#newestHandedOn = record.number;
    this.frames++;
    if (type === RECORD.frame) this.#target.taken(frame, record.number);
    else this.#target.late(frame, record.number);
  }

  #fill(cluster: LoggedCluster, record: CellsRecord): Frame {
    const { frame } = cluster;
    frame.clear();
    frame.timeMs = record.timeMs;
    for (let i = 0; i < record.heardRows.length; i++) {
      const row = cluster.rows[record.heardRows[i] as number] ?? NONE;
      if (row !== NONE) frame.heard(row, record.heardTimesMs[i] as number);
    }
    for (let i = 0; i < record.rows.length; i++) {
      const logged = record.columns[i] as number;
      const row = cluster.rows[record.rows[i] as number] ?? NONE;
      const column = cluster.columns[logged] ?? NONE;
      if (row === NONE || column === NONE) {
        this.unknownCells++;
        continue;
      }
      const value = record.values[i] as number;
      const timeMs = record.timesMs[i] as number;
      const text = cluster.isText[logged] ? record.texts[value] : undefined;
      if (text !== undefined) frame.pushText(row, column, text, timeMs);
      else
        frame.pushNumber(
          row,
          column,
          cluster.isText[logged] ? Number.NaN : value,
          timeMs,
          record.decimals[i] as number,
        );
    }
    return frame;
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
