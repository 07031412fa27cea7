/**
 * Rows that are complete and not yet in the file, by archive: rows that follow each
 * other, so that they are written with one or two positioned writes. Of more rows than
 * an archive has, the newest are kept: the file would have overwritten the others.
 */
import { NAN_HIGH } from "../format/words.js";

/** Rows an archive that there is room for at first; an archive of a step gets 40 in a spill of 10 minutes. */
const ROOM_ROWS = 64;

class ArchiveRows {
  /** Number of the first row in the archive. */
  first = 0;
  count = 0;
  readonly rowCount: number;
  readonly #dsCount: number;
  #words: Uint32Array;
  #doubles: Float64Array;
  #bytes: Uint8Array;
  #room: number;

  constructor(dsCount: number, rowCount: number) {
    this.rowCount = rowCount;
    this.#dsCount = dsCount;
    this.#room = Math.min(rowCount, ROOM_ROWS);
    this.#doubles = new Float64Array(this.#room * dsCount);
    this.#words = new Uint32Array(this.#doubles.buffer);
    this.#bytes = new Uint8Array(this.#doubles.buffer);
  }

  push(row: number, values: Float64Array, begin: number): void {
    if (this.count === 0) this.first = row;
    const slot = row >= this.first ? row - this.first : row - this.first + this.rowCount;
    if (slot >= this.#room) this.#grow(slot + 1);
    if (slot >= this.count) this.count = slot + 1;
    const dsCount = this.#dsCount;
    for (let ds = 0, at = slot * dsCount; ds < dsCount; ds++, at++) {
      const value = values[begin + ds] as number;
      if (Number.isNaN(value)) {
        this.#words[2 * at] = 0;
        this.#words[2 * at + 1] = NAN_HIGH;
      } else this.#doubles[at] = value;
    }
  }

  /** The rows' bytes, from the first on; valid until the next push. */
  get bytes(): Uint8Array {
    return this.#bytes;
  }

  #grow(rows: number): void {
    this.#room = Math.min(this.rowCount, Math.max(rows, 2 * this.#room));
    const doubles = new Float64Array(this.#room * this.#dsCount);
    // As words: a copy of doubles may change the bits of a NaN.
    const words = new Uint32Array(doubles.buffer);
    words.set(this.#words);
    this.#doubles = doubles;
    this.#words = words;
    this.#bytes = new Uint8Array(doubles.buffer);
  }
}

export class PendingRows {
  readonly #archives: readonly ArchiveRows[];
  readonly #rowBytes: number;

  constructor(dsCount: number, rowCounts: readonly number[]) {
    this.#archives = rowCounts.map((rowCount) => new ArchiveRows(dsCount, rowCount));
    this.#rowBytes = 8 * dsCount;
  }

  /**
   * Must be the row after the one pushed last, or the first of the archive after its last.
   * @param begin where the row's values begin, one a data source
   */
  push(rra: number, row: number, values: Float64Array, begin: number): void {
    (this.#archives[rra] as ArchiveRows).push(row, values, begin);
  }

  /**
   * Hands over what is pending, archive by archive, in runs of rows that stand side by
   * side in the file, and forgets it.
   */
  drain(write: (rra: number, firstRow: number, bytes: Uint8Array, offset: number, length: number) => void): void {
    for (let rra = 0; rra < this.#archives.length; rra++) {
      const archive = this.#archives[rra] as ArchiveRows;
      if (archive.count === 0) continue;
      const { bytes } = archive;
      const untilEnd = Math.min(archive.count, archive.rowCount - archive.first);
      write(rra, archive.first, bytes, 0, untilEnd * this.#rowBytes);
      if (untilEnd < archive.count) {
        write(rra, 0, bytes, untilEnd * this.#rowBytes, (archive.count - untilEnd) * this.#rowBytes);
      }
      archive.count = 0;
    }
  }

  /** Forgets what is pending. */
  clear(): void {
    for (const archive of this.#archives) archive.count = 0;
  }
}
