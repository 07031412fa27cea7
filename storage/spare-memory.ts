/**
 * Pieces of memory that appends have been done with, for the next ones. A spill of
 * 1,000 hosts takes 70 pieces of a third of a megabyte for each store; made anew
 * each time, tens of megabytes of them wait for the collector of garbage.
 */

/** Two stores with a part each under way and one being made, and one more. */
const PIECES_MAX = 4;

/** Larger ones are rare, and not kept. */
const PIECE_BYTES_MAX = 2 * 2 ** 20;

/** Lengths are rounded up to this, so that the next part, which is about as long, fits. */
const ROUND_BYTES = 2 ** 16;

export class SpareMemory {
  readonly #pieces: ArrayBuffer[] = [];

  /** @returns at least so many bytes, with anything in them */
  take(sizeBytes: number): ArrayBuffer {
    const at = this.#pieces.findIndex(({ byteLength }) => byteLength >= sizeBytes);
    const [piece] = at < 0 ? [] : this.#pieces.splice(at, 1);
    return piece ?? new ArrayBuffer(Math.ceil(Math.max(1, sizeBytes) / ROUND_BYTES) * ROUND_BYTES);
  }

  /** Nobody may look at it any more. Passed over where enough wait, the newest stay. */
  give(piece: ArrayBuffer): void {
    if (piece.byteLength === 0 || piece.byteLength > PIECE_BYTES_MAX) return;
    this.#pieces.push(piece);
    if (this.#pieces.length > PIECES_MAX) this.#pieces.shift();
  }
}

/** Of this thread. */
export const spareMemory = new SpareMemory();
