/**
 * The files of a directory that are kept up to date, each by a number. Files of one definition share a fleet. A file that is there is
 * gone on with, whoever made it.
 */
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { codeOf } from "../../../core/base/errors.js";
import { RrdFleet } from "../bulk/fleet.js";
import { lastUpdateS, liveView } from "../commands/times.js";
import { createRrdFile, type RandomInteger } from "../file/create-file.js";
import { type RrdFile, withRrdFile } from "../file/rrd-file.js";
import type { RrdDefinition } from "../format/definition.js";
import type { RrdHeader } from "../format/header.js";
import { LAST_DS_BYTES, pdpOffset } from "../format/layout.js";
import { getText } from "../format/words.js";
import { RrdError } from "../rrd-error.js";

/** Another way to the files than writing them ourselves: rrdcached. */
export interface UpdateQueue {
  /** @param rows row by row, a value for each data source of the definition */
  add(path: string, definition: RrdDefinition, timesS: ArrayLike<number>, rows: ArrayLike<number>): void;
}

interface KeptFile {
  readonly path: string;
  readonly fleet: RrdFleet;
  readonly slot: number;
  /** Of what went to the queue. */
  queuedS: number;
}

/** The newest reading of a file, where it is a number. */
export interface LastReading {
  readonly timeS: number;
  readonly value: number;
}

export class FileSet {
  readonly #random: RandomInteger;
  readonly #queue: UpdateQueue | undefined;
  readonly #numbers = new Map<string, number>();
  readonly #files: KeptFile[] = [];
  readonly #fleets: RrdFleet[] = [];

  /** @param queue takes all updates; files are made here all the same, as gmetad does */
  constructor(random: RandomInteger, queue?: UpdateQueue) {
    this.#random = random;
    this.#queue = queue;
  }

  get count(): number {
    return this.#files.length;
  }

  /** Updates before which a file was found further on than we had left it. */
  get foreignUpdateCount(): number {
    return this.#fleets.reduce((sum, fleet) => sum + fleet.foreignUpdateCount, 0);
  }

  find(path: string): number | undefined {
    return this.#numbers.get(path);
  }

  path(number: number): string {
    return this.#file(number).path;
  }

  definition(number: number): RrdDefinition {
    return this.#file(number).fleet.definition;
  }

  /** As far as we know: what is not newer is passed over. */
  lastUpdateS(number: number): number {
    const { fleet, slot, queuedS } = this.#file(number);
    return Math.max(fleet.lastUpdateS(slot), queuedS);
  }

  /**
   * @param makeDefinition where there is no such file
   * @param firstS of the first update; a new file begins one step before, so that its first row is known
   * @throws RrdError
   */
  open(path: string, makeDefinition: () => RrdDefinition, firstS: number): { number: number; last?: LastReading } {
    let header: RrdHeader;
    let last: LastReading | undefined;
    try {
      [header, last] = withRrdFile(path, "r", path, (file) => [file.header, lastReading(file)] as const);
    } catch (error) {
      if (!(error instanceof RrdError) || codeOf(error.cause) !== "ENOENT") throw error;
      mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
      const definition = makeDefinition();
      createRrdFile(path, definition, firstS - definition.stepS, this.#random);
      header = withRrdFile(path, "r", path, (file) => file.header);
    }
    let fleet = this.#fleets.find((each) => each.hasDefinitionOf(header));
    if (fleet === undefined) {
      fleet = new RrdFleet(header);
      this.#fleets.push(fleet);
    }
    const slot = fleet.add(path);
    const number = this.#files.push({ path, fleet, slot, queuedS: Number.NEGATIVE_INFINITY }) - 1;
    this.#numbers.set(path, number);
    return last === undefined ? { number } : { number, last };
  }

  /**
   * @param timesS strictly increasing
   * @param values row by row, `width` of them each; sources beyond get unknown, values beyond are left out
   * @throws RrdError
   */
  update(number: number, timesS: Float64Array, values: Float64Array, width: number): void {
    if (timesS.length === 0) return;
    const file = this.#file(number);
    const rows = fitted(values, width, file.fleet.definition.dataSources.length);
    if (this.#queue === undefined) {
      file.fleet.updateMany(file.slot, file.path, timesS, rows);
      return;
    }
    this.#queue.add(file.path, file.fleet.definition, timesS, rows);
    file.queuedS = timesS.at(-1) as number;
  }

  #file(number: number): KeptFile {
    return this.#files[number] as KeptFile;
  }
}

function fitted(values: Float64Array, width: number, wanted: number): Float64Array {
  if (width === wanted) return values;
  const count = values.length / width;
  const rows = new Float64Array(count * wanted).fill(Number.NaN);
  for (let i = 0; i < count; i++) {
    for (let ds = 0; ds < Math.min(width, wanted); ds++) rows[i * wanted + ds] = values[i * width + ds] as number;
  }
  return rows;
}

function lastReading(file: RrdFile): LastReading | undefined {
  const live = liveView(file);
  const value = Number.parseFloat(getText(live.bytes, pdpOffset(live.layout, 0), LAST_DS_BYTES));
  return Number.isNaN(value) ? undefined : { timeS: lastUpdateS(live), value };
}
