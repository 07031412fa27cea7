/**
 * Who speaks on the channel. gmond ignores the name inside an ordinary packet
 * and goes by the source address, shown by the name that reverse DNS gives; only
 * spoofed packets name their host themselves. We do the same, so that a host is
 * one host whether it comes by packet or by document.
 *
 * While a name is being looked up the host's packets wait, up to a limit.
 */
import { type ClusterDirectory, NONE } from "../../core/model/directory.js";
import { nameFault } from "../../core/model/names.js";
import type { ChannelHost, HeldPacket } from "./channel-host.js";

export interface HostLimits {
  readonly hostsMax: number;
  /** Packets of all hosts that wait for names; further ones are dropped. */
  readonly heldMax: number;
}

/** As many hosts as a directory takes. */
export const DEFAULT_HOST_LIMITS: HostLimits = Object.freeze({ hostsMax: 65_536, heldMax: 1_000 });

export interface HostEvents {
  /** The host has a name and a row: its packets, if any waited, can be taken. */
  onNamed(host: ChannelHost, held: readonly HeldPacket[]): void;
  /** The host is not known any more; nothing of it may be used. */
  onForgotten(host: ChannelHost): void;
}

/** Where names come from. Neither promise may reject. */
export interface NameSource {
  /** Resolves when documents have had their chance to tell names, before anybody else is asked. */
  ready(): Promise<void>;
  /** Gives the name of an address, undefined where it has none. */
  nameOf(ip: string): Promise<string | undefined>;
}

/** In place of a name: several hosts of the cluster have the address. No host has an empty name. */
const AMBIGUOUS = "";

export class ChannelHosts {
  /** Packets dropped because of a limit or a name that is refused. */
  dropped = 0;
  readonly #directory: ClusterDirectory;
  readonly #names: NameSource;
  readonly #events: HostEvents;
  readonly #limits: HostLimits;
  readonly #hosts = new Map<string, ChannelHost>();
  #held = 0;
  /** Names of the directory's hosts by their addresses, as of one of its versions. */
  #nameByIp = new Map<string, string>();
  #indexedVersion = -1;
  #indexedRows = 0;
  #mayIndexAll = true;
  #maySweep = true;

  constructor(directory: ClusterDirectory, names: NameSource, events: HostEvents, limits = DEFAULT_HOST_LIMITS) {
    this.#directory = directory;
    this.#names = names;
    this.#events = events;
    this.#limits = limits;
  }

  /** Packets that wait for a name. */
  get held(): number {
    return this.#held;
  }

  /** @returns the host if it is known; undefined if it is not, or was forgotten by its cluster */
  find(key: string): ChannelHost | undefined {
    const host = this.#hosts.get(key);
    if (host === undefined || host.row === NONE) return host;
    if (this.#directory.host(host.row)?.name === host.name) return host;
    this.#forget(host);
    return undefined;
  }

  /** A host whose packet names it. @returns undefined if there is no room or the name is refused */
  admitNamed(key: string, name: string): ChannelHost | undefined {
    const host = this.#add(key);
    return host !== undefined && this.#place(host, name) ? host : undefined;
  }

  /** A host that is known by its address. Its row is NONE if the name has to be looked up. */
  admit(ip: string): ChannelHost | undefined {
    const host = this.#add(ip);
    if (host === undefined) return undefined;
    const known = this.#knownName(ip);
    if (known !== undefined) return this.#place(host, known) ? host : undefined;
    void this.#lookUp(host);
    return host;
  }

  /** The packet is kept until the host has its name. */
  hold(host: ChannelHost, packet: HeldPacket): void {
    if (this.#held >= this.#limits.heldMax) {
      this.dropped++;
      return;
    }
    this.#held++;
    host.held.push(packet);
  }

  /** Once a second: what must not be done for every packet may be done again. */
  tick(): void {
    this.#mayIndexAll = true;
    this.#maySweep = true;
  }

  #add(key: string): ChannelHost | undefined {
    if (this.#hosts.size >= this.#limits.hostsMax) this.#sweep();
    if (this.#hosts.size >= this.#limits.hostsMax || nameFault(key) !== undefined) {
      this.dropped++;
      return undefined;
    }
    const host: ChannelHost = { key, name: "", row: NONE, heardMs: 0, held: [], metrics: new Map() };
    this.#hosts.set(key, host);
    return host;
  }

  async #lookUp(host: ChannelHost): Promise<void> {
    const ip = host.key;
    await this.#names.ready();
    const name = this.#knownName(ip) ?? (await this.#names.nameOf(ip));
    // The cluster may have learnt the name from a document even now.
    this.#named(host, this.#knownName(ip) ?? name ?? ip);
  }

  #named(host: ChannelHost, name: string): void {
    if (this.#hosts.get(host.key) !== host || !this.#place(host, name)) return;
    const { held } = host;
    host.held = [];
    this.#held -= held.length;
    this.#events.onNamed(host, held);
  }

  #place(host: ChannelHost, name: string): boolean {
    const row = this.#directory.row(name);
    if (row === NONE) {
      this.dropped += 1 + host.held.length;
      this.#forget(host);
      return false;
    }
    host.name = name;
    host.row = row;
    const facts = this.#directory.host(row);
    if (facts?.ip === "") this.#directory.describeHost(row, { ...facts, ip: host.key });
    return true;
  }

  #forget(host: ChannelHost): void {
    this.#hosts.delete(host.key);
    this.#held -= host.held.length;
    host.held = [];
    this.#events.onForgotten(host);
  }

  /** A host that came by a document keeps the name that it has there. */
  #knownName(ip: string): string | undefined {
    if (this.#indexedVersion !== this.#directory.version) this.#index();
    return this.#nameByIp.get(ip) || undefined;
  }

  /** New rows are looked at each time, rows that may have changed once a second. */
  #index(): void {
    if (this.#mayIndexAll) {
      this.#mayIndexAll = false;
      this.#indexedVersion = this.#directory.version;
      this.#indexedRows = 0;
      this.#nameByIp = new Map();
    }
    for (; this.#indexedRows < this.#directory.rowCount; this.#indexedRows++) {
      const facts = this.#directory.host(this.#indexedRows);
      if (facts === undefined || facts.ip === "") continue;
      const known = this.#nameByIp.get(facts.ip);
      this.#nameByIp.set(facts.ip, known === undefined || known === facts.name ? facts.name : AMBIGUOUS);
    }
  }

  /** Makes room by dropping hosts that their cluster has forgotten. */
  #sweep(): void {
    if (!this.#maySweep) return;
    this.#maySweep = false;
    for (const key of [...this.#hosts.keys()]) this.find(key);
  }
}
