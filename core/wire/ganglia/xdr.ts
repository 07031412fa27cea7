/**
 * XDR (RFC 4506) from a datagram: big-endian, every item a multiple of four
 * octets. A datagram is hostile until read: every length is checked against the
 * octets that are left before anything is done with it.
 *
 * There are no exceptions on this path. After the first fault every read gives 0
 * or "" and `fault` says what was wrong, so that a caller reads a whole message
 * and looks once.
 */
import { isText, TextCache } from "./text.js";

/** Names and formats of a large cluster; 4,096 strings of 64 octets are 0.5 MB at most. */
const CACHE_PLACES = 4_096;

/** At most one datagram can hold: 64 KiB. A longer string is refused before it is looked at. */
export const XDR_STRING_OCTETS_MAX = 65_535;

export class XdrReader {
  /** Why reading stopped; "" while all is well. */
  fault = "";

  #octets: Uint8Array = new Uint8Array(0);
  #at = 0;
  /** Of the string entered last. */
  #stringStart = 0;
  #stringEnd = 0;
  readonly #cache = new TextCache(CACHE_PLACES);
  readonly #scratch = new DataView(new ArrayBuffer(8));

  /** Begins with a new datagram, at octet `at`. It is looked at in place and must not change meanwhile. */
  open(octets: Uint8Array, at = 0): void {
    this.#octets = octets;
    this.#at = at;
    this.fault = "";
  }

  /** Octets read so far. */
  get at(): number {
    return this.#at;
  }

  /** Octets not yet read; 0 after a fault. */
  get left(): number {
    return this.fault === "" ? this.#octets.length - this.#at : 0;
  }

  u32(): number {
    if (this.left < 4) {
      this.#fail("it ends inside a number");
      return 0;
    }
    const octets = this.#octets;
    const at = this.#at;
    this.#at = at + 4;
    const word =
      ((octets[at] as number) << 24) |
      ((octets[at + 1] as number) << 16) |
      ((octets[at + 2] as number) << 8) |
      (octets[at + 3] as number);
    return word >>> 0;
  }

  i32(): number {
    return this.u32() | 0;
  }

  f32(): number {
    this.#scratch.setUint32(0, this.u32());
    return this.fault === "" ? this.#scratch.getFloat32(0) : 0;
  }

  f64(): number {
    this.#scratch.setUint32(0, this.u32());
    this.#scratch.setUint32(4, this.u32());
    return this.fault === "" ? this.#scratch.getFloat64(0) : 0;
  }

  /**
   * A counted string. Padding that is cut off at the very end of the datagram is
   * forgiven: nothing is lost by it.
   */
  string(octetsMax: number = XDR_STRING_OCTETS_MAX): string {
    if (!this.#enterString(octetsMax)) return "";
    return this.#cache.decode(this.#octets, this.#stringStart, this.#stringEnd);
  }

  /** A counted string. @returns `known` itself, and no new string, where they are the same; not if it is not ASCII */
  stringLike(known: string): string {
    if (!this.#enterString(XDR_STRING_OCTETS_MAX)) return "";
    if (isText(this.#octets, this.#stringStart, this.#stringEnd, known)) return known;
    return this.#cache.decode(this.#octets, this.#stringStart, this.#stringEnd);
  }

  /** A counted string without the NULs that it ends with, which some senders count as part of it. */
  stringWithoutNul(octetsMax: number): string {
    if (!this.#enterString(octetsMax)) return "";
    let end = this.#stringEnd;
    while (end > this.#stringStart && this.#octets[end - 1] === 0) end--;
    return this.#cache.decode(this.#octets, this.#stringStart, end);
  }

  /** Goes past a string and notes where it stands. @returns false after a fault */
  #enterString(octetsMax: number): boolean {
    const length = this.u32();
    if (this.fault !== "") return false;
    if (length > this.left) {
      this.#fail("it ends inside a string");
      return false;
    }
    if (length > octetsMax) {
      this.#fail(`a string has ${length} octets, at most ${octetsMax} are allowed`);
      return false;
    }
    this.#stringStart = this.#at;
    this.#stringEnd = this.#at + length;
    this.#at = Math.min(this.#at + Math.ceil(length / 4) * 4, this.#octets.length);
    return true;
  }

  /**
   * The count of an array whose items take at least so many octets each: a count
   * that cannot fit into what is left is a fault.
   */
  count(itemOctetsMin: number, itemsMax: number): number {
    const count = this.u32();
    if (count * itemOctetsMin > this.left) this.#fail("it announces more items than it holds");
    else if (count > itemsMax) this.#fail(`it has ${count} items, at most ${itemsMax} are allowed`);
    return this.fault === "" ? count : 0;
  }

  #fail(reason: string): void {
    if (this.fault === "") this.fault = reason;
  }
}
