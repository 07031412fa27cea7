/** SQLite's errors as ours: what was being done, with which file, and what to do about it. */
import { codeOf, messageOf } from "../../core/base/errors.js";
import { StorageError } from "../errors.js";

/** @param action for example "append to" */
export function storageErrorOf(error: unknown, action: string, file: string): StorageError {
  if (error instanceof StorageError) return error;
  const cause = messageOf(error);
  const code = codeOf(error);
  if (code.startsWith("SQLITE_CORRUPT") || code === "SQLITE_NOTADB")
    return corruptFile(file, `cannot ${action} it: ${cause}`);
  if (code.startsWith("SQLITE_FULL") || code === "ENOSPC") {
    return new StorageError(
      "storage-full",
      `cannot ${action} ${file}: no space is left (${cause}); nothing was written`,
    );
  }
  if (code.startsWith("SQLITE_BUSY") || code.startsWith("SQLITE_LOCKED")) {
    return new StorageError("storage-locked", `cannot ${action} ${file}: another program holds it locked (${cause})`);
  }
  if (/^SQLITE_(?:IOERR|READONLY|CANTOPEN|PERM|AUTH)|^E[A-Z]+$/.test(code)) {
    return new StorageError(
      "storage-io",
      `cannot ${action} ${file}: ${cause} (${code}); the file and its directory must be readable and writable`,
    );
  }
  return new StorageError("storage-error", `cannot ${action} ${file}: ${cause}${code === "" ? "" : ` (${code})`}`);
}

/** @param whose for example "it belongs to another program" */
export function foreignFile(file: string, whose: string): StorageError {
  return new StorageError(
    "storage-foreign",
    `${file} is not a database of Grate: ${whose}. Move it aside and start again, or name another file in storage.sqlite.file`,
  );
}

/** @param fault what is wrong with the file */
export function corruptFile(file: string, fault: string): StorageError {
  return new StorageError(
    "storage-corrupt",
    `${file} is not a sound SQLite database of Grate: ${fault}. ` +
      `Move it aside together with ${file}-wal and ${file}-shm, if there are any, and start again: a new one is made`,
  );
}
