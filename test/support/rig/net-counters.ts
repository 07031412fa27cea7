/** What the kernel counted in a network namespace: everything that left a machine, and every datagram lost there. */
import { runProcess } from "./process.js";

export interface NetCounters {
  /** Frames that left by the interface, of any protocol. */
  readonly sentFrames: number;
  /** IP packets sent, those over the loopback among them. */
  readonly sentIp: number;
  readonly sentIp6: number;
  /** To a multicast address: IGMP reports where nothing else is sent there. */
  readonly sentMulticast: number;
  readonly sentTcp: number;
  readonly sentUdp: number;
  readonly sentIcmp: number;
  readonly receivedUdp: number;
  /** Datagrams lost: for want of room, or otherwise broken. */
  readonly lostUdp: number;
}

/** @param device whose frames count */
export async function netCounters(namespace: string, device: string): Promise<NetCounters> {
  const files = ["/proc/net/dev", "/proc/net/snmp", "/proc/net/snmp6", "/proc/net/netstat"];
  const [dev = "", snmp = "", snmp6 = "", netstat = ""] = await Promise.all(
    files.map(async (file) => (await runProcess("cat", [file], { namespace })).stdout),
  );
  const sentFrames = Number(new RegExp(`^\\s*${device}:\\s*(.*)$`, "m").exec(dev)?.[1]?.trim().split(/\s+/)[9]);
  if (!Number.isFinite(sentFrames)) throw new Error(`no interface ${device} in ${namespace}`);
  return {
    sentFrames,
    sentIp: paired(snmp, "Ip", "OutRequests"),
    sentIp6: Number(/^Ip6OutRequests\s+(\d+)/m.exec(snmp6)?.[1] ?? 0),
    sentMulticast: paired(netstat, "IpExt", "OutMcastPkts"),
    sentTcp: paired(snmp, "Tcp", "OutSegs"),
    sentUdp: paired(snmp, "Udp", "OutDatagrams"),
    sentIcmp: paired(snmp, "Icmp", "OutMsgs"),
    receivedUdp: paired(snmp, "Udp", "InDatagrams"),
    lostUdp: paired(snmp, "Udp", "InErrors") + paired(snmp, "Udp", "RcvbufErrors"),
  };
}

/** What was counted between two readings. */
export function since(before: NetCounters, after: NetCounters): NetCounters {
  const keys = Object.keys(after) as (keyof NetCounters)[];
  return Object.fromEntries(keys.map((key) => [key, after[key] - before[key]])) as unknown as NetCounters;
}

/** The kernel writes two lines of each protocol: names, then numbers. */
function paired(text: string, protocol: string, name: string): number {
  const [names, numbers] = text
    .split("\n")
    .filter((line) => line.startsWith(`${protocol}: `))
    .map((line) => line.split(" "));
  const value = Number(numbers?.[names?.indexOf(name) ?? -1]);
  if (!Number.isFinite(value)) throw new Error(`the kernel tells no ${protocol} ${name}`);
  return value;
}
