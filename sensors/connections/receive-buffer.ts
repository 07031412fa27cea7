/**
 * Where a document is put together, in one piece of memory. That of 1,000 hosts has 12 MB, so what is made and when it
 * goes is not left to the garbage collector: small memory stays for the next document; large memory is as large as the
 * document before was, and is given back as soon as it has been read.
 */
import { freeNow } from "./free-memory.js";
import { keepHeapRoom } from "./heap-room.js";

/** Three hosts with 39 metrics fit. */
const FIRST_BYTES = 2 ** 16;

/** Memory up to this size stays: 80 hosts. Touching 12 MB anew costs 9 ms of CPU at most, measured. */
const KEPT_BYTES_MAX = 2 ** 20;

/** A document this many times smaller than the memory kept for it lets that go. */
const WASTE_MAX = 8;

export class ReceiveBuffer {
  #memory = Buffer.allocUnsafeSlow(FIRST_BYTES);
  #length = 0;
  /** What one like the last, whose memory was given back, has room in; 0 = none was. */
  #expectedBytes = 0;

  get length(): number {
    return this.#length;
  }

  /** Of the memory that is held now. */
  get capacityBytes(): number {
    return this.#memory.length;
  }

  /** What was put together before is not valid any more. */
  clear(): void {
    if (this.#length > 0 && this.#isWasteful) this.#replace(FIRST_BYTES, 0);
    this.#length = 0;
  }

  /** As clear, and large memory goes. */
  release(): void {
    if (this.#memory.length > KEPT_BYTES_MAX) {
      this.#expectedBytes = this.#length + (this.#length >> 4);
      keepHeapRoom(this.#expectedBytes);
      this.#replace(FIRST_BYTES, 0);
    }
    this.clear();
  }

  get #isWasteful(): boolean {
    return this.#length * WASTE_MAX < this.#memory.length && this.#memory.length > FIRST_BYTES;
  }

  /** Copies the piece: it may be written over afterwards. */
  append(piece: Uint8Array): void {
    const needed = this.#length + piece.length;
    if (needed > this.#memory.length) this.#grow(needed);
    this.#memory.set(piece, this.#length);
    this.#length = needed;
  }

  /** A view of all that came, valid until clear. */
  bytes(): Uint8Array {
    return this.#memory.subarray(0, this.#length);
  }

  #grow(needed: number): void {
    let size = this.#memory.length;
    while (size < needed) size *= 2;
    // Who sends more than small memory holds will send as much as last time. What is not touched costs nothing.
    if (size > KEPT_BYTES_MAX && this.#expectedBytes >= needed) size = this.#expectedBytes;
    this.#replace(size, this.#length);
  }

  #replace(size: number, keptBytes: number): void {
    const bigger = Buffer.allocUnsafeSlow(size);
    bigger.set(this.#memory.subarray(0, keptBytes));
    freeNow(this.#memory.buffer);
    this.#memory = bigger;
  }
}
