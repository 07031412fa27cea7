/**
 * Writes the records of one segment after another: each begins with a checkpoint and names what its frames number.
 * Throws what the log throws; what to do then is the log's business (wal.ts).
 */
import type { RecordLog } from "../../core/base/record-log.js";
import type { ClusterView } from "../../core/model/columns.js";
import { Frame } from "../../core/model/frame.js";
import { AllNews, type FrameNews } from "../frame-news.js";
import { DirectoryChanges } from "./directory-changes.js";
import { CellsEncoder, encodeJson, LOG_VERSION, RECORD } from "./log-records.js";

/** Cells of the present in one record: half a millisecond to write, some 8 KB. */
const PRESENT_CELLS_MAX = 2 ** 11;

export class SegmentWriter {
  readonly #log: RecordLog;
  readonly #encoder = new CellsEncoder();
  readonly #all = new AllNews();
  /** What this segment has said of each cluster; in the order of their numbers. */
  #said = new Map<string, DirectoryChanges>();
  #framesInSegment = 0;

  constructor(log: RecordLog) {
    this.#log = log;
  }

  /** Those of checkpoints are not counted. */
  get framesInSegment(): number {
    return this.#framesInSegment;
  }

  /**
   * Call when the log has begun a segment: writes the head of its checkpoint.
   * @param frameNumber of the newest frame
   * @param views asked for with the first piece
   * @returns writes one piece more with each step. Each says the present as it is then: between two of them frames may
   * be logged, which come before it in the log too
   */
  begin(frameNumber: number, views: () => Iterable<ClusterView>): Iterator<void> {
    this.#framesInSegment = 0;
    this.#said = new Map();
    this.#log.append(RECORD.checkpoint, encodeJson({ version: LOG_VERSION, frame: frameNumber }));
    return this.#presentOf(views);
  }

  /** @param news all of the frame unless told */
  appendFrame(frame: Frame, number: number, news: FrameNews = this.#all.of(frame)): void {
    this.#appendCells(RECORD.frame, frame, news, number);
    this.#framesInSegment++;
  }

  /** A frame that the checkpoint knows already: history only. */
  appendLate(frame: Frame, number: number): void {
    this.#appendCells(RECORD.late, frame, this.#all.of(frame), number);
    this.#framesInSegment++;
  }

  /** Hosts left the present. */
  appendLeft(view: ClusterView, rows: readonly number[], number: number): void {
    const frame = new Frame(view.directory, "left");
    frame.timeMs = view.frameTimeMs;
    for (const row of rows) frame.heard(row, 0);
    this.#appendCells(RECORD.present, frame, this.#all.of(frame), number);
  }

  #changesOf(directory: ClusterView["directory"]): DirectoryChanges {
    let said = this.#said.get(directory.name);
    if (said === undefined) {
      said = new DirectoryChanges(this.#said.size, directory);
      this.#said.set(directory.name, said);
    }
    return said;
  }

  /** @returns whether there may be more to say */
  #sayNext(said: DirectoryChanges): boolean {
    const record = said.next();
    if (record !== undefined) this.#log.append(RECORD.directory, encodeJson(record));
    return record !== undefined;
  }

  #appendCells(type: number, frame: Frame, news: FrameNews, number: number): void {
    const { directory, timeMs } = frame;
    const said = this.#changesOf(directory);
    while (this.#sayNext(said));
    const { id: cluster, records: names } = said;
    this.#log.append(type, this.#encoder.encode({ cluster, number, timeMs, names }, frame, news));
  }

  *#presentOf(views: () => Iterable<ClusterView>): Generator<void, void> {
    for (const view of views()) {
      const said = this.#changesOf(view.directory);
      while (this.#sayNext(said)) yield;
      yield* this.#presentPieces(view);
    }
  }

  *#presentPieces(view: ClusterView): Generator<void, void> {
    const { directory } = view;
    const frame = new Frame(directory, "present");
    const flush = () => {
      frame.timeMs = view.frameTimeMs;
      this.#appendCells(RECORD.present, frame, this.#all.of(frame), view.frameNumber);
      frame.clear();
    };
    // Those who left are told with time 0: older segments may say that they were heard.
    for (let row = 0; row < view.rowCount; row++) {
      if (directory.host(row) !== undefined) frame.heard(row, view.reportedMs[row] as number);
    }
    flush();
    yield;
    for (const column of view.columns()) {
      for (let row = 0; row < view.rowCount; row++) {
        const timeMs = column.timesMs[row] as number;
        if (timeMs === 0 || directory.host(row) === undefined) continue;
        const text = column.kind === "text" ? column.texts[row] : undefined;
        if (text !== undefined) frame.pushText(row, column.column, text, timeMs);
        else if (column.kind === "text") frame.pushNumber(row, column.column, Number.NaN, timeMs, 0);
        else frame.pushNumber(row, column.column, column.values[row] as number, timeMs, column.decimals[row] as number);
        if (frame.count < PRESENT_CELLS_MAX) continue;
        flush();
        yield;
      }
    }
    if (frame.count > 0) flush();
  }
}
