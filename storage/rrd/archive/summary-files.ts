/** Sums of clusters, grids and the whole in gmetad's places, with its two sources: the sum, and of how many hosts. */
import { join, sep } from "node:path";
import type { SumTable } from "../../../core/model/archive.js";
import { nameFault } from "../../../core/model/names.js";
import type { RoundRobinArchive } from "../format/definition.js";
import { requireBelow, requireFileBelow } from "./below-root.js";
import { sumDefinition } from "./definitions.js";
import { nameToPath, SUMMARY_FOLDER } from "./file-names.js";
import type { FileSet } from "./file-set.js";

/** gmetad's own for the whole grid, whatever its sources' steps. */
const WHOLE_STEP_S = 15;

export interface SummaryFilesOptions {
  readonly directory: string;
  readonly files: FileSet;
  /** Of new files. */
  readonly stepS: number;
  readonly archivesOf: (stepS: number) => readonly RoundRobinArchive[];
  /** Does the work for one file and deals with its faults. */
  readonly guard: (what: string, work: () => void) => void;
}

export class SummaryFiles {
  readonly #options: SummaryFilesOptions;
  /** By path: as many as metrics of clusters and grids. */
  readonly #numbers = new Map<string, number>();

  constructor(options: SummaryFilesOptions) {
    this.#options = options;
  }

  append(table: SumTable): void {
    const { directory, guard } = this.#options;
    if (table.kind !== "whole" && nameFault(table.name) !== undefined) return;
    const parent = table.kind === "whole" ? directory : join(directory, nameToPath(table.name));
    const folder = `${join(parent, SUMMARY_FOLDER)}${sep}`;
    for (const [column, { name }] of table.metrics.entries()) {
      if (nameFault(name) !== undefined) continue;
      const file = `${nameToPath(name)}.rrd`;
      guard(`${folder}${file}`, () => this.#appendColumn(folder, file, table, column));
    }
  }

  #appendColumn(folder: string, file: string, { kind, metrics, timesMs, sums, hosts }: SumTable, column: number): void {
    const { files, archivesOf } = this.#options;
    const width = metrics.length;
    const times: number[] = [];
    const values: number[] = [];
    for (let i = 0; i < timesMs.length; i++) {
      const sum = sums[i * width + column] as number;
      const timeS = Math.floor((timesMs[i] as number) / 1_000);
      if (Number.isNaN(sum) || timeS <= (times.at(-1) ?? 0)) continue;
      times.push(timeS);
      values.push(sum, hosts[i * width + column] as number);
    }
    if (times.length === 0) return;
    const stepS = kind === "whole" ? WHOLE_STEP_S : this.#options.stepS;
    const { slope } = metrics[column] as SumTable["metrics"][number];
    const path = `${folder}${file}`;
    const makeDefinition = () => sumDefinition(stepS, archivesOf(stepS), slope);
    let number = this.#numbers.get(path);
    if (number === undefined) {
      requireBelow(this.#options.directory, folder, 1);
      requireFileBelow(this.#options.directory, path);
      number = files.open(folder, file, makeDefinition, times[0] as number).number;
      this.#numbers.set(path, number);
    }
    files.update(number, Float64Array.from(times), Float64Array.from(values), 2, times.length, makeDefinition);
  }
}
