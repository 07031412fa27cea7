/** A byte buffer that grows; keeps its memory when it is used again. */

/** A reader of bits looks at four bytes at once, so this many must follow the last byte that it is given. */
export const PADDING_BYTES = 4;

const GROWTH = 1.5;

export class ByteWriter {
  /** Longer than what was written; replaced when it grows. */
  bytes: Uint8Array<ArrayBuffer>;
  /** Where the next byte goes. */
  at = 0;
  #view: DataView;

  constructor(firstBytes = 256) {
    this.bytes = new Uint8Array(Math.ceil(firstBytes));
    this.#view = new DataView(this.bytes.buffer);
  }

  /** Makes room for this many bytes more, and for the padding. */
  reserve(count: number): void {
    const wanted = this.at + count + PADDING_BYTES;
    if (wanted <= this.bytes.length) return;
    const bigger = new Uint8Array(Math.max(wanted, Math.ceil(this.bytes.length * GROWTH)));
    bigger.set(this.bytes.subarray(0, this.at));
    this.bytes = bigger;
    this.#view = new DataView(bigger.buffer);
  }

  /** Room must have been reserved for this and for everything below. */
  u8(value: number): void {
    this.bytes[this.at++] = value;
  }

  u32(value: number): void {
    this.#view.setUint32(this.at, value, true);
    this.at += 4;
  }

  f64(value: number): void {
    this.#view.setFloat64(this.at, value, true);
    this.at += 8;
  }

  /** Seven bits a byte, low ones first; 0 <= value < 2^49, at most seven bytes. */
  varint(value: number): void {
    let rest = value;
    while (rest >= 0x80) {
      this.bytes[this.at++] = (rest & 0x7f) | 0x80;
      // Not a shift: that would cut at 32 bits.
      rest = Math.floor(rest / 0x80);
    }
    this.bytes[this.at++] = rest;
  }

  append(bytes: Uint8Array): void {
    this.bytes.set(bytes, this.at);
    this.at += bytes.length;
  }

  /** What was written, with its padding, in memory of its own. */
  copy(): Uint8Array<ArrayBuffer> {
    return this.bytes.slice(0, this.at + PADDING_BYTES);
  }
}
