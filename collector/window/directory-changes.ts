/** What the log must say of a directory before a frame that uses its numbers. */
import { type ClusterDirectory, NONE } from "../../core/model/directory.js";
import type { HostFacts } from "../../core/model/host.js";
import { type MetricMeta, sameMeta } from "../../core/model/metric.js";
import type { ColumnRecord, DirectoryRecord } from "./log-records.js";

/** A record with this many takes less than half a millisecond to write, and stays below 100 KB. */
const HOSTS_PER_RECORD = 250;
const COLUMNS_PER_RECORD = 10;

/** Remembers what was said of one directory; a new one says everything. */
export class DirectoryChanges {
  readonly id: number;
  readonly #directory: ClusterDirectory;
  #version = -1;
  /** Of this version, in order; said before anything is that came later. */
  #waiting: DirectoryRecord[] = [];
  /** Taken so far. */
  records = 0;
  /** By row, as said last. Facts are replaced, never changed, so the same object means the same facts. */
  readonly #hosts: (HostFacts | undefined)[] = [];

  /** @param id the cluster's number in the log */
  constructor(id: number, directory: ClusterDirectory) {
    this.id = id;
    this.#directory = directory;
  }

  /** @returns undefined once all of the directory is said */
  next(): DirectoryRecord | undefined {
    if (this.#waiting.length === 0) this.#waiting = this.#changes();
    const record = this.#waiting.shift();
    if (record !== undefined) this.records++;
    return record;
  }

  #changes(): DirectoryRecord[] {
    const directory = this.#directory;
    const since = this.#version;
    if (directory.version === since) return [];
    this.#version = directory.version;
    const { id } = this;
    const { name, facts } = directory;
    const hosts = this.#takeHosts();
    const columns: ColumnRecord[] = [];
    for (let column = 0; column < directory.columnCount; column++) {
      if (directory.columnVersion(column) > since) columns.push(describeColumn(directory, column));
    }
    const records: DirectoryRecord[] = [];
    // Hosts first: what is said of columns names their rows. At least one record, for the cluster's own facts.
    for (let i = 0; i === 0 || i < hosts.length; i += HOSTS_PER_RECORD) {
      records.push({ id, name, facts, hosts: hosts.slice(i, i + HOSTS_PER_RECORD), columns: [] });
    }
    for (let i = 0; i < columns.length; i += COLUMNS_PER_RECORD) {
      records.push({ id, name, facts, hosts: [], columns: columns.slice(i, i + COLUMNS_PER_RECORD) });
    }
    return records;
  }

  #takeHosts(): [number, HostFacts][] {
    const changed: [number, HostFacts][] = [];
    for (let row = 0; row < this.#directory.rowCount; row++) {
      const host = this.#directory.host(row);
      if (host === this.#hosts[row]) continue;
      this.#hosts[row] = host;
      if (host !== undefined) changed.push([row, host]);
    }
    return changed;
  }
}

function describeColumn(directory: ClusterDirectory, column: number): ColumnRecord {
  const common = directory.meta(NONE, column);
  const own: [MetricMeta, number[]][] = [];
  for (let row = 0; row < directory.rowCount; row++) {
    const meta = directory.meta(row, column);
    if (meta === undefined || meta === common || directory.host(row) === undefined) continue;
    const same = own.find(([other]) => sameMeta(other, meta));
    if (same === undefined) own.push([meta, [row]]);
    else same[1].push(row);
  }
  return { column, ...directory.columnFacts(column), common: common ?? null, own };
}
