/** The port of a store of alert events: the history of what the triggers did. */
import type { AlertEvent } from "../core/model/alert.js";

/** Most events that one read returns; a larger limit is lowered to it. */
export const EVENTS_READ_MAX = 10_000;

export interface EventQuery {
  /** At most so many, see EVENTS_READ_MAX. */
  readonly limit: number;
  /** Only events with a lower sequence number; absent: from the newest. */
  readonly beforeSequence?: number | undefined;
}

export interface EventStore {
  /**
   * Resolves when the events survive the end of the process. All or nothing.
   * An event whose sequence number is held already is passed over.
   */
  append(events: readonly AlertEvent[]): Promise<void>;

  /** Newest first. */
  read(query: EventQuery): Promise<AlertEvent[]>;
}
