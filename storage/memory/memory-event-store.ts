/** The event and state ports in their plainest form: the reference that other stores are compared with, and for embedding. */
import type { AlertEvent } from "../../core/model/alert.js";
import type { StateChanges, StateKey, StateRow } from "../../core/model/kept-state.js";
import { requireSequences } from "../batch.js";
import { EVENTS_READ_MAX, type EventQuery, type EventStore, STATES_READ_MAX, type StateStore } from "../event-store.js";

/** May outlive the store, as a file would. */
export class MemoryEvents {
  readonly events = new Map<number, AlertEvent>();
  /** By key text. */
  readonly states = new Map<string, { readonly edition: string; readonly row: StateRow }>();
  edition = "";
}

export class MemoryEventStore implements EventStore {
  readonly states: StateStore;
  readonly #data: MemoryEvents;

  constructor(data = new MemoryEvents()) {
    this.#data = data;
    this.states = {
      append: async (events, changes) => {
        this.#append(events);
        return applied(data, changes);
      },
      read: async ({ limit, after }) => {
        const rows = [...data.states.values()].map(({ row }) => row).sort(byKey);
        const rest = after === undefined ? rows : rows.filter((row) => byKey(row, after) > 0);
        return rest.slice(0, countOf(limit, STATES_READ_MAX));
      },
    };
  }

  async append(events: readonly AlertEvent[]): Promise<void> {
    this.#append(events);
  }

  async read({ limit, beforeSequence = Number.POSITIVE_INFINITY }: EventQuery): Promise<AlertEvent[]> {
    const found = [...this.#data.events.values()].filter(({ sequence }) => sequence < beforeSequence);
    return found.sort((a, b) => b.sequence - a.sequence).slice(0, countOf(limit, EVENTS_READ_MAX));
  }

  #append(events: readonly AlertEvent[]): void {
    requireSequences(events);
    const { events: held } = this.#data;
    for (const event of events) if (!held.has(event.sequence)) held.set(event.sequence, event);
  }
}

function applied(data: MemoryEvents, { edition, step, rows, gone }: StateChanges): boolean {
  if (step === "change" && data.edition !== edition) return false;
  for (const key of gone) data.states.delete(keyText(key));
  for (const row of rows) data.states.set(keyText(row), { edition, row });
  if (step !== "last") return true;
  for (const [key, kept] of data.states) if (kept.edition !== edition) data.states.delete(key);
  data.edition = edition;
  return true;
}

function keyText({ cluster, trigger, host, task }: StateKey): string {
  return JSON.stringify([cluster, trigger, host, task]);
}

function byKey(a: StateKey, b: StateKey): number {
  for (const part of ["cluster", "trigger", "host", "task"] as const) {
    const order = Buffer.compare(Buffer.from(a[part]), Buffer.from(b[part]));
    if (order !== 0) return order;
  }
  return 0;
}

function countOf(limit: number, max: number): number {
  return Math.max(0, Math.min(Math.floor(limit), max)) || 0;
}
