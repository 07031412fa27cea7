/** What a reader of `changes` knows, kept in the plainest way, to be compared with what there is. */
import type { ClusterView } from "../../core/model/columns.js";
import type { HostFacts } from "../../core/model/host.js";
import type { MetricMeta } from "../../core/model/metric.js";
import { formatNumber } from "../../core/model/number-text.js";
import type { ChangesDocument, ClusterDelta } from "../../core/wire/extension/index.js";

export interface KnownCell {
  readonly value: number | string;
  /** As a person sees it. */
  readonly shown: string;
  readonly timeMs: number;
  readonly meta: MetricMeta | undefined;
}

export interface KnownHost {
  readonly facts: HostFacts;
  readonly reportedMs: number;
  /** By kind and name of the metric; only those with a value. */
  readonly cells: ReadonlyMap<string, KnownCell>;
}

/** By name of the host. */
export type KnownCluster = ReadonlyMap<string, KnownHost>;

/** All that a reader should know of a cluster. */
export function knownOf(view: ClusterView): KnownCluster {
  const hosts = new Map<string, KnownHost>();
  for (let row = 0; row < view.rowCount; row++) {
    const facts = view.directory.host(row);
    const reportedMs = view.reportedMs[row] as number;
    if (facts === undefined || reportedMs === 0) continue;
    const cells = new Map<string, KnownCell>();
    for (const column of view.columns()) {
      const value = column.kind === "number" ? (column.values[row] as number) : column.texts[row];
      if (value === undefined || Number.isNaN(value)) continue;
      const decimals = column.kind === "number" ? (column.decimals[row] as number) : 0;
      const timeMs = column.timesMs[row] as number;
      const meta = view.directory.meta(row, column.column);
      cells.set(`${column.kind} ${column.name}`, { value, shown: show(value, decimals), timeMs, meta });
    }
    hosts.set(facts.name, { facts, reportedMs, cells });
  }
  return hosts;
}

function show(value: number | string, decimals: number): string {
  return typeof value === "string" ? value : formatNumber(value, decimals);
}

interface MirrorCell {
  readonly value: number | string | undefined;
  readonly decimals: number;
  readonly timeMs: number;
}

class MirrorCluster {
  readonly #hosts = new Map<number, { facts: HostFacts; reportedMs: number }>();
  readonly #metrics = new Map<number, { key: string; meta: MetricMeta | undefined; own: Map<number, MetricMeta> }>();
  readonly #cells = new Map<number, Map<number, MirrorCell>>();

  apply(delta: ClusterDelta): void {
    for (const row of delta.goneRows) this.#forget(row);
    for (const { row, facts } of delta.hosts) {
      this.#hosts.set(row, { facts, reportedMs: this.#hosts.get(row)?.reportedMs ?? 0 });
    }
    delta.heardRows.forEach((row, i) => {
      this.#host(row).reportedMs = delta.heardMs[i] as number;
    });
    for (const { column, kind, name, meta, own } of delta.metrics) {
      const owns = own.flatMap(({ rows, meta: of }) => Array.from(rows, (row) => [row, of] as const));
      this.#metrics.set(column, { key: `${kind} ${name}`, meta, own: new Map(owns) });
    }
    for (const { column, rows, values, decimals, timesMs } of delta.numbers) {
      rows.forEach((row, i) => {
        const value = Number.isNaN(values[i]) ? undefined : values[i];
        this.#set(column, row, { value, decimals: decimals[i] as number, timeMs: timesMs[i] as number });
      });
    }
    for (const { column, rows, texts, timesMs } of delta.texts) {
      rows.forEach((row, i) => {
        this.#set(column, row, { value: texts[i], decimals: 0, timeMs: timesMs[i] as number });
      });
    }
  }

  known(): KnownCluster {
    const known = new Map<string, KnownHost>();
    for (const [row, host] of this.#hosts) {
      const cells = new Map<string, KnownCell>();
      for (const [column, { key, meta, own }] of this.#metrics) {
        const cell = this.#cells.get(column)?.get(row);
        if (cell?.value === undefined) continue;
        const { value, decimals, timeMs } = cell;
        cells.set(key, { value, shown: show(value, decimals), timeMs, meta: own.get(row) ?? meta });
      }
      known.set(host.facts.name, { ...host, cells });
    }
    return known;
  }

  #host(row: number): { facts: HostFacts; reportedMs: number } {
    const host = this.#hosts.get(row);
    if (host === undefined) throw new Error(`row ${row} is heard and holds no host`);
    return host;
  }

  #set(column: number, row: number, cell: MirrorCell): void {
    this.#host(row);
    if (!this.#metrics.has(column)) throw new Error(`column ${column} has values and was not told of`);
    const cells = this.#cells.get(column) ?? new Map<number, MirrorCell>();
    this.#cells.set(column, cells.set(row, cell));
  }

  #forget(row: number): void {
    this.#hosts.delete(row);
    for (const cells of this.#cells.values()) cells.delete(row);
    for (const { own } of this.#metrics.values()) own.delete(row);
  }
}

export class ChangesMirror {
  /** To ask with next time. */
  frame: number | undefined;
  #clusters = new Map<string, MirrorCluster>();

  apply(document: ChangesDocument): void {
    const held = document.full ? new Map<string, MirrorCluster>() : this.#clusters;
    this.#clusters = new Map();
    for (const delta of document.clusters) {
      const known = held.get(delta.name);
      if (known === undefined && !delta.full) throw new Error(`changes of ${delta.name}, of which nothing is known`);
      const cluster = delta.full || known === undefined ? new MirrorCluster() : known;
      cluster.apply(delta);
      this.#clusters.set(delta.name, cluster);
    }
    this.frame = document.frame;
  }

  /** By name of the cluster. */
  known(): ReadonlyMap<string, KnownCluster> {
    return new Map([...this.#clusters].map(([name, cluster]) => [name, cluster.known()]));
  }
}
