/** Network addresses in configuration files: "host:port", "[::1]:8649". */

export interface Address {
  /** Name or IP, without brackets. */
  readonly host: string;
  readonly port: number;
}

export const ADDRESS_EXPECTED = 'an address such as "10.0.0.1:8649", "node1:8649" or "[::1]:8649"';

/** @returns undefined where the text is no address with a port */
export function parseAddress(text: string): Address | undefined {
  const match = /^(?:\[([0-9a-fA-F:.%\w]+)\]|([^\s:[\]/]+)):(\d{1,5})$/.exec(text);
  if (match === null) return undefined;
  const port = Number(match[3]);
  if (port > 65_535) return undefined;
  return { host: (match[1] ?? match[2]) as string, port };
}

export function formatAddress(address: Address): string {
  return address.host.includes(":") ? `[${address.host}]:${address.port}` : `${address.host}:${address.port}`;
}
