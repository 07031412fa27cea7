/**
 * Deletes what is older than the configured age, a little after each append, so
 * that no deletion ever takes long. It deletes whole chunks: a chunk goes when its
 * newest sample is too old. A failure costs nothing but space and is tried again
 * with the next append.
 */
import type { Database } from "better-sqlite3";
import type { Clock } from "../../core/base/clock.js";
import { messageOf } from "../../core/base/errors.js";
import { formatDuration } from "../../core/model/duration.js";
import type { StoreLog } from "../store.js";

/**
 * Rows looked at in one sweep. At 1,000 hosts x 35 metrics an append every 10
 * minutes makes some 2,700 chunks; this is ample to keep up.
 */
const ROWS_MAX = 10_000;

export class Retention {
  readonly #keepMs: number;
  readonly #clock: Clock;
  readonly #log: StoreLog;
  readonly #rowsMax: number;
  readonly #sweep: (cutoffMs: number) => boolean;
  /** Tails are looked at in turn: the id at which the next sweep begins. */
  #tailCursor = 0;

  constructor(db: Database, keepMs: number, clock: Clock, log: StoreLog, rowsMax = ROWS_MAX) {
    this.#keepMs = keepMs;
    this.#clock = clock;
    this.#log = log;
    this.#rowsMax = rowsMax;
    this.#sweep = this.#prepare(db);
  }

  /** @returns whether samples were deleted */
  sweep(): boolean {
    try {
      return this.#sweep(this.#clock.nowMs() - this.#keepMs);
    } catch (error) {
      this.#log.warn(`cannot delete history older than ${formatDuration(this.#keepMs)}: ${messageOf(error)}`);
      return false;
    }
  }

  #prepare(db: Database): (cutoffMs: number) => boolean {
    const max = this.#rowsMax;
    const chunks = db.prepare<[number, number]>(
      "DELETE FROM chunk WHERE id IN (SELECT id FROM chunk WHERE end_ms < ? ORDER BY end_ms LIMIT ?)",
    );
    const tails = db
      .prepare<[number, number, number], number>(
        "DELETE FROM tail WHERE series_id >= ? AND series_id < ? AND end_ms < ? RETURNING series_id",
      )
      .pluck();
    const series = db.prepare<[number]>("DELETE FROM series WHERE id = ?");
    const newestId = db.prepare<[], number | null>("SELECT max(series_id) FROM tail").pluck();
    const events = db.prepare<[number, number]>(
      "DELETE FROM event WHERE sequence IN (SELECT sequence FROM event ORDER BY sequence LIMIT ?) AND time_ms < ?",
    );
    return db.transaction((cutoffMs: number) => {
      const chunkCount = chunks.run(cutoffMs, max).changes;
      // A series whose newest sample is too old is forgotten; its last chunks follow by their own age.
      const forgotten = tails.all(this.#tailCursor, this.#tailCursor + max, cutoffMs);
      for (const id of forgotten) series.run(id);
      this.#tailCursor += max;
      if (this.#tailCursor > (newestId.get() ?? 0)) this.#tailCursor = 0;
      events.run(max, cutoffMs);
      return chunkCount + forgotten.length > 0;
    });
  }
}
