/**
 * Who tells of which cluster. Ganglia knows a cluster by its name alone, and a
 * gmond that nobody has configured calls its own "unspecified": two sources may
 * mean two clusters by one name, and the hosts of both would silently be one.
 *
 * Sources that tell of the same hosts, or of some that the other has as well,
 * feed one cluster and are no fault. Only whole documents are compared: what
 * comes over a channel, or was cut, says nothing of hosts that are not in it.
 *
 * A cluster of one source costs one look-up a frame; with a second one a bit a
 * host is kept of each.
 */
import type { Frame } from "../core/model/frame.js";
import { quoteName } from "../core/model/names.js";

/** Sources of one cluster that are compared; with more of them nobody has set this up by hand. */
const ORIGINS_MAX = 32;

/** A source that has missed three of its documents tells of nothing any more. */
const INTERVALS_MISSED = 4;
/** Between two documents of a source, until it is known. */
const FIRST_INTERVAL_MS = 60_000;

interface Origin {
  lastMs: number;
  intervalMs: number;
  /** A bit for each row; empty until there is another origin to compare with. */
  hosts: Uint32Array;
}

interface Conflict {
  readonly sources: readonly [string, string];
}

export class ClusterOrigins {
  readonly #clusters = new Map<string, Map<string, Origin>>();
  readonly #conflicts = new Map<string, Conflict>();
  readonly #told = new Set<string>();

  /**
   * To be called with each frame.
   * @param nowMs our clock, epoch ms
   * @returns a line for the log, once for each cluster: two sources tell of different hosts under its name
   */
  note(frame: Frame, nowMs: number): string | undefined {
    if (!frame.whole || frame.heardCount === 0) return undefined;
    const { name } = frame.directory;
    const origins = this.#originsOf(name);
    const origin = renewed(origins, frame.source, nowMs);
    if (origin === undefined) return undefined;
    if (origins.size > 1) dropSilent(origins, nowMs);
    if (origins.size === 1) {
      this.#conflicts.delete(name);
      return undefined;
    }
    origin.hosts = hostsOf(frame, origin.hosts);
    const conflict = findConflict(origins);
    if (conflict === undefined) {
      this.#conflicts.delete(name);
      return undefined;
    }
    this.#conflicts.set(name, conflict);
    if (this.#told.has(name)) return undefined;
    this.#told.add(name);
    return describe(name, conflict);
  }

  /** What is wrong at the moment, one line each. */
  messages(nowMs: number): string[] {
    const messages: string[] = [];
    for (const [name, conflict] of this.#conflicts) {
      const origins = this.#clusters.get(name);
      const isOver = conflict.sources.some((source) => isSilent(origins?.get(source), nowMs));
      if (isOver) this.#conflicts.delete(name);
      else messages.push(describe(name, conflict));
    }
    return messages;
  }

  /** The cluster is not part of the present any more. */
  forget(cluster: string): void {
    this.#clusters.delete(cluster);
    this.#conflicts.delete(cluster);
    this.#told.delete(cluster);
  }

  #originsOf(cluster: string): Map<string, Origin> {
    const known = this.#clusters.get(cluster);
    if (known !== undefined) return known;
    const made = new Map<string, Origin>();
    this.#clusters.set(cluster, made);
    return made;
  }
}

function describe(cluster: string, { sources: [one, other] }: Conflict): string {
  const name = quoteName(cluster);
  return (
    `cluster ${name}: sources ${one} and ${other} tell of different hosts under this name, which are shown as one cluster; ` +
    `if they are two, give one of the sources rename: { ${name}: another name }`
  );
}

/** @returns undefined where there is no room for another source */
function renewed(origins: Map<string, Origin>, source: string, nowMs: number): Origin | undefined {
  const known = origins.get(source);
  if (known !== undefined) {
    // Two documents within a second are two addresses of one poll.
    if (nowMs - known.lastMs >= 1_000) known.intervalMs = nowMs - known.lastMs;
    known.lastMs = nowMs;
    return known;
  }
  if (origins.size >= ORIGINS_MAX) return undefined;
  const made: Origin = { lastMs: nowMs, intervalMs: FIRST_INTERVAL_MS, hosts: new Uint32Array(0) };
  origins.set(source, made);
  return made;
}

function isSilent(origin: Origin | undefined, nowMs: number): boolean {
  return origin === undefined || nowMs - origin.lastMs > INTERVALS_MISSED * origin.intervalMs;
}

function dropSilent(origins: Map<string, Origin>, nowMs: number): void {
  for (const [source, origin] of origins) {
    if (isSilent(origin, nowMs)) origins.delete(source);
  }
}

/** @param before memory to use again where it is large enough */
function hostsOf(frame: Frame, before: Uint32Array): Uint32Array {
  const words = Math.ceil(frame.directory.rowCount / 32);
  const hosts = before.length >= words ? before.fill(0) : new Uint32Array(words);
  for (let i = 0; i < frame.heardCount; i++) {
    const row = frame.heardRows[i] as number;
    hosts[row >>> 5] = (hosts[row >>> 5] as number) | (1 << (row & 31));
  }
  return hosts;
}

function findConflict(origins: ReadonlyMap<string, Origin>): Conflict | undefined {
  const known = [...origins].filter(([, { hosts }]) => hosts.length > 0);
  for (const [i, [one, { hosts }]] of known.entries()) {
    // Who shares hosts with any other belongs to the cluster.
    const others = known.filter((_, place) => place !== i);
    if (others.some(([, other]) => overlap(hosts, other.hosts))) continue;
    const other = others[0];
    if (other !== undefined) return { sources: i === 0 ? [one, other[0]] : [other[0], one] };
  }
  return undefined;
}

function overlap(a: Uint32Array, b: Uint32Array): boolean {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    if (((a[i] as number) & (b[i] as number)) !== 0) return true;
  }
  return false;
}
