/** Copying and keeping files for backup and restore: what is done survives a power cut. */
import { constants } from "node:fs";
import { copyFile, mkdir, open, readdir, rm, stat, statfs } from "node:fs/promises";
import { join } from "node:path";
import { codeOf, GrateError } from "../../core/base/errors.js";

/** Left for everybody else on the file system. */
const SPARE_BYTES = 64 * 2 ** 20;

/** A log that loses its oldest segment while it is copied is copied anew; it does so every ten minutes. */
const ATTEMPTS_MAX = 10;

/** @throws GrateError */
export async function requireSpace(directory: string, bytes: number, what: string): Promise<void> {
  const { bavail, bsize } = await statfs(directory);
  const free = bavail * bsize;
  if (free >= bytes + SPARE_BYTES) return;
  throw new GrateError(
    `cannot ${what}: it needs ${bytes + SPARE_BYTES} bytes in ${directory}, ${free} are free; nothing was written`,
  );
}

/** Of a file or a directory, down to the disk. */
export async function syncPath(path: string): Promise<void> {
  const handle = await open(path, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Shares the blocks where the file system can. */
export async function copySynced(from: string, to: string): Promise<void> {
  await copyFile(from, to, constants.COPYFILE_FICLONE | constants.COPYFILE_EXCL);
  await syncPath(to);
}

/** @returns bytes; 0 where there is nothing */
export async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if (codeOf(error) === "ENOENT") return 0;
    throw error;
  }
}

export async function segmentsOf(directory: string): Promise<string[]> {
  try {
    return (await readdir(directory)).filter((name) => name.endsWith(".log")).sort();
  } catch (error) {
    if (codeOf(error) === "ENOENT") return [];
    throw error;
  }
}

/**
 * Copies a record log while it is written to. Segments only grow and go oldest first,
 * so what is copied in order and still there afterwards is the beginning of the log, up
 * to some record; a torn last one is what every reader is prepared for.
 * @returns bytes by name
 */
export async function copyLog(from: string, to: string): Promise<Map<string, number>> {
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
    await rm(to, { recursive: true, force: true });
    await mkdir(to, { mode: 0o700 });
    const names = await segmentsOf(from);
    try {
      for (const name of names) await copySynced(join(from, name), join(to, name));
    } catch (error) {
      if (codeOf(error) === "ENOENT") continue;
      throw error;
    }
    const left = new Set(await segmentsOf(from));
    if (!names.every((name) => left.has(name))) continue;
    const sizes = new Map<string, number>();
    for (const name of names) sizes.set(name, await sizeOf(join(to, name)));
    await syncPath(to);
    return sizes;
  }
  throw new GrateError(`cannot copy ${from}: its files changed ${ATTEMPTS_MAX} times meanwhile; try again`);
}
