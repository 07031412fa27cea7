/**
 * A copy of the file as the version before left it, made before the schema is taken
 * forward: whoever has to go back to the older program has its file. It is never
 * deleted by us.
 */
import {
  closeSync,
  constants,
  copyFileSync,
  existsSync,
  fsyncSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  statfsSync,
  statSync,
  writeSync,
} from "node:fs";
import { dirname } from "node:path";
import type { Database } from "better-sqlite3";
import { StorageError } from "../errors.js";
import type { StoreLog } from "../store.js";

/** Left for everybody else on the file system, and for what the migration itself writes. */
const SPARE_BYTES = 64 * 2 ** 20;

/** Copied at a time. */
const PIECE_BYTES = 4 * 2 ** 20;

/** Smaller ones are copied in a second or two, and nobody waits for news of them. */
const TOLD_BYTES_MIN = 256 * 2 ** 20;

/**
 * Writes the file's log back into it and copies it to FILE.v<version>-<time it was last changed>.
 * A copy that was interrupted is begun anew; one that was finished is not made twice.
 * @param db open on the file; nobody else writes to it
 * @throws StorageError "storage-full" where there is no room for it
 */
export function copyBeforeMigration(db: Database, file: string, version: number, log: StoreLog): void {
  // All of it into the file, so that one file is the whole.
  db.pragma("wal_checkpoint(TRUNCATE)");
  const { size, mtimeMs } = statSync(file);
  const copy = `${file}.v${version}-${stampOf(mtimeMs)}`;
  if (existsSync(copy)) return;
  const part = `${copy}.part`;
  rmSync(part, { force: true });
  requireSpace(dirname(file), size, file, version);
  log.info(`${file} is copied to ${copy} before its schema is taken forward (${size} bytes)`);
  try {
    if (!cloned(file, part)) copyAll(file, part, size, log);
    const descriptor = openSync(part, "r");
    fsyncSync(descriptor);
    closeSync(descriptor);
    renameSync(part, copy);
  } catch (error) {
    rmSync(part, { force: true });
    throw error;
  }
}

/** 20261122T010203Z */
export function stampOf(timeMs: number): string {
  return new Date(timeMs).toISOString().replace(/\.\d+/, "").replaceAll(/[-:]/g, "");
}

function requireSpace(directory: string, bytes: number, file: string, version: number): void {
  const { bavail, bsize } = statfsSync(directory);
  const free = bavail * bsize;
  if (free >= bytes + SPARE_BYTES) return;
  throw new StorageError(
    "storage-full",
    `cannot take ${file} from schema version ${version} to a newer one: a copy of it is made before, which needs ` +
      `${bytes + SPARE_BYTES} bytes in ${directory}, ${free} are free; make room and start again`,
  );
}

/** On file systems that can, at once and without taking space. */
function cloned(from: string, to: string): boolean {
  try {
    copyFileSync(from, to, constants.COPYFILE_FICLONE_FORCE);
    return true;
  } catch {
    rmSync(to, { force: true });
    return false;
  }
}

function copyAll(from: string, to: string, size: number, log: StoreLog): void {
  const source = openSync(from, "r");
  const target = openSync(to, "wx", 0o600);
  try {
    const piece = Buffer.allocUnsafe(PIECE_BYTES);
    let told = 0;
    for (let at = 0; ; ) {
      const count = readSync(source, piece, 0, PIECE_BYTES, at);
      if (count === 0) return;
      writeSync(target, piece, 0, count, at);
      at += count;
      const tenths = Math.floor((10 * at) / size);
      if (size < TOLD_BYTES_MIN || tenths === told) continue;
      told = tenths;
      log.info(`${to}: ${tenths * 10} % copied`);
    }
  } finally {
    closeSync(source);
    closeSync(target);
  }
}
