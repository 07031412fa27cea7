/** Binding a port, with an error that says which setting to change. */
import type { AddressInfo, Server } from "node:net";
import { type Address, formatAddress } from "../../core/base/address.js";
import { codeOf, GrateError, messageOf } from "../../core/base/errors.js";

const ADVICE: Readonly<Record<string, string>> = Object.freeze({
  EADDRINUSE: "the port is taken (by another grate, or a gmetad?); stop that one or choose another port",
  EACCES: "ports below 1024 need a privilege; choose a higher one",
  EADDRNOTAVAIL: "this machine has no such address",
  ENOTFOUND: "the name has no address",
});

/**
 * @param setting the key of the configuration that named the address, for the message
 * @returns the port in use: the system's choice where the address asks for port 0
 * @throws GrateError
 */
export function listen(server: Server, address: Address, setting: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const fail = (error: Error) => {
      const advice = ADVICE[codeOf(error)] ?? messageOf(error);
      reject(new GrateError(`cannot listen on ${formatAddress(address)} (${setting}): ${advice}`, { cause: error }));
    };
    server.once("error", fail);
    server.listen({ host: address.host, port: address.port, backlog: 128 }, () => {
      server.off("error", fail);
      resolve((server.address() as AddressInfo).port);
    });
  });
}
