/** Where rrdcached listens, as its own -l and rrdtool's --daemon write it. */

const DEFAULT_PORT = 42_217;

export const DAEMON_ADDRESS_EXPECTED =
  'expected a socket or an address such as "/run/rrdcached.sock", "unix:/run/rrdcached.sock" or "127.0.0.1:42217"';

export type DaemonAddress = { readonly path: string } | { readonly host: string; readonly port: number };

/** @returns undefined for what is no address */
export function parseDaemonAddress(text: string): DaemonAddress | undefined {
  const path = text.startsWith("unix:") ? text.slice("unix:".length) : text;
  if (path.startsWith("/")) return { path };
  const parts = /^(?:\[([0-9a-fA-F:.]+)\]|([^\s:/[\]]+))(?::(\d{1,5}))?$/.exec(text);
  const host = parts?.[1] ?? parts?.[2];
  const port = Number(parts?.[3] ?? DEFAULT_PORT);
  return host === undefined || port < 1 || port > 65_535 ? undefined : { host, port };
}
