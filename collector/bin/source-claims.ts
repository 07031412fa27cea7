/** What the sources of a configuration may tell of, as the collector wants to know it. */
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { formatAddress } from "../../core/base/address.js";
import type { SourceConfig } from "../../sensors/config.js";
import type { ClaimStore } from "../claims/claim-file.js";
import type { SourceClaim } from "../claims/cluster-claims.js";

const NOTHING: ReadonlySet<string> = new Set();

export function claimsOf(sources: readonly SourceConfig[]): SourceClaim[] {
  return sources.map(claimOf);
}

function claimOf(source: SourceConfig): SourceClaim {
  const { name, type } = source;
  switch (source.type) {
    case "ganglia-udp":
    case "sensor":
      return { name, reads: `${type} ${source.cluster}`, clusters: [source.cluster], never: NOTHING };
    case "ganglia-files":
      return { name, reads: `${type} ${JSON.stringify(source.files)}`, clusters: "any", never: NOTHING };
    case "ganglia-xml": {
      const renames = Object.entries(source.rename ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
      const shown = new Set(renames.map(([, to]) => to));
      return {
        name,
        reads: `${type} ${JSON.stringify([source.address.map(formatAddress), renames, source.take])}`,
        // Sums are no clusters: they have no hosts, and are kept by another rule.
        clusters: source.take === "summary" ? [] : "any",
        never: new Set(renames.map(([from]) => from).filter((from) => !shown.has(from))),
      };
    }
  }
}

const FILE = "cluster-sources.json";

/** A file of the state directory. */
export function claimFile(stateDir: string): ClaimStore {
  const path = join(stateDir, FILE);
  return {
    load() {
      try {
        return readFileSync(path, "utf8");
      } catch {
        // None yet, or none that can be read: then it is learnt again.
        return "";
      }
    },
    save(text) {
      // Read by the next process only as a whole; what a power cut costs is learnt again.
      writeFileSync(`${path}.new`, text, { mode: 0o600 });
      renameSync(`${path}.new`, path);
    },
  };
}
