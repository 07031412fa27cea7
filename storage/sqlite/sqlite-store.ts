/** The SQLite store as a whole: one file for samples and events. */
import { resolve } from "node:path";
import type { Store, StoreContext } from "../store.js";
import { openDatabase } from "./database.js";
import { SqliteEventStore } from "./event-store.js";
import { Retention } from "./retention.js";
import { SqliteArchive } from "./sqlite-archive.js";

/** @throws StorageError */
export function openSqliteStore({ stateDir, config, clock, log }: StoreContext): Store {
  const { file, keep } = config.sqlite;
  const path = resolve(stateDir, file);
  const db = openDatabase(path, { log });
  const retention = keep === undefined ? undefined : new Retention(db, keep, clock, log);
  return {
    archive: new SqliteArchive(db, path, { retention }),
    events: new SqliteEventStore(db, path),
  };
}
