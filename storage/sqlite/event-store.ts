/** Alert events in the same SQLite file: one JSON text each, by sequence number. Alert states: state-store.ts. */
import type { Database } from "better-sqlite3";
import type { AlertEvent } from "../../core/model/alert.js";
import { requireSequences } from "../batch.js";
import { StorageError } from "../errors.js";
import { EVENTS_READ_MAX, type EventQuery, type EventStore, type StateStore } from "../event-store.js";
import { storageErrorOf } from "./sqlite-errors.js";
import { SqliteStateStore } from "./state-store.js";

/** Events kept whatever their age: some 500 MB. The oldest go first. */
const EVENTS_MAX = 1_000_000;

export class SqliteEventStore implements EventStore {
  readonly states: StateStore;
  readonly #db: Database;
  readonly #file: string;
  readonly #append: (events: readonly AlertEvent[]) => void;
  readonly #read;

  /** @param db from openDatabase; the archive closes it @param file for messages */
  constructor(db: Database, file: string, eventsMax = EVENTS_MAX) {
    this.#db = db;
    this.#file = file;
    const insert = db.prepare<[number, number, string]>(
      "INSERT INTO event (sequence, time_ms, json) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
    );
    const trim = db.prepare<[number]>("DELETE FROM event WHERE sequence <= (SELECT max(sequence) FROM event) - ?");
    const insertAll = (events: readonly AlertEvent[]) => {
      requireSequences(events);
      for (const event of events) insert.run(event.sequence, event.timeMs, JSON.stringify(event));
      // Numbers grow by one, so the distance of numbers is the count of events.
      if (events.length > 0) trim.run(eventsMax);
    };
    this.#append = db.transaction(insertAll).immediate;
    this.states = new SqliteStateStore(db, insertAll, (action, work) => this.#run(action, work));
    this.#read = db
      .prepare<[number, number], string>("SELECT json FROM event WHERE sequence < ? ORDER BY sequence DESC LIMIT ?")
      .pluck();
  }

  async append(events: readonly AlertEvent[]): Promise<void> {
    this.#run("append to", () => this.#append(events));
  }

  async read({ limit, beforeSequence = Number.MAX_SAFE_INTEGER }: EventQuery): Promise<AlertEvent[]> {
    return this.#run("read", () => {
      // Below zero SQLite would take it for "no limit".
      const count = Math.max(0, Math.min(Math.floor(limit), EVENTS_READ_MAX)) || 0;
      return this.#read.all(beforeSequence, count).map((json) => JSON.parse(json) as AlertEvent);
    });
  }

  #run<T>(action: string, work: () => T): T {
    if (!this.#db.open) throw new StorageError("storage-closed", `cannot ${action} ${this.#file}: it is closed`);
    try {
      return work();
    } catch (error) {
      throw storageErrorOf(error, action, this.#file);
    }
  }
}
