/** Whose datagrams are taken. An address is compared with the list once and remembered: that costs more than the packet. */
import { NetworkList } from "../../core/base/access-list.js";

/** Addresses remembered; then all are forgotten, which only costs comparing them again. */
const REMEMBERED_MAX = 65_536;

export class ChannelSenders {
  /** Datagrams of others. */
  refused = 0;
  readonly #list: NetworkList | undefined;
  readonly #known = new Map<string, boolean>();

  /** @param allow addresses and networks; everybody where it is empty */
  constructor(allow: readonly string[]) {
    this.#list = allow.length === 0 ? undefined : new NetworkList(allow, "allow");
  }

  /** Counts a datagram that is refused. */
  allows(ip: string): boolean {
    if (this.#list === undefined) return true;
    const allowed = this.#known.get(ip) ?? this.#look(this.#list, ip);
    if (!allowed) this.refused++;
    return allowed;
  }

  #look(list: NetworkList, ip: string): boolean {
    if (this.#known.size >= REMEMBERED_MAX) this.#known.clear();
    const allowed = list.has(ip);
    this.#known.set(ip, allowed);
    return allowed;
  }
}
