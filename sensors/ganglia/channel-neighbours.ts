/**
 * Who else on this machine would hear a group because we join it. On Linux a
 * socket that is bound to the wildcard address hears every group that any socket
 * of the machine has joined (IP_MULTICAST_ALL, which is on unless its program
 * says otherwise). A gmond that takes unicast on such a socket would list all
 * hosts of the group from then on, and never forget them.
 */
import { readFileSync } from "node:fs";
import { isIPv6 } from "node:net";
import type { Address } from "../../core/base/address.js";

/** Texts of the kernel's tables; "" where there is none, as on other systems. */
export interface NeighbourTables {
  /** /proc/net/udp or udp6, by the group's family. */
  readonly sockets: string;
  /** /proc/net/igmp or igmp6, by the group's family. */
  readonly groups: string;
}

export type ReadNeighbours = (family: 4 | 6) => NeighbourTables;

export const readNeighbours: ReadNeighbours = (family) => ({
  sockets: readTable(family === 4 ? "/proc/net/udp" : "/proc/net/udp6"),
  groups: readTable(family === 4 ? "/proc/net/igmp" : "/proc/net/igmp6"),
});

function readTable(file: string): string {
  try {
    return readFileSync(file, "latin1");
  } catch {
    return "";
  }
}

/**
 * @param ownMemberships of the group that are ours
 * @returns whether somebody hears the group on account of us alone
 */
export function isOverheard(listen: Address, ownMemberships: number, read: ReadNeighbours): boolean {
  const family = isIPv6(listen.host) ? 6 : 4;
  const { sockets, groups } = read(family);
  if (!hasWildcardSocket(sockets, listen.port)) return false;
  // Where another program has joined too, the wildcard socket hears it anyway.
  const members = family === 4 ? membersOf4(groups, listen.host) : membersOf6(groups, listen.host);
  return members <= ownMemberships;
}

/**
 * Lines such as `  92: 00000000:21C9 00000000:0000 07 ...`: slot, local address, remote address.
 * @param table of UDP sockets of one family
 */
export function hasWildcardSocket(table: string, port: number): boolean {
  const wanted = port.toString(16).toUpperCase().padStart(4, "0");
  return table.split("\n").some((line) => {
    const [, local = ""] = line.trim().split(/\s+/);
    const [address = "", localPort] = local.split(":");
    return localPort === wanted && /^0+$/.test(address);
  });
}

/** Lines such as `\t\t\t\t470B02EF     1 0:00000000\t\t0`: the group as a word of the machine, and its users. */
function membersOf4(table: string, group: string): number {
  const word = group
    .split(".")
    .reverse()
    .map((octet) => Number(octet).toString(16).padStart(2, "0"))
    .join("")
    .toUpperCase();
  return sumOf(table, (fields) => (fields[0] === word ? Number(fields[1]) : 0));
}

/** Lines such as `4    eth0            ff150000000000000000000000000001     1 00000004 0`. */
function membersOf6(table: string, group: string): number {
  const digits = groupDigits(group.replace(/%.*$/, ""));
  return sumOf(table, (fields) => (fields[2] === digits ? Number(fields[3]) : 0));
}

function sumOf(table: string, users: (fields: readonly string[]) => number): number {
  return table.split("\n").reduce((sum, line) => sum + (users(line.trim().split(/\s+/)) || 0), 0);
}

/** "ff15::1" as 32 digits. A group is never written with an IPv4 tail. */
function groupDigits(group: string): string {
  const [head = "", tail] = group.toLowerCase().split("::");
  const words = (text: string) => (text === "" ? [] : text.split(":").map((word) => word.padStart(4, "0")));
  const before = words(head);
  const after = words(tail ?? "");
  const zeros = new Array<string>(Math.max(0, 8 - before.length - after.length)).fill("0000");
  return [...before, ...zeros, ...after].join("");
}
