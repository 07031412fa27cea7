/** The tables, as a list of steps from one version to the next; SCHEMA.md draws them. */
import type { Database } from "better-sqlite3";

/** "GRAT" in ASCII: tells our files from other programs' SQLite databases. */
export const APPLICATION_ID = 0x47524154;

export interface Migration {
  /** PRAGMA user_version after it. */
  readonly version: number;
  readonly sql: string;
}

/** Ascending. A step that was released is never changed; a further one is added. */
export const MIGRATIONS: readonly Migration[] = Object.freeze([
  {
    version: 1,
    sql: `
      -- AUTOINCREMENT: an id is never given again, so that a chunk of a series that was forgotten finds no new owner.
      CREATE TABLE series (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        cluster TEXT NOT NULL,
        host TEXT NOT NULL,
        metric TEXT NOT NULL,
        type TEXT NOT NULL,
        units TEXT NOT NULL,
        UNIQUE (cluster, host, metric)
      ) STRICT;

      -- The newest samples of each series, rewritten with each append: close together, so that few pages change.
      CREATE TABLE tail (
        series_id INTEGER PRIMARY KEY,
        start_ms REAL NOT NULL,
        end_ms REAL NOT NULL,
        count INTEGER NOT NULL,
        blob BLOB NOT NULL
      ) STRICT;

      -- What left the tail; never changed, only added at the end and deleted by age.
      CREATE TABLE chunk (
        id INTEGER PRIMARY KEY,
        series_id INTEGER NOT NULL,
        start_ms REAL NOT NULL,
        end_ms REAL NOT NULL,
        count INTEGER NOT NULL,
        blob BLOB NOT NULL
      ) STRICT;
      CREATE UNIQUE INDEX chunk_by_series ON chunk (series_id, start_ms);
      CREATE INDEX chunk_by_end ON chunk (end_ms);

      CREATE TABLE event (
        sequence INTEGER PRIMARY KEY,
        time_ms REAL NOT NULL,
        json TEXT NOT NULL
      ) STRICT;

      CREATE TABLE meta (
        key TEXT PRIMARY KEY,
        value TEXT NOT NULL
      ) STRICT, WITHOUT ROWID;
    `,
  },
  {
    version: 2,
    sql: `
      -- One metric of all hosts: without it a question looks at every series of the cluster.
      CREATE INDEX series_by_metric ON series (cluster, metric);
    `,
  },
  {
    version: 3,
    sql: `
      -- What the triggers must not forget: a row while something is pending, firing or not finished.
      CREATE TABLE state (
        cluster TEXT NOT NULL,
        trigger TEXT NOT NULL,
        host TEXT NOT NULL,
        task TEXT NOT NULL,
        kind TEXT NOT NULL,
        time_ms REAL NOT NULL,
        edition TEXT NOT NULL,
        json TEXT NOT NULL,
        PRIMARY KEY (cluster, trigger, host, task)
      ) STRICT;
    `,
  },
]);

/**
 * Takes the file to the newest version, each step whole or not at all.
 * The caller has made sure that the version is not newer than the list.
 */
export function migrate(db: Database, migrations: readonly Migration[]): void {
  for (const migration of migrations) {
    if (migration.version <= versionOf(db)) continue;
    db.transaction(() => {
      // Asked again under the lock: another program may have been faster.
      if (migration.version <= versionOf(db)) return;
      db.exec(migration.sql);
      db.pragma(`application_id = ${APPLICATION_ID}`);
      db.pragma(`user_version = ${migration.version}`);
    }).exclusive();
  }
}

export function versionOf(db: Database): number {
  return db.pragma("user_version", { simple: true }) as number;
}
