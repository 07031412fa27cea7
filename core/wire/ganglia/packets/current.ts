/**
 * The messages of Ganglia 3.1 and later:
 *
 *   u32 id | string host | string metric | u32 spoof | rest by id
 *   128 metadata: string type, string metric, string units, u32 slope, u32 tmax, u32 dmax, {string key, string value}[]
 *   129..135 value: string printf format, then the value in the type of the id
 *   136 request for metadata: nothing more
 */
import { type ExtraPair, isMetricType, SLOPES } from "../../../model/metric.js";
import { DECIMALS_SHORTEST } from "../../../model/number-text.js";
import { floatFormat, UNFORMATTED, type ValueFormat } from "../printf-format.js";
import type { XdrReader } from "../xdr.js";
import { type GangliaPacket, NAME_OCTETS_MAX, type PacketKind } from "./packet.js";

export const PACKET_METADATA = 128;
export const PACKET_U_SHORT = 129;
export const PACKET_SHORT = 130;
export const PACKET_INT = 131;
export const PACKET_U_INT = 132;
export const PACKET_STRING = 133;
export const PACKET_FLOAT = 134;
export const PACKET_DOUBLE = 135;
export const PACKET_REQUEST = 136;

const FORMAT_OCTETS_MAX = 64;
/** gmetad keeps 32 pairs of a metric. */
const EXTRA_PAIRS_MAX = 64;
/** Key and value are two counts of 4 octets each, even when both are empty. */
const EXTRA_PAIR_OCTETS_MIN = 8;
/** A cluster uses a dozen formats; only a hostile one uses more than this. */
const FORMATS_MAX = 256;

/** @returns "junk" for a number that begins no such message */
export function currentKind(id: number): PacketKind {
  if (id === PACKET_METADATA) return "metadata";
  if (id >= PACKET_U_SHORT && id <= PACKET_DOUBLE) return "value";
  return id === PACKET_REQUEST ? "request" : "junk";
}

export class CurrentReader {
  /** Of the packet read last: where what comes behind its host begins, where its value begins, and its format. */
  tailAt = 0;
  valueAt = 0;
  format: ValueFormat = UNFORMATTED;

  readonly #xdr: XdrReader;
  readonly #formats = new Map<string, ValueFormat>();

  constructor(xdr: XdrReader) {
    this.#xdr = xdr;
  }

  /** The first number has been read; `kind` and `id` are set. Sets `reason` to what is wrong. */
  read(packet: GangliaPacket): void {
    this.#readIdentity(packet);
    if (packet.kind === "value") this.#readValue(packet);
    else if (packet.kind === "metadata") this.#readMetadata(packet);
  }

  #readIdentity(packet: GangliaPacket): void {
    const xdr = this.#xdr;
    packet.host = xdr.string(NAME_OCTETS_MAX);
    this.tailAt = xdr.at;
    packet.metric = xdr.string(NAME_OCTETS_MAX);
    packet.spoof = xdr.u32() !== 0;
    packet.spoofIp = "";
    packet.spoofName = "";
    if (xdr.fault !== "") return;
    if (packet.spoof) {
      // The first ":" cuts, unless it is the first character; so an IPv6 address cannot be spoofed.
      const cut = packet.host.indexOf(":", 1);
      if (cut < 0 || cut === packet.host.length - 1) {
        packet.reason = 'its host is spoofed, but not "ip:name"';
        return;
      }
      packet.spoofIp = packet.host.slice(0, cut);
      packet.spoofName = packet.host.slice(cut + 1);
    }
    const colon = packet.metric.indexOf(":");
    if (colon < 0) return;
    if (!packet.spoof) packet.metric = packet.metric.replaceAll(":", "_");
    else if (colon > 0) packet.metric = packet.metric.slice(0, colon);
  }

  #readValue(packet: GangliaPacket): void {
    const xdr = this.#xdr;
    const format = this.#formatOf(xdr.string(FORMAT_OCTETS_MAX));
    this.format = format;
    this.valueAt = xdr.at;
    packet.isText = packet.id === PACKET_STRING;
    packet.text = "";
    if (packet.isText) {
      packet.text = xdr.string();
      packet.value = Number.NaN;
      packet.decimals = DECIMALS_SHORTEST;
    } else {
      packet.value = readNumber(xdr, packet.id, format);
      packet.decimals = decimalsAs(packet.id, format);
    }
  }

  #readMetadata(packet: GangliaPacket): void {
    const xdr = this.#xdr;
    const type = xdr.string(NAME_OCTETS_MAX);
    // The name once more; gmond goes by the first.
    xdr.string(NAME_OCTETS_MAX);
    const units = xdr.string();
    const slope = SLOPES[xdr.u32()] ?? "unspecified";
    const tmaxS = xdr.u32();
    const dmaxS = xdr.u32();
    const pairs = xdr.count(EXTRA_PAIR_OCTETS_MIN, EXTRA_PAIRS_MAX);
    const extra: ExtraPair[] = [];
    for (let i = 0; i < pairs && xdr.fault === ""; i++) extra.push([xdr.string(), xdr.string()]);
    if (xdr.fault !== "") return;
    if (!isMetricType(type)) {
      packet.reason = "its type is none of Ganglia's";
      return;
    }
    packet.meta = { name: packet.metric, type, units, slope, tmaxS, dmaxS, extra: extra.reverse() };
  }

  #formatOf(text: string): ValueFormat {
    const known = this.#formats.get(text);
    if (known !== undefined) return known;
    if (this.#formats.size >= FORMATS_MAX) this.#formats.clear();
    const format = floatFormat(text);
    this.#formats.set(text, format);
    return format;
  }
}

/** Reads the number of a value packet. @returns it as gmond prints it; NaN where it is not finite. */
export function readNumber(xdr: XdrReader, id: number, format: ValueFormat): number {
  switch (id) {
    case PACKET_U_SHORT:
      return xdr.u32() & 0xffff;
    case PACKET_SHORT:
      return (xdr.u32() << 16) >> 16;
    case PACKET_INT:
      return xdr.i32();
    case PACKET_U_INT:
      return xdr.u32();
    default: {
      const raw = id === PACKET_FLOAT ? xdr.f32() : xdr.f64();
      return Number.isFinite(raw) ? format.printed(raw) : Number.NaN;
    }
  }
}

/** @returns digits after the point that a number of the id and format has */
export function decimalsAs(id: number, format: ValueFormat): number {
  return id === PACKET_FLOAT || id === PACKET_DOUBLE ? format.decimals : 0;
}
