/** The file behind the counts of processes. */
import { join } from "node:path";
import { readText } from "../files.js";
import type { Roots } from "../probe.js";

export function readLoadavg(roots: Roots): Promise<string> {
  return readText(join(roots.procfs, "loadavg"));
}
