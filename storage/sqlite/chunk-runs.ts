/**
 * Numbers of a series as chunk format 2 (SCHEMA.md): runs of equal values at a steady
 * pace. Decoded into runs, not samples: whoever sums them up handles a run at once.
 * Not deflated, because inflating would take longer than all the rest of a read.
 */
import { type ByteReader, BytesError, type ByteWriter } from "./bytes.js";
import { BITWISE, POWERS, toWhole } from "./chunk-numbers.js";
import { RAW, UNITS_MS, unitCodeOf } from "./chunk-times.js";
import { bytesToFloats, floatsToBytes } from "./floats.js";
import {
  betterOrder,
  type Order,
  readLevels,
  readRuns,
  readSurprises,
  Surprises,
  writeIntegers,
  writeRuns,
} from "./packed-integers.js";

/**
 * Most samples of a part: a run costs nothing, so that a damaged count would fill the
 * memory. No chunk that we make has more than a quarter of it.
 */
export const PART_SAMPLES_MAX = 2 ** 16;

/** Added to the count of decimals where values are foretold from two before them. */
const SECOND_ORDER = 64;

/** Whole numbers on their way to the writer; one for all, grows. */
let wholes = new Float64Array(1_024);

/** @param timesMs up to PART_SAMPLES_MAX @param values as many */
export function writeRunsPart(writer: ByteWriter, timesMs: Float64Array, values: Float64Array): void {
  const count = timesMs.length;
  writer.varint(count);
  if (count === 0) return;
  if (count > wholes.length) wholes = new Float64Array(PART_SAMPLES_MAX);
  writeTimes(writer, timesMs);
  const decimals = toWhole(values, wholes);
  if (decimals === undefined) {
    writer.byte(BITWISE);
    writeBitwise(writer, values);
    return;
  }
  const order = betterOrder(wholes, count);
  writer.byte(order === 2 ? decimals + SECOND_ORDER : decimals);
  writeIntegers(writer, wholes, count, order);
}

function writeTimes(writer: ByteWriter, timesMs: Float64Array): void {
  const code = unitCodeOf(timesMs);
  writer.byte(code);
  if (code === RAW) {
    writer.raw(floatsToBytes(timesMs));
    return;
  }
  const unitMs = UNITS_MS[code] as number;
  for (let i = 0; i < timesMs.length; i++) wholes[i] = (timesMs[i] as number) / unitMs;
  writeIntegers(writer, wholes, timesMs.length, 2);
}

const scratch = new Surprises();

/** Runs of values that are equal bit by bit; then of each run its eight bytes, those that differ from the run before. */
function writeBitwise(writer: ByteWriter, values: Float64Array): void {
  const bytes = floatsToBytes(values);
  scratch.clear();
  let run = 0;
  const firsts: number[] = [0];
  for (let at = 8; at < bytes.length; at += 8) {
    if (bytes.compare(bytes, at - 8, at, at, at + 8) === 0) {
      run++;
      continue;
    }
    scratch.push(run, 0);
    firsts.push(at);
    run = 0;
  }
  writeRuns(writer, scratch);
  for (const at of firsts) writeDifference(writer, bytes, at);
}

/** A byte with the count of zero bytes above (high half) and below (low half), then those between, lowest first. */
function writeDifference(writer: ByteWriter, bytes: Uint8Array, at: number): void {
  const difference = (i: number) => (bytes[at + i] as number) ^ (at === 0 ? 0 : (bytes[at + i - 8] as number));
  let above = 0;
  while (above < 8 && difference(7 - above) === 0) above++;
  let below = 0;
  while (below < 8 - above && difference(below) === 0) below++;
  writer.byte((above << 4) | below);
  for (let i = below; i < 8 - above; i++) writer.byte(difference(i));
}

/** The samples of a part. Its arrays are used again for the next one, and longer than what they hold. */
export class Runs {
  /** Samples. */
  count = 0;
  /** A steady pace: sample i is at startMs + i * stepMs. Otherwise the times stand in timesMs. */
  steady = true;
  startMs = 0;
  stepMs = 0;
  timesMs = new Float64Array(0);
  /** Runs of equal values: run r ends before sample ends[r]. */
  runCount = 0;
  ends = new Int32Array(256);
  values = new Float64Array(256);

  timeOf(i: number): number {
    return this.steady ? this.startMs + i * this.stepMs : (this.timesMs[i] as number);
  }

  reserveRuns(count: number): void {
    if (count <= this.ends.length) return;
    this.ends = new Int32Array(2 * count);
    this.values = new Float64Array(2 * count);
  }

  reserveTimes(count: number): void {
    if (count > this.timesMs.length) this.timesMs = new Float64Array(2 * count);
  }
}

/** @throws BytesError */
export function readRunsPart(reader: ByteReader, runs: Runs): void {
  const count = reader.varint();
  if (count > PART_SAMPLES_MAX) throw new BytesError(`${count} samples, at most ${PART_SAMPLES_MAX} are expected`);
  runs.count = count;
  runs.runCount = 0;
  runs.steady = true;
  if (count === 0) return;
  readTimes(reader, count, runs);
  const head = reader.byte();
  if (head === BITWISE) readBitwise(reader, count, runs);
  else readValues(reader, head, count, runs);
}

function readTimes(reader: ByteReader, count: number, runs: Runs): void {
  const code = reader.byte();
  if (code === RAW) {
    runs.steady = false;
    runs.reserveTimes(count);
    runs.timesMs.set(bytesToFloats(reader.raw(count * 8)));
    return;
  }
  const unitMs = UNITS_MS[code];
  if (unitMs === undefined) throw new BytesError(`time unit ${code} is not known`);
  let time = reader.signed();
  let step = reader.signed();
  readSurprises(reader, count - 1, scratch);
  runs.startMs = time * unitMs;
  runs.stepMs = step * unitMs;
  runs.steady = scratch.count === 0;
  if (runs.steady) return;
  runs.reserveTimes(count);
  const { timesMs } = runs;
  timesMs[0] = runs.startMs;
  let i = 1;
  for (let s = 0; s < scratch.count; s++) {
    for (const end = i + (scratch.runs[s] as number); i < end; i++) {
      time += step;
      timesMs[i] = time * unitMs;
    }
    step += scratch.changes[s] as number;
    time += step;
    timesMs[i++] = time * unitMs;
  }
  for (; i < count; i++) {
    time += step;
    timesMs[i] = time * unitMs;
  }
}

function readValues(reader: ByteReader, head: number, count: number, runs: Runs): void {
  const order: Order = head >= SECOND_ORDER ? 2 : 1;
  const decimals = order === 2 ? head - SECOND_ORDER : head;
  const power = POWERS[decimals];
  if (power === undefined) throw new BytesError(`${decimals} decimals are not known, at most ${POWERS.length - 1}`);
  const first = reader.signed();
  if (order === 1) {
    readLevels(reader, first, count, power, runs);
    return;
  }
  const step = reader.signed();
  readSurprises(reader, count - 1, scratch);
  expandSlopes(first, step, power, count, runs);
}

/** A value grows by a step until the step changes; while the step is nought it is one run. */
function expandSlopes(first: number, firstStep: number, power: number, count: number, runs: Runs): void {
  runs.reserveRuns(count);
  const { ends, values } = runs;
  let whole = first;
  let step = firstStep;
  let surprise = 0;
  let foretold = scratch.count > 0 ? (scratch.runs[0] as number) : count;
  let r = 0;
  values[0] = whole / power;
  for (let i = 1; i < count; i++) {
    if (foretold > 0) foretold--;
    else {
      step += scratch.changes[surprise++] as number;
      foretold = surprise < scratch.count ? (scratch.runs[surprise] as number) : count;
    }
    if (step === 0) continue;
    whole += step;
    ends[r++] = i;
    values[r] = whole / power;
  }
  ends[r] = count;
  runs.runCount = r + 1;
}

function readBitwise(reader: ByteReader, count: number, runs: Runs): void {
  readRuns(reader, count - 1, scratch);
  const runCount = scratch.count + 1;
  runs.reserveRuns(runCount);
  const bytes = new Uint8Array(runCount * 8);
  for (let r = 0; r < runCount; r++) {
    const at = r * 8;
    const control = reader.byte();
    const [above, below] = [control >> 4, control & 15];
    if (above + below > 8) throw new BytesError(`control byte ${control} of a value is not known`);
    if (r > 0) bytes.copyWithin(at, at - 8, at);
    const changed = reader.raw(8 - above - below);
    for (const [i, byte] of changed.entries()) bytes[at + below + i] = (bytes[at + below + i] as number) ^ byte;
  }
  // Copied as bytes: through a number the payload of a NaN would be lost.
  new Uint8Array(runs.values.buffer, runs.values.byteOffset).set(new Uint8Array(bytesToFloats(bytes).buffer));
  let end = 1;
  for (let r = 0; r < scratch.count; r++, end++) {
    end += scratch.runs[r] as number;
    runs.ends[r] = end;
  }
  runs.ends[scratch.count] = count;
  runs.runCount = runCount;
}
