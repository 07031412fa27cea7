/** Binding a port, with an error that says which setting to change. */
import type { AddressInfo, Server } from "node:net";
import type { Address } from "../../core/base/address.js";
import { listenError } from "../../core/base/listen-error.js";

/**
 * @param setting the key of the configuration that named the address, for the message
 * @returns the port in use: the system's choice where the address asks for port 0
 * @throws GrateError
 */
export function listen(server: Server, address: Address, setting: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const fail = (error: Error) => reject(listenError(address, setting, error));
    server.once("error", fail);
    server.listen({ host: address.host, port: address.port, backlog: 128 }, () => {
      server.off("error", fail);
      resolve((server.address() as AddressInfo).port);
    });
  });
}
