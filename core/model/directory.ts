/**
 * A cluster's dictionary: host names to row numbers, metric names to column
 * numbers, and what is said of each. Sources look their names up once and speak
 * in numbers afterwards; that is what keeps strings out of the hot path.
 */
import { type ClusterFacts, type HostFacts, NO_CLUSTER_FACTS, newHostFacts, sameHostFacts } from "./host.js";
import { kindOf, type MetricMeta, sameMeta, type ValueKind } from "./metric.js";
import { nameFault } from "./names.js";

/** Row or column of a name that is refused. */
export const NONE = -1;

export interface DirectoryLimits {
  /** Most hosts of one cluster; a further one is refused and counted. */
  readonly hostsMax: number;
  /** Most distinct metrics of one cluster; a further one is refused and counted. */
  readonly columnsMax: number;
}

/** The largest clusters known to run Ganglia have some 50,000 hosts. */
export const DEFAULT_DIRECTORY_LIMITS: DirectoryLimits = Object.freeze({
  hostsMax: 65_536,
  columnsMax: 8_192,
});

export interface ColumnFacts {
  readonly name: string;
  readonly kind: ValueKind;
}

export class ClusterDirectory {
  readonly name: string;
  facts: ClusterFacts = NO_CLUSTER_FACTS;
  /** Names refused since the start, by bad name or by limit. */
  refused = 0;
  /** Grows with every change of names, facts or metadata. */
  version = 0;

  readonly #limits: DirectoryLimits;
  /** Index is the row; undefined is a row that is free. */
  readonly #hosts: (HostFacts | undefined)[] = [];
  readonly #rowByName = new Map<string, number>();
  readonly #freeRows: number[] = [];
  readonly #columns: ColumnFacts[] = [];
  readonly #columnByKey = new Map<string, number>();
  /** By column, then by row; the first one said for a column serves rows that have none. */
  readonly #metas: (MetricMeta | undefined)[][] = [];
  readonly #columnMeta: (MetricMeta | undefined)[] = [];
  /** The `version` at which each column was last touched. */
  readonly #columnVersions: number[] = [];

  constructor(name: string, limits: DirectoryLimits = DEFAULT_DIRECTORY_LIMITS) {
    this.name = name;
    this.#limits = limits;
  }

  /** Rows ever handed out; valid rows are 0 .. rowCount-1, some may be free. */
  get rowCount(): number {
    return this.#hosts.length;
  }

  get columnCount(): number {
    return this.#columns.length;
  }

  /** The `version` at which the column came to be or a host's metadata in it last changed. */
  columnVersion(column: number): number {
    return this.#columnVersions[column] ?? 0;
  }

  /** @returns the host's row, made if it is new; NONE if the name is bad or the cluster is full */
  row(hostName: string): number {
    const known = this.#rowByName.get(hostName);
    if (known !== undefined) return known;
    const full = this.#freeRows.length === 0 && this.#hosts.length >= this.#limits.hostsMax;
    if (full || nameFault(hostName) !== undefined) {
      this.refused++;
      return NONE;
    }
    const row = this.#freeRows.pop() ?? this.#hosts.length;
    this.#hosts[row] = newHostFacts(hostName);
    this.#rowByName.set(hostName, row);
    this.version++;
    return row;
  }

  findRow(hostName: string): number {
    return this.#rowByName.get(hostName) ?? NONE;
  }

  /** @returns undefined for a free row */
  host(row: number): HostFacts | undefined {
    return this.#hosts[row];
  }

  /** Facts replace what was known; the name must be the row's own. */
  describeHost(row: number, facts: HostFacts): void {
    const known = this.#hosts[row];
    if (known === undefined || known.name !== facts.name) {
      throw new Error(`BUG: describing row ${row} as ${facts.name}, it is ${known?.name ?? "free"}`);
    }
    if (sameHostFacts(known, facts)) return;
    this.#hosts[row] = facts;
    this.version++;
  }

  /** Forgets a host. Its row may be handed to another host from now on. */
  freeRow(row: number): void {
    const known = this.#hosts[row];
    if (known === undefined) return;
    this.#rowByName.delete(known.name);
    this.#hosts[row] = undefined;
    this.#freeRows.push(row);
    for (const metas of this.#metas) delete metas[row];
    this.version++;
  }

  /** @returns the column, made if it is new; NONE if the name is bad or there are too many */
  column(metricName: string, kind: ValueKind): number {
    const key = columnKey(metricName, kind);
    const known = this.#columnByKey.get(key);
    if (known !== undefined) return known;
    if (this.#columns.length >= this.#limits.columnsMax || nameFault(metricName) !== undefined) {
      this.refused++;
      return NONE;
    }
    const column = this.#columns.length;
    this.#columns.push({ name: metricName, kind });
    this.#metas.push([]);
    this.#columnByKey.set(key, column);
    this.#columnVersions[column] = ++this.version;
    return column;
  }

  findColumn(metricName: string, kind: ValueKind): number {
    return this.#columnByKey.get(columnKey(metricName, kind)) ?? NONE;
  }

  columnFacts(column: number): ColumnFacts {
    const facts = this.#columns[column];
    if (facts === undefined) {
      throw new RangeError(`BUG: column ${column} asked for, there are ${this.#columns.length}`);
    }
    return facts;
  }

  /** Metadata of a metric on one host. Hosts that say the same share one object. */
  describeMetric(row: number, column: number, meta: MetricMeta): void {
    this.#checkMeta(column, meta);
    const common = this.#columnMeta[column];
    const shared = common !== undefined && sameMeta(common, meta) ? common : meta;
    if (common === undefined) this.#columnMeta[column] = meta;
    const rows = this.#metas[column] as (MetricMeta | undefined)[];
    const known = rows[row];
    if (known !== undefined && sameMeta(known, meta)) return;
    rows[row] = shared;
    this.version++;
    // A host that says what is common anyway tells nobody anything new.
    if (shared !== common || known !== undefined) this.#columnVersions[column] = this.version;
  }

  /** What a host is taken to say that has said nothing itself. Only the first word counts; describeMetric gives it too. */
  describeColumn(column: number, meta: MetricMeta): void {
    this.#checkMeta(column, meta);
    if (this.#columnMeta[column] !== undefined) return;
    this.#columnMeta[column] = meta;
    this.#columnVersions[column] = ++this.version;
  }

  /** @returns what this host said of the metric, else what any host said, else undefined */
  meta(row: number, column: number): MetricMeta | undefined {
    return this.#metas[column]?.[row] ?? this.#columnMeta[column];
  }

  setFacts(facts: ClusterFacts): void {
    const known = this.facts;
    if (known.owner === facts.owner && known.latlong === facts.latlong && known.url === facts.url) return;
    this.facts = facts;
    this.version++;
  }

  #checkMeta(column: number, meta: MetricMeta): void {
    const facts = this.columnFacts(column);
    if (facts.name !== meta.name || facts.kind !== kindOf(meta.type)) {
      throw new Error(`BUG: describing column ${column} (${facts.name}, ${facts.kind}) as ${meta.name}, ${meta.type}`);
    }
  }
}

/** One metric name may exist as a number on one host and as text on another. */
function columnKey(metricName: string, kind: ValueKind): string {
  return kind === "number" ? `n${metricName}` : `t${metricName}`;
}
