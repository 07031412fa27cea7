/**
 * A cluster as its newest document shows it: every value with its time, and what is said
 * of hosts and metrics. Looks like the collector's present, so that documents are written
 * by the same writer; filled from batches of samples, and after a restart from the last
 * document itself.
 */
import type { SeriesBatch } from "../../core/model/archive.js";
import { type ClusterView, type Column, DECIMALS_CLEARED } from "../../core/model/columns.js";
import { ClusterDirectory, NONE } from "../../core/model/directory.js";
import { kindOf, type MetricMeta, sameMeta } from "../../core/model/metric.js";
import { DECIMALS_SHORTEST } from "../../core/model/number-text.js";
import type { ClusterDescription } from "../description.js";
import { exactPair, withExact } from "./exact-value.js";

/** Of hosts; doubled as they come. */
const FIRST_ROWS = 16;

/** As many as a directory takes columns, so that row and column make one number. */
const COLUMNS_MAX = 8_192;

/** What a sample says of its metric. */
export type SampleFacts = Pick<SeriesBatch, "type" | "units" | "slope" | "tmaxS">;

export class DocumentPresent implements ClusterView {
  readonly directory: ClusterDirectory;
  reportedMs = new Float64Array(FIRST_ROWS);
  frameTimeMs = 0;
  frameNumber = 0;
  readonly #columns: Column[] = [];
  /** Metadata of cells that carry something of their own beside it, by cell. */
  readonly #bases = new Map<number, MetricMeta>();
  /** Cells whose DMAX is lifted for the document under way. */
  #lifted: number[] = [];

  constructor(cluster: string) {
    this.directory = new ClusterDirectory(cluster, { hostsMax: 65_536, columnsMax: COLUMNS_MAX });
  }

  get rowCount(): number {
    return this.directory.rowCount;
  }

  columns(): Iterable<Column> {
    // Without the holes of columns that have no value yet.
    return this.#columns.filter(() => true);
  }

  column(column: number): Column | undefined {
    return this.#columns[column];
  }

  /** @returns time of the value that the documents have, of either kind, epoch ms; 0 = none */
  newestMs(row: number, metric: string): number {
    const timeOf = (kind: "number" | "text") => {
      const column = this.directory.findColumn(metric, kind);
      return (column === NONE ? undefined : this.#columns[column]?.timesMs[row]) ?? 0;
    };
    return Math.max(timeOf("number"), timeOf("text"));
  }

  /**
   * What was said of the metric before stays where the sample says nothing else.
   * @param ageS of the value in the next document
   * @returns false where the directory is full
   */
  set(row: number, metric: string, facts: SampleFacts, value: number | string, timeMs: number, ageS: number): boolean {
    const number = this.directory.column(metric, kindOf(facts.type));
    if (number === NONE) return false;
    const column = this.#columnAt(number, row);
    column.timesMs[row] = timeMs;
    if (column.kind === "number") {
      column.values[row] = value as number;
      column.decimals[row] = DECIMALS_SHORTEST;
    } else {
      (column.texts as (string | undefined)[])[row] = value as string;
    }
    this.reportedMs[row] = Math.max(this.reportedMs[row] ?? 0, timeMs);
    const known = this.#bases.get(cellOf(row, number)) ?? this.directory.meta(row, number);
    const meta = metaOf(metric, facts, known);
    const pair = exactPair(value);
    const isDead = meta.dmaxS > 0 && ageS > meta.dmaxS;
    this.#describe(row, number, meta, pair === undefined ? meta : withExact(meta, pair), isDead);
    return true;
  }

  /** The document is written: values whose own DMAX had taken them away are so from now on. */
  endDocument(): void {
    for (const cell of this.#lifted) {
      const [row, column] = [Math.floor(cell / COLUMNS_MAX), cell % COLUMNS_MAX];
      const [base, said] = [this.#bases.get(cell), this.directory.meta(row, column)];
      if (base !== undefined && said !== undefined) {
        this.directory.describeMetric(row, column, { ...said, dmaxS: base.dmaxS });
      }
    }
    this.#lifted = [];
  }

  heard(row: number, timeMs: number): void {
    this.#reserve(row);
    this.reportedMs[row] = Math.max(this.reportedMs[row] ?? 0, timeMs);
  }

  /** Takes over what the collector says of hosts and metrics that are here. */
  describe({ facts, hosts, metrics, exceptions }: ClusterDescription): void {
    this.directory.setFacts(facts);
    const rows = hosts.map((host) => this.directory.findRow(host.name));
    for (const [i, row] of rows.entries()) {
      const host = hosts[i];
      if (row !== NONE && host !== undefined) this.directory.describeHost(row, host);
    }
    for (const meta of metrics) for (const row of rows) this.describeMetric(row, meta);
    for (const { host, meta } of exceptions) this.describeMetric(rows[host] ?? NONE, meta);
  }

  /** A metric or host that is not here is passed over. */
  describeMetric(row: number, meta: MetricMeta): void {
    const column = row === NONE ? NONE : this.directory.findColumn(meta.name, kindOf(meta.type));
    if (column === NONE) return;
    const cell = cellOf(row, column);
    if (this.#bases.has(cell)) this.#bases.set(cell, meta);
    else this.directory.describeMetric(row, column, meta);
  }

  /** Forgets values and hosts older than this, or than their own DMAX before `nowMs`. @param isKept rows that stay */
  forget(beforeMs: number, nowMs: number, isKept: (row: number) => boolean): void {
    for (const column of this.columns()) {
      for (let row = 0; row < column.timesMs.length; row++) {
        const timeMs = column.timesMs[row] ?? 0;
        if (timeMs > 0 && timeMs < beforeMs) this.#clear(column, row);
      }
    }
    for (let row = 0; row < this.rowCount; row++) {
      const host = this.directory.host(row);
      const reportedMs = this.reportedMs[row] ?? 0;
      const isOver = host !== undefined && host.dmaxS > 0 && nowMs - reportedMs > host.dmaxS * 1_000;
      if (host === undefined || isKept(row) || !(isOver || reportedMs < beforeMs)) continue;
      for (const column of this.columns()) this.#clear(column, row);
      this.reportedMs[row] = 0;
      this.directory.freeRow(row);
    }
  }

  #describe(row: number, column: number, base: MetricMeta, said: MetricMeta, isDead: boolean): void {
    const cell = cellOf(row, column);
    if (isDead) this.#lifted.push(cell);
    if (said !== base || isDead) this.#bases.set(cell, base);
    else this.#bases.delete(cell);
    const wanted = isDead ? { ...said, dmaxS: 0 } : said;
    const known = this.directory.meta(row, column);
    if (known === undefined || !sameMeta(known, wanted)) this.directory.describeMetric(row, column, wanted);
  }

  #clear(column: Column, row: number): void {
    if (row >= column.timesMs.length) return;
    column.timesMs[row] = 0;
    this.#bases.delete(cellOf(row, column.column));
    if (column.kind === "text") (column.texts as (string | undefined)[])[row] = undefined;
    else {
      column.values[row] = Number.NaN;
      column.decimals[row] = DECIMALS_CLEARED;
    }
  }

  #columnAt(number: number, row: number): Column {
    this.#reserve(row);
    const known = this.#columns[number];
    if (known !== undefined && row < known.timesMs.length) return known;
    const { name, kind } = this.directory.columnFacts(number);
    const size = this.reportedMs.length;
    const common = { column: number, name, timesMs: grown(known?.timesMs, size), changedFrames: new Float64Array(0) };
    const column: Column =
      kind === "number"
        ? {
            ...common,
            kind,
            values: grown(known?.kind === "number" ? known.values : undefined, size),
            decimals: grownBytes(known?.kind === "number" ? known.decimals : undefined, size),
          }
        : { ...common, kind, texts: known?.kind === "text" ? known.texts : [] };
    this.#columns[number] = column;
    return column;
  }

  #reserve(row: number): void {
    if (row < this.reportedMs.length) return;
    this.reportedMs = grown(this.reportedMs, Math.max(row + 1, this.reportedMs.length * 2));
  }
}

function metaOf(name: string, facts: SampleFacts, known: MetricMeta | undefined): MetricMeta {
  const { type, units, slope = known?.slope ?? "unspecified", tmaxS = known?.tmaxS ?? 0 } = facts;
  const isKnown = known?.type === type && known.units === units && known.slope === slope && known.tmaxS === tmaxS;
  return isKnown ? known : { name, type, units, slope, tmaxS, dmaxS: known?.dmaxS ?? 0, extra: known?.extra ?? [] };
}

function cellOf(row: number, column: number): number {
  return row * COLUMNS_MAX + column;
}

function grown(known: Float64Array | undefined, size: number): Float64Array<ArrayBuffer> {
  const bigger = new Float64Array(size);
  if (known !== undefined) bigger.set(known);
  return bigger;
}

function grownBytes(known: Uint8Array | undefined, size: number): Uint8Array {
  const bigger = new Uint8Array(size).fill(DECIMALS_CLEARED);
  if (known !== undefined) bigger.set(known);
  return bigger;
}
