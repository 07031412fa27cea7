/**
 * Opening and closing the file: makes it or recognises it, takes it to the newest
 * schema, and looks for damage after a crash. A file that we do not understand is
 * refused and left as it is.
 */
import { mkdirSync, statSync } from "node:fs";
import { dirname } from "node:path";
import Database from "better-sqlite3";
import { codeOf } from "../../core/base/errors.js";
import { StorageError } from "../errors.js";
import type { StoreLog } from "../store.js";
import { refuseNetworkFileSystem } from "./file-system.js";
import { APPLICATION_ID, MIGRATIONS, type Migration, migrate, versionOf } from "./schema.js";
import { corruptFile, foreignFile, storageErrorOf } from "./sqlite-errors.js";
import { copyBeforeMigration } from "./version-copy.js";

/**
 * Chunks are 0.5 to 4 kB. In pages of 4 kB, SQLite's default, a row above 2 kB
 * leaves the rest of its page empty; in larger ones each changed row costs more writing.
 */
const PAGE_BYTES = 8_192;

/**
 * Of pages in memory. A spill goes through all tails in order, some 30 MB at 1,000 hosts, so that none of them is there
 * when it comes round again, and the kernel has them anyway: 16 MB, the default of better-sqlite3, took no less time.
 */
const CACHE_KIB = 4_000;

/** After a checkpoint the log file is cut to this; without it, it keeps the size of the largest append. */
const LOG_BYTES_MAX = 32 * 2 ** 20;

/** How long to wait for another program, such as a backup, to let go of the file. */
const LOCK_WAIT_MS = 5_000;

/**
 * PRAGMA quick_check reads the whole file: a third of a second for so much from
 * memory, some seconds from a slow disk. SQLite itself mends what a crash leaves, so
 * for larger files the start does not wait.
 */
const CHECK_BYTES_MAX = 256 * 2 ** 20;

export interface DatabaseOptions {
  readonly log: StoreLog;
  /** For tests of migrations. */
  readonly migrations?: readonly Migration[];
}

/** @throws StorageError */
export function openDatabase(file: string, options: DatabaseOptions): Database.Database {
  const { log, migrations = MIGRATIONS } = options;
  let db: Database.Database | undefined;
  try {
    mkdirSync(dirname(file), { recursive: true });
    refuseNetworkFileSystem(dirname(file));
    db = new Database(file, { timeout: LOCK_WAIT_MS });
    requireOurs(db, file, migrations);
    // Takes effect only while the file is empty.
    db.pragma(`page_size = ${PAGE_BYTES}`);
    db.pragma("journal_mode = WAL");
    db.pragma("synchronous = FULL");
    db.pragma(`cache_size = -${CACHE_KIB}`);
    db.pragma(`journal_size_limit = ${LOG_BYTES_MAX}`);
    const version = versionOf(db);
    if (version > 0 && version < (migrations.at(-1)?.version ?? 0)) copyBeforeMigration(db, file, version, log);
    migrate(db, migrations);
    if (version > 0 && version < versionOf(db)) {
      log.info(`${file}: schema version ${version} was taken to ${versionOf(db)}`);
    }
    if (readMeta(db, "clean") === "no") checkAfterCrash(db, file, log);
    markOpened(db, file, log);
    return db;
  } catch (error) {
    db?.close();
    throw storageErrorOf(error, "open", file);
  }
}

/** Closes it so that the next opening knows that nothing went wrong. Idempotent. */
export function closeDatabase(db: Database.Database): void {
  if (!db.open) return;
  try {
    writeMeta(db, "clean", "yes");
  } catch {
    // A full or broken disk. Everything appended is safe in the log file; the next start checks the file.
  }
  // The last connection writes the log back and removes it.
  db.close();
}

function requireOurs(db: Database.Database, file: string, migrations: readonly Migration[]): void {
  // The first read of the file: throws SQLITE_NOTADB for anything that is no database.
  const tables = db.prepare("SELECT count(*) FROM sqlite_schema").pluck().get() as number;
  if (tables === 0) return;
  const id = db.pragma("application_id", { simple: true });
  if (id !== APPLICATION_ID) throw foreignFile(file, `it belongs to another program (application_id ${id})`);
  const version = versionOf(db);
  const newest = migrations.at(-1)?.version ?? 0;
  if (version > newest) {
    throw new StorageError(
      "storage-newer",
      `${file} has schema version ${version}, this program knows versions up to ${newest}: ` +
        "it was written by a newer Grate. Update this one, or move the file aside and start again",
    );
  }
}

/** A full disk must not keep the program from starting: what is there can be read. */
function markOpened(db: Database.Database, file: string, log: StoreLog): void {
  try {
    writeMeta(db, "clean", "no");
  } catch (error) {
    if (codeOf(error) !== "SQLITE_FULL") throw error;
    log.warn(`${file} is on a file system without space: history can be read, appends will fail until there is room`);
  }
}

function checkAfterCrash(db: Database.Database, file: string, log: StoreLog): void {
  const bytes = statSync(file).size;
  if (bytes > CHECK_BYTES_MAX) {
    log.info(`${file} was not closed last time; it is not checked for damage because of its size (${bytes} bytes)`);
    return;
  }
  const verdict = db.pragma("quick_check(1)", { simple: true });
  if (verdict !== "ok")
    throw corruptFile(file, `the check after a crash found: ${String(verdict).replaceAll("\n", " ")}`);
  log.info(`${file} was not closed last time; checked, no damage found`);
}

function readMeta(db: Database.Database, key: string): string | undefined {
  return db.prepare("SELECT value FROM meta WHERE key = ?").pluck().get(key) as string | undefined;
}

function writeMeta(db: Database.Database, key: string, value: string): void {
  db.prepare("INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value").run(
    key,
    value,
  );
}
