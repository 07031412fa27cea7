/**
 * Many RRD files of one definition, updated by whole spills: per file one open, one read, a few
 * positioned writes, one close. The bytes are those of single updates.
 *
 * Nothing is held of a file: its state is read before each spill, with the definition that it belongs to, in one
 * read. Held in memory, its 19 numbers would be 152 bytes a file of gmetad's and save a tenth of a spill, and nobody
 * would notice another writer or another file in its place.
 */
import { closeSync, constants, openSync, readSync, writeSync } from "node:fs";
import { RrdMachine } from "../arithmetic/machine.js";
import { PendingRows } from "../arithmetic/pending-rows.js";
import { readingOf } from "../arithmetic/reading-value.js";
import { isOutside, takeReadings } from "../arithmetic/readings.js";
import { RrdState } from "../arithmetic/state.js";
import { gaugeText, readingText } from "../arithmetic/value-text.js";
import { systemFault } from "../file/system-fault.js";
import { DS_TYPES, type DsType, type RrdDefinition } from "../format/definition.js";
import type { RrdHeader } from "../format/header.js";
import { rowOffset } from "../format/layout.js";
import { readLive, readLiveNumbers, writeLive } from "../format/live.js";
import { RrdError } from "../rrd-error.js";

/** The file is gone, or another one with other data sources or archives is in its place. It was not touched. */
export class ReplacedError extends RrdError {}

export class RrdFleet {
  /** Updates before which a file was found further on than we had left it. */
  foreignUpdateCount = 0;

  readonly #header: RrdHeader;
  readonly #machine: RrdMachine;
  readonly #rows: PendingRows;
  readonly #isGauges: boolean;
  /** One file at a time is worked on, in these. */
  readonly #state: RrdState;
  readonly #bytes: Uint8Array;
  /** Parts of it: what only tune changes, and the live part. */
  readonly #definitionBytes: Uint8Array;
  readonly #live: Uint8Array;
  readonly #liveView: DataView;
  readonly #texts: string[];
  /** Without the time of the access, which costs a write of the inode: 1 us a file. Refused where the file is not ours. */
  #flags = constants.O_RDWR | constants.O_NOATIME;
  #descriptor = -1;
  #path = "";

  /**
   * @param header of a file; all files must have the same bytes before their live part
   * @throws RrdError if such files are only read
   */
  constructor(header: RrdHeader) {
    const { layout, definition } = header;
    this.#header = header;
    this.#machine = new RrdMachine(definition);
    this.#rows = new PendingRows(
      layout.dsCount,
      definition.archives.map(({ rowCount }) => rowCount),
    );
    this.#isGauges = definition.dataSources.every(({ type }) => type === "GAUGE");
    this.#state = new RrdState(layout.dsCount, layout.rraCount);
    this.#bytes = new Uint8Array(layout.liveOffset + layout.liveBytes);
    this.#definitionBytes = this.#bytes.subarray(0, layout.liveOffset);
    this.#live = this.#bytes.subarray(layout.liveOffset);
    this.#liveView = new DataView(this.#live.buffer, this.#live.byteOffset, this.#live.byteLength);
    this.#texts = new Array<string>(layout.dsCount).fill("U");
  }

  get definition(): RrdDefinition {
    return this.#header.definition;
  }

  /** Of the file that was updated last, afterwards: seconds since 1970. */
  get lastUpdateS(): number {
    return this.#state.lastUpS;
  }

  /** Whether a file of this header belongs here. */
  hasDefinitionOf(header: RrdHeader): boolean {
    return Buffer.compare(this.#header.bytes, header.bytes) === 0;
  }

  /**
   * Updates a file with samples in order of time. A sample that is not newer than the file is passed
   * over. Counters are rounded to whole numbers, and a NaN is unknown.
   * @param knownS the newest update as it was left: a file that is further on has another writer
   * @param timesS whole seconds since 1970
   * @param values row by row, one a data source
   * @param count of the times, the others are passed over
   * @returns how many samples were taken
   * @throws ReplacedError; RrdError: the file is as it was, or has the rows of the samples and not yet its new
   *   state; giving them again is safe
   */
  updateMany(
    path: string,
    knownS: number,
    timesS: ArrayLike<number>,
    values: ArrayLike<number>,
    count = timesS.length,
  ): number {
    this.#path = path;
    this.#descriptor = this.#open(path);
    try {
      this.#load(knownS);
      const taken = this.#isGauges ? this.#takeGauges(timesS, values, count) : this.#takeTexts(timesS, values, count);
      if (taken > 0) this.#write();
      return taken;
    } finally {
      this.#rows.clear();
      closeSync(this.#descriptor);
    }
  }

  #open(path: string): number {
    try {
      return openSync(path, this.#flags);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === "EPERM" && this.#flags !== constants.O_RDWR) {
        this.#flags = constants.O_RDWR;
        return this.#open(path);
      }
      const message = `opening '${path}': ${systemFault(error)}`;
      throw code === "ENOENT" ? new ReplacedError(message, { cause: error }) : new RrdError(message, { cause: error });
    }
  }

  /** The file may have been changed, or replaced by another, since we wrote it. */
  #load(knownS: number): void {
    const { bytes, layout } = this.#header;
    this.#read();
    if (Buffer.compare(this.#definitionBytes, bytes) !== 0) {
      throw new ReplacedError(`'${this.#path}' has got other data sources or archives`);
    }
    if (this.#isGauges) readLiveNumbers(layout, this.#liveView, this.#state);
    else readLive(layout, this.#live, this.#liveView, this.#state);
    for (let rra = 0; rra < layout.rraCount; rra++) {
      const row = this.#state.curRow[rra] as number;
      const rowCount = this.definition.archives[rra]?.rowCount as number;
      if (row >= rowCount)
        throw new RrdError(`'${this.#path}' is damaged: archive ${rra} is at row ${row} of ${rowCount}`);
    }
    if (this.#state.lastUpS !== knownS) this.foreignUpdateCount++;
  }

  /** Hot: makes the text of the last reading and nothing else. */
  #takeGauges(timesS: ArrayLike<number>, values: ArrayLike<number>, count: number): number {
    const machine = this.#machine;
    const state = this.#state;
    const { dsCount, amounts, heartbeatsS, mins, maxs } = machine;
    let taken = 0;
    let last = -1;
    for (let i = 0; i < count; i++) {
      const timeS = timesS[i] as number;
      if (!(timeS > state.lastUpS)) continue;
      const intervalS = machine.intervalS(state, timeS, 0);
      for (let ds = 0; ds < dsCount; ds++) {
        const rate = readingOf(values[i * dsCount + ds] as number);
        amounts[ds] =
          (heartbeatsS[ds] as number) < intervalS || isOutside(rate, mins[ds] as number, maxs[ds] as number)
            ? Number.NaN
            : rate * intervalS;
      }
      machine.advance(state, timeS, 0, this.#rows);
      taken++;
      last = i;
    }
    for (let ds = 0; ds < dsCount && last >= 0; ds++)
      state.lastDs[ds] = gaugeText(values[last * dsCount + ds] as number);
    return taken;
  }

  /** Any type of source, by way of the text. */
  #takeTexts(timesS: ArrayLike<number>, values: ArrayLike<number>, count: number): number {
    const { dsCount, types } = this.#machine;
    let taken = 0;
    for (let i = 0; i < count; i++) {
      const timeS = timesS[i] as number;
      if (!(timeS > this.#state.lastUpS)) continue;
      for (let ds = 0; ds < dsCount; ds++) {
        this.#texts[ds] = readingText(values[i * dsCount + ds] as number, DS_TYPES[types[ds] as number] as DsType);
      }
      takeReadings(this.#machine, this.#state, this.#texts, this.#machine.intervalS(this.#state, timeS, 0));
      this.#machine.advance(this.#state, timeS, 0, this.#rows);
      taken++;
    }
    return taken;
  }

  /** Rows first, then the state that knows of them; see README.md. */
  #write(): void {
    const { layout } = this.#header;
    this.#rows.drain(this.#writeRows);
    writeLive(layout, this.#state, this.#live, this.#liveView);
    this.#writeAt(this.#live, 0, layout.liveBytes, layout.liveOffset);
  }

  readonly #writeRows = (rra: number, row: number, bytes: Uint8Array, offset: number, length: number): void =>
    this.#writeAt(bytes, offset, length, rowOffset(this.#header.layout, rra, row));

  #read(): void {
    let done = 0;
    while (done < this.#bytes.length) {
      let count: number;
      try {
        count = readSync(this.#descriptor, this.#bytes, done, this.#bytes.length - done, done);
      } catch (error) {
        throw new RrdError(`reading '${this.#path}': ${systemFault(error)}`, { cause: error });
      }
      if (count === 0)
        throw new RrdError(`'${this.#path}' is too small (should be ${this.#header.layout.fileBytes} bytes)`);
      done += count;
    }
  }

  #writeAt(bytes: Uint8Array, begin: number, length: number, position: number): void {
    let done = 0;
    while (done < length) {
      try {
        done += writeSync(this.#descriptor, bytes, begin + done, length - done, position + done);
      } catch (error) {
        throw new RrdError(`writing '${this.#path}': ${systemFault(error)}`, { cause: error });
      }
    }
  }
}
