/** The ports of a store of alert events and alert states: what the triggers did, and how they stand. */
import type { AlertEvent } from "../core/model/alert.js";
import type { StateChanges, StateKey, StateRow } from "../core/model/kept-state.js";

/** Most events that one read returns; a larger limit is lowered to it. */
export const EVENTS_READ_MAX = 10_000;

/** Most rows of states that one read returns; a larger limit is lowered to it. */
export const STATES_READ_MAX = 10_000;

export interface EventQuery {
  /** At most so many, see EVENTS_READ_MAX. */
  readonly limit: number;
  /** Only events with a lower sequence number; absent: from the newest. */
  readonly beforeSequence?: number | undefined;
}

export interface StateQuery {
  /** At most so many, see STATES_READ_MAX. */
  readonly limit: number;
  /** Only rows behind this one, in the order of reading; absent: from the first. */
  readonly after?: StateKey | undefined;
}

export interface EventStore {
  /**
   * Resolves when the events survive the end of the process. All or nothing.
   * An event whose sequence number is held already is passed over.
   */
  append(events: readonly AlertEvent[]): Promise<void>;

  /** Newest first. */
  read(query: EventQuery): Promise<AlertEvent[]>;

  /** Absent: the store keeps events only. */
  readonly states?: StateStore;
}

export interface StateStore {
  /**
   * Events, as EventStore.append, and what they changed: both or neither.
   * @returns false if the changes are of an edition whose rows are not here: the events
   *   are taken, the changes are not, and all events and all rows are wanted
   */
  append(events: readonly AlertEvent[], changes: StateChanges): Promise<boolean>;

  /** By cluster, trigger, host and task, each in the order of its UTF-8 bytes. */
  read(query: StateQuery): Promise<StateRow[]>;
}
