/** Small dealings with files and directories, synchronous. */
import * as fs from "node:fs";
import { codeOf } from "../../core/base/errors.js";

/** @throws the system's error; a part may be written then */
export function writeAll(descriptor: number, bytes: Uint8Array): void {
  let done = 0;
  while (done < bytes.length) {
    const taken = fs.writeSync(descriptor, bytes, done, bytes.length - done);
    if (taken <= 0) throw new Error(`only ${done} of ${bytes.length} bytes were taken`);
    done += taken;
  }
}

/** A file that was just made survives a power cut. */
export function syncDirectory(path: string): void {
  const descriptor = fs.openSync(path, "r");
  try {
    fs.fsyncSync(descriptor);
  } finally {
    fs.closeSync(descriptor);
  }
}

export function entriesOf(directory: string): fs.Dirent[] {
  try {
    return fs.readdirSync(directory, { withFileTypes: true });
  } catch (error) {
    // What is no directory has no documents; writing them will tell.
    if (["ENOENT", "ENOTDIR"].includes(codeOf(error))) return [];
    throw error;
  }
}
