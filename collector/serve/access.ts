/** Who may connect: loopback always, and the addresses and networks of `serve.allow`. */
import { BlockList, isIP } from "node:net";
import { GrateError } from "../../core/base/errors.js";

export const ALLOW_EXPECTED = 'an address or network such as "10.1.2.3", "10.0.0.0/16" or "fd00::/8"';

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

export interface Access {
  /** @param remoteAddress as a socket tells it; undefined once the peer is gone */
  allows(remoteAddress: string | undefined): boolean;
}

const LOOPBACK = ["127.0.0.0/8", "::1"];

export class AccessList implements Access {
  readonly #list = new BlockList();

  /** @param allow addresses and networks; loopback need not be among them */
  constructor(allow: readonly string[]) {
    for (const text of [...LOOPBACK, ...allow]) {
      const network = parseNetwork(text);
      if (network === undefined)
        throw new GrateError(`serve.allow: ${JSON.stringify(text)}, expected ${ALLOW_EXPECTED}`);
      this.#list.addSubnet(network.address, network.prefix, network.family);
    }
  }

  allows(remoteAddress: string | undefined): boolean {
    if (remoteAddress === undefined) return false;
    const address = normalAddress(remoteAddress);
    const version = isIP(address);
    return version !== 0 && this.#list.check(address, version === 4 ? "ipv4" : "ipv6");
  }
}

/** A dual-stack socket tells of IPv4 peers as ::ffff:10.1.2.3, of link-local ones with their zone. */
export function normalAddress(address: string): string {
  const withoutZone = address.replace(/%.*$/, "");
  return /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(withoutZone)?.[1] ?? withoutZone;
}
