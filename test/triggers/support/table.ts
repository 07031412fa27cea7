/** A cluster in memory, made cell by cell, as the collector's table would show it. */
import type { ClusterView, Column } from "../../../core/model/columns.js";
import { ClusterDirectory } from "../../../core/model/directory.js";
import { newHostFacts } from "../../../core/model/host.js";
import type { MetricMeta } from "../../../core/model/metric.js";
import { decimalsOf } from "../../../core/model/number-text.js";

type MutableColumn = {
  column: number;
  name: string;
  timesMs: Float64Array;
  changedFrames: Float64Array;
} & ({ kind: "number"; values: Float64Array; decimals: Uint8Array } | { kind: "text"; texts: (string | undefined)[] });

export class TestTable implements ClusterView {
  readonly directory: ClusterDirectory;
  reportedMs: Float64Array;
  frameTimeMs = 0;
  frameNumber = 0;
  readonly #size: number;
  readonly #columns: MutableColumn[] = [];

  constructor(name = "khab", size = 64) {
    this.directory = new ClusterDirectory(name);
    this.#size = size;
    this.reportedMs = new Float64Array(size);
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

  /** The host was heard. */
  heard(host: string, timeMs: number, facts: { tmaxS?: number } = {}): number {
    const row = this.directory.row(host);
    this.directory.describeHost(row, { ...newHostFacts(host), ...facts });
    this.reportedMs[row] = timeMs;
    return row;
  }

  /** A value as text makes a text metric, a number a number. */
  set(host: string, metric: string, value: number | string, timeMs: number, meta: Partial<MetricMeta> = {}): void {
    const row = this.heard(host, timeMs);
    const kind = typeof value === "number" ? "number" : "text";
    const column = this.directory.column(metric, kind);
    this.directory.describeMetric(row, column, {
      name: metric,
      type: kind === "number" ? "double" : "string",
      units: "",
      slope: "both",
      tmaxS: 60,
      dmaxS: 0,
      extra: [],
      ...meta,
    });
    let cells = this.#columns[column];
    if (cells === undefined) {
      const base = {
        column,
        name: metric,
        timesMs: new Float64Array(this.#size),
        changedFrames: new Float64Array(this.#size),
      };
      cells =
        kind === "number"
          ? { ...base, kind, values: new Float64Array(this.#size).fill(NaN), decimals: new Uint8Array(this.#size) }
          : { ...base, kind, texts: [] };
      this.#columns[column] = cells;
    }
    cells.timesMs[row] = timeMs;
    if (cells.kind === "text") cells.texts[row] = String(value);
    else {
      cells.values[row] = Number(value);
      cells.decimals[row] = decimalsOf(String(value));
    }
  }

  free(host: string): void {
    const row = this.directory.findRow(host);
    this.directory.freeRow(row);
    this.reportedMs[row] = 0;
    for (const column of this.#columns) column.timesMs[row] = 0;
  }
}
