/** What a way in says of itself; the runner fills it, the source does not. */

export type SourceState = "starting" | "ok" | "failing" | "stopped";

export interface SourceHealth {
  readonly name: string;
  /** As in the configuration: ganglia-xml, ganglia-udp, sensor. */
  readonly type: string;
  readonly state: SourceState;
  /** One line for a person: the last error, or "" while all is well. */
  readonly message: string;
  /** Newest frame or sums, epoch ms; 0 = none yet. */
  readonly lastFrameMs: number;
  /** Frames handed on since the start. */
  readonly frames: number;
  /** Polls or reads that failed since the start. */
  readonly failures: number;
  /**
   * Hosts, metrics or datagrams that were passed over as malformed since the start. What stays bad counts each time it
   * is read: one bad host polled every 15 s counts 240 an hour. The log tells of it once a minute.
   */
  readonly malformed: number;
  /** The source's clock minus ours, ms; 0 where it cannot be known. */
  readonly skewMs: number;
  /** The address in use, "" where there is none. */
  readonly address: string;
  /** Octets that came over the network since the start; absent where that is not counted. */
  readonly receivedBytes?: number;
}
