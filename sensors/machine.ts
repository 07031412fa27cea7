/** What this machine is called, for a sensor that is not told otherwise. */
import { hostname, networkInterfaces } from "node:os";

export interface Machine {
  readonly hostName: string;
  /** The address that others most likely know it by. */
  readonly ip: string;
}

type NetworkInterfaces = ReturnType<typeof networkInterfaces>;

export function thisMachine(): Machine {
  return { hostName: hostname(), ip: chooseAddress(networkInterfaces()) };
}

/** @returns the first IPv4 address that is not a loopback's, else such an IPv6 one, else 127.0.0.1 */
export function chooseAddress(interfaces: NetworkInterfaces): string {
  const outside = Object.values(interfaces)
    .flatMap((addresses) => addresses ?? [])
    .filter((address) => !address.internal);
  const chosen =
    outside.find((address) => address.family === "IPv4") ??
    // A link-local address means nothing on another machine.
    outside.find((address) => !/^fe[89ab]/i.test(address.address));
  return chosen?.address ?? "127.0.0.1";
}
