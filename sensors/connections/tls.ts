/** Reads a TCP peer's document as tcp.ts does, over TLS on which both sides show certificates. */
import { type Address, formatAddress } from "../../core/base/address.js";
import type { Clock } from "../../core/base/clock.js";
import { GrateError } from "../../core/base/errors.js";
import { closedWithoutWord, dialTls, TLS_READY, type TlsPeer, tlsFault } from "../../core/base/tls-client.js";
import { createTcpFetch, type Fetch } from "./tcp.js";

/** As createTcpFetch, with the same limits and errors; also throws GrateError for a file that is of no use. */
export function createTlsFetch(clock: Clock, peer: TlsPeer): Fetch {
  const explain = (error: unknown, address: Address) => tlsFault(error, address, peer);
  const fetch = createTcpFetch(clock, (to) => dialTls(to, peer), { readyEvent: TLS_READY, explain });
  return async (request) => {
    const fetched = await fetch(request);
    if (fetched.bytes.length > 0) return fetched;
    throw new GrateError(`Cannot read ${formatAddress(request.address)}: ${closedWithoutWord(peer)}`);
  };
}
