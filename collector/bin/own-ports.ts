/**
 * Sources that are ports of the collector itself: it would read what it has written, and each round would find all
 * hosts fresh that have long been silent.
 */
import { hostname, networkInterfaces } from "node:os";
import { isLoopback, normalAddress } from "../../core/base/access-list.js";
import { type Address, formatAddress } from "../../core/base/address.js";
import type { SourceConfig } from "../../sensors/config.js";
import type { ServeConfig } from "../config.js";

export interface OwnPortFault {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/** @returns names and addresses of this machine */
export function ownAddresses(): string[] {
  const addresses = Object.values(networkInterfaces()).flatMap((all) => (all ?? []).map(({ address }) => address));
  return [hostname(), ...addresses.map(normalAddress)];
}

/** @param own names and addresses of this machine; no name is looked up */
export function ownPortFaults(
  { sources, serve }: { readonly sources: readonly SourceConfig[]; readonly serve: ServeConfig },
  own: readonly string[],
): OwnPortFault[] {
  return sources.flatMap((source, index) =>
    askedBy(source).flatMap(({ path, address }) => {
      const port = (["dump", "query", "control"] as const).find((name) => reaches(address, serve[name], own));
      if (port === undefined) return [];
      const message =
        `${JSON.stringify(formatAddress(address))} is serve.${port} of this very collector, which would read itself; ` +
        "expected a gmond, a gmetad or another collector";
      return [{ path: ["sources", index, ...path], message }];
    }),
  );
}

function askedBy(source: SourceConfig): { readonly path: readonly PropertyKey[]; readonly address: Address }[] {
  if (source.type === "ganglia-udp") {
    const address = source["metadata-from"];
    return address === undefined ? [] : [{ path: ["metadata-from"], address }];
  }
  if (source.type !== "ganglia-xml") return [];
  // A single address may be written without a list around it.
  if (source.address.length === 1) return source.address.map((address) => ({ path: ["address"], address }));
  return source.address.map((address, i) => ({ path: ["address", i], address }));
}

/** Whether who connects to the address comes to the port that is served there. */
function reaches(address: Address, served: Address, own: readonly string[]): boolean {
  if (address.port !== served.port) return false;
  const asked = normalAddress(address.host);
  const listens = normalAddress(served.host);
  if (isAnywhere(listens)) return isAnywhere(asked) || isLoopback(asked) || own.includes(asked);
  return asked === listens || (isFirstLoopback(asked) && isFirstLoopback(listens));
}

function isAnywhere(host: string): boolean {
  return host === "0.0.0.0" || host === "::";
}

/** What "localhost" may mean; Linux connects to it also for who asks for anywhere. Others of 127/8 are others. */
function isFirstLoopback(host: string): boolean {
  return ["localhost", "127.0.0.1", "::1"].includes(host) || isAnywhere(host);
}
