/**
 * The messages of Ganglia 3.0 and 2.5, which name no host but where they are
 * spoofed: whoever sends one is the host.
 *
 *   u32 1..50 | the value, in the type of the metric of that number
 *   u32 0     | string type, name, value, units | u32 slope, tmax, dmax          (gmetric)
 *   u32 4096  | string spoofed name, spoofed ip | as for 0
 *   u32 4097  | string spoofed name, spoofed ip                                 (heartbeat)
 *
 * 2.5 counts a NUL at the end of its strings, 3.0 does not; without it they are the same.
 */
import { isMetricType, type MetricMeta } from "../../../model/metric.js";
import { DECIMALS_SHORTEST } from "../../../model/number-text.js";
import { roundTo } from "../printf-format.js";
import { XDR_STRING_OCTETS_MAX, type XdrReader } from "../xdr.js";
import { type LegacyMetric, type LegacySystem, legacyMetrics } from "./legacy-metrics.js";
import { type GangliaPacket, NAME_OCTETS_MAX, type PacketKind } from "./packet.js";

const GMETRIC = 0;
const NUMBER_MAX = 50;
const SPOOFED_GMETRIC = 4_096;
const SPOOFED_HEARTBEAT = 4_097;

/** @returns "junk" for a number that begins no such message */
export function legacyKind(id: number): PacketKind {
  return id <= NUMBER_MAX || id === SPOOFED_GMETRIC || id === SPOOFED_HEARTBEAT ? "value" : "junk";
}

export class LegacyReader {
  readonly #xdr: XdrReader;
  readonly #metrics: readonly (LegacyMetric | undefined)[];

  constructor(xdr: XdrReader, system: LegacySystem) {
    this.#xdr = xdr;
    this.#metrics = legacyMetrics(system);
  }

  /** The first number has been read; `kind` and `id` are set. Sets `reason` to what is wrong. */
  read(packet: GangliaPacket): void {
    packet.host = "";
    packet.spoof = packet.id > NUMBER_MAX;
    packet.spoofIp = "";
    packet.spoofName = "";
    packet.text = "";
    packet.value = Number.NaN;
    packet.decimals = 0;
    packet.isText = false;
    if (packet.spoof) this.#readIdentity(packet);
    if (packet.id === GMETRIC || packet.id === SPOOFED_GMETRIC) this.#readGmetric(packet);
    else if (packet.id === SPOOFED_HEARTBEAT) readHeartbeat(packet);
    else this.#readNumbered(packet);
    // So short a message would let nearly anything pass that begins with a small number.
    const { left } = this.#xdr;
    if (packet.reason === "" && left > 0) packet.reason = `${left} octets follow where it should end`;
  }

  #readIdentity(packet: GangliaPacket): void {
    const xdr = this.#xdr;
    packet.spoofName = xdr.stringWithoutNul(NAME_OCTETS_MAX);
    packet.spoofIp = xdr.stringWithoutNul(NAME_OCTETS_MAX);
    packet.host = `${packet.spoofIp}:${packet.spoofName}`;
    const isNamed = packet.spoofName !== "" && packet.spoofIp !== "";
    if (xdr.fault === "" && !isNamed) packet.reason = "its host is spoofed, but has no address or no name";
  }

  #readGmetric(packet: GangliaPacket): void {
    const xdr = this.#xdr;
    const type = xdr.stringWithoutNul(NAME_OCTETS_MAX);
    const name = xdr.stringWithoutNul(NAME_OCTETS_MAX);
    const value = xdr.stringWithoutNul(XDR_STRING_OCTETS_MAX);
    const units = xdr.stringWithoutNul(XDR_STRING_OCTETS_MAX);
    // gmond 3.0 tells of every slope but zero as "both".
    const slope = xdr.u32() === 0 ? "zero" : "both";
    const tmaxS = xdr.u32();
    const dmaxS = xdr.u32();
    if (xdr.fault !== "" || packet.reason !== "") return;
    if (!isMetricType(type)) {
      packet.reason = "its type is none of Ganglia's";
      return;
    }
    setText(packet, { name, type, units, slope, tmaxS, dmaxS, extra: [] }, value);
  }

  #readNumbered(packet: GangliaPacket): void {
    const xdr = this.#xdr;
    const metric = this.#metrics[packet.id];
    if (metric === undefined) {
      packet.reason = `there is no metric of number ${packet.id}`;
      return;
    }
    const { meta, wire, decimals } = metric;
    if (wire === "string") {
      setText(packet, meta, xdr.stringWithoutNul(XDR_STRING_OCTETS_MAX));
      return;
    }
    packet.metric = meta.name;
    packet.meta = meta;
    packet.decimals = decimals;
    if (wire === "u_short") packet.value = xdr.u32() & 0xffff;
    else if (wire === "u_int") packet.value = xdr.u32();
    else packet.value = printed(wire === "float" ? xdr.f32() : xdr.f64(), decimals);
  }
}

function printed(raw: number, decimals: number): number {
  return Number.isFinite(raw) ? roundTo(raw, decimals) : Number.NaN;
}

function setText(packet: GangliaPacket, meta: MetricMeta, text: string): void {
  packet.metric = meta.name;
  packet.meta = meta;
  packet.isText = true;
  packet.text = text;
  packet.decimals = DECIMALS_SHORTEST;
}

/** It says that the host is alive, and nothing of when it started. */
function readHeartbeat(packet: GangliaPacket): void {
  packet.metric = "heartbeat";
  packet.value = 0;
}
