/** Debian's gmetad in a namespace of ours, on its usual ports 8651 and 8652. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { findProgram } from "../../setup/peers.mjs";
import { type Running, startProcess } from "./process.js";

export interface GmetadWords {
  /** Also the name of its folder. */
  readonly grid: string;
  /** Label and address:port of each source. */
  readonly sources: Readonly<Record<string, string>>;
  /** Seconds between two polls; gmetad's own default is 15. */
  readonly stepS?: number;
  /** Off: grids are ignored, and the clusters in them kept whole as if they were its own. gmetad's own default is on. */
  readonly scalable?: "on" | "off";
}

/** In the foreground, open to everybody, without RRD files, and quick. */
export function startGmetad(namespace: string, folder: string, words: GmetadWords): Running {
  const { grid, sources, stepS = 2, scalable = "on" } = words;
  const home = join(folder, `gmetad-${grid}`);
  mkdirSync(home);
  const lines = [
    ...Object.entries(sources).map(([label, address]) => `data_source "${label}" ${stepS} ${address}`),
    `gridname "${grid}"`,
    `authority "http://${grid}.example.org/ganglia/"`,
    `scalable ${scalable}`,
    "setuid off",
    "all_trusted on",
    "write_rrds off",
    `rrd_rootdir "${home}"`,
  ];
  const file = join(home, "gmetad.conf");
  writeFileSync(file, `${lines.join("\n")}\n`);
  return startProcess(findProgram("gmetad") ?? "gmetad", ["-c", file, "-d", "1"], { namespace });
}
