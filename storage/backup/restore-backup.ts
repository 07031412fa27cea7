/**
 * Puts a backup in the place of what a state directory has. The backup is looked over
 * before anything is touched; what is replaced is kept beside it under another name.
 */
import { existsSync } from "node:fs";
import { mkdir, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import Database from "better-sqlite3";
import { GrateError, messageOf } from "../../core/base/errors.js";
import { APPLICATION_ID, MIGRATIONS, versionOf } from "../sqlite/schema.js";
import { stampOf } from "../sqlite/version-copy.js";
import { copySynced, requireSpace, sizeOf, syncPath } from "./files.js";
import { HISTORY, LOGS, type Manifest, readManifest } from "./manifest.js";

export interface CheckedBackup {
  readonly from: string;
  readonly manifest: Manifest;
  readonly bytes: number;
}

/**
 * Reads all of it.
 * @throws GrateError: no backup, an incomplete or a damaged one, or one of a newer program
 */
export async function checkBackup(from: string): Promise<CheckedBackup> {
  const manifest = readManifest(from);
  let bytes = 0;
  for (const [name, expected] of Object.entries(manifest.files)) {
    const found = await sizeOf(join(from, name));
    if (found !== expected) {
      throw new GrateError(`the backup in ${from} is damaged: ${name} has ${found} bytes, expected ${expected}`);
    }
    bytes += expected;
  }
  if (manifest.files[HISTORY] === undefined) throw new GrateError(`the backup in ${from} has no ${HISTORY}`);
  checkHistory(join(from, HISTORY));
  return { from, manifest, bytes };
}

function checkHistory(file: string): void {
  const newest = MIGRATIONS.at(-1)?.version ?? 0;
  let db: Database.Database | undefined;
  try {
    db = new Database(file, { readonly: true, fileMustExist: true });
    if (db.pragma("application_id", { simple: true }) !== APPLICATION_ID) {
      throw new GrateError(`${file} is not a database of Grate`);
    }
    const version = versionOf(db);
    if (version > newest) {
      throw new GrateError(
        `${file} has schema version ${version}, this program knows versions up to ${newest}: restore it with the newer Grate`,
      );
    }
    const verdict = db.pragma("integrity_check(1)", { simple: true });
    if (verdict !== "ok") throw new GrateError(`${file} is damaged: ${String(verdict).replaceAll("\n", " ")}`);
  } catch (error) {
    throw error instanceof GrateError ? error : new GrateError(`${file} is damaged: ${messageOf(error)}`);
  } finally {
    db?.close();
  }
}

export interface RestoreOptions {
  /** Locked by the caller. */
  readonly stateDir: string;
  /** Where the history's file belongs, absolute. */
  readonly historyFile: string;
  readonly nowMs: number;
}

export interface RestoreReport {
  /** What was replaced, under its new name. */
  readonly aside: readonly string[];
}

/** @throws GrateError; then everything is where it was */
export async function restoreBackup(
  { from, manifest, bytes }: CheckedBackup,
  { stateDir, historyFile, nowMs }: RestoreOptions,
): Promise<RestoreReport> {
  await mkdir(dirname(historyFile), { recursive: true });
  await requireSpace(stateDir, bytes, "restore the backup");
  const places: readonly (readonly [name: string, target: string])[] = [
    [HISTORY, historyFile],
    ...LOGS.map((log) => [log, join(stateDir, log)] as const),
  ];
  const drafts = places.map(([, target]) => `${target}.restoring`);
  const undo: (() => Promise<void>)[] = [];
  try {
    for (const [i, [name]] of places.entries()) await copyItem(from, name, manifest, drafts[i] as string);
    const aside: string[] = [];
    for (const [i, [, target]] of places.entries()) {
      // With the database's log and index, by the names under which SQLite finds them.
      for (const suffix of ["-wal", "-shm", ""]) {
        const path = target + suffix;
        if (!existsSync(path)) continue;
        const kept = `${target}.replaced-${stampOf(nowMs)}${suffix}`;
        await rename(path, kept);
        undo.push(() => rename(kept, path));
        aside.push(kept);
      }
      await rename(drafts[i] as string, target);
      undo.push(() => rm(target, { recursive: true, force: true }));
      await syncPath(dirname(target));
    }
    return { aside };
  } catch (error) {
    for (const back of undo.reverse()) await back();
    throw new GrateError(`cannot restore into ${stateDir}: ${messageOf(error)}; everything is as it was`);
  } finally {
    for (const draft of drafts) await rm(draft, { recursive: true, force: true });
  }
}

async function copyItem(from: string, item: string, manifest: Manifest, to: string): Promise<void> {
  await rm(to, { recursive: true, force: true });
  if (item === HISTORY) return copySynced(join(from, item), to);
  await mkdir(to, { mode: 0o700 });
  for (const name of Object.keys(manifest.files)) {
    if (name.startsWith(`${item}/`)) await copySynced(join(from, name), join(to, name.slice(item.length + 1)));
  }
  await syncPath(to);
}
