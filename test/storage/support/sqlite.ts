/** The SQLite store in this thread, for tests that look inside it. */
import type Database from "better-sqlite3";
import { storageSchema } from "../../../storage/config.js";
import { openDatabase } from "../../../storage/sqlite/database.js";
import type { StoreLog } from "../../../storage/store.js";

export const DEFAULT_CONFIG = storageSchema.parse(undefined);

/** Keeps the lines. */
export class KeptLog implements StoreLog {
  readonly lines: string[] = [];
  info(message: string): void {
    this.lines.push(`info ${message}`);
  }
  warn(message: string): void {
    this.lines.push(`warn ${message}`);
  }
}

export function openTestDatabase(file: string, log: StoreLog = new KeptLog()): Database.Database {
  return openDatabase(file, { log });
}
