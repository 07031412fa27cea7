/** A small file system of its own, to fill it up and to make it read-only. Needs root. */
import { spawnSync } from "node:child_process";
import { temporaryDirectory } from "./temporary.js";

export interface Tmpfs {
  readonly path: string;
  /** @throws Error where the kernel refuses */
  remount(option: "ro" | "rw"): void;
  remove(): void;
}

/** @returns undefined where mounting is not permitted */
export function mountTmpfs(sizeBytes: number): Tmpfs | undefined {
  const directory = temporaryDirectory();
  const { path } = directory;
  if (!run("mount", "-t", "tmpfs", "-o", `size=${sizeBytes}`, "tmpfs", path)) {
    directory.remove();
    return undefined;
  }
  return {
    path,
    remount(option) {
      if (!run("mount", "-o", `remount,${option}`, path)) throw new Error(`cannot remount ${path} ${option}`);
    },
    remove() {
      run("umount", "-l", path);
      directory.remove();
    },
  };
}

function run(command: string, ...args: string[]): boolean {
  return spawnSync(command, args, { stdio: "ignore" }).status === 0;
}
