/** Network interfaces by name and by address. */
import { isIP } from "node:net";
import type { NetworkInterfaceInfo } from "node:os";

type Interfaces = Readonly<Record<string, readonly NetworkInterfaceInfo[] | undefined>>;

/**
 * What a socket option wants to hear of an interface.
 * @param wanted a name such as "eth0", or an address of the interface
 * @returns an address for IPv4, "::%eth0" for IPv6; undefined where there is no such interface
 */
export function addressOfInterface(interfaces: Interfaces, wanted: string, version: 4 | 6): string | undefined {
  const name = isIP(wanted) === 0 ? wanted : interfaceOfAddress(interfaces, wanted);
  const family = `IPv${version}`;
  const address = name && interfaces[name]?.find((entry) => entry.family === family)?.address;
  if (name === undefined || address === undefined) return undefined;
  if (version === 6) return `::%${name}`;
  return isIP(wanted) === 4 ? wanted : address;
}

/** @returns the name of the interface that has the address */
export function interfaceOfAddress(interfaces: Interfaces, address: string): string | undefined {
  const entry = Object.entries(interfaces).find(([, addresses]) => addresses?.some((one) => one.address === address));
  return entry?.[0];
}
