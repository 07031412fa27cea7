/** Ganglia 3.1 datagrams as gmond and gmetric send them, for tests and emulators. */
import { type ExtraPair, type MetricMeta, SLOPES } from "../../core/model/metric.js";
import {
  PACKET_DOUBLE,
  PACKET_FLOAT,
  PACKET_INT,
  PACKET_METADATA,
  PACKET_SHORT,
  PACKET_STRING,
  PACKET_U_INT,
  PACKET_U_SHORT,
} from "../../core/wire/ganglia/packets.js";

/** Which host and metric a message is about. */
export interface PacketIdentity {
  /** "ip:name" where spoofed. */
  readonly host: string;
  readonly metric: string;
  readonly spoof?: boolean;
}

/** The extra pairs of `meta` stand as in documents; the message has them in reverse. */
export function metadataPacket(identity: PacketIdentity, meta: Omit<MetricMeta, "name">): Buffer {
  const extra: ExtraPair[] = [...meta.extra].reverse();
  return Buffer.concat([
    opening(PACKET_METADATA, identity),
    text(meta.type),
    text(identity.metric),
    text(meta.units),
    u32(SLOPES.indexOf(meta.slope)),
    u32(meta.tmaxS),
    u32(meta.dmaxS),
    u32(extra.length),
    ...extra.flatMap(([key, value]) => [text(key), text(value)]),
  ]);
}

/** As gmetric sends every value. */
export function stringPacket(identity: PacketIdentity, value: string, format = "%s"): Buffer {
  return Buffer.concat([opening(PACKET_STRING, identity), text(format), text(value)]);
}

export function uShortPacket(identity: PacketIdentity, value: number, format = "%hu"): Buffer {
  return Buffer.concat([opening(PACKET_U_SHORT, identity), text(format), u32(value)]);
}

export function shortPacket(identity: PacketIdentity, value: number, format = "%hi"): Buffer {
  return Buffer.concat([opening(PACKET_SHORT, identity), text(format), u32(value >>> 0)]);
}

export function intPacket(identity: PacketIdentity, value: number, format = "%i"): Buffer {
  return Buffer.concat([opening(PACKET_INT, identity), text(format), u32(value >>> 0)]);
}

export function uIntPacket(identity: PacketIdentity, value: number, format = "%u"): Buffer {
  return Buffer.concat([opening(PACKET_U_INT, identity), text(format), u32(value)]);
}

export function floatPacket(identity: PacketIdentity, value: number, format = "%f"): Buffer {
  const octets = Buffer.alloc(4);
  octets.writeFloatBE(value);
  return Buffer.concat([opening(PACKET_FLOAT, identity), text(format), octets]);
}

export function doublePacket(identity: PacketIdentity, value: number, format = "%f"): Buffer {
  const octets = Buffer.alloc(8);
  octets.writeDoubleBE(value);
  return Buffer.concat([opening(PACKET_DOUBLE, identity), text(format), octets]);
}

function opening(id: number, { host, metric, spoof = false }: PacketIdentity): Buffer {
  return Buffer.concat([u32(id), text(host), text(metric), u32(spoof ? 1 : 0)]);
}

function u32(value: number): Buffer {
  const octets = Buffer.alloc(4);
  octets.writeUInt32BE(value);
  return octets;
}

function text(value: string): Buffer {
  const octets = Buffer.from(value, "utf8");
  return Buffer.concat([u32(octets.length), octets, Buffer.alloc((4 - (octets.length % 4)) % 4)]);
}
