/** The file behind the traffic counters. */
import { join } from "node:path";
import { readText } from "../files.js";
import type { Roots } from "../probe.js";

export function readNetDev(roots: Roots): Promise<string> {
  return readText(join(roots.procfs, "net/dev"));
}
