/** How a connection is made, whatever it goes over. */
import type { Duplex } from "node:stream";
import type { Address } from "../../core/base/address.js";

/**
 * A connection being made: emits the ready event once, then "data", "end", "error", "close".
 * Of data, what comes with the event is valid only as long as the event lasts.
 */
export type Dial = (address: Address) => Duplex;

export interface DialFacts {
  /** The event that says that the connection stands; "connect" unless it is more than TCP. */
  readonly readyEvent?: string;
  /** @returns what a person should know of the error, undefined if nothing more than of any */
  readonly explain?: (error: unknown, address: Address) => string | undefined;
}
