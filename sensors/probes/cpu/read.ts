/** The file behind the shares of CPU time. */
import { join } from "node:path";
import { readText } from "../files.js";
import type { Roots } from "../probe.js";

export function readStat(roots: Roots): Promise<string> {
  return readText(join(roots.procfs, "stat"));
}
