/** What can go wrong in a store, with a code that callers may branch on. */
import { codeOf, GrateError } from "../core/base/errors.js";

export type StorageErrorCode =
  /** The archive was closed before the call. */
  | "storage-closed"
  /** Too much is waiting already; nothing was begun. */
  | "storage-busy"
  /** A batch breaks the rules of SeriesBatch; nothing of the append was written. */
  | "storage-bad-batch"
  /** The answer would be larger than the limit. */
  | "storage-too-much"
  /** The file, or a part of it, is damaged. */
  | "storage-corrupt"
  /** The file is another program's. */
  | "storage-foreign"
  /** The file was made by a later version. */
  | "storage-newer"
  /** No space left; nothing was written. */
  | "storage-full"
  /** Another program holds the file. */
  | "storage-locked"
  /** The file cannot be opened, read or written. */
  | "storage-io"
  /** The directory lies on a file system that the store cannot use. */
  | "storage-network-file-system"
  /** The worker thread died; whether an append under way was written is not known. Giving it again is safe. */
  | "storage-crashed"
  /** The store on the other machine did not answer, or with an error. */
  | "storage-remote"
  /** Anything else; most likely a bug. */
  | "storage-error";

/** @returns what a fault of the disk is called; @param error of the system */
export function diskCode(error: unknown): "storage-full" | "storage-io" {
  return ["ENOSPC", "EDQUOT"].includes(codeOf(error)) ? "storage-full" : "storage-io";
}

/** Expected failures of stores: the message names the action, the file and what to do. */
export class StorageError extends GrateError {
  override readonly name = "StorageError";
  readonly code: StorageErrorCode;

  constructor(code: StorageErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
