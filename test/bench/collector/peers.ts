/** Those whose cost is compared: each polls its own port of the emulator and writes to its own disk. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { ALLOCATOR_ENVIRONMENT } from "../../../collector/bin/allocator.js";
import { storageSchema } from "../../../storage/config.js";
import { findProgram } from "../../setup/peers.mjs";
import { ask, get } from "../../support/rig/ask.js";
import { eventually } from "../../support/rig/eventually.js";
import { type Running, startProcess } from "../../support/rig/process.js";
import { triggersYaml } from "./triggers.js";

export const POLL_S = 15;

/** GRATE_DIST names another build, to compare two of them. */
const FRONT_DOOR = resolve(process.env["GRATE_DIST"] ?? join(import.meta.dirname, "../../../dist"), "grate.js");

/** gmetad's own default, and rings of an hour for clusters whose files would fill a disk. */
export const RRAS = Object.freeze({
  default: ["RRA:AVERAGE:0.5:1:5856", "RRA:AVERAGE:0.5:4:20160", "RRA:AVERAGE:0.5:40:52704"],
  small: ["RRA:AVERAGE:0.5:1:240", "RRA:AVERAGE:0.5:4:240", "RRA:AVERAGE:0.5:40:240"],
});
export type Rras = keyof typeof RRAS;

/** Bytes of a host's 35 files, and as much again for the file system. */
export const RRD_BYTES_OF_HOST = Object.freeze({ default: 35 * 660_000, small: 35 * 16_000 });

export interface Ground {
  /** Port of the emulator. */
  readonly source: number;
  /** First of three ports on the namespace's loopback. */
  readonly ports: number;
  readonly namespace: string;
  /** Where everything it writes goes. */
  readonly path: string;
  readonly rras: Rras;
  readonly spillEvery: string;
}

/** The configuration knows RRD files from some version on; until then gmetad's are turned off for the comparison. */
export const WRITES_RRD = storageSchema.safeParse({ rrd: { dir: "rrds" } }).success;

export function startGmetad({ source, ports, namespace, path, rras }: Ground, more: readonly string[] = []): Running {
  const rrds = join(path, "rrds");
  mkdirSync(rrds);
  const file = join(path, "gmetad.conf");
  const lines = [
    `data_source "emulated" ${POLL_S} 127.0.0.1:${source}`,
    "setuid off",
    `rrd_rootdir "${rrds}"`,
    `xml_port ${ports}`,
    `interactive_port ${ports + 1}`,
    `RRAs ${RRAS[rras].map((rra) => `"${rra}"`).join(" ")}`,
    ...more,
  ];
  writeFileSync(file, `${lines.join("\n")}\n`);
  return startProcess(findProgram("gmetad") ?? "gmetad", ["-c", file, "-d", "1"], { namespace });
}

/** @returns the daemon, which listens, and the line of gmetad's configuration that hands writing over to it */
export async function startRrdcached(
  { ports, namespace, path }: Ground,
  delayS: number,
): Promise<{ running: Running; line: string }> {
  const args = ["-g", "-l", `127.0.0.1:${ports + 2}`, "-w", String(delayS), "-p", join(path, "rrdcached.pid")];
  const running = startProcess(findProgram("rrdcached") ?? "rrdcached", args, { namespace });
  // A gmetad that finds nobody there ends.
  await eventually("rrdcached listens", 20_000, () => ask(namespace, "127.0.0.1", ports + 2, "QUIT"));
  return { running, line: `rrdcached_address 127.0.0.1:${ports + 2}` };
}

export function startGrate({ source, ports, namespace, path, rras, spillEvery }: Ground, profile?: string): Running {
  const state = join(path, "state");
  const config = join(path, "grate.yaml");
  const storage = WRITES_RRD
    ? [
        "storage:",
        `  rrd: { dir: rrds, mode: write, rras: [${RRAS[rras].map((rra) => `"${rra}"`).join(", ")}] }`,
        "  sqlite: {}",
      ]
    : [];
  const lines = [
    "sources:",
    `  - { name: emulated, type: ganglia-xml, address: ["127.0.0.1:${source}"], every: ${POLL_S}s, size-limit: 512M }`,
    `spill-every: ${spillEvery}`,
    `serve: { dump: "127.0.0.1:${ports}", query: "127.0.0.1:${ports + 1}", control: "127.0.0.1:${ports + 2}" }`,
    ...storage,
    triggersYaml(),
  ];
  writeFileSync(config, `${lines.join("\n")}\n`);
  const profiling = profile === undefined ? [] : ["--cpu-prof", `--cpu-prof-dir=${profile}`];
  return startProcess(process.execPath, [...profiling, FRONT_DOOR, "collector", "-c", config, "--state", state], {
    namespace,
    // As grate start and the unit for systemd do.
    env: ALLOCATOR_ENVIRONMENT,
  });
}

/** Our own counters, from the control port. */
export async function grateCounters({ ports, namespace, path }: Ground): Promise<ReadonlyMap<string, number>> {
  const token = readFileSync(join(path, "state", "control.token"), "utf8").trim();
  const { body } = await get(namespace, `http://127.0.0.1:${ports + 2}/metrics`, token);
  return new Map([...body.matchAll(/^grate_(\w+) (\S+)$/gm)].map(([, name = "", value]) => [name, Number(value)]));
}
