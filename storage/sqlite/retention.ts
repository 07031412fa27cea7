/**
 * Deletes what is older than the configured age, and the oldest of what is more than
 * the configured size, a little after each append, so that no deletion ever takes
 * long. It deletes whole chunks: a chunk goes when its newest sample is too old. A
 * failure costs nothing but space and is tried again with the next append.
 *
 * Pages that become free are used again by what comes; the file itself does not
 * shrink. Moving pages about to shorten it would write more than it gives back.
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

/** Between two looks at the size: of 250 to 1,000 bytes each, some 300 kB. */
const ROWS_PER_LOOK = 500;

export interface RetentionOptions {
  /** Age of samples and events; absent: they may be of any. */
  readonly keepMs?: number | undefined;
  /** Of the pages in use; absent: there may be any number. */
  readonly sizeBytesMax?: number | undefined;
  readonly clock: Clock;
  readonly log: StoreLog;
  /** Of each table in one sweep. */
  readonly rowsMax?: number;
}

export class Retention {
  readonly #db: Database;
  readonly #options: RetentionOptions;
  readonly #rowsMax: number;
  readonly #sweepAge: (cutoffMs: number) => boolean;
  readonly #sweepSize: (bytesMax: number) => boolean;
  /** Tails are looked at in turn: the id at which the next sweep begins. */
  #tailCursor = 0;
  #tooSmallTold = false;

  constructor(db: Database, options: RetentionOptions) {
    this.#db = db;
    this.#options = options;
    this.#rowsMax = options.rowsMax ?? ROWS_MAX;
    this.#sweepAge = this.#prepareAge();
    this.#sweepSize = this.#prepareSize();
  }

  /** @returns whether samples were deleted */
  sweep(): boolean {
    const { keepMs, sizeBytesMax, clock } = this.#options;
    let deleted = false;
    if (keepMs !== undefined) {
      deleted = this.#try(`history older than ${formatDuration(keepMs)}`, () => this.#sweepAge(clock.nowMs() - keepMs));
    }
    if (sizeBytesMax !== undefined) {
      deleted = this.#try("the oldest history", () => this.#sweepSize(sizeBytesMax)) || deleted;
    }
    return deleted;
  }

  #try(what: string, work: () => boolean): boolean {
    try {
      return work();
    } catch (error) {
      this.#options.log.warn(`cannot delete ${what}: ${messageOf(error)}`);
      return false;
    }
  }

  #prepareAge(): (cutoffMs: number) => boolean {
    const db = this.#db;
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

  #prepareSize(): (bytesMax: number) => boolean {
    const db = this.#db;
    const oldest = db.prepare<[number]>("DELETE FROM chunk WHERE id IN (SELECT id FROM chunk ORDER BY end_ms LIMIT ?)");
    const sweep = db.transaction((bytesMax: number) => {
      let rows = 0;
      while (rows < this.#rowsMax && usedBytes(db) > bytesMax) {
        const { changes } = oldest.run(Math.min(ROWS_PER_LOOK, this.#rowsMax - rows));
        if (changes === 0) {
          this.#tellTooSmall(bytesMax);
          break;
        }
        rows += changes;
      }
      return rows > 0;
    });
    // Looked at before, so that mostly no transaction is begun.
    return (bytesMax) => usedBytes(db) > bytesMax && sweep(bytesMax);
  }

  #tellTooSmall(bytesMax: number): void {
    if (this.#tooSmallTold) return;
    this.#tooSmallTold = true;
    this.#options.log.warn(
      `the newest samples of each series, names and events alone take more than the size-limit of ${bytesMax} bytes`,
    );
  }
}

/** Of pages in use. */
export function usedBytes(db: Database): number {
  const number = (name: string) => db.pragma(name, { simple: true }) as number;
  return (number("page_count") - number("freelist_count")) * number("page_size");
}
