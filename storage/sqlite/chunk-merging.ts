/**
 * Makes long chunks of short ones, so that a day of a series is a few rows. It
 * happens where a series has just got a chunk, within the same append: four chunks of
 * about a length become one, and four of those become one again. A sample is so
 * written three times on its way to where it stays, and the append takes no more at
 * one time than at another, because series fill their tails at different times.
 */
import type { Database } from "better-sqlite3";
import { joinSeries } from "../series.js";
import { ChunkError, decodeChunk, kindOfChunk } from "./chunk-codec.js";
import { type Segment, wholeSegment } from "./segment.js";

/** Chunks of one length that become one. More would be written less often, and a read find more rows. */
const FAN_IN = 4;

/** Samples below which chunks are of one length: a tail has up to 512, four of them up to 2,048. */
const LEVELS = [1_000, 4_000] as const;

/** Two rows of it fill a page (PAGE_BYTES in database.ts); a longer one would leave much of its page empty. */
const MERGED_BYTES_MAX = 4_000;

/** Noise is cut into chunks of some 200 samples: more than FAN_IN of them may be there. */
const LOOKED_AT = 12;

interface ChunkRow extends Segment {
  readonly id: number;
}

export class ChunkMerger {
  /**
   * Chunks that each series got since it was looked at: to look each time would cost more than to merge. After a
   * start it counts from nought, and then a few more are merged at once.
   */
  readonly #waiting = new Map<number, number>();
  readonly #newest;
  readonly #remove;
  readonly #insert: (seriesId: number, chunk: Segment) => void;

  constructor(db: Database, insert: (seriesId: number, chunk: Segment) => void) {
    this.#insert = insert;
    this.#newest = db.prepare<[number, number], ChunkRow>(
      `SELECT id, start_ms AS startMs, end_ms AS endMs, count, blob FROM chunk
       WHERE series_id = ? ORDER BY start_ms DESC LIMIT ?`,
    );
    this.#remove = db.prepare<[number]>("DELETE FROM chunk WHERE id = ?");
  }

  /** Call within a transaction, after the series has got chunks. */
  merge(seriesId: number, chunkCount: number): void {
    const waiting = (this.#waiting.get(seriesId) ?? 0) + chunkCount;
    this.#waiting.set(seriesId, waiting % FAN_IN);
    if (waiting < FAN_IN) return;
    for (const [level, samplesMax] of LEVELS.entries()) {
      const samplesMin = LEVELS[level - 1] ?? 0;
      if (!this.#mergeLevel(seriesId, samplesMin, samplesMax)) return;
    }
  }

  /** @returns whether there is a longer chunk now */
  #mergeLevel(seriesId: number, samplesMin: number, samplesMax: number): boolean {
    const alike: ChunkRow[] = [];
    let bytes = 0;
    for (const row of this.#newest.iterate(seriesId, LOOKED_AT)) {
      if (row.count < samplesMin || row.count >= samplesMax || kindOfChunk(row.blob) !== "number") break;
      if (bytes + row.blob.length > MERGED_BYTES_MAX) break;
      bytes += row.blob.length;
      alike.push(row);
    }
    if (alike.length < FAN_IN) return false;
    alike.reverse();
    const merged = mergedOf(alike);
    if (merged === undefined) return false;
    for (const { id } of alike) this.#remove.run(id);
    this.#insert(seriesId, merged);
    return true;
  }
}

/** @returns undefined where one of them is damaged: it stays as it is, and whoever reads it is told */
function mergedOf(rows: readonly Segment[]): Segment | undefined {
  try {
    const series = joinSeries(rows.map(({ blob }) => decodeChunk(blob)));
    return series === undefined ? undefined : wholeSegment(series);
  } catch (error) {
    if (error instanceof ChunkError) return undefined;
    throw error;
  }
}
