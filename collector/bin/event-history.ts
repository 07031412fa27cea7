/** Alert events from memory, and from the store where memory does not reach. */
import type { AlertEvent } from "../../core/model/alert.js";
import type { EventStore, StateStore } from "../../storage/event-store.js";
import type { EventSink, StateKeeper } from "../../triggers/engine/event-feed.js";

/**
 * @param recent newest first, at most `limit`, only older ones than `before`
 * @returns the same, from both places
 */
export function eventHistory(
  recent: (limit: number, before?: number) => readonly AlertEvent[],
  store: Pick<EventStore, "read">,
): (limit: number, before?: number) => Promise<readonly AlertEvent[]> {
  return async (limit, before) => {
    const events = recent(limit, before);
    const oldest = events.at(-1)?.sequence ?? before;
    // Sequence 1 is the first event there ever was.
    if (events.length >= limit || oldest === 1) return events;
    const older = await store.read({ limit: limit - events.length, beforeSequence: oldest });
    return [...events, ...older];
  };
}

/** The store as the trigger engine wants it. */
export function eventKeeper(store: EventStore): EventSink {
  const { states } = store;
  return {
    append: (events) => store.append(events),
    lastSequence: async () => (await store.read({ limit: 1 }))[0]?.sequence ?? 0,
    ...(states === undefined ? {} : { states: stateKeeper(states, store) }),
  };
}

function stateKeeper(states: StateStore, store: EventStore): StateKeeper {
  return {
    append: (events, changes) => states.append(events, changes),
    read: (query) => states.read(query),
    async event(sequence) {
      const [found] = await store.read({ limit: 1, beforeSequence: sequence + 1 });
      return found?.sequence === sequence ? found : undefined;
    },
  };
}
