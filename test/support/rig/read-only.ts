/**
 * A file system that turns read-only under a program. The kernel refuses to remount
 * one on which files are open for writing, and one that turned so by itself (errors=
 * remount-ro) cannot be turned back; so the program is given the kernel's answer for
 * its files, by strace: EROFS for whatever would change them.
 */
import type { PEERS } from "../../setup/peers.mjs";
import { eventually } from "./eventually.js";
import { type Running, startProcess } from "./process.js";

/** What a read-only file system refuses of all that our programs do with files. */
const REFUSED = ["write", "pwrite64", "writev", "pwritev", "ftruncate", "fallocate", "openat", "unlink", "rename"];

export const READ_ONLY_NEEDS = "strace" satisfies keyof typeof PEERS;

export interface ReadOnly {
  /** Everything works again. */
  end(): Promise<void>;
}

/** @param paths those that are there, and those that may be made meanwhile */
export async function makeReadOnly(pid: number, paths: readonly string[]): Promise<ReadOnly> {
  const args = ["-f", "-p", String(pid), "-e", `trace=${REFUSED.join(",")}`];
  args.push("-e", `inject=${REFUSED.join(",")}:error=EROFS`);
  const tracer: Running = startProcess("strace", [...args, ...paths.flatMap((path) => ["-P", path])]);
  await eventually("strace holds the program", 20_000, () => {
    if (!/attached/.test(tracer.stderr())) throw new Error(`strace: ${tracer.stderr().slice(-500)}`);
  });
  return {
    // SIGINT has it let go of the program.
    end: async () => void (await tracer.end("SIGINT")),
  };
}
