/** Debian's gmond, with Debian's configuration, in a namespace of ours. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { findProgram } from "../../setup/peers.mjs";
import { ask } from "./ask.js";
import { eventually } from "./eventually.js";
import type { Rig } from "./namespaces.js";
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

/**
 * A gmond on each host, the first of them before the others: what a gmond says only every 20 minutes (its CPUs, its
 * boot time) is lost on one that has not joined the group yet, so only of the first is it known that it hears all.
 */
export async function startGmondGroup(rig: Rig, hosts: Rig["hosts"], configFile: string): Promise<Running[]> {
  const [first, ...others] = hosts;
  if (first === undefined) return [];
  const running = [startGmond(first.namespace, configFile)];
  await eventually(`the gmond of ${first.address} answers`, 10_000, () => ask(rig.bridge, first.address, 8649));
  for (const host of others) running.push(startGmond(host.namespace, configFile));
  return running;
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
