/** Log segments as files of one directory. */
import * as fs from "node:fs";
import { join } from "node:path";
import { codeOf, GrateError, messageOf } from "./errors.js";
import type { LogFile, LogFiles } from "./record-log.js";

/** Logs hold all that the monitoring knows; other accounts of the machine have no business in them. */
const FILE_MODE = 0o600;
const DIRECTORY_MODE = 0o700;

/** @param directory made at the first write if it is missing */
export function nodeLogFiles(directory: string): LogFiles {
  return {
    list() {
      try {
        return fs.readdirSync(directory);
      } catch (error) {
        if (codeOf(error) === "ENOENT") return [];
        throw unreadable(directory, error);
      }
    },
    read(name) {
      try {
        return fs.readFileSync(join(directory, name));
      } catch (error) {
        throw unreadable(join(directory, name), error);
      }
    },
    open(name) {
      const path = join(directory, name);
      const made = !fs.existsSync(path);
      if (made) fs.mkdirSync(directory, { recursive: true, mode: DIRECTORY_MODE });
      return new NodeLogFile(fs.openSync(path, "a", FILE_MODE), made ? directory : undefined);
    },
    remove: (name) => removeFreeingLater(join(directory, name)),
  };
}

/** The name is gone at once. Giving back the room of megabytes takes some ms: at the last close, in another thread. */
function removeFreeingLater(path: string): void {
  let descriptor: number | undefined;
  try {
    descriptor = fs.openSync(path, "r");
  } catch {
    // Gone already, or not to be opened: whether it can be deleted says the next line.
  }
  try {
    fs.rmSync(path, { force: true });
  } finally {
    if (descriptor !== undefined) fs.close(descriptor, () => {});
  }
}

/** Mostly another account's, after a start as root: for a person to put right, no bug of ours. */
function unreadable(path: string, error: unknown): GrateError {
  return new GrateError(`cannot read ${path}: ${messageOf(error)}, expected what an earlier run of this account left`);
}

class NodeLogFile implements LogFile {
  readonly #descriptor: number;
  /** A new file survives a power cut only when its directory entry is on the disk too; undefined once it is. */
  #newIn: string | undefined;
  #flushes = 0;
  #writes = 0;
  /** So many of them are on the disk. */
  #syncedWrites = 0;
  #fault: Error | undefined;
  #closed = false;

  constructor(descriptor: number, newIn: string | undefined) {
    this.#descriptor = descriptor;
    this.#newIn = newIn;
  }

  write(bytes: Uint8Array): number {
    this.#writes++;
    return fs.writeSync(this.#descriptor, bytes, 0, bytes.length);
  }

  sync(): void {
    const fault = this.#fault;
    this.#fault = undefined;
    // The kernel tells of a failure once.
    if (fault !== undefined) throw fault;
    // Even with nothing left to write the disk would be asked to empty its cache, and this thread would wait for that.
    if (this.#syncedWrites < this.#writes) fs.fdatasyncSync(this.#descriptor);
    this.#syncedWrites = this.#writes;
    if (this.#newIn !== undefined) syncDirectory(this.#newIn);
    this.#newIn = undefined;
  }

  flush(done: () => void): void {
    this.#flushes++;
    const newIn = this.#newIn;
    const writes = this.#writes;
    const finish = (error: Error | null) => {
      this.#flushes--;
      if (error !== null) this.#fault ??= error;
      else {
        this.#syncedWrites = Math.max(this.#syncedWrites, writes);
        if (newIn !== undefined) this.#newIn = undefined;
      }
      if (this.#closed && this.#flushes === 0) fs.closeSync(this.#descriptor);
      done();
    };
    fs.fdatasync(this.#descriptor, (error) => {
      if (error !== null || newIn === undefined) finish(error);
      else syncDirectoryLater(newIn, finish);
    });
  }

  truncate(lengthBytes: number): void {
    this.#writes++;
    fs.ftruncateSync(this.#descriptor, lengthBytes);
  }

  /** A flush under way keeps the number: another file must not get it meanwhile. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#flushes === 0) fs.closeSync(this.#descriptor);
  }
}

function syncDirectory(directory: string): void {
  const descriptor = fs.openSync(directory, "r");
  try {
    fs.fsyncSync(descriptor);
  } finally {
    fs.closeSync(descriptor);
  }
}

function syncDirectoryLater(directory: string, done: (error: Error | null) => void): void {
  fs.open(directory, "r", (openError, descriptor) => {
    if (openError !== null) return done(openError);
    fs.fsync(descriptor, (error) => fs.close(descriptor, (closeError) => done(error ?? closeError ?? null)));
  });
}
