/** Reads a TCP peer's document as tcp.ts does, over TLS on which both sides show certificates. */
import { type Address, formatAddress } from "../../core/base/address.js";
import type { Clock } from "../../core/base/clock.js";
import { GrateError } from "../../core/base/errors.js";
import { closedWithoutWord, dialTls, TLS_READY, type TlsPeer, tlsFault } from "../../core/base/tls-client.js";
import { createTcpFetch, type Fetch } from "./tcp.js";

/** As createTcpFetch, with the same limits and errors; also throws GrateError for a file that is of no use. */
export function createTlsFetch(clock: Clock, peer: TlsPeer): Fetch {
  return async (request) => {
    const { address } = request;
    const explain = (error: unknown) => tlsFault(error, address, peer);
    const dial = (to: Address) => dialTls(to, peer);
    const fetched = await createTcpFetch(clock, dial, { readyEvent: TLS_READY, explain })(request);
    if (fetched.bytes.length > 0) return fetched;
    throw new GrateError(`Cannot read ${formatAddress(address)}: ${closedWithoutWord(peer)}`);
  };
}
