/**
 * A backup of a state directory, also while the collector works. The frames are
 * copied before the history: what leaves the frames in between has been archived by
 * then. The history is one snapshot of the database, taken by a connection of its own
 * that keeps nobody from reading or writing.
 */
import { existsSync } from "node:fs";
import { chmod, mkdir, open, readdir, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import Database from "better-sqlite3";
import { GrateError, messageOf } from "../../core/base/errors.js";
import { APPLICATION_ID, versionOf } from "../sqlite/schema.js";
import { copyLog, requireSpace, segmentsOf, sizeOf, syncPath } from "./files.js";
import { HISTORY, LOGS, MANIFEST, manifestText } from "./manifest.js";

/** 16 MB at a time: progress is told and an interrupt is heard in between. */
const PAGES_PER_STEP = 2_000;

/** Another process may be at its own backup or at a checkpoint. */
const LOCK_WAIT_MS = 5_000;

export interface BackupOptions {
  readonly stateDir: string;
  /** The history's file, absolute. */
  readonly historyFile: string;
  /** Directory to be made, absolute. */
  readonly to: string;
  /** Takes the place of what is there. */
  readonly force: boolean;
  readonly nowMs: number;
  readonly pid: number;
  readonly signal: AbortSignal;
  /** For tests. */
  readonly pagesPerStep?: number;
  /** How far the history is, 0 to 1. */
  progress(done: number, bytes: number): void;
}

export interface BackupReport {
  readonly bytes: number;
  readonly files: number;
}

/**
 * All or nothing: it is made under another name and renamed when it is complete.
 * @throws GrateError
 */
export async function makeBackup(options: BackupOptions): Promise<BackupReport> {
  const { stateDir, historyFile, to, force, nowMs, pid } = options;
  if (existsSync(to) && !force) {
    throw new GrateError(`${to} is there already; choose another place, or have it replaced with --force`);
  }
  if (!existsSync(historyFile)) {
    throw new GrateError(
      `there is no history to back up: ${historyFile} does not exist; name the state directory with --state`,
    );
  }
  await mkdir(dirname(to), { recursive: true });
  await removeLeftovers(to);
  const part = `${to}.part-${pid}`;
  await mkdir(part, { mode: 0o700 });
  try {
    await requireSpace(part, await bytesOfState(stateDir, historyFile), "make a backup");
    const files: Record<string, number> = {};
    for (const log of LOGS) {
      const copied = await copyLog(join(stateDir, log), join(part, log));
      for (const [name, bytes] of copied) files[`${log}/${name}`] = bytes;
    }
    const schemaVersion = await copyHistory(historyFile, join(part, HISTORY), options);
    files[HISTORY] = await sizeOf(join(part, HISTORY));
    await writeSynced(
      join(part, MANIFEST),
      manifestText({ madeAt: new Date(nowMs).toISOString(), schemaVersion, files }),
    );
    await syncPath(part);
    options.signal.throwIfAborted();
    await putInPlace(part, to);
    return { files: Object.keys(files).length, bytes: Object.values(files).reduce((sum, bytes) => sum + bytes, 0) };
  } catch (error) {
    await rm(part, { recursive: true, force: true });
    if (options.signal.aborted) throw new GrateError(`interrupted: there is no new backup in ${to}`);
    throw error instanceof GrateError ? error : new GrateError(`cannot make a backup in ${to}: ${messageOf(error)}`);
  }
}

async function bytesOfState(stateDir: string, historyFile: string): Promise<number> {
  let bytes = (await sizeOf(historyFile)) + (await sizeOf(`${historyFile}-wal`));
  for (const log of LOGS) {
    for (const name of await segmentsOf(join(stateDir, log))) bytes += await sizeOf(join(stateDir, log, name));
  }
  return bytes;
}

/** @returns version of its schema */
async function copyHistory(from: string, to: string, options: BackupOptions): Promise<number> {
  const { progress, signal, pagesPerStep = PAGES_PER_STEP } = options;
  const source = new Database(from, { readonly: true, fileMustExist: true, timeout: LOCK_WAIT_MS });
  let version: number;
  try {
    if (source.pragma("application_id", { simple: true }) !== APPLICATION_ID) {
      throw new GrateError(`${from} is not a database of Grate`);
    }
    version = versionOf(source);
    // A snapshot for the whole backup: without it each append would have it begin anew.
    source.exec("BEGIN");
    const pageBytes = source.pragma("page_size", { simple: true }) as number;
    source.prepare("SELECT count(*) FROM meta").get();
    await source.backup(to, {
      progress({ totalPages, remainingPages }) {
        signal.throwIfAborted();
        progress(1 - remainingPages / Math.max(1, totalPages), totalPages * pageBytes);
        return pagesPerStep;
      },
    });
  } finally {
    source.close();
  }
  await verify(to);
  return version;
}

/** Marks it as closed well, too: that is what it is. */
async function verify(file: string): Promise<void> {
  const copy = new Database(file);
  try {
    const verdict = copy.pragma("quick_check(1)", { simple: true });
    if (verdict !== "ok") throw new GrateError(`the history is damaged: ${String(verdict).replaceAll("\n", " ")}`);
    copy.prepare("INSERT INTO meta (key, value) VALUES ('clean', 'yes') ON CONFLICT DO UPDATE SET value = 'yes'").run();
  } finally {
    copy.close();
  }
  await chmod(file, 0o600);
  await syncPath(file);
}

async function writeSynced(path: string, text: string): Promise<void> {
  const handle = await open(path, "wx", 0o600);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** What was there is kept until the new one stands in its place. */
async function putInPlace(part: string, to: string): Promise<void> {
  const old = `${part}.old`;
  const replaces = existsSync(to);
  if (replaces) await rename(to, old);
  try {
    await rename(part, to);
  } catch (error) {
    if (replaces) await rename(old, to);
    throw error;
  }
  await syncPath(dirname(to));
  if (replaces) await rm(old, { recursive: true, force: true });
}

/** Of backups to the same place that were killed. */
async function removeLeftovers(to: string): Promise<void> {
  const begin = `${basename(to)}.part-`;
  for (const name of await readdir(dirname(to))) {
    const pid = name.startsWith(begin) ? Number(name.slice(begin.length)) : Number.NaN;
    if (Number.isInteger(pid) && !isAlive(pid)) await rm(join(dirname(to), name), { recursive: true, force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
