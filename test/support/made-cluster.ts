/** A cluster made by hand for tests of what reads a ClusterView: cells are set one at a time. */
import type { ClusterView, Column } from "../../core/model/columns.js";
import { ClusterDirectory } from "../../core/model/directory.js";
import { type HostFacts, newHostFacts } from "../../core/model/host.js";
import { kindOf, type MetricMeta } from "../../core/model/metric.js";

/** Rows there is room for; a made cluster does not grow. */
const ROWS = 4_096;

export function metaOf(name: string, more: Partial<MetricMeta> = {}): MetricMeta {
  return { name, type: "float", units: "", slope: "both", tmaxS: 60, dmaxS: 0, extra: [], ...more };
}

export class MadeCluster implements ClusterView {
  readonly directory: ClusterDirectory;
  readonly reportedMs = new Float64Array(ROWS);
  frameTimeMs = 0;
  frameNumber = 0;
  readonly #columns: Column[] = [];

  constructor(name: string) {
    this.directory = new ClusterDirectory(name);
  }

  get rowCount(): number {
    return this.directory.rowCount;
  }

  columns(): Iterable<Column> {
    return this.#columns;
  }

  column(column: number): Column | undefined {
    return this.#columns[column];
  }

  /** The next frame: what is set from now on belongs to it. */
  frame(number: number, timeMs: number): this {
    this.frameNumber = number;
    this.frameTimeMs = timeMs;
    return this;
  }

  host(name: string, facts: Partial<HostFacts> = {}, reportedMs = this.frameTimeMs): number {
    const row = this.directory.row(name);
    if (row < 0 || row >= ROWS) throw new Error(`the made cluster takes no host ${JSON.stringify(name)}`);
    this.directory.describeHost(row, { ...newHostFacts(name), ...facts });
    this.reportedMs[row] = reportedMs;
    return row;
  }

  /** The host is heard no more; its row stays its own. */
  leave(name: string): void {
    const row = this.directory.findRow(name);
    this.reportedMs[row] = 0;
    for (const column of this.#columns) {
      if (column.kind === "number") column.values[row] = Number.NaN;
      else (column.texts as (string | undefined)[])[row] = undefined;
      column.changedFrames[row] = this.frameNumber + 1;
    }
  }

  /** @param value NaN or undefined is "no value" */
  set(
    host: string,
    meta: MetricMeta,
    value: number | string | undefined,
    timeMs = this.frameTimeMs,
    decimals = 0,
  ): void {
    const row = this.directory.findRow(host);
    const column = this.#column(meta);
    this.directory.describeMetric(row, column.column, meta);
    column.timesMs[row] = timeMs;
    column.changedFrames[row] = this.frameNumber;
    if (column.kind === "number") {
      column.values[row] = typeof value === "number" ? value : Number.NaN;
      column.decimals[row] = decimals;
    } else {
      (column.texts as (string | undefined)[])[row] = typeof value === "string" ? value : undefined;
    }
  }

  #column(meta: MetricMeta): Column {
    const kind = kindOf(meta.type);
    const number = this.directory.column(meta.name, kind);
    const known = this.#columns[number];
    if (known !== undefined) return known;
    const common = {
      column: number,
      name: meta.name,
      timesMs: new Float64Array(ROWS),
      changedFrames: new Float64Array(ROWS),
    };
    const made: Column =
      kind === "number"
        ? { ...common, kind, values: new Float64Array(ROWS).fill(Number.NaN), decimals: new Uint8Array(ROWS) }
        : { ...common, kind, texts: new Array<string | undefined>(ROWS).fill(undefined) };
    this.#columns[number] = made;
    return made;
  }
}
