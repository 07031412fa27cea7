/**
 * A frame: values that belong together. From a poll it is one document, from the
 * channel what arrived in one second.
 *
 * Written for the machine: parallel typed arrays that a source fills, hands over
 * and fills again, so that a sample costs no object.
 */
import type { ClusterDirectory } from "./directory.js";
import type { ReportedSums } from "./summary.js";

/** The first size; a frame grows by doubling and keeps its size when cleared. */
const FIRST_CAPACITY = 1024;

export class Frame {
  /** Where the row and column numbers mean something. */
  readonly directory: ClusterDirectory;
  /** Name of the source in the configuration. */
  readonly source: string;
  /** Every host that the source knows of this cluster is heard in this frame: it is one whole document. */
  whole = false;
  /** When these values were true, epoch ms on our own clock. Triggers run on it. */
  timeMs = 0;

  /** Cells in use; the arrays are longer. */
  count = 0;
  rows = new Uint32Array(FIRST_CAPACITY);
  columns = new Uint32Array(FIRST_CAPACITY);
  /**
   * The number; for a text column the index into `texts`. NaN: the sender had no finite number to tell ("nan",
   * "inf", a word under a numeric type). That is news as any number is, whichever way it came: it takes the place of
   * the number held, is unknown to triggers and is served on as "nan". What was not said at all is no cell.
   */
  values = new Float64Array(FIRST_CAPACITY);
  /** When the cell's value was taken, epoch ms. */
  timesMs = new Float64Array(FIRST_CAPACITY);
  /** Digits after the point as received, see number-text. 0 for text. */
  decimals = new Uint8Array(FIRST_CAPACITY);
  readonly texts: string[] = [];

  /** Hosts heard from, whether or not they brought values. */
  heardCount = 0;
  heardRows = new Uint32Array(64);
  heardTimesMs = new Float64Array(64);

  constructor(directory: ClusterDirectory, source: string) {
    this.directory = directory;
    this.source = source;
  }

  clear(): void {
    this.whole = false;
    this.count = 0;
    this.heardCount = 0;
    this.texts.length = 0;
  }

  pushNumber(row: number, column: number, value: number, timeMs: number, decimals: number): void {
    if (this.count === this.rows.length) this.#grow();
    const i = this.count++;
    this.rows[i] = row;
    this.columns[i] = column;
    this.values[i] = value;
    this.timesMs[i] = timeMs;
    this.decimals[i] = decimals;
  }

  pushText(row: number, column: number, text: string, timeMs: number): void {
    this.texts.push(text);
    this.pushNumber(row, column, this.texts.length - 1, timeMs, 0);
  }

  /** The host was last heard at this time, epoch ms. */
  heard(row: number, timeMs: number): void {
    if (this.heardCount === this.heardRows.length) {
      this.heardRows = doubled(this.heardRows);
      this.heardTimesMs = doubled(this.heardTimesMs);
    }
    const i = this.heardCount++;
    this.heardRows[i] = row;
    this.heardTimesMs[i] = timeMs;
  }

  #grow(): void {
    this.rows = doubled(this.rows);
    this.columns = doubled(this.columns);
    this.values = doubled(this.values);
    this.timesMs = doubled(this.timesMs);
    this.decimals = doubled(this.decimals);
  }
}

function doubled<T extends Uint8Array | Uint32Array | Float64Array>(array: T): T {
  const bigger = new (array.constructor as new (length: number) => T)(array.length * 2);
  bigger.set(array);
  return bigger;
}

/** Where sources put what they read. */
export interface FrameSink {
  /**
   * The dictionary of a cluster, made at first use.
   * @returns undefined if the name is bad or there are too many clusters; the source counts and skips it
   */
  directory(clusterName: string): ClusterDirectory | undefined;
  /**
   * Takes a frame. Everything kept is copied before it returns: the caller may
   * clear and refill the frame at once.
   */
  accept(frame: Frame): void;
  /** Takes what a source tells of a grid or cluster only in sums; it replaces what was told of it before. */
  acceptSums(sums: ReportedSums): void;
}
