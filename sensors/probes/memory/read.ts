/** The file behind memory and swap. */
import { join } from "node:path";
import { readText } from "../files.js";
import type { Roots } from "../probe.js";

export function readMeminfo(roots: Roots): Promise<string> {
  return readText(join(roots.procfs, "meminfo"));
}
