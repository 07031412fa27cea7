/**
 * Memory for samples on their way to the archive, used again from part to part: a spill of 1,000 hosts takes 25 MB of it
 * one after the other, and made anew V8 counted that as growth of the heap, with a full garbage collection or two.
 */

/** A part has 20,000 samples of a time and a number, and a little more: 2.6 of these. A column of many frames takes one alone. */
const CHUNK_NUMBERS = 2 ** 14;

export class SampleMemory {
  readonly #chunks: Float64Array[] = [];
  #chunk = 0;
  #at = 0;
  #handedOut = 0;
  #takenBack = 0;

  /** @returns so many, not cleared */
  numbers(count: number): Float64Array {
    if (this.#at > 0 && this.#at + count > (this.#chunks[this.#chunk]?.length ?? 0)) {
      this.#chunk++;
      this.#at = 0;
    }
    const chunk = this.#chunkFor(count);
    const numbers = new Float64Array(chunk.buffer, this.#at * Float64Array.BYTES_PER_ELEMENT, count);
    this.#at += count;
    return numbers;
  }

  /** The one at hand, made anew where there is none, or, at its begin, a longer one than was needed there before. */
  #chunkFor(count: number): Float64Array {
    const known = this.#chunks[this.#chunk];
    if (known !== undefined && this.#at + count <= known.length) return known;
    const chunk = new Float64Array(Math.max(CHUNK_NUMBERS, count));
    this.#chunks[this.#chunk] = chunk;
    return chunk;
  }

  /** Somebody is given some of it. */
  handOut(): void {
    this.#handedOut++;
  }

  /** Nobody looks any more at what was handed out. */
  takeBack(): void {
    this.#takenBack = this.#handedOut;
  }

  /** Call when nothing is left that will be handed out later: begins anew, if all of it is back. */
  reuse(): void {
    if (this.#takenBack !== this.#handedOut) return;
    this.#chunk = 0;
    this.#at = 0;
  }
}
