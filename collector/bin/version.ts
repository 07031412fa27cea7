/** The version of this program, from the package that it came in. */
import { readFileSync } from "node:fs";

/** Where package.json lies, seen from dist/collector/bin and from collector/bin. */
const CANDIDATES = ["../../../package.json", "../../package.json"];

export function readVersion(): string {
  for (const candidate of CANDIDATES) {
    try {
      const text = readFileSync(new URL(candidate, import.meta.url), "utf8");
      const { name, version } = JSON.parse(text) as { name?: unknown; version?: unknown };
      if (name === "grate" && typeof version === "string") return version;
    } catch {
      // Not there: the next one.
    }
  }
  return "0.0.0-unknown";
}
