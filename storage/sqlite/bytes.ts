/** A growing byte buffer to write to, and a reader that never reads past the end. */

/** Varints carry whole numbers up to here, the last that has a double of its own below its successor's. */
const VARINT_MAX = 2 ** 53;

/** Eight bytes of seven bits hold it; the factor of the eighth is 2^49. */
const VARINT_FACTOR_MAX = 2 ** 49;

/** A writer that is used again keeps so much after a long chunk. */
const KEPT_BYTES_MAX = 2 ** 16;

export class ByteWriter {
  #bytes: Buffer;
  #length = 0;

  constructor(capacity = 1_024) {
    this.#bytes = Buffer.allocUnsafe(capacity);
  }

  /** Begins anew: what written() gave is not valid any more. */
  clear(): void {
    this.#length = 0;
    if (this.#bytes.length > KEPT_BYTES_MAX) this.#bytes = Buffer.allocUnsafe(KEPT_BYTES_MAX);
  }

  /** What was written; valid until the next write. */
  written(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  byte(value: number): void {
    this.reserve(1);
    this.#bytes[this.#length++] = value;
  }

  /** Makes room for bytes that are then written by reserved(). */
  reserve(count: number): void {
    if (this.#length + count > this.#bytes.length) this.#grow(count);
  }

  /** As byte(), where there is room for it. */
  reserved(value: number): void {
    this.#bytes[this.#length++] = value;
  }

  /** A whole number 0 .. 2^53: seven bits a byte, lowest first; the top bit says that more follow. */
  varint(value: number): void {
    this.reserve(8);
    let rest = value;
    // Bit operations work on 31 bits; the few larger numbers are divided.
    while (rest > 0x7fff_ffff) {
      this.#bytes[this.#length++] = (rest % 128) + 128;
      rest = Math.floor(rest / 128);
    }
    while (rest > 127) {
      this.#bytes[this.#length++] = (rest & 127) | 128;
      rest >>>= 7;
    }
    this.#bytes[this.#length++] = rest;
  }

  /** A whole number of either sign, -2^52 .. 2^52: 0, -1, 1, -2, 2 become 0, 1, 2, 3, 4. */
  signed(value: number): void {
    this.varint(value < 0 ? -2 * value - 1 : 2 * value);
  }

  raw(bytes: Uint8Array): void {
    this.reserve(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  #grow(count: number): void {
    const grown = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, this.#length + count));
    grown.set(this.written());
    this.#bytes = grown;
  }
}

/** The bytes are not what a ByteWriter wrote. */
export class BytesError extends Error {
  override readonly name = "BytesError";
}

export class ByteReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get left(): number {
    return this.#bytes.length - this.#at;
  }

  /** @throws BytesError at the end, as all reads */
  byte(): number {
    const value = this.#bytes[this.#at];
    if (value === undefined) throw new BytesError(`ended at byte ${this.#at}, expected more`);
    this.#at++;
    return value;
  }

  varint(): number {
    let byte = this.byte();
    let value = byte & 127;
    for (let factor = 128; byte > 127; factor *= 128) {
      byte = this.byte();
      value += (byte & 127) * factor;
      if (factor > VARINT_FACTOR_MAX || value > VARINT_MAX) {
        throw new BytesError(`number before byte ${this.#at} is larger than 2^53`);
      }
    }
    return value;
  }

  signed(): number {
    const value = this.varint();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  /** All that is left, as a view; the reader stays where it is. */
  rest(): Uint8Array {
    return this.#bytes.subarray(this.#at);
  }

  /** A view, no copy. */
  raw(count: number): Uint8Array {
    if (count > this.left) throw new BytesError(`${count} bytes wanted at byte ${this.#at}, ${this.left} left`);
    this.#at += count;
    return this.#bytes.subarray(this.#at - count, this.#at);
  }
}
