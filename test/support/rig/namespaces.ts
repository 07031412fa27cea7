/**
 * Hosts of our own in network namespaces: one bridge, N hosts that can multicast
 * to each other, nothing that leaves the machine. Names carry the process id, so
 * that two runs do not meet, and everything is removed at the end.
 */
import { spawnSync } from "node:child_process";
import { findProgram } from "../../setup/peers.mjs";

/** Where the collector sits; it owns the bridge. */
export const BRIDGE_ADDRESS = "10.77.0.1";

export interface Rig {
  /** Namespace with the bridge. */
  readonly bridge: string;
  readonly hosts: readonly { readonly namespace: string; readonly address: string }[];
  remove(): void;
}

let rigs = 0;

/** @returns why namespaces cannot be used here, or undefined when they can */
export function rigFault(): string | undefined {
  if (process.getuid?.() !== 0) return "namespaces need root";
  if (findProgram("ip") === undefined) return "ip (iproute2) is missing";
  const name = `grate${process.pid}-probe`;
  const made = spawnSync("ip", ["netns", "add", name], { encoding: "utf8" });
  if (made.status !== 0) return `namespaces cannot be made: ${made.stderr.trim()}`;
  ip("netns", "del", name);
  return undefined;
}

export function makeRig(hostCount: number): Rig {
  const prefix = `grate${process.pid}-${rigs++}`;
  const bridge = `${prefix}-col`;
  const made: string[] = [];
  const remove = () => {
    for (const namespace of made.splice(0)) removeNamespace(namespace);
  };
  try {
    addNamespace(bridge, made);
    ip("-n", bridge, "link", "add", "br0", "type", "bridge", "mcast_snooping", "0");
    ip("-n", bridge, "addr", "add", `${BRIDGE_ADDRESS}/24`, "dev", "br0");
    ip("-n", bridge, "link", "set", "br0", "up");
    ip("-n", bridge, "route", "add", "224.0.0.0/4", "dev", "br0");
    const hosts = Array.from({ length: hostCount }, (_, i) => addHost(prefix, bridge, i + 1, made));
    return { bridge, hosts, remove };
  } catch (error) {
    remove();
    throw error;
  }
}

/** A namespace with nothing but loopback. */
export function makeEmptyNamespace(): { readonly namespace: string; remove(): void } {
  const made: string[] = [];
  const namespace = `grate${process.pid}-${rigs++}-empty`;
  addNamespace(namespace, made);
  return { namespace, remove: () => removeNamespace(namespace) };
}

function addHost(prefix: string, bridge: string, number: number, made: string[]) {
  const namespace = `${prefix}-h${number}`;
  const address = `10.77.0.${10 + number}`;
  addNamespace(namespace, made);
  ip("-n", bridge, "link", "add", `v${number}`, "type", "veth", "peer", "name", "eth0", "netns", namespace);
  ip("-n", bridge, "link", "set", `v${number}`, "master", "br0", "up");
  ip("-n", namespace, "addr", "add", `${address}/24`, "dev", "eth0");
  ip("-n", namespace, "link", "set", "eth0", "up");
  ip("-n", namespace, "route", "add", "224.0.0.0/4", "dev", "eth0");
  return { namespace, address };
}

function addNamespace(name: string, made: string[]): void {
  ip("netns", "add", name);
  made.push(name);
  ip("-n", name, "link", "set", "lo", "up");
}

/** Whatever still runs in a namespace of ours was started by us. */
function removeNamespace(name: string): void {
  const pids = spawnSync("ip", ["netns", "pids", name], { encoding: "utf8" }).stdout.split("\n").filter(Boolean);
  for (const pid of pids) {
    try {
      process.kill(Number(pid), "SIGKILL");
    } catch {
      // It ended by itself in between.
    }
  }
  ip("netns", "del", name);
}

function ip(...args: string[]): void {
  const run = spawnSync("ip", args, { encoding: "utf8" });
  if (run.status !== 0) throw new Error(`ip ${args.join(" ")}: ${run.stderr.trim()}`);
}
