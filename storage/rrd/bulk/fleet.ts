/**
 * Many RRD files of one definition, updated by whole spills: per file one open, one read, a few
 * positioned writes, one close. The bytes are those of single updates.
 */
import { closeSync, constants, openSync, readSync, writeSync } from "node:fs";
import { RrdMachine } from "../arithmetic/machine.js";
import { PendingRows } from "../arithmetic/pending-rows.js";
import { readingOf } from "../arithmetic/reading-value.js";
import { isOutside, takeReadings } from "../arithmetic/readings.js";
import { RrdState } from "../arithmetic/state.js";
import { gaugeText, readingText } from "../arithmetic/value-text.js";
import { createRrdFile, type RandomInteger } from "../file/create-file.js";
import { withRrdFile } from "../file/rrd-file.js";
import { systemFault } from "../file/system-fault.js";
import { DS_TYPES, type DsType, type RrdDefinition } from "../format/definition.js";
import type { RrdHeader } from "../format/header.js";
import { rowOffset } from "../format/layout.js";
import { readLive, readLiveNumbers, writeLive } from "../format/live.js";
import { RrdError } from "../rrd-error.js";
import { StateColumns } from "./state-columns.js";

export interface FleetOptions {
  /**
   * Nobody else writes these files: they are not read before an update, and what somebody wrote
   * there nevertheless is overwritten. Only for gauges.
   */
  readonly isSoleWriter?: boolean;
}

export class RrdFleet {
  /** Updates before which a file was found further on than we had left it. */
  foreignUpdateCount = 0;

  readonly #header: RrdHeader;
  readonly #machine: RrdMachine;
  readonly #columns: StateColumns;
  readonly #rows: PendingRows;
  readonly #isSoleWriter: boolean;
  readonly #isGauges: boolean;
  /** One file at a time is worked on, in these. */
  readonly #state: RrdState;
  readonly #bytes: Uint8Array;
  /** Parts of it: what only tune changes, and the live part. */
  readonly #definitionBytes: Uint8Array;
  readonly #live: Uint8Array;
  readonly #liveView: DataView;
  readonly #texts: string[];
  #descriptor = -1;

  /**
   * @param header of a file; all files must have the same bytes before their live part
   * @throws RrdError if such files are only read
   */
  constructor(header: RrdHeader, options: FleetOptions = {}) {
    const { layout, definition } = header;
    this.#header = header;
    this.#machine = new RrdMachine(definition);
    this.#columns = new StateColumns(layout.dsCount, layout.rraCount);
    this.#rows = new PendingRows(
      layout.dsCount,
      definition.archives.map(({ rowCount }) => rowCount),
    );
    this.#isGauges = definition.dataSources.every(({ type }) => type === "GAUGE");
    // Counters need the text of the reading before, which is in the file alone.
    this.#isSoleWriter = options.isSoleWriter === true && this.#isGauges;
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

  get count(): number {
    return this.#columns.count;
  }

  /** What the states of all files take. */
  get stateBytes(): number {
    return this.#columns.sizeBytes;
  }

  /** Whether a file of this header belongs here. */
  hasDefinitionOf(header: RrdHeader): boolean {
    return Buffer.compare(this.#header.bytes, header.bytes) === 0;
  }

  /** @returns the number of the file, for updateMany @throws RrdError if it is not of this definition */
  add(path: string): number {
    return withRrdFile(path, "r", path, (file) => {
      if (!this.hasDefinitionOf(file.header)) throw new RrdError(`'${path}' has other data sources or archives`);
      const live = file.readLive();
      const view = new DataView(live.buffer, live.byteOffset, live.byteLength);
      readLiveNumbers(this.#header.layout, view, this.#state);
      return this.#columns.add(this.#state);
    });
  }

  /** Makes the file, or makes it anew. @returns its number */
  create(path: string, startS: number, random: RandomInteger): number {
    createRrdFile(path, this.definition, startS, random);
    return this.add(path);
  }

  /** As far as we know: seconds since 1970. */
  lastUpdateS(file: number): number {
    return this.#columns.lastUpdateS(file);
  }

  /**
   * Updates a file with samples in order of time. A sample that is not newer than the file is passed
   * over. Counters are rounded to whole numbers, and a NaN is unknown.
   * @param timesS whole seconds since 1970
   * @param values row by row, one a data source
   * @returns how many samples were taken
   * @throws RrdError; the file is as it was, or has the rows of the samples and not yet its new state:
   *   giving them again is safe
   */
  updateMany(file: number, path: string, timesS: ArrayLike<number>, values: ArrayLike<number>): number {
    try {
      this.#descriptor = openSync(path, constants.O_RDWR);
    } catch (error) {
      throw new RrdError(`opening '${path}': ${systemFault(error)}`, { cause: error });
    }
    try {
      if (this.#isSoleWriter) this.#columns.get(file, this.#state);
      else this.#load(file, path);
      const taken = this.#isGauges ? this.#takeGauges(timesS, values) : this.#takeTexts(timesS, values);
      if (taken > 0) this.#write(path);
      // Only now: a failed write leaves what we know of the file as it was.
      this.#columns.put(file, this.#state);
      return taken;
    } finally {
      this.#rows.clear();
      closeSync(this.#descriptor);
    }
  }

  /** The file may have been changed, or replaced by another, since we wrote it. */
  #load(file: number, path: string): void {
    const { bytes, layout } = this.#header;
    this.#read(path);
    if (Buffer.compare(this.#definitionBytes, bytes) !== 0) {
      throw new RrdError(`'${path}' has got other data sources or archives`);
    }
    if (this.#isGauges) readLiveNumbers(layout, this.#liveView, this.#state);
    else readLive(layout, this.#live, this.#liveView, this.#state);
    for (let rra = 0; rra < layout.rraCount; rra++) {
      const row = this.#state.curRow[rra] as number;
      const rowCount = this.definition.archives[rra]?.rowCount as number;
      if (row >= rowCount) throw new RrdError(`'${path}' is damaged: archive ${rra} is at row ${row} of ${rowCount}`);
    }
    if (this.#state.lastUpS !== this.#columns.lastUpdateS(file)) this.foreignUpdateCount++;
  }

  /** Hot: makes the text of the last reading and nothing else. */
  #takeGauges(timesS: ArrayLike<number>, values: ArrayLike<number>): number {
    const machine = this.#machine;
    const state = this.#state;
    const { dsCount, amounts, heartbeatsS, mins, maxs } = machine;
    let taken = 0;
    let last = -1;
    for (let i = 0; i < timesS.length; i++) {
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
  #takeTexts(timesS: ArrayLike<number>, values: ArrayLike<number>): number {
    const { dsCount, types } = this.#machine;
    let taken = 0;
    for (let i = 0; i < timesS.length; i++) {
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
  #write(path: string): void {
    const { layout } = this.#header;
    this.#rows.drain((rra, row, bytes, offset, length) => {
      this.#writeAt(path, bytes, offset, length, rowOffset(layout, rra, row));
    });
    writeLive(layout, this.#state, this.#live, this.#liveView);
    this.#writeAt(path, this.#live, 0, layout.liveBytes, layout.liveOffset);
  }

  #read(path: string): void {
    let done = 0;
    while (done < this.#bytes.length) {
      let count: number;
      try {
        count = readSync(this.#descriptor, this.#bytes, done, this.#bytes.length - done, done);
      } catch (error) {
        throw new RrdError(`reading '${path}': ${systemFault(error)}`, { cause: error });
      }
      if (count === 0) throw new RrdError(`'${path}' is too small (should be ${this.#header.layout.fileBytes} bytes)`);
      done += count;
    }
  }

  #writeAt(path: string, bytes: Uint8Array, begin: number, length: number, position: number): void {
    let done = 0;
    while (done < length) {
      try {
        done += writeSync(this.#descriptor, bytes, begin + done, length - done, position + done);
      } catch (error) {
        throw new RrdError(`writing '${path}': ${systemFault(error)}`, { cause: error });
      }
    }
  }
}
