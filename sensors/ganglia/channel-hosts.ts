/**
 * Who speaks on the channel. gmond ignores the name inside an ordinary packet
 * and goes by the source address, shown by the name that reverse DNS gives; only
 * spoofed packets name their host themselves. We do the same, so that a host is
 * one host whether it comes by packet or by document.
 *
 * While a name is being looked up the host's packets wait, up to a limit.
 */
import { type ClusterDirectory, NONE } from "../../core/model/directory.js";
import { DEFAULT_HOST_TMAX_S, type HostFacts } from "../../core/model/host.js";
import { nameFault } from "../../core/model/names.js";
import { addressKey } from "./address-key.js";
import type { ChannelHost, HeldPacket } from "./channel-host.js";

export interface HostLimits {
  readonly hostsMax: number;
  /** Packets of all hosts that wait for names; further ones are dropped. */
  readonly heldMax: number;
}

/**
 * As many hosts as a directory takes. Of packets, what a thousand hosts send in
 * the first five seconds after their gmonds were all started anew, which is the
 * longest that a name may take; some 10 MB.
 */
export const DEFAULT_HOST_LIMITS: HostLimits = Object.freeze({ hostsMax: 65_536, heldMax: 20_000 });

/**
 * How often names that we found ourselves are compared with those of documents,
 * ticks of a second: soon enough for the second host of the two to go before
 * anybody calls it down, which takes 80 s.
 */
const REVIEW_TICKS = 10;

/** What is said of a host that turned out to be another: its cluster forgets it when it next looks. */
const WITHDRAWN_DMAX_S = 1;

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
  #ticks = 0;
  #reviewedVersion = -1;

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

  /**
   * A host whose packet names it. It keeps the name that it has in documents: gmond
   * too shows a host that it knows by its address under the name that it has.
   * @returns undefined if there is no room or the name is refused
   */
  admitNamed(key: string, name: string): ChannelHost | undefined {
    const host = this.#add(key, true);
    if (host === undefined) return undefined;
    return this.#place(host, this.#knownName(key) ?? name) ? host : undefined;
  }

  /** A host that is known by its address. Its row is NONE if the name has to be looked up. */
  admit(ip: string): ChannelHost | undefined {
    const host = this.#add(ip, false);
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
    if (++this.#ticks % REVIEW_TICKS === 0) this.#review();
  }

  #add(key: string, spoofed: boolean): ChannelHost | undefined {
    if (this.#hosts.size >= this.#limits.hostsMax) this.#sweep();
    if (this.#hosts.size >= this.#limits.hostsMax || nameFault(key) !== undefined) {
      this.dropped++;
      return undefined;
    }
    const host = newHost(key, spoofed);
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

  #place(host: ChannelHost, name: string, wasMoved = false): boolean {
    const row = this.#directory.row(name);
    if (row === NONE) {
      this.dropped += 1 + host.held.length;
      this.#forget(host);
      return false;
    }
    host.name = name;
    host.row = row;
    // Of two names that were there already neither is news; one that comes later is.
    host.provisional = !wasMoved && this.#nameByIp.get(host.key) !== AMBIGUOUS;
    const facts = this.#directory.host(row);
    if (facts === undefined) return true;
    const ip = facts.ip === "" ? host.key : facts.ip;
    // Left once, and heard again under that name.
    const dmaxS = isWithdrawn(facts) ? 0 : facts.dmaxS;
    this.#directory.describeHost(row, { ...facts, ip, dmaxS });
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
      const ip = addressKey(facts.ip);
      if (!this.#isOurs(facts, ip)) this.#nameByIp.set(ip, betterName(this.#nameByIp.get(ip), facts.name, ip));
    }
  }

  /** The row is there because we named it so: nothing can be learnt from it. */
  #isOurs(facts: HostFacts, ip: string): boolean {
    const host = this.#hosts.get(ip);
    return host?.provisional === true && host.name === facts.name;
  }

  /**
   * A document may have come since that calls a host by another name than it had
   * so far. From then on its packets count for that one; the host of the former
   * name, which is the same machine a second time, leaves. This is done once for
   * a host: two documents that disagree shall not make it wander.
   */
  #review(): void {
    if (this.#reviewedVersion === this.#directory.version) return;
    this.#indexedVersion = -1;
    this.#index();
    this.#mayIndexAll = true;
    for (const host of [...this.#hosts.values()]) {
      const better = host.provisional && host.row !== NONE ? this.#nameByIp.get(host.key) : undefined;
      if (better !== undefined && better !== AMBIGUOUS && better !== host.key) this.#move(host, better);
    }
    this.#reviewedVersion = this.#directory.version;
  }

  #move(host: ChannelHost, name: string): void {
    const before = this.#directory.host(host.row);
    if (before?.name !== host.name || this.#directory.row(name) === NONE) return;
    this.#events.onForgotten(host);
    if (isOnlyFromChannels(before)) {
      this.#directory.describeHost(host.row, { ...before, dmaxS: WITHDRAWN_DMAX_S });
    }
    this.#place(host, name, true);
  }

  /** Makes room by dropping hosts that their cluster has forgotten. */
  #sweep(): void {
    if (!this.#maySweep) return;
    this.#maySweep = false;
    for (const key of [...this.#hosts.keys()]) this.find(key);
  }
}

function newHost(key: string, spoofed: boolean): ChannelHost {
  return {
    key,
    spoofed,
    name: "",
    row: NONE,
    heardMs: 0,
    held: [],
    metrics: new Map(),
    identity: undefined,
    byShape: [],
    provisional: false,
  };
}

/** An address in place of a name says only that somebody could not find the name. */
function betterName(known: string | undefined, name: string, ip: string): string {
  if (known === undefined || known === name || known === ip) return name;
  return name === ip ? known : AMBIGUOUS;
}

function isWithdrawn(facts: HostFacts): boolean {
  return facts.dmaxS === WITHDRAWN_DMAX_S && isOnlyFromChannels({ ...facts, dmaxS: 0 });
}

/** A host that stands in documents has more said of it, or is said anew with the next one. */
function isOnlyFromChannels(facts: HostFacts): boolean {
  return facts.tags === "" && facts.tmaxS === DEFAULT_HOST_TMAX_S && facts.dmaxS === 0;
}
