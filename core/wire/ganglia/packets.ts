/**
 * The datagrams of Ganglia 3.1 and later, one message each:
 *
 *   u32 id | string host | string metric | u32 spoof | rest by id
 *   128 metadata: string type, string metric, string units, u32 slope, u32 tmax, u32 dmax, {string key, string value}[]
 *   129..135 value: string printf format, then the value in the type of the id
 *   136 request for metadata: nothing more
 *
 * The formats of 3.0 and 2.5 begin with other numbers; they are told apart from
 * junk, but not decoded.
 */
import { type ExtraPair, isMetricType, type MetricMeta, SLOPES } from "../../model/metric.js";
import { DECIMALS_SHORTEST } from "../../model/number-text.js";
import { floatFormat, type ValueFormat } from "./printf-format.js";
import { XdrReader } from "./xdr.js";

export const PACKET_METADATA = 128;
export const PACKET_U_SHORT = 129;
export const PACKET_SHORT = 130;
export const PACKET_INT = 131;
export const PACKET_U_INT = 132;
export const PACKET_STRING = 133;
export const PACKET_FLOAT = 134;
export const PACKET_DOUBLE = 135;
export const PACKET_REQUEST = 136;

/** 3.0 and 2.5: user metric 0, built-in metrics 1..50, spoofed metric and heartbeat. */
const OLD_KEY_MAX = 50;
const OLD_SPOOFED_METRIC = 4_096;
const OLD_SPOOFED_HEARTBEAT = 4_097;

/** gmond composes a message in 1,464 octets; names of that length are no names. */
const NAME_OCTETS_MAX = 1_024;
const FORMAT_OCTETS_MAX = 64;
/** gmetad keeps 32 pairs of a metric. */
const EXTRA_PAIRS_MAX = 64;
/** Key and value are two counts of 4 octets each, even when both are empty. */
const EXTRA_PAIR_OCTETS_MIN = 8;
/** A cluster uses a dozen formats; only a hostile one uses more than this. */
const FORMATS_MAX = 256;

export type PacketKind =
  /** `meta` is set. */
  | "metadata"
  /** `isText` and `value`, `decimals` or `text` are set. */
  | "value"
  /** Somebody asks for the metadata of `metric`. */
  | "request"
  /** Well known, but of Ganglia 3.0 or 2.5. */
  | "unsupported"
  /** Begins with no number that any Ganglia uses. */
  | "junk"
  /** Begins as a message and breaks; `reason` says where. */
  | "malformed";

/** One decoded message. The decoder fills the same object again with the next datagram. */
export interface GangliaPacket {
  kind: PacketKind;
  /** The first number of the datagram. */
  id: number;
  /** Why it is malformed or junk, in words for a log line; else "". */
  reason: string;
  /** As sent: the sender's own idea of its name, or "ip:name" where spoofed. */
  host: string;
  /** The message speaks for another host than its sender: `spoofIp` and `spoofName`. */
  spoof: boolean;
  /** What stands for the address; may be a name. "" unless spoofed. */
  spoofIp: string;
  spoofName: string;
  /**
   * As gmond prints it: of a spoofed metric the part before ":", else ":" as "_".
   * So a metric has one name whether it comes by packet or by document.
   */
  metric: string;
  /** The value came as text; a number sent as text is parsed by its declared type by whoever knows that. */
  isText: boolean;
  text: string;
  /** As gmond would print it; NaN where it is not finite. */
  value: number;
  /** Digits after the point, see number-text. */
  decimals: number;
  /** Extra pairs stand as in documents, which is the reverse of the message. */
  meta: MetricMeta | undefined;
}

export class PacketDecoder {
  readonly #xdr = new XdrReader();
  readonly #formats = new Map<string, ValueFormat>();
  readonly #packet: GangliaPacket = {
    kind: "junk",
    id: 0,
    reason: "",
    host: "",
    spoof: false,
    spoofIp: "",
    spoofName: "",
    metric: "",
    isText: false,
    text: "",
    value: Number.NaN,
    decimals: 0,
    meta: undefined,
  };

  /**
   * Never throws. The result is valid until the next call; only `kind`, `id` and
   * `reason` mean something where the kind does not say more.
   */
  decode(datagram: Uint8Array): GangliaPacket {
    const packet = this.#packet;
    const xdr = this.#xdr;
    xdr.open(datagram);
    packet.reason = "";
    packet.meta = undefined;
    packet.id = xdr.u32();
    packet.kind = xdr.fault === "" ? kindOf(packet.id) : "junk";
    if (packet.kind === "junk") {
      packet.reason = xdr.fault === "" ? "it begins as no message of Ganglia" : "it is shorter than 4 octets";
      return packet;
    }
    if (packet.kind === "unsupported") return packet;
    this.#readIdentity(packet);
    if (packet.kind === "value") this.#readValue(packet);
    else if (packet.kind === "metadata") this.#readMetadata(packet);
    if (xdr.fault !== "") packet.reason = xdr.fault;
    if (packet.reason !== "") packet.kind = "malformed";
    return packet;
  }

  #readIdentity(packet: GangliaPacket): void {
    const xdr = this.#xdr;
    packet.host = xdr.string(NAME_OCTETS_MAX);
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
    const formatText = xdr.string(FORMAT_OCTETS_MAX);
    packet.isText = packet.id === PACKET_STRING;
    packet.text = "";
    packet.value = Number.NaN;
    packet.decimals = 0;
    switch (packet.id) {
      case PACKET_STRING:
        packet.text = xdr.string();
        packet.decimals = DECIMALS_SHORTEST;
        return;
      case PACKET_U_SHORT:
        packet.value = xdr.u32() & 0xffff;
        return;
      case PACKET_SHORT:
        packet.value = (xdr.u32() << 16) >> 16;
        return;
      case PACKET_INT:
        packet.value = xdr.i32();
        return;
      case PACKET_U_INT:
        packet.value = xdr.u32();
        return;
      default: {
        const raw = packet.id === PACKET_FLOAT ? xdr.f32() : xdr.f64();
        const format = this.#format(formatText);
        packet.decimals = format.decimals;
        packet.value = Number.isFinite(raw) ? format.printed(raw) : Number.NaN;
      }
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

  #format(text: string): ValueFormat {
    const known = this.#formats.get(text);
    if (known !== undefined) return known;
    if (this.#formats.size >= FORMATS_MAX) this.#formats.clear();
    const format = floatFormat(text);
    this.#formats.set(text, format);
    return format;
  }
}

function kindOf(id: number): PacketKind {
  if (id === PACKET_METADATA) return "metadata";
  if (id >= PACKET_U_SHORT && id <= PACKET_DOUBLE) return "value";
  if (id === PACKET_REQUEST) return "request";
  const old = id <= OLD_KEY_MAX || id === OLD_SPOOFED_METRIC || id === OLD_SPOOFED_HEARTBEAT;
  return old ? "unsupported" : "junk";
}
