/** Why a port cannot be listened on, and which setting to change. */
import { type Address, formatAddress } from "./address.js";
import { codeOf, GrateError, messageOf } from "./errors.js";

const ADVICE: Readonly<Record<string, string>> = Object.freeze({
  EADDRINUSE: "the port is taken (by another grate, or a gmetad?); stop that one or choose another port",
  EACCES: "ports below 1024 need a privilege; choose a higher one",
  EADDRNOTAVAIL: "this machine has no such address",
  ENOTFOUND: "the name has no address",
});

/** @param setting the key of the configuration or the option that named the address */
export function listenError(address: Address, setting: string, error: unknown): GrateError {
  const advice = ADVICE[codeOf(error)] ?? messageOf(error);
  return new GrateError(`cannot listen on ${formatAddress(address)} (${setting}): ${advice}`, { cause: error });
}
