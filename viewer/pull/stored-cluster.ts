/** One cluster as the viewer holds it: the collector's own row and column numbers, values by column. */
import { type ClusterFacts, type HostFacts, NO_CLUSTER_FACTS, sameHostFacts } from "../../core/model/host.js";
import type { MetricMeta, ValueKind } from "../../core/model/metric.js";
import { quoteName } from "../../core/model/names.js";
import type { ClusterDelta, MetricDelta } from "../../core/wire/extension/changes.js";
import { MalformedAnswer } from "./client.js";

export interface StoredHost {
  readonly facts: HostFacts;
  /** Last heard, epoch ms; 0 = never. */
  reportedMs: number;
}

export interface StoredColumn {
  readonly number: number;
  readonly name: string;
  readonly kind: ValueKind;
  /** What is said of hosts that say nothing else; undefined where nobody has said anything. */
  meta: MetricMeta | undefined;
  /** By row, only where it differs. */
  rowMetas: ReadonlyMap<number, MetricMeta>;
  /** By row; NaN or undefined = no value. Only the one of the kind is used. */
  readonly values: number[];
  readonly texts: (string | undefined)[];
  /** By row, epoch ms; 0 or a hole = never. */
  readonly timesMs: number[];
}

export class StoredCluster {
  readonly name: string;
  facts: ClusterFacts = NO_CLUSTER_FACTS;
  /** Time of the newest frame, epoch ms; 0 = none yet. */
  frameTimeMs = 0;
  /** Changes with the set of hosts or of metrics, or what is said of them. */
  layout: number;
  /** By row; undefined is a free one. */
  readonly hosts: (StoredHost | undefined)[] = [];
  /** By the collector's number; undefined is one not told of. */
  readonly columns: (StoredColumn | undefined)[] = [];
  readonly #rowByName = new Map<string, number>();

  /** @param layout the first one; higher than any that was used for this name before */
  constructor(name: string, layout: number) {
    this.name = name;
    this.layout = layout;
  }

  /** @returns -1 where there is no such host */
  findRow(hostName: string): number {
    return this.#rowByName.get(hostName) ?? -1;
  }

  findColumn(metricName: string, kind: ValueKind): StoredColumn | undefined {
    return this.columns.find((column) => column !== undefined && column.name === metricName && column.kind === kind);
  }

  metaOf(column: StoredColumn, row: number): MetricMeta | undefined {
    return column.rowMetas.get(row) ?? column.meta;
  }

  /**
   * The reader has looked at the delta by itself; this looks at whether it fits on
   * what is held, before anything is changed.
   * @throws MalformedAnswer
   */
  check(delta: ClusterDelta): void {
    const rows = new Set<number>();
    for (const [row, host] of this.hosts.entries()) if (host !== undefined) rows.add(row);
    for (const row of delta.goneRows) rows.delete(row);
    for (const { row } of delta.hosts) rows.add(row);
    const kinds = new Map<number, ValueKind>();
    for (const column of this.columns) if (column !== undefined) kinds.set(column.number, column.kind);
    for (const { column, kind } of delta.metrics) kinds.set(column, kind);

    const fault = (what: string) => new MalformedAnswer(`cluster ${quoteName(this.name)}: ${what}`);
    const needHosts = (what: string, wanted: Uint32Array) => {
      for (const row of wanted) if (!rows.has(row)) throw fault(`${what} for row ${row}, which holds no host`);
    };
    needHosts("a time", delta.heardRows);
    for (const [kind, cells] of [["number", delta.numbers] as const, ["text", delta.texts] as const]) {
      for (const { column, rows: wanted } of cells) {
        const known = kinds.get(column);
        if (known !== kind) throw fault(`${kind} values for column ${column}, which holds ${known ?? "nothing"}`);
        needHosts("a value", wanted);
      }
    }
  }

  /** The delta must have passed check. */
  apply(delta: ClusterDelta): void {
    this.facts = delta.facts;
    this.frameTimeMs = delta.frameTimeMs;
    for (const row of delta.goneRows) this.#free(row);
    for (const { row, facts } of delta.hosts) this.#describe(row, facts);
    for (const metric of delta.metrics) this.#describeMetric(metric);
    for (const [i, row] of delta.heardRows.entries()) {
      const host = this.hosts[row];
      if (host !== undefined) host.reportedMs = delta.heardMs[i] ?? 0;
    }
    for (const { column: number, rows, values, timesMs } of delta.numbers) {
      const column = this.columns[number];
      for (const [i, row] of rows.entries()) {
        if (column === undefined) break;
        column.values[row] = values[i] ?? Number.NaN;
        column.timesMs[row] = timesMs[i] ?? 0;
      }
    }
    for (const { column: number, rows, texts, timesMs } of delta.texts) {
      const column = this.columns[number];
      for (const [i, row] of rows.entries()) {
        if (column === undefined) break;
        column.texts[row] = texts[i];
        column.timesMs[row] = timesMs[i] ?? 0;
      }
    }
  }

  #free(row: number): void {
    const host = this.hosts[row];
    if (host === undefined) return;
    if (this.#rowByName.get(host.facts.name) === row) this.#rowByName.delete(host.facts.name);
    this.hosts[row] = undefined;
    for (const column of this.columns) {
      if (column === undefined) continue;
      delete column.values[row];
      delete column.texts[row];
      delete column.timesMs[row];
    }
    this.layout++;
  }

  #describe(row: number, facts: HostFacts): void {
    if (this.hosts[row]?.facts.name !== facts.name) this.#free(row);
    const known = this.hosts[row];
    if (known !== undefined && sameHostFacts(known.facts, facts)) return;
    this.hosts[row] = { facts, reportedMs: known?.reportedMs ?? 0 };
    this.#rowByName.set(facts.name, row);
    this.layout++;
  }

  #describeMetric({ column: number, name, kind, meta, own }: MetricDelta): void {
    this.layout++;
    const rowMetas = new Map(own.flatMap((one) => Array.from(one.rows, (row) => [row, one.meta] as const)));
    const known = this.columns[number];
    if (known !== undefined && known.name === name && known.kind === kind) {
      known.meta = meta;
      known.rowMetas = rowMetas;
      return;
    }
    this.columns[number] = { number, name, kind, meta, rowMetas, values: [], texts: [], timesMs: [] };
  }
}
