/** Addresses and networks as a configuration names them, and whether a peer's address is among them. */
import { BlockList, isIP } from "node:net";
import { GrateError } from "./errors.js";

export const NETWORK_EXPECTED = 'an address or network such as "10.1.2.3", "10.0.0.0/16" or "fd00::/8"';

export interface Network {
  readonly address: string;
  readonly prefix: number;
  readonly family: "ipv4" | "ipv6";
}

/** @returns undefined where the text is neither an address nor a network */
export function parseNetwork(text: string): Network | undefined {
  const match = /^([0-9a-fA-F.:]+)(?:\/(\d{1,3}))?$/.exec(text);
  const address = match?.[1] ?? "";
  const version = isIP(address);
  if (version === 0) return undefined;
  const bits = version === 4 ? 32 : 128;
  const prefix = match?.[2] === undefined ? bits : Number(match[2]);
  return prefix > bits ? undefined : { address, prefix, family: version === 4 ? "ipv4" : "ipv6" };
}

export class NetworkList {
  readonly #list = new BlockList();

  /**
   * @param setting the key of the configuration that holds the texts, for the message
   * @throws GrateError where a text is neither an address nor a network
   */
  constructor(texts: readonly string[], setting: string) {
    for (const text of texts) {
      const network = parseNetwork(text);
      if (network === undefined) {
        throw new GrateError(`${setting}: ${JSON.stringify(text)}, expected ${NETWORK_EXPECTED}`);
      }
      this.#list.addSubnet(network.address, network.prefix, network.family);
    }
  }

  /** @param remoteAddress as a socket tells it */
  has(remoteAddress: string): boolean {
    const address = normalAddress(remoteAddress);
    const version = isIP(address);
    return version !== 0 && this.#list.check(address, version === 4 ? "ipv4" : "ipv6");
  }
}

export const LOOPBACK: readonly string[] = Object.freeze(["127.0.0.0/8", "::1"]);

const loopback = new NetworkList(LOOPBACK, "loopback");

/** @param host an address as a socket tells it, or a host of the configuration; no other name is looked up */
export function isLoopback(host: string): boolean {
  return host === "localhost" || loopback.has(host);
}

/** A dual-stack socket tells of IPv4 peers as ::ffff:10.1.2.3, of link-local ones with their zone. */
export function normalAddress(address: string): string {
  const withoutZone = address.replace(/%.*$/, "");
  return /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(withoutZone)?.[1] ?? withoutZone;
}
