/**
 * The files of hosts: which file belongs to a series, and its samples as updates.
 *
 * Of a file its newest sample and how long that holds are held, in columns; a series is found by its names, without its
 * path: joining and checking that took as long as all arithmetic of a spill.
 */
import { join, sep } from "node:path";
import type { SeriesBatch } from "../../../core/model/archive.js";
import type { NumberSeries, SeriesKey } from "../../../core/model/series.js";
import type { RoundRobinArchive, RrdDefinition } from "../format/definition.js";
import { requireBelow, requireFileBelow } from "./below-root.js";
import { HEARTBEAT_STEPS, hostDefinition } from "./definitions.js";
import { nameToPath } from "./file-names.js";
import type { FileSet } from "./file-set.js";
import { FilledSamples } from "./filled-samples.js";
import type { NewestOfHosts } from "./newest-of-hosts.js";

/** A host or metric counts as gone after four times the longest time expected between two values. */
const TMAX_FACTOR = 4;

export interface HostFilesOptions {
  /** Absolute. */
  readonly directory: string;
  readonly files: FileSet;
  /** Of new files. */
  readonly stepS: number;
  readonly archives: readonly RoundRobinArchive[];
  readonly lowerCaseHosts: boolean;
  /** Does the work for one file and deals with its faults. */
  readonly guard: (what: string, work: () => void) => void;
  /** Updates from the first to the last time were written. */
  readonly onWritten: (fromS: number, toS: number) => void;
}

interface Host {
  /** With a slash at its end. */
  readonly folder: string;
  /** By metric: where its file stands in the columns. */
  readonly slots: Map<string, number>;
  /** Newest sample of all its files. */
  newestS: number;
}

export class HostFiles {
  readonly #options: HostFilesOptions;
  /** By cluster, in each by name as its folder has it. */
  readonly #clusters = new Map<string, Map<string, Host>>();
  /** Names of files by metric: one string for all hosts. */
  readonly #names = new Map<string, string>();
  /** A slot for each file: its number in the set, whose it is, its newest sample, and how long that holds. */
  readonly #numbers: number[] = [];
  readonly #hostOf: Host[] = [];
  readonly #lastTimeS: number[] = [];
  readonly #lastValue: number[] = [];
  readonly #holdsS: number[] = [];
  readonly #filled = new FilledSamples();

  constructor(options: HostFilesOptions) {
    this.#options = options;
  }

  /** @throws StorageError where it leads out of the directory */
  pathOf(key: SeriesKey): string {
    const path = `${this.#folderOf(key)}${fileName(key.metric)}`;
    requireFileBelow(this.#options.directory, path);
    return path;
  }

  /** @param newest of an append that this batch is part of; the value is repeated up to there, in the same write */
  append(batch: SeriesBatch, { timesMs, values }: NumberSeries, newest: NewestOfHosts): void {
    const { files } = this.#options;
    const host = this.#host(batch.key);
    const { stepS: newStepS, archives } = this.#options;
    const makeDefinition = () => hostDefinition(newStepS, archives, batch.type, batch.slope);
    const firstS = secondsOf(timesMs[0] as number);
    const slot = host.slots.get(batch.key.metric) ?? this.#open(host, batch.key, makeDefinition, firstS);
    const number = this.#numbers[slot] as number;
    const { stepS } = files.definition(number);
    const afterS = files.lastUpdateS(number);
    const holdsS = Math.max(HEARTBEAT_STEPS * stepS, TMAX_FACTOR * (batch.tmaxS ?? 0));
    const filled = this.#filled;
    filled.begin(this.#lastTimeS[slot] as number, this.#lastValue[slot] as number);
    for (let i = 0; i < timesMs.length; i++) {
      filled.add(secondsOf(timesMs[i] as number), values[i] as number, afterS, stepS, holdsS);
    }
    filled.carry(secondsOf(newest.ofMs(batch.key)), afterS, stepS, holdsS);
    this.#update(number, makeDefinition);
    this.#lastTimeS[slot] = filled.lastTimeS;
    this.#lastValue[slot] = filled.lastValue;
    this.#holdsS[slot] = holdsS;
    host.newestS = Math.max(host.newestS, filled.lastTimeS);
  }

  /**
   * What a host sends rarely is repeated up to the newest that the host has sent: so gmetad writes it too.
   * @param stepsMin a file that is behind by less is left as it is
   * @param isOver asked before each write
   */
  carry(stepsMin: number, isOver: () => boolean = () => false): void {
    const { files, guard } = this.#options;
    const filled = this.#filled;
    for (let slot = 0; slot < this.#numbers.length; slot++) {
      const number = this.#numbers[slot] as number;
      const { newestS } = this.#hostOf[slot] as Host;
      const afterS = files.lastUpdateS(number);
      const { stepS } = files.definition(number);
      if (newestS <= afterS || newestS - afterS < stepsMin * stepS) continue;
      filled.begin(this.#lastTimeS[slot] as number, this.#lastValue[slot] as number);
      filled.carry(newestS, afterS, stepS, this.#holdsS[slot] as number);
      if (filled.count === 0) continue;
      if (isOver()) return;
      guard(files.path(number), () => this.#update(number));
    }
  }

  #update(number: number, makeDefinition?: () => RrdDefinition): void {
    const { timesS, values, count } = this.#filled;
    if (count === 0) return;
    this.#options.files.update(number, timesS, values, 1, count, makeDefinition);
    this.#options.onWritten(timesS[0] as number, timesS[count - 1] as number);
  }

  #open(host: Host, { metric }: SeriesKey, makeDefinition: () => RrdDefinition, firstS: number): number {
    let name = this.#names.get(metric);
    if (name === undefined) {
      name = fileName(metric);
      this.#names.set(metric, name);
    }
    requireFileBelow(this.#options.directory, `${host.folder}${name}`);
    const { number, last } = this.#options.files.open(host.folder, name, makeDefinition, firstS);
    const slot = this.#numbers.push(number) - 1;
    host.slots.set(metric, slot);
    this.#hostOf.push(host);
    this.#lastTimeS.push(last?.timeS ?? Number.NaN);
    this.#lastValue.push(last?.value ?? Number.NaN);
    this.#holdsS.push(0);
    return slot;
  }

  #host(key: SeriesKey): Host {
    const name = this.#hostName(key.host);
    const hosts = this.#clusters.get(key.cluster) ?? new Map<string, Host>();
    let host = hosts.get(name);
    if (host === undefined) {
      host = { folder: this.#folderOf(key), slots: new Map(), newestS: Number.NEGATIVE_INFINITY };
      hosts.set(name, host);
      this.#clusters.set(key.cluster, hosts);
    }
    return host;
  }

  /** @throws StorageError as pathOf */
  #folderOf({ cluster, host }: SeriesKey): string {
    const { directory } = this.#options;
    const folder = join(directory, nameToPath(cluster), nameToPath(this.#hostName(host)));
    requireBelow(directory, folder, 2);
    return `${folder}${sep}`;
  }

  #hostName(host: string): string {
    return this.#options.lowerCaseHosts ? host.toLowerCase() : host;
  }
}

function fileName(metric: string): string {
  return `${nameToPath(metric)}.rrd`;
}

function secondsOf(timeMs: number): number {
  return Math.floor(timeMs / 1_000);
}
