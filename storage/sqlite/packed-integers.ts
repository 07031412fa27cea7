/**
 * Whole numbers that mostly follow from those before them, as bits. What is written
 * are the numbers that do not: how many before it were as foretold, and by how much
 * it differs. So a value that stays, or a steady pace, costs nothing, however long.
 * Both numbers are Rice codes, whose parameter fits the chunk. SCHEMA.md has the bits.
 */
import { type ByteReader, BytesError, type ByteWriter } from "./bytes.js";

/** The next number is foretold to be the last one (1), or as far from it as that was from the one before (2). */
export type Order = 1 | 2;

/** So many ones in a row say that the number follows as it is: 6 bits of length, then its bits. */
const ESCAPE = 16;
const LENGTH_BITS = 6;

/** q < 16 shifted by it stays below 2^31. */
const PARAMETER_MAX = 26;

/** 2 to a parameter, from a table: to the power of a variable is a call that takes longer than all the rest of a code. */
const FACTORS = Float64Array.from({ length: PARAMETER_MAX + 1 }, (_, parameter) => 2 ** parameter);

/** Of a number that is too long for shifts the bits above are divided off. */
const LOW_BITS = 26;
const LOW_FACTOR = 2 ** LOW_BITS;

/** Where numbers differ from what was foretold: after how many that did not, and by how much. Grows, is used again. */
export class Surprises {
  count = 0;
  runs = new Float64Array(256);
  changes = new Float64Array(256);

  clear(): void {
    this.count = 0;
  }

  push(run: number, change: number): void {
    if (this.count === this.runs.length) this.reserve(2 * this.count);
    this.runs[this.count] = run;
    this.changes[this.count++] = change;
  }

  /** What was there may be gone. */
  reserve(count: number): void {
    if (count <= this.runs.length) return;
    const [runs, changes] = [this.runs, this.changes];
    this.runs = new Float64Array(count);
    this.changes = new Float64Array(count);
    this.runs.set(runs);
    this.changes.set(changes);
  }
}

/** One for all: nothing of it is kept between two calls. */
const scratch = new Surprises();

/**
 * @param whole whole numbers, differences of which stay within 2^52
 * @param count how many of them, at least one
 * @returns nothing; writes the first number (and the first difference, for order 2), then the surprises
 */
export function writeIntegers(writer: ByteWriter, whole: Float64Array, count: number, order: Order): void {
  findSurprises(whole, count, order, scratch);
  writer.signed(whole[0] as number);
  if (order === 2) writer.signed(count > 1 ? (whole[1] as number) - (whole[0] as number) : 0);
  writeSurprises(writer, scratch);
}

function findSurprises(whole: Float64Array, count: number, order: Order, found: Surprises): void {
  found.clear();
  found.reserve(count);
  const { runs, changes } = found;
  let surprises = 0;
  let previous = whole[0] as number;
  let step = order === 2 && count > 1 ? (whole[1] as number) - previous : 0;
  let run = 0;
  // Hot: each sample of a spill.
  for (let i = 1; i < count; i++) {
    const value = whole[i] as number;
    const change = value - previous - step;
    if (change === 0) run++;
    else {
      runs[surprises] = run;
      changes[surprises++] = change;
      run = 0;
      if (order === 2) step += change;
    }
    previous = value;
  }
  found.count = surprises;
}

/** Differences of differences, doubled, stay within 2^53. */
const SECOND_ORDER_MAX = 2 ** 50;

/** @returns which of the two takes fewer bits, about */
export function betterOrder(whole: Float64Array, count: number): Order {
  let [first, second] = [0, 0];
  let [previous, step] = [whole[0] as number, 0];
  if (Math.abs(previous) > SECOND_ORDER_MAX) return 1;
  for (let i = 1; i < count; i++) {
    const value = whole[i] as number;
    if (Math.abs(value) > SECOND_ORDER_MAX) return 1;
    const change = value - previous;
    first += bitsOf(change);
    second += bitsOf(change - step);
    step = change;
    previous = value;
  }
  return second < first ? 2 : 1;
}

/** Of a change with its run, about. */
function bitsOf(change: number): number {
  if (change === 0) return 0;
  const size = Math.abs(change);
  return 4 + (size < 2 ** 31 ? 32 - Math.clz32(size) : Math.log2(size));
}

/** Their count, the two parameters, the bits. Nothing but the count where there are none. */
export function writeSurprises(writer: ByteWriter, found: Surprises): void {
  writer.varint(found.count);
  if (found.count === 0) return;
  const { runs, changes, count } = found;
  for (let i = 0; i < count; i++) {
    const change = changes[i] as number;
    // Never nought: 1, -1, 2, -2 become 0, 1, 2, 3.
    changes[i] = change > 0 ? 2 * change - 2 : -2 * change - 1;
  }
  const runParameter = bestParameter(runs, count);
  const changeParameter = bestParameter(changes, count);
  writer.byte(runParameter);
  writer.byte(changeParameter);
  const bits = new BitWriter(writer);
  for (let i = 0; i < count; i++) {
    bits.rice(runs[i] as number, runParameter);
    bits.rice(changes[i] as number, changeParameter);
  }
  bits.end();
}

/** Only the runs: for values whose changes are no whole numbers. */
export function writeRuns(writer: ByteWriter, found: Surprises): void {
  writer.varint(found.count);
  if (found.count === 0) return;
  const parameter = bestParameter(found.runs, found.count);
  writer.byte(parameter);
  const bits = new BitWriter(writer);
  for (let i = 0; i < found.count; i++) bits.rice(found.runs[i] as number, parameter);
  bits.end();
}

/** For numbers that fall off evenly the best is log2 of the mean x ln 2; its neighbours are tried as well. */
function bestParameter(numbers: Float64Array, count: number): number {
  let sum = 0;
  for (let i = 0; i < count; i++) sum += Math.min(numbers[i] as number, 2 ** 40);
  const guess = Math.min(PARAMETER_MAX, Math.floor(Math.log2(Math.max(1, (sum / count) * Math.LN2))));
  let best = 0;
  let bestBits = Number.POSITIVE_INFINITY;
  for (let parameter = Math.max(0, guess - 2); parameter <= Math.min(PARAMETER_MAX, guess + 1); parameter++) {
    const part = 1 / (FACTORS[parameter] as number);
    let bits = count * (1 + parameter);
    for (let i = 0; i < count; i++) bits += Math.min((numbers[i] as number) * part, ESCAPE + LENGTH_BITS + 8);
    if (bits < bestBits) {
      best = parameter;
      bestBits = bits;
    }
  }
  return best;
}

/** With up to seven that wait they stay within 31 bits. */
const WRITTEN_AT_ONCE = 24;

/** The longest code has 16 + 6 + 53 bits, and up to seven wait before it. */
const CODE_BYTES_MAX = 11;

/** Highest bit first. */
class BitWriter {
  readonly #writer: ByteWriter;
  #held = 0;
  #count = 0;

  constructor(writer: ByteWriter) {
    this.#writer = writer;
  }

  /** Hot: two of them for each change of a value. */
  rice(value: number, parameter: number): void {
    const writer = this.#writer;
    writer.reserve(CODE_BYTES_MAX);
    const ones = Math.floor(value / (FACTORS[parameter] as number));
    const length = ones + 1 + parameter;
    if (ones < ESCAPE && length <= WRITTEN_AT_ONCE) {
      this.#bits((((1 << (ones + 1)) - 2) << parameter) | (value & ((1 << parameter) - 1)), length);
    } else if (ones < ESCAPE) {
      this.#bits((1 << (ones + 1)) - 2, ones + 1);
      this.#long(value % (FACTORS[parameter] as number), parameter);
    } else {
      const valueLength = lengthOf(value);
      this.#bits(2 ** ESCAPE - 1, ESCAPE);
      this.#bits(valueLength, LENGTH_BITS);
      this.#long(value, valueLength);
    }
  }

  /** @param count up to WRITTEN_AT_ONCE; there is room for them */
  #bits(value: number, count: number): void {
    this.#held = (this.#held << count) | value;
    this.#count += count;
    while (this.#count >= 8) {
      this.#count -= 8;
      this.#writer.reserved((this.#held >>> this.#count) & 255);
    }
  }

  /** @param count up to 53 */
  #long(value: number, count: number): void {
    if (count > LOW_BITS) this.#long(Math.floor(value / LOW_FACTOR), count - LOW_BITS);
    const low = value % LOW_FACTOR;
    const rest = Math.min(count, LOW_BITS);
    const high = rest >> 1;
    this.#bits(low >>> (rest - high), high);
    this.#bits(low & ((1 << (rest - high)) - 1), rest - high);
  }

  /** Fills the last byte with noughts. */
  end(): void {
    this.#writer.reserve(1);
    if (this.#count > 0) this.#bits(0, 8 - this.#count);
  }
}

function lengthOf(value: number): number {
  const high = Math.floor(value / LOW_FACTOR);
  return high > 0 ? LOW_BITS + 32 - Math.clz32(high) : 32 - Math.clz32(value);
}

/**
 * @param room most surprises that there can be
 * @throws BytesError
 */
export function readSurprises(reader: ByteReader, room: number, found: Surprises): void {
  const count = reader.varint();
  if (count > room) throw new BytesError(`${count} changes among ${room} numbers`);
  found.clear();
  if (count === 0) return;
  readRice(reader, count, found, true);
  requireRuns(found, room);
}

/** Where whole numbers stay as they are: run r ends before number ends[r]. */
export interface Levels {
  runCount: number;
  ends: Int32Array;
  values: Float64Array;
  /** Makes both arrays long enough. */
  reserveRuns(count: number): void;
}

/**
 * What writeIntegers wrote with order 1 behind the first number, as levels: no list of surprises between, because
 * nearly all of a question about a thousand hosts, or a year, is spent here.
 * @param first the first number @param count of all @param power values are the whole numbers by this
 * @throws BytesError
 */
export function readLevels(reader: ByteReader, first: number, count: number, power: number, found: Levels): void {
  const surprises = reader.varint();
  if (surprises >= count) throw new BytesError(`${surprises} changes among ${count - 1} numbers`);
  found.reserveRuns(surprises + 1);
  const { ends, values } = found;
  let whole = first;
  let end = 1;
  if (surprises > 0) {
    const runParameter = readParameter(reader);
    const changeParameter = readParameter(reader);
    const bits = new BitReader(reader.rest());
    const { bytes } = bits;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    // Below it, five bytes can be read at once.
    const safe = bytes.length - 5;
    let at = 0;
    for (let s = 0; s < surprises; s++) {
      const byteAt = at >>> 3;
      let isShort = byteAt <= safe;
      if (isShort) {
        const shift = at & 7;
        // At a shift of nought the fifth byte is shifted out as a whole.
        const word = (view.getInt32(byteAt) << shift) | ((bytes[byteAt + 4] as number) >>> (8 - shift));
        const runOnes = Math.clz32(~word);
        const used = runOnes + 1 + runParameter;
        const rest = word << used;
        const ones = Math.clz32(~rest);
        const length = used + ones + 1 + changeParameter;
        isShort = length <= 32 && runOnes < ESCAPE && ones < ESCAPE;
        if (isShort) {
          at += length;
          // A shift by 32 is a shift by nought: parameters of nought are cared for by the double shift.
          end += (runOnes << runParameter) | (((word << (runOnes + 1)) >>> 1) >>> (31 - runParameter));
          const code = (ones << changeParameter) | (((rest << (ones + 1)) >>> 1) >>> (31 - changeParameter));
          ends[s] = end++;
          values[s] = whole / power;
          whole += changeOf(code);
        }
      }
      if (!isShort) {
        bits.at = at;
        end += bits.rice(runParameter);
        const code = bits.rice(changeParameter);
        at = bits.at;
        ends[s] = end++;
        values[s] = whole / power;
        whole += code % 2 === 0 ? code / 2 + 1 : -(code + 1) / 2;
      }
      if (end > count) throw new BytesError(`runs of ${end - 1} among ${count - 1} numbers`);
    }
    // Behind the end noughts were read: noticed here, at the latest.
    reader.raw((at + 7) >>> 3);
  }
  ends[surprises] = count;
  values[surprises] = whole / power;
  found.runCount = surprises + 1;
}

/** Without a branch: which way a value goes cannot be foretold by the processor either. @param code below 2^31 */
function changeOf(code: number): number {
  const sign = -(code & 1);
  return (((code >>> 1) + 1) ^ sign) - sign;
}

function readParameter(reader: ByteReader): number {
  const parameter = reader.byte();
  if (parameter > PARAMETER_MAX) throw new BytesError(`parameter ${parameter}, at most ${PARAMETER_MAX} is known`);
  return parameter;
}

/** @throws BytesError */
export function readRuns(reader: ByteReader, room: number, found: Surprises): void {
  const count = reader.varint();
  if (count > room) throw new BytesError(`${count} changes among ${room} numbers`);
  found.clear();
  if (count === 0) return;
  readRice(reader, count, found, false);
  requireRuns(found, room);
}

function requireRuns({ runs, count }: Surprises, room: number): void {
  let sum = count;
  for (let i = 0; i < count; i++) sum += runs[i] as number;
  if (sum > room) throw new BytesError(`runs of ${sum} among ${room} numbers`);
}

/**
 * Hot: two codes for each change of a value. Both are mostly short and then come out of one
 * word of 32 bits; what is longer takes the slow way.
 */
function readRice(reader: ByteReader, count: number, found: Surprises, withChanges: boolean): void {
  const runParameter = readParameter(reader);
  const changeParameter = withChanges ? readParameter(reader) : 0;
  found.reserve(count);
  found.count = count;
  const { runs, changes } = found;
  const bits = new BitReader(reader.rest());
  const { bytes } = bits;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  // Below it, five bytes can be read at once.
  const safe = bytes.length - 5;
  let at = 0;
  for (let i = 0; i < count; i++) {
    const byteAt = at >>> 3;
    if (withChanges && byteAt <= safe) {
      const shift = at & 7;
      // At a shift of nought the fifth byte is shifted out as a whole.
      const word = (view.getInt32(byteAt) << shift) | ((bytes[byteAt + 4] as number) >>> (8 - shift));
      const runOnes = Math.clz32(~word);
      const used = runOnes + 1 + runParameter;
      const rest = word << used;
      const ones = Math.clz32(~rest);
      const all = used + ones + 1 + changeParameter;
      if (all <= 32 && used < 32 && ones < ESCAPE && runOnes < ESCAPE) {
        at += all;
        // A shift by 32 is a shift by nought: parameters of nought are cared for by the double shift.
        runs[i] = (runOnes << runParameter) | (((word << (runOnes + 1)) >>> 1) >>> (31 - runParameter));
        const code = (ones << changeParameter) | (((rest << (ones + 1)) >>> 1) >>> (31 - changeParameter));
        changes[i] = changeOf(code);
        continue;
      }
    }
    bits.at = at;
    runs[i] = bits.rice(runParameter);
    if (withChanges) {
      const code = bits.rice(changeParameter);
      changes[i] = code % 2 === 0 ? code / 2 + 1 : -(code + 1) / 2;
    }
    at = bits.at;
  }
  // Behind the end noughts were read: noticed here, at the latest.
  reader.raw((at + 7) >>> 3);
}

/** The slow way, for any code. */
class BitReader {
  at = 0;
  readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  rice(parameter: number): number {
    const ones = Math.clz32(~wordAt(this.bytes, this.at));
    if (ones < ESCAPE) {
      this.at += ones + 1;
      return ones * (FACTORS[parameter] as number) + this.#bits(parameter);
    }
    this.at += ESCAPE;
    const length = this.#bits(LENGTH_BITS);
    if (length > 53) throw new BytesError(`a number of ${length} bits, at most 53 are expected`);
    const high = this.#bits(Math.max(0, length - LOW_BITS));
    return high * LOW_FACTOR + this.#bits(Math.min(length, LOW_BITS));
  }

  #bits(count: number): number {
    if (count === 0) return 0;
    const value = wordAt(this.bytes, this.at) >>> (32 - count);
    this.at += count;
    return value;
  }
}

/** 32 bits from this one on; noughts behind the end. */
function wordAt(bytes: Uint8Array, bitAt: number): number {
  const i = bitAt >>> 3;
  const shift = bitAt & 7;
  const word = ((bytes[i] ?? 0) << 24) | ((bytes[i + 1] ?? 0) << 16) | ((bytes[i + 2] ?? 0) << 8) | (bytes[i + 3] ?? 0);
  return shift === 0 ? word : (word << shift) | ((bytes[i + 4] ?? 0) >>> (8 - shift));
}
