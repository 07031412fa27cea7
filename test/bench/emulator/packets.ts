/** An emulated cluster as the packets of its gmonds: metadata once, then the values of each round, hosts spoofed. */
import { isMetricType, isSlope } from "../../../core/model/metric.js";
import {
  doublePacket,
  floatPacket,
  metadataPacket,
  stringPacket,
  uIntPacket,
  uShortPacket,
} from "../../support/ganglia-packets.js";
import type { EmulatedCluster } from "./cluster.js";

function identity(cluster: EmulatedCluster, host: number, metric: string) {
  return { host: `${cluster.hostIp(host)}:${cluster.hostName(host)}`, metric, spoof: true };
}

/** What a host says of its metrics, one packet each. */
export function* metadataOf(cluster: EmulatedCluster, host: number): Generator<Buffer> {
  for (const { name, type, units, slope, tmaxS, extra } of cluster.metrics) {
    if (!isMetricType(type) || !isSlope(slope))
      throw new Error(`the template's ${name} has type ${type}, slope ${slope}`);
    yield metadataPacket(identity(cluster, host, name), { type, units, slope, tmaxS, dmaxS: 0, extra });
  }
}

/** All values of a host in a round, one packet each, and its heartbeat. */
export function* valuesOf(cluster: EmulatedCluster, host: number, round: number): Generator<Buffer> {
  for (const [metric, { name, type, decimals }] of cluster.metrics.entries()) {
    const who = identity(cluster, host, name);
    const text = cluster.textAt(host, metric, round);
    if (type === "string") yield stringPacket(who, text);
    else if (type === "uint16") yield uShortPacket(who, Number(text));
    else if (type === "uint32") yield uIntPacket(who, Number(text), "%u");
    else if (type === "double") yield doublePacket(who, Number(text), `%.${decimals}f`);
    else yield floatPacket(who, Number(text), `%.${decimals}f`);
  }
  yield uIntPacket(identity(cluster, host, "heartbeat"), 1_795_288_945, "%u");
}
