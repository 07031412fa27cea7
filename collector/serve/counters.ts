/** What a port has done since the start; shown by /metrics. */

/**
 * How a connection ended:
 * answered: whole reply handed to the kernel · refused: peer not in the allow list, or without the TLS that is
 * asked of it · busy: too many clients or too much waiting to be sent · rejected: the request was none · slow: the client did not send or read in time ·
 * left: the client went away first
 */
export const OUTCOMES = ["answered", "refused", "busy", "rejected", "slow", "left"] as const;
export type Outcome = (typeof OUTCOMES)[number];

export interface PortCounters {
  readonly connections: Record<Outcome, number>;
  sentBytes: number;
  /** Connected at the moment. */
  clients: number;
}

export function newPortCounters(): PortCounters {
  return {
    connections: { answered: 0, refused: 0, busy: 0, rejected: 0, slow: 0, left: 0 },
    sentBytes: 0,
    clients: 0,
  };
}
