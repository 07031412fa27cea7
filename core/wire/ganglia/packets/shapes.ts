/**
 * Value packets that differ from one known only in their value. A host sends the
 * same forty packets for years: id, its own name, metric and format are the same
 * octets each time, and comparing octets costs less than making out once more
 * what they mean.
 *
 *   u32 id | string host | string metric | u32 spoof | string format | value
 *            identity      tail, one for all hosts of the cluster
 *
 * On the hot path: neither an object nor a string is made here.
 */
import type { ValueFormat } from "../printf-format.js";
import { hash } from "../text.js";
import type { XdrReader } from "../xdr.js";
import { decimalsAs, PACKET_STRING, readNumber } from "./current.js";

/** One kind of value packet. */
export interface ValueShape {
  /** From 0 on, without gaps. */
  readonly index: number;
  readonly id: number;
  readonly tail: Uint8Array;
  readonly format: ValueFormat;
  readonly isText: boolean;
  /** Of a number. */
  readonly decimals: number;
}

const ID_OCTETS = 4;
/** A cluster has some hundred; packets of further ones are read the long way. */
const SHAPES_MAX = 2_048;
/** A power of two. Where two shapes want one place, the later one is read the long way. */
const PLACES = 16_384;
const NAME_OCTETS_MAX = 64;

export class ValueShapes {
  readonly #xdr: XdrReader;
  readonly #places: (ValueShape | undefined)[] = new Array(PLACES).fill(undefined);
  #count = 0;

  /** @param xdr whose place moves with what is found and read */
  constructor(xdr: XdrReader) {
    this.#xdr = xdr;
  }

  /**
   * @param identity what packets of this sender have behind the id
   * @returns the shape of the datagram, its value being read next; undefined where it has none that is known
   */
  find(datagram: Uint8Array, identity: Uint8Array): ValueShape | undefined {
    if (!isAt(datagram, ID_OCTETS, identity)) return undefined;
    const tailAt = ID_OCTETS + identity.length;
    const shape = this.#places[placeOf(datagram, tailAt)];
    if (shape === undefined || !isId(datagram, shape.id) || !isAt(datagram, tailAt, shape.tail)) return undefined;
    this.#xdr.open(datagram, tailAt + shape.tail.length);
    return shape;
  }

  /** Remembers the shape of a datagram that has been read and is sound. @returns undefined where there is no room */
  learn(
    datagram: Uint8Array,
    id: number,
    tailAt: number,
    valueAt: number,
    format: ValueFormat,
  ): ValueShape | undefined {
    const place = placeOf(datagram, tailAt);
    const known = this.#places[place];
    if (known !== undefined) {
      const isSame = known.id === id && known.tail.length === valueAt - tailAt && isAt(datagram, tailAt, known.tail);
      return isSame ? known : undefined;
    }
    if (this.#count >= SHAPES_MAX) return undefined;
    const tail = Uint8Array.from(datagram.subarray(tailAt, valueAt));
    const shape = {
      index: this.#count++,
      id,
      tail,
      format,
      isText: id === PACKET_STRING,
      decimals: decimalsAs(id, format),
    };
    this.#places[place] = shape;
    return shape;
  }

  /** After find. @returns the number as gmond prints it, NaN where it is not finite or `isCut` */
  number(shape: ValueShape): number {
    return readNumber(this.#xdr, shape.id, shape.format);
  }

  /** After find. @returns `known` itself where that is what the packet says; "" where `isCut` */
  text(known: string): string {
    return this.#xdr.stringLike(known);
  }

  /** What was read last breaks off; the packet is malformed. */
  get isCut(): boolean {
    return this.#xdr.fault !== "";
  }
}

/** By the name of the metric, which is what differs. */
function placeOf(datagram: Uint8Array, at: number): number {
  const start = at + 4;
  const length = Math.min(datagram[at + 3] as number, NAME_OCTETS_MAX);
  return hash(datagram, start, Math.min(start + length, datagram.length)) & (PLACES - 1);
}

/** All ids of values are below 256. */
function isId(datagram: Uint8Array, id: number): boolean {
  return datagram[3] === id && datagram[2] === 0 && datagram[1] === 0 && datagram[0] === 0;
}

function isAt(datagram: Uint8Array, at: number, octets: Uint8Array): boolean {
  if (at + octets.length > datagram.length) return false;
  for (let i = 0; i < octets.length; i++) {
    if (datagram[at + i] !== octets[i]) return false;
  }
  return true;
}
