/** Debian's gmond, with Debian's configuration, in a namespace of ours. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { findProgram } from "../../setup/peers.mjs";
import { type Running, runProcess, startProcess } from "./process.js";

const DEBIAN_CONFIG = "/etc/ganglia/gmond.conf";

/** Debian's file, but in the foreground, under a cluster name, and repeating its metadata. */
export function gmondConfig(folder: string, cluster: string): string {
  const changed = readFileSync(DEBIAN_CONFIG, "utf8")
    .replace(/daemonize = yes/, "daemonize = no")
    .replace(/setuid = yes/, "setuid = no")
    .replace(/send_metadata_interval = 0/, "send_metadata_interval = 15")
    .replace(/name = "unspecified"/, `name = "${cluster}"`);
  const file = join(folder, "gmond.conf");
  writeFileSync(file, changed);
  return file;
}

export function startGmond(namespace: string, configFile: string): Running {
  return startProcess(findProgram("gmond") ?? "gmond", ["-c", configFile, "-f"], { namespace });
}

export interface GmetricSample {
  readonly name: string;
  readonly value: string;
  readonly type: string;
  readonly units?: string;
}

/** Sends one value the way a user's script would. */
export async function gmetric(namespace: string, configFile: string, sample: GmetricSample): Promise<void> {
  const args = ["-c", configFile, "-n", sample.name, "-v", sample.value, "-t", sample.type, "-u", sample.units ?? ""];
  const run = await runProcess("gmetric", args, { namespace });
  if (run.code !== 0) throw new Error(`gmetric ${args.join(" ")} exited ${run.code}: ${run.stderr}${run.stdout}`);
}
