/** A FrameSink that keeps the newest of everything, with a view like the collector's, and nothing else. */
import type { ClusterView, Column } from "../../core/model/columns.js";
import { ClusterDirectory, type DirectoryLimits } from "../../core/model/directory.js";
import type { Frame, FrameSink } from "../../core/model/frame.js";
import type { ClusterFacts, HostFacts } from "../../core/model/host.js";
import type { MetricMeta } from "../../core/model/metric.js";
import { nameFault } from "../../core/model/names.js";
import type { ReportedSums } from "../../core/model/summary.js";

export interface RecordedCell {
  readonly value: number | string;
  readonly timeMs: number;
  readonly decimals: number;
}

/** Everything that can be said of a cluster, by names, to be compared with deep equality. */
export interface RecordedCluster {
  readonly facts: ClusterFacts;
  readonly hosts: Record<string, RecordedHost>;
}

export interface RecordedHost {
  readonly facts: HostFacts;
  readonly reportedMs: number;
  readonly cells: Record<string, RecordedCell>;
  readonly metas: Record<string, MetricMeta | undefined>;
}

interface Table {
  readonly directory: ClusterDirectory;
  readonly cells: Map<number, Map<number, RecordedCell>>;
  readonly reportedMs: Map<number, number>;
  frameTimeMs: number;
}

export class RecordingSink implements FrameSink {
  readonly sums: ReportedSums[] = [];
  frames = 0;
  readonly #tables = new Map<string, Table>();
  readonly #limits: DirectoryLimits | undefined;
  readonly #clustersMax: number;

  constructor(limits?: DirectoryLimits, clustersMax = Number.POSITIVE_INFINITY) {
    this.#limits = limits;
    this.#clustersMax = clustersMax;
  }

  directory(clusterName: string): ClusterDirectory | undefined {
    const known = this.#tables.get(clusterName);
    if (known !== undefined) return known.directory;
    if (nameFault(clusterName) !== undefined || this.#tables.size >= this.#clustersMax) return undefined;
    const directory = new ClusterDirectory(clusterName, this.#limits);
    this.#tables.set(clusterName, { directory, cells: new Map(), reportedMs: new Map(), frameTimeMs: 0 });
    return directory;
  }

  /** As if the cluster had been given up. */
  drop(clusterName: string): void {
    this.#tables.delete(clusterName);
  }

  /** Forgets values, not the dictionary: what is recorded afterwards came afterwards. */
  clearCells(): void {
    for (const { cells, reportedMs } of this.#tables.values()) {
      cells.clear();
      reportedMs.clear();
    }
  }

  acceptSums(sums: ReportedSums): void {
    this.sums.push(sums);
  }

  accept(frame: Frame): void {
    this.frames++;
    const table = this.#table(frame.directory.name);
    table.frameTimeMs = frame.timeMs;
    for (let i = 0; i < frame.count; i++) {
      const row = frame.rows[i] as number;
      const column = frame.columns[i] as number;
      const isText = frame.directory.columnFacts(column).kind === "text";
      const value = frame.values[i] as number;
      const cell = {
        value: isText ? (frame.texts[value] as string) : value,
        timeMs: frame.timesMs[i] as number,
        decimals: frame.decimals[i] as number,
      };
      const cells = table.cells.get(row) ?? new Map<number, RecordedCell>();
      table.cells.set(row, cells.set(column, cell));
    }
    for (let i = 0; i < frame.heardCount; i++) {
      table.reportedMs.set(frame.heardRows[i] as number, frame.heardTimesMs[i] as number);
    }
  }

  get clusterNames(): string[] {
    return [...this.#tables.keys()];
  }

  recorded(clusterName: string): RecordedCluster {
    const { directory, cells, reportedMs } = this.#table(clusterName);
    const hosts: Record<string, RecordedHost> = {};
    for (let row = 0; row < directory.rowCount; row++) {
      const facts = directory.host(row);
      if (facts === undefined) continue;
      const host: RecordedHost = { facts, reportedMs: reportedMs.get(row) ?? 0, cells: {}, metas: {} };
      for (const [column, cell] of cells.get(row) ?? []) {
        const { name } = directory.columnFacts(column);
        host.cells[name] = cell;
        host.metas[name] = directory.meta(row, column);
      }
      hosts[facts.name] = host;
    }
    return { facts: directory.facts, hosts };
  }

  view(clusterName: string): ClusterView {
    const table = this.#table(clusterName);
    const { directory } = table;
    const reportedMs = new Float64Array(directory.rowCount);
    for (const [row, timeMs] of table.reportedMs) reportedMs[row] = timeMs;
    const columns = Array.from({ length: directory.columnCount }, (_, column) => columnOf(table, column));
    return {
      directory,
      rowCount: directory.rowCount,
      reportedMs,
      frameTimeMs: table.frameTimeMs,
      frameNumber: this.frames,
      columns: () => columns,
      column: (column) => columns[column],
    };
  }

  #table(clusterName: string): Table {
    const table = this.#tables.get(clusterName);
    if (table === undefined) throw new Error(`no cluster ${clusterName} was recorded`);
    return table;
  }
}

function columnOf(table: Table, column: number): Column {
  const { directory } = table;
  const { name, kind } = directory.columnFacts(column);
  const timesMs = new Float64Array(directory.rowCount);
  const values = new Float64Array(directory.rowCount).fill(Number.NaN);
  const decimals = new Uint8Array(directory.rowCount);
  const texts: (string | undefined)[] = new Array(directory.rowCount).fill(undefined);
  for (const [row, cells] of table.cells) {
    const cell = cells.get(column);
    if (cell === undefined) continue;
    timesMs[row] = cell.timeMs;
    decimals[row] = cell.decimals;
    if (typeof cell.value === "number") values[row] = cell.value;
    else texts[row] = cell.value;
  }
  const base = { column, name, timesMs, changedFrames: new Float64Array(directory.rowCount) };
  return kind === "number" ? { ...base, kind, values, decimals } : { ...base, kind, texts };
}
