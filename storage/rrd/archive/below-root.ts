/**
 * No path leads out of the directory of RRD files: not by a name, which is escaped so that none can, and not by a
 * symbolic link, which whoever may write into the directory could have laid there.
 */
import { lstatSync, readlinkSync, realpathSync } from "node:fs";
import { dirname, relative, resolve, sep } from "node:path";
import { codeOf, messageOf } from "../../../core/base/errors.js";
import { StorageError } from "../../errors.js";

/**
 * @param root absolute
 * @param path that need not exist yet
 * @param depth levels below the root at the least
 * @throws StorageError "storage-bad-batch" where it, or the nearest folder above it that exists, is not below the root
 */
export function requireBelow(root: string, path: string, depth: number): void {
  const resolved = resolve(path);
  const outside = (where: string) =>
    new StorageError("storage-bad-batch", `${JSON.stringify(resolved)} is refused: ${where} is not below ${root}`);
  if (depthBelow(root, resolved) < depth) throw outside("it");
  const real = realOf(resolved);
  if (depthBelow(realOf(root), real) < 0) throw outside(`it leads to ${JSON.stringify(real)}, which`);
}

/** The same for a file in a folder that was looked at: costs one look, where it is no link. */
export function requireFileBelow(root: string, path: string): void {
  if (lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true) requireBelow(root, path, 1);
}

/** @returns 0 for the root itself, negative for what is outside */
function depthBelow(root: string, path: string): number {
  const below = relative(root, path);
  if (below === "") return 0;
  return below === ".." || below.startsWith(`..${sep}`) ? -1 : below.split(sep).length;
}

/** By the nearest that exists; what a link names that leads nowhere. */
function realOf(path: string): string {
  for (let existing = path; ; existing = dirname(existing)) {
    try {
      return resolve(realpathSync(existing), relative(existing, path));
    } catch (error) {
      if (codeOf(error) !== "ENOENT") {
        throw new StorageError("storage-io", `cannot resolve ${JSON.stringify(path)}: ${messageOf(error)}`);
      }
    }
    if (lstatSync(existing, { throwIfNoEntry: false })?.isSymbolicLink() === true) {
      return resolve(dirname(existing), readlinkSync(existing), relative(existing, path));
    }
  }
}
