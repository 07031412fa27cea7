/** The files of documents on the disk: appending to the hour's file, deleting what is too old or too much. */
import { constants, type Dirent } from "node:fs";
import { type FileHandle, mkdir, open, readdir, rm, rmdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { codeOf } from "../../core/base/errors.js";
import { type DocumentFile, directoryName, endOfHour, fileName, hourOf, parseFileName } from "./file-names.js";

/** They hold all that the monitoring knows; other accounts of the machine have no business in them. */
const FILE_MODE = 0o600;
const DIRECTORY_MODE = 0o700;

/** Of one hour and cluster: more parts than that come of a process that starts again and again. */
const PARTS_MAX = 10_000;

/** The file that a cluster's documents go to. */
interface Current {
  readonly file: DocumentFile;
  readonly path: string;
  /** Whole documents. */
  bytes: number;
}

interface Found {
  readonly path: string;
  readonly file: DocumentFile;
  readonly bytes: number;
}

export class DocumentDirectory {
  readonly #directory: string;
  readonly #current = new Map<string, Current>();

  /** @param directory made at the first write */
  constructor(directory: string) {
    this.#directory = directory;
  }

  /**
   * Appends one document; all of it or nothing.
   * @param packed one gzip member, so that a file may end anywhere between two
   * @throws the system's error
   */
  async append(cluster: string, timeMs: number, packed: Uint8Array): Promise<void> {
    const current = await this.#fileFor(cluster, timeMs);
    const handle = await open(current.path, constants.O_WRONLY | constants.O_APPEND);
    try {
      await writeAll(handle, packed);
      current.bytes += packed.length;
    } catch (error) {
      // Half a document would make what comes after it unreadable.
      await handle.truncate(current.bytes).catch(() => this.#current.delete(cluster));
      throw error;
    } finally {
      await handle.close();
    }
  }

  /**
   * Deletes files of hours that ended longer ago than keepMs, then the oldest until all
   * together have at most bytesMax. Files in use stay, and so does what is none of ours.
   * @returns bytes that are left
   */
  async sweep(nowMs: number, keepMs: number, bytesMax: number): Promise<number> {
    const inUse = new Set([...this.#current.values()].map(({ path }) => path));
    const files = (await this.#list()).sort((a, b) => a.file.hourMs - b.file.hourMs || a.file.part - b.file.part);
    let left = files.reduce((sum, { bytes }) => sum + bytes, 0);
    for (const { path, file, bytes } of files) {
      const isOld = endOfHour(file) <= nowMs - keepMs;
      if (inUse.has(path) || !(isOld || left > bytesMax)) continue;
      await rm(path, { force: true });
      left -= bytes;
    }
    await this.#removeEmpty();
    return left;
  }

  /** A file of an earlier process may end in the middle of a document; nothing is written behind it. */
  async #fileFor(cluster: string, timeMs: number): Promise<Current> {
    const hourMs = hourOf(timeMs);
    const known = this.#current.get(cluster);
    if (known?.file.hourMs === hourMs) return known;
    const directory = join(this.#directory, directoryName(cluster));
    await mkdir(directory, { recursive: true, mode: DIRECTORY_MODE });
    for (let part = 1; part <= PARTS_MAX; part++) {
      const file = { hourMs, part };
      const path = join(directory, fileName(file));
      try {
        const handle = await open(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, FILE_MODE);
        await handle.close();
      } catch (error) {
        if (codeOf(error) === "EEXIST") continue;
        throw error;
      }
      const current = { file, path, bytes: 0 };
      this.#current.set(cluster, current);
      return current;
    }
    throw new Error(`${directory} has ${PARTS_MAX} files of one hour already`);
  }

  async #list(): Promise<Found[]> {
    const found: Found[] = [];
    for (const directory of await entriesOf(this.#directory)) {
      if (!directory.isDirectory()) continue;
      for (const entry of await entriesOf(join(this.#directory, directory.name))) {
        const file = entry.isFile() ? parseFileName(entry.name) : undefined;
        if (file === undefined) continue;
        const path = join(this.#directory, directory.name, entry.name);
        found.push({ path, file, bytes: (await stat(path)).size });
      }
    }
    return found;
  }

  /** Directories of clusters that are no more. */
  async #removeEmpty(): Promise<void> {
    for (const directory of await entriesOf(this.#directory)) {
      // Fails where something is left, which is what it is called for.
      if (directory.isDirectory()) await rmdir(join(this.#directory, directory.name)).catch(() => {});
    }
  }
}

async function writeAll(handle: FileHandle, bytes: Uint8Array): Promise<void> {
  let done = 0;
  while (done < bytes.length) done += (await handle.write(bytes, done)).bytesWritten;
}

async function entriesOf(directory: string): Promise<Dirent[]> {
  try {
    return await readdir(directory, { withFileTypes: true });
  } catch (error) {
    if (codeOf(error) === "ENOENT") return [];
    throw error;
  }
}
