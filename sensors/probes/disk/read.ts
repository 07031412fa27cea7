/** The list of mounts, and the question put to each of them. */
import { statfs } from "node:fs/promises";
import { join } from "node:path";
import { readText } from "../files.js";
import type { Roots } from "../probe.js";
import type { Space } from "./parse.js";

export function readMounts(roots: Roots): Promise<string> {
  return readText(join(roots.procfs, "mounts"));
}

/** Occupies one of the four threads of Node's pool until the file system answers. */
export type AskSpace = (path: string) => Promise<Space>;

export const askSpace: AskSpace = (path) => statfs(path);
