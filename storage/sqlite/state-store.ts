/** Alert states in the same SQLite file: rows that come and go in the transaction of the events that tell why. */
import type { Database } from "better-sqlite3";
import type { AlertEvent } from "../../core/model/alert.js";
import type { StateChanges, StateRow } from "../../core/model/kept-state.js";
import { STATES_READ_MAX, type StateQuery, type StateStore } from "../event-store.js";

/** In the table `meta`: of the rows. */
const EDITION_KEY = "state-edition";

export class SqliteStateStore implements StateStore {
  readonly #append: (events: readonly AlertEvent[], changes: StateChanges) => boolean;
  readonly #first;
  readonly #after;
  readonly #run: <T>(action: string, work: () => T) => T;

  /**
   * @param insertEvents within a transaction
   * @param run makes our errors of SQLite's
   */
  constructor(
    db: Database,
    insertEvents: (events: readonly AlertEvent[]) => void,
    run: <T>(action: string, work: () => T) => T,
  ) {
    this.#run = run;
    const apply = changesWriter(db);
    this.#append = db.transaction((events: readonly AlertEvent[], changes: StateChanges) => {
      insertEvents(events);
      return apply(changes);
    }).immediate;
    const columns = "cluster, trigger, host, task, kind, time_ms AS timeMs, json";
    const order = "ORDER BY cluster, trigger, host, task LIMIT ?";
    this.#first = db.prepare<[number], StateRow>(`SELECT ${columns} FROM state ${order}`);
    this.#after = db.prepare<[string, string, string, string, number], StateRow>(
      `SELECT ${columns} FROM state WHERE (cluster, trigger, host, task) > (?, ?, ?, ?) ${order}`,
    );
  }

  async append(events: readonly AlertEvent[], changes: StateChanges): Promise<boolean> {
    return this.#run("append to", () => this.#append(events, changes));
  }

  async read({ limit, after }: StateQuery): Promise<StateRow[]> {
    return this.#run("read", () => {
      // Below zero SQLite would take it for "no limit".
      const count = Math.max(0, Math.min(Math.floor(limit), STATES_READ_MAX)) || 0;
      if (after === undefined) return this.#first.all(count);
      return this.#after.all(after.cluster, after.trigger, after.host, after.task, count);
    });
  }
}

/** @returns whether the changes were taken */
function changesWriter(db: Database): (changes: StateChanges) => boolean {
  const readEdition = db.prepare<[string], string>("SELECT value FROM meta WHERE key = ?").pluck();
  const writeEdition = db.prepare<[string, string]>(
    "INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value",
  );
  const set = db.prepare<[string, string, string, string, string, number, string, string]>(
    "INSERT OR REPLACE INTO state (cluster, trigger, host, task, kind, time_ms, edition, json) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
  );
  const remove = db.prepare<[string, string, string, string]>(
    "DELETE FROM state WHERE cluster = ? AND trigger = ? AND host = ? AND task = ?",
  );
  const removeOthers = db.prepare<[string]>("DELETE FROM state WHERE edition <> ?");
  return ({ edition, step, rows, gone }) => {
    if (step === "change" && readEdition.get(EDITION_KEY) !== edition) return false;
    for (const { cluster, trigger, host, task } of gone) remove.run(cluster, trigger, host, task);
    for (const { cluster, trigger, host, task, kind, timeMs, json } of rows) {
      set.run(cluster, trigger, host, task, kind, timeMs, edition, json);
    }
    if (step !== "last") return true;
    removeOthers.run(edition);
    writeEdition.run(EDITION_KEY, edition);
    return true;
  };
}
