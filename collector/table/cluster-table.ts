/**
 * The present of one cluster: a metric is a column, a host is a row, a cell is
 * the newest sample with its time. Decides which cells of a frame are news.
 *
 * A host that leaves keeps its row for a while, with `reportedMs` 0 and no
 * values: the window still knows its history by row, and a source may go on
 * listing it. The times of cells are kept, so that a source that repeats an old
 * sample does not bring it back; that nobody sent this NaN stands in its decimals.
 */
import {
  type ClusterView,
  type Column,
  DECIMALS_CLEARED,
  type NumberColumn,
  type TextColumn,
} from "../../core/model/columns.js";
import { type ClusterDirectory, NONE } from "../../core/model/directory.js";
import type { Frame } from "../../core/model/frame.js";
import { isExpired } from "../../core/model/liveness.js";
import type { FrameNews } from "../frame-news.js";

/** XML tells ages in whole seconds: the same sample read twice may seem up to this much younger. */
const SAME_SAMPLE_MS = 1_000;

/**
 * A time further ahead of our clock than this is no time: sources map theirs to
 * ours. A stored one further ahead means that our clock was set back since.
 */
const FUTURE_MS_MAX = 60_000;

const FIRST_ROWS = 64;

/**
 * Most cells of one table, 25 bytes each: 840 MB. 65,536 hosts with 500 metrics
 * fit; a sender that makes up names does not get more.
 */
const CELLS_MAX = 2 ** 25;

interface NumberCells extends NumberColumn {
  timesMs: Float64Array;
  changedFrames: Float64Array;
  values: Float64Array;
  decimals: Uint8Array;
}

interface TextCells extends TextColumn {
  timesMs: Float64Array;
  changedFrames: Float64Array;
  texts: (string | undefined)[];
}

type Cells = NumberCells | TextCells;

export class ClusterTable implements ClusterView, FrameNews {
  readonly directory: ClusterDirectory;
  rowCount = 0;
  reportedMs = new Float64Array(FIRST_ROWS);
  frameTimeMs = 0;
  frameNumber = 0;

  /** See FrameNews; of the frame applied last. */
  newCells = new Uint32Array(1024);
  newCount = 0;
  newHeard = new Uint32Array(FIRST_ROWS);
  newHeardCount = 0;
  /** Cells and hearings passed over because they cannot be true: no such row or column, no such time. */
  malformed = 0;
  /** News of numeric metrics that were no finite number, see Frame.values. */
  notNumbers = 0;

  readonly #columns: Cells[] = [];
  /** Rows of hosts that left: number of the newest frame at that time. */
  readonly #gone = new Map<number, number>();
  /** Metrics that some host lets expire, as of this version of the directory. */
  #expiring: Cells[] = [];
  #expiringVersion = -1;

  constructor(directory: ClusterDirectory) {
    this.directory = directory;
  }

  columns(): Iterable<Column> {
    return this.#columns;
  }

  column(column: number): Column | undefined {
    return this.#columns[column];
  }

  /**
   * Takes what is new of a frame; the rest is dropped. A cell is new if its time
   * is more than a second later than the one held, or later at all with another
   * value.
   *
   * @param nowMs our clock, epoch ms
   * @returns how many cells were new; newCells and newHeard name what was
   */
  apply(frame: Frame, frameNumber: number, nowMs: number = frame.timeMs): number {
    this.#begin(frame.timeMs, frameNumber, nowMs);
    const futureMs = nowMs + FUTURE_MS_MAX;
    if (this.newHeard.length < frame.heardCount) this.newHeard = new Uint32Array(frame.heardRows.length);
    this.newHeardCount = 0;
    for (let i = 0; i < frame.heardCount; i++) {
      const row = frame.heardRows[i] as number;
      const timeMs = frame.heardTimesMs[i] as number;
      if (!(row < this.rowCount && timeMs > 0 && timeMs <= futureMs)) this.malformed++;
      else if (this.#hear(row, timeMs, nowMs)) this.newHeard[this.newHeardCount++] = i;
    }
    if (this.newCells.length < frame.count) this.newCells = new Uint32Array(frame.rows.length);
    this.newCount = 0;
    for (let i = 0; i < frame.count; i++) {
      if (this.#take(frame, i, frameNumber, nowMs)) this.newCells[this.newCount++] = i;
    }
    return this.newCount;
  }

  /** Puts back what was news once, as apply took it then. */
  replay(frame: Frame, frameNumber: number): void {
    this.restore(frame, frameNumber);
    for (let i = 0; i < frame.count; i++) {
      const row = frame.rows[i] as number;
      const timeMs = frame.timesMs[i] as number;
      if (row < this.rowCount && timeMs > (this.reportedMs[row] as number)) this.reportedMs[row] = timeMs;
    }
  }

  /** Puts back a part of the present: times of hearing (0 for hosts that left) and cells, NaN for one without a value. */
  restore(frame: Frame, frameNumber: number): void {
    this.#begin(frame.timeMs, frameNumber, frame.timeMs);
    for (let i = 0; i < frame.heardCount; i++) {
      const row = frame.heardRows[i] as number;
      if (row < this.rowCount) this.reportedMs[row] = frame.heardTimesMs[i] as number;
    }
    for (let i = 0; i < frame.count; i++) {
      const row = frame.rows[i] as number;
      const cells = this.#columns[frame.columns[i] as number];
      if (cells === undefined || row >= this.rowCount) continue;
      const value = frame.values[i] as number;
      cells.timesMs[row] = frame.timesMs[i] as number;
      cells.changedFrames[row] = frameNumber;
      if (cells.kind === "text") {
        cells.texts[row] = frame.texts[value];
      } else {
        cells.values[row] = value;
        cells.decimals[row] = frame.decimals[i] as number;
      }
    }
  }

  /** After a replay: hosts that had left before are again those that left. */
  restoreGone(): void {
    for (let row = 0; row < this.rowCount; row++) {
      if (this.reportedMs[row] === 0 && this.directory.host(row) !== undefined) this.#leave(row, this.frameNumber);
    }
  }

  /**
   * Hosts silent for longer than their DMAX leave; values older than their
   * metric's DMAX are cleared. DMAX 0 keeps for ever.
   * @param nextFrame number of the frame after the newest one of all clusters; who
   *   has the newest is to see the change as part of the next
   * @returns names of the hosts that left now
   */
  expire(nowMs: number, nextFrame: number): string[] {
    const left: string[] = [];
    for (let row = 0; row < this.rowCount; row++) {
      const host = this.directory.host(row);
      if (host === undefined || this.#gone.has(row)) continue;
      const reportedMs = this.reportedMs[row] as number;
      if (reportedMs > 0 && !isExpired((nowMs - reportedMs) / 1_000, host.dmaxS)) continue;
      // One that was only ever named gives its row back too, but nobody knew of it.
      if (reportedMs > 0) left.push(host.name);
      this.#leave(row, nextFrame);
    }
    for (const cells of this.#expiringColumns()) {
      for (let row = 0; row < this.rowCount; row++) {
        if (!hasValue(cells, row)) continue;
        const dmaxS = this.directory.meta(row, cells.column)?.dmaxS ?? 0;
        if (isExpired((nowMs - (cells.timesMs[row] as number)) / 1_000, dmaxS)) this.#clear(cells, row, nextFrame);
      }
    }
    return left;
  }

  /**
   * All hosts leave: nobody asks for the cluster any more.
   * @param nextFrame as for expire
   * @returns names of the hosts that left now
   */
  leave(nextFrame: number): string[] {
    const left: string[] = [];
    for (let row = 0; row < this.rowCount; row++) {
      const host = this.directory.host(row);
      if (host === undefined || this.#gone.has(row)) continue;
      if ((this.reportedMs[row] as number) > 0) left.push(host.name);
      this.#leave(row, nextFrame);
    }
    return left;
  }

  /** No host is part of the present. */
  get isSilent(): boolean {
    return this.reportedMs.every((timeMs) => timeMs === 0);
  }

  /** No row is a host's, not even of one that left. */
  get isEmpty(): boolean {
    for (let row = 0; row < this.directory.rowCount; row++) {
      if (this.directory.host(row) !== undefined) return false;
    }
    return true;
  }

  /**
   * Gives the rows of hosts that left back to the directory.
   * @param oldestFrame oldest frame of this cluster that anyone still has by row
   */
  freeGone(oldestFrame: number): void {
    for (const [row, lastFrame] of this.#gone) {
      if (lastFrame >= oldestFrame) continue;
      this.#gone.delete(row);
      // That the values went stays news: the same host may come back to its row before anybody asked.
      for (const cells of this.#columns) cells.timesMs[row] = 0;
      this.directory.freeRow(row);
    }
  }

  #begin(frameTimeMs: number, frameNumber: number, nowMs: number): void {
    // Of two sources one may lag behind; but a time ahead of our clock is from before it was set back.
    if (frameTimeMs >= this.frameTimeMs || this.frameTimeMs > nowMs + FUTURE_MS_MAX) this.frameTimeMs = frameTimeMs;
    this.frameNumber = frameNumber;
    const { directory } = this;
    if (directory.rowCount > this.rowCount) this.#makeRows(directory.rowCount);
    while (this.#columns.length < directory.columnCount) {
      const capacity = this.reportedMs.length;
      if ((this.#columns.length + 1) * capacity > CELLS_MAX) break;
      this.#columns.push(newCells(directory, this.#columns.length, capacity));
    }
  }

  #makeRows(count: number): void {
    let capacity = this.reportedMs.length;
    while (capacity < count && capacity * 2 * this.#columns.length <= CELLS_MAX) capacity *= 2;
    if (capacity > this.reportedMs.length) {
      this.reportedMs = grown(this.reportedMs, capacity, 0);
      for (const cells of this.#columns) growCells(cells, capacity);
    }
    this.rowCount = Math.min(count, capacity);
  }

  /** @returns whether that was news */
  #hear(row: number, timeMs: number, nowMs: number): boolean {
    const host = this.directory.host(row);
    if (host === undefined) return this.#refuse();
    // A source that still lists a host past its DMAX does not bring it back.
    if (isExpired((nowMs - timeMs) / 1_000, host.dmaxS)) return false;
    const heldMs = this.reportedMs[row] as number;
    if (timeMs <= heldMs && heldMs <= nowMs + FUTURE_MS_MAX) return false;
    this.reportedMs[row] = timeMs;
    this.#gone.delete(row);
    return true;
  }

  /** @returns whether the cell was news */
  #take(frame: Frame, i: number, frameNumber: number, nowMs: number): boolean {
    const row = frame.rows[i] as number;
    const timeMs = frame.timesMs[i] as number;
    const cells = this.#columns[frame.columns[i] as number];
    const futureMs = nowMs + FUTURE_MS_MAX;
    if (cells === undefined || row >= this.rowCount || !(timeMs > 0 && timeMs <= futureMs)) return this.#refuse();
    const heldMs = cells.timesMs[row] as number;
    const clockWasSetBack = heldMs > futureMs;
    if (timeMs <= heldMs && !clockWasSetBack) return false;
    // A second later and nothing held: as likely the sample that was just cleared, read again.
    const surelyNew = timeMs > heldMs + SAME_SAMPLE_MS || clockWasSetBack;
    if (!surelyNew && !hasValue(cells, row)) return false;

    const raw = frame.values[i] as number;
    if (cells.kind === "number") {
      // Infinity is no value, as in number-text.
      const value = raw - raw === 0 ? raw : Number.NaN;
      if (!surelyNew && value === cells.values[row]) return false;
      if (!this.#heardBy(row, timeMs, nowMs)) return false;
      cells.values[row] = value;
      cells.decimals[row] = frame.decimals[i] as number;
      if (Number.isNaN(value)) this.notNumbers++;
    } else {
      const text = frame.texts[raw];
      if (text === undefined) return this.#refuse();
      if (!surelyNew && text === cells.texts[row]) return false;
      if (!this.#heardBy(row, timeMs, nowMs)) return false;
      cells.texts[row] = text;
    }
    cells.timesMs[row] = timeMs;
    cells.changedFrames[row] = frameNumber;
    return true;
  }

  /** Who sent a value was heard. @returns false if the host is not, or not any more, part of the present */
  #heardBy(row: number, timeMs: number, nowMs: number): boolean {
    const heldMs = this.reportedMs[row] as number;
    if (timeMs > heldMs || heldMs > nowMs + FUTURE_MS_MAX) this.#hear(row, timeMs, nowMs);
    return (this.reportedMs[row] as number) > 0;
  }

  #refuse(): false {
    this.malformed++;
    return false;
  }

  #leave(row: number, nextFrame: number): void {
    this.#gone.set(row, this.frameNumber);
    this.reportedMs[row] = 0;
    for (const cells of this.#columns) {
      if (hasValue(cells, row)) this.#clear(cells, row, nextFrame);
      // A sender's own "nan" goes with its host as well.
      else if (cells.kind === "number") cells.decimals[row] = DECIMALS_CLEARED;
    }
    this.frameNumber = Math.max(this.frameNumber, nextFrame);
  }

  #clear(cells: Cells, row: number, nextFrame: number): void {
    if (cells.kind === "number") {
      cells.values[row] = Number.NaN;
      cells.decimals[row] = DECIMALS_CLEARED;
    } else {
      cells.texts[row] = undefined;
    }
    cells.changedFrames[row] = nextFrame;
    this.frameNumber = Math.max(this.frameNumber, nextFrame);
  }

  #expiringColumns(): readonly Cells[] {
    const { directory } = this;
    if (this.#expiringVersion === directory.version) return this.#expiring;
    this.#expiring = this.#columns.filter((cells) => {
      for (let row = NONE; row < this.rowCount; row++) {
        if ((directory.meta(row, cells.column)?.dmaxS ?? 0) > 0) return true;
      }
      return false;
    });
    this.#expiringVersion = directory.version;
    return this.#expiring;
  }
}

function hasValue(cells: Cells, row: number): boolean {
  return cells.kind === "number" ? !Number.isNaN(cells.values[row]) : cells.texts[row] !== undefined;
}

function newCells(directory: ClusterDirectory, column: number, capacity: number): Cells {
  const { name, kind } = directory.columnFacts(column);
  const common = {
    column,
    name,
    timesMs: new Float64Array(capacity),
    changedFrames: new Float64Array(capacity),
  };
  return kind === "number"
    ? { ...common, kind, values: new Float64Array(capacity).fill(Number.NaN), decimals: new Uint8Array(capacity) }
    : { ...common, kind, texts: new Array<string | undefined>(capacity).fill(undefined) };
}

function growCells(cells: Cells, capacity: number): void {
  cells.timesMs = grown(cells.timesMs, capacity, 0);
  cells.changedFrames = grown(cells.changedFrames, capacity, 0);
  if (cells.kind === "text") {
    while (cells.texts.length < capacity) cells.texts.push(undefined);
    return;
  }
  cells.values = grown(cells.values, capacity, Number.NaN);
  const decimals = new Uint8Array(capacity);
  decimals.set(cells.decimals);
  cells.decimals = decimals;
}

function grown(array: Float64Array, capacity: number, rest: number): Float64Array<ArrayBuffer> {
  const bigger = new Float64Array(capacity);
  bigger.set(array);
  if (rest !== 0) bigger.fill(rest, array.length);
  return bigger;
}
