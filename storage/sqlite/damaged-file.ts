/**
 * A file that is damaged is set aside, never deleted: collecting goes on with a new
 * one, and what the old one has can be got back by hand. As long as it lies there the
 * store says so.
 */
import { closeSync, openSync, readdirSync, readSync, renameSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { stampOf } from "./version-copy.js";

const MAGIC = Buffer.from("SQLite format 3\0");

/** Our files are whole pages long, see PAGE_BYTES in database.ts. */
const PAGE_BYTES = 8_192;

/**
 * Whether it was one of ours: a file of something else that was named by mistake is left where it is.
 * @returns true for SQLite's first bytes, for noughts in their place, and for whole pages of anything
 */
export function looksLikeOurs(file: string): boolean {
  try {
    const { size } = statSync(file);
    const head = Buffer.alloc(MAGIC.length);
    const descriptor = openSync(file, "r");
    readSync(descriptor, head, 0, head.length, 0);
    closeSync(descriptor);
    return head.equals(MAGIC) || head.every((byte) => byte === 0) || (size > 0 && size % PAGE_BYTES === 0);
  } catch {
    return false;
  }
}

/** The file and what SQLite has put beside it. Closed before. @returns its new name */
export function setAside(file: string, nowMs: number): string {
  const aside = `${file}.damaged-${stampOf(nowMs)}`;
  renameSync(file, aside);
  for (const suffix of ["-wal", "-shm"]) {
    try {
      renameSync(file + suffix, aside + suffix);
    } catch {
      // Mostly there is none.
    }
  }
  return aside;
}

/** @returns names of damaged files that lie beside it */
export function damagedBeside(file: string): string[] {
  const begin = `${basename(file)}.damaged-`;
  try {
    return readdirSync(dirname(file))
      .filter((name) => name.startsWith(begin) && !/-(?:wal|shm)$/.test(name))
      .map((name) => join(dirname(file), name))
      .sort();
  } catch {
    return [];
  }
}
