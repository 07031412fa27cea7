/** The system's errors as ours: what was being done, where, and what to do about it. */
import { codeOf, messageOf } from "../../core/base/errors.js";
import { LogWriteError } from "../../core/base/record-log.js";
import { StorageError } from "../errors.js";

/** @param action for example "append to" */
export function documentError(error: unknown, action: string, directory: string): StorageError {
  if (error instanceof StorageError) return error;
  const cause = error instanceof LogWriteError ? error.cause : error;
  const code = codeOf(cause);
  const what = `cannot ${action} ${directory}: ${messageOf(error)}`;
  if (code === "ENOSPC" || code === "EDQUOT") {
    return new StorageError("storage-full", `${what}; nothing was written, make room`);
  }
  if (error instanceof RangeError) return new StorageError("storage-too-much", `${what}; give them in several parts`);
  if (/^E[A-Z]+$/.test(code)) {
    return new StorageError("storage-io", `${what}; the directory must be readable and writable`);
  }
  return new StorageError("storage-error", what);
}
