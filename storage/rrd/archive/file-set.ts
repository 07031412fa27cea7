/**
 * The files of a directory that are kept up to date, each by a number. Files of one definition share a fleet. A file that is there is
 * gone on with, whoever made it.
 *
 * Of a file its folder, its name, its fleet and its last update are held, in columns: at 10,000 hosts there are 350,000. Paths
 * are joined when they are needed.
 */
import { existsSync } from "node:fs";
import { dirname } from "node:path";
import { ReplacedError, RrdFleet } from "../bulk/fleet.js";
import { lastUpdateS, liveView } from "../commands/times.js";
import { createRrdFile, type RandomInteger } from "../file/create-file.js";
import { makeFolder } from "../file/make-folder.js";
import { type RrdFile, withRrdFile } from "../file/rrd-file.js";
import type { RrdDefinition } from "../format/definition.js";
import { LAST_DS_BYTES, pdpOffset } from "../format/layout.js";
import { getText } from "../format/words.js";

/** Another way to the files than writing them ourselves: rrdcached. */
export interface UpdateQueue {
  /** @param rows row by row, a value for each data source of the definition */
  add(path: string, definition: RrdDefinition, timesS: ArrayLike<number>, rows: ArrayLike<number>): void;
}

/** The newest reading of a file, where it is a number. */
export interface LastReading {
  readonly timeS: number;
  readonly value: number;
}

interface Found {
  readonly fleet: number;
  readonly lastS: number;
  readonly last: LastReading | undefined;
}

export class FileSet {
  readonly #random: RandomInteger;
  readonly #queue: UpdateQueue | undefined;
  readonly #fleets: RrdFleet[] = [];
  /** By number. Folders and names are shared by many files. */
  readonly #folders: string[] = [];
  readonly #names: string[] = [];
  readonly #fleetOf: number[] = [];
  /** Seconds since 1970: newest update that we know of, or that went to the queue. */
  readonly #lastS: number[] = [];

  /** @param queue takes all updates; files are made here all the same, as gmetad does */
  constructor(random: RandomInteger, queue?: UpdateQueue) {
    this.#random = random;
    this.#queue = queue;
  }

  get count(): number {
    return this.#names.length;
  }

  /** Updates before which a file was found further on than we had left it. */
  get foreignUpdateCount(): number {
    return this.#fleets.reduce((sum, fleet) => sum + fleet.foreignUpdateCount, 0);
  }

  path(number: number): string {
    return `${this.#folders[number]}${this.#names[number]}`;
  }

  definition(number: number): RrdDefinition {
    return this.#fleet(number).definition;
  }

  /** As far as we know: what is not newer is passed over. */
  lastUpdateS(number: number): number {
    return this.#lastS[number] as number;
  }

  /**
   * @param folder with a slash at its end
   * @param name of the file in it, or below it
   * @param makeDefinition where there is no such file
   * @param firstS of the first update; a new file begins one step before, so that its first row is known
   * @throws RrdError
   */
  open(
    folder: string,
    name: string,
    makeDefinition: () => RrdDefinition,
    firstS: number,
  ): { number: number; last: LastReading | undefined } {
    const { fleet, lastS, last } = this.#find(`${folder}${name}`, makeDefinition, firstS);
    const number = this.#names.push(name) - 1;
    this.#folders.push(folder);
    this.#fleetOf.push(fleet);
    this.#lastS.push(lastS);
    return { number, last };
  }

  /**
   * A file that was removed is made anew, as gmetad does, and one that was replaced is gone on with.
   * @param timesS strictly increasing
   * @param values row by row, `width` of them each; sources beyond get unknown, values beyond are left out
   * @param count of the times, the others are passed over
   * @param makeDefinition of a file that was removed
   * @throws RrdError
   */
  update(
    number: number,
    timesS: Float64Array,
    values: Float64Array,
    width: number,
    count: number,
    makeDefinition = () => this.definition(number),
  ): void {
    if (count === 0) return;
    try {
      this.#update(number, timesS, values, width, count);
    } catch (error) {
      if (!(error instanceof ReplacedError)) throw error;
      const { fleet, lastS } = this.#find(this.path(number), makeDefinition, timesS[0] as number);
      this.#fleetOf[number] = fleet;
      this.#lastS[number] = lastS;
      this.#update(number, timesS, values, width, count);
    }
  }

  #update(number: number, timesS: Float64Array, values: Float64Array, width: number, count: number): void {
    const fleet = this.#fleet(number);
    const knownS = this.#lastS[number] as number;
    const rows = fitted(values, width, fleet.definition.dataSources.length, count);
    if (this.#queue === undefined) {
      fleet.updateMany(this.path(number), knownS, timesS, rows, count);
      // Only now: a failed write leaves what we know of the file as it was.
      this.#lastS[number] = fleet.lastUpdateS;
    } else {
      this.#queue.add(this.path(number), fleet.definition, timesS.subarray(0, count), rows);
      this.#lastS[number] = Math.max(knownS, timesS[count - 1] as number);
    }
  }

  #fleet(number: number): RrdFleet {
    return this.#fleets[this.#fleetOf[number] as number] as RrdFleet;
  }

  /** Makes it where there is none. */
  #find(path: string, makeDefinition: () => RrdDefinition, firstS: number): Found {
    if (!existsSync(path)) this.#create(path, makeDefinition(), firstS);
    return withRrdFile(path, "r", path, (file) => this.#found(file));
  }

  #found(file: RrdFile): Found {
    const { header } = file;
    let fleet = this.#fleets.findIndex((each) => each.hasDefinitionOf(header));
    if (fleet < 0) fleet = this.#fleets.push(new RrdFleet(header)) - 1;
    const live = liveView(file);
    const timeS = lastUpdateS(live);
    const value = Number.parseFloat(getText(live.bytes, pdpOffset(live.layout, 0), LAST_DS_BYTES));
    return { fleet, lastS: timeS, last: Number.isNaN(value) ? undefined : { timeS, value } };
  }

  #create(path: string, definition: RrdDefinition, firstS: number): void {
    const folder = dirname(path);
    if (!existsSync(folder)) makeFolder(folder);
    createRrdFile(path, definition, firstS - definition.stepS, this.#random);
  }
}

function fitted(values: Float64Array, width: number, wanted: number, count: number): Float64Array {
  if (width === wanted) return values;
  const rows = new Float64Array(count * wanted).fill(Number.NaN);
  for (let i = 0; i < count; i++) {
    for (let ds = 0; ds < Math.min(width, wanted); ds++) rows[i * wanted + ds] = values[i * width + ds] as number;
  }
  return rows;
}
