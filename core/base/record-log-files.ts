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
      const descriptor = fs.openSync(path, "a", FILE_MODE);
      try {
        if (made) syncDirectory(directory);
      } catch (error) {
        fs.closeSync(descriptor);
        throw error;
      }
      return nodeLogFile(descriptor);
    },
    remove: (name) => fs.rmSync(join(directory, name), { force: true }),
  };
}

/** Mostly another account's, after a start as root: for a person to put right, no bug of ours. */
function unreadable(path: string, error: unknown): GrateError {
  return new GrateError(`cannot read ${path}: ${messageOf(error)}, expected what an earlier run of this account left`);
}

function nodeLogFile(descriptor: number): LogFile {
  return {
    write: (bytes) => fs.writeSync(descriptor, bytes, 0, bytes.length),
    sync: () => fs.fdatasyncSync(descriptor),
    truncate: (lengthBytes) => fs.ftruncateSync(descriptor, lengthBytes),
    close: () => fs.closeSync(descriptor),
  };
}

/** A new file survives a power cut only when its directory entry is on the disk too. */
function syncDirectory(directory: string): void {
  const descriptor = fs.openSync(directory, "r");
  try {
    fs.fsyncSync(descriptor);
  } finally {
    fs.closeSync(descriptor);
  }
}
