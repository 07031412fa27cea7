/**
 * Memory for samples on their way to the archive, used again from part to part: a spill of 1,000 hosts takes 25 MB of it
 * one after the other, and made anew V8 counted that as growth of the heap, with a full garbage collection or two.
 */

/** A part has 20,000 samples of a time and a number, and a little more: 2.6 of these. */
const CHUNK_NUMBERS = 2 ** 14;

export class SampleMemory {
  readonly #chunks: Float64Array[] = [];
  #chunk = 0;
  #at = 0;
  #handedOut = 0;
  #takenBack = 0;

  /** @returns so many, not cleared */
  numbers(count: number): Float64Array {
    if (count > CHUNK_NUMBERS) return new Float64Array(count);
    if (this.#at + count > CHUNK_NUMBERS) {
      this.#chunk++;
      this.#at = 0;
    }
    const chunk = this.#chunks[this.#chunk] ?? new Float64Array(CHUNK_NUMBERS);
    this.#chunks[this.#chunk] = chunk;
    const numbers = new Float64Array(chunk.buffer, this.#at * Float64Array.BYTES_PER_ELEMENT, count);
    this.#at += count;
    return numbers;
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
