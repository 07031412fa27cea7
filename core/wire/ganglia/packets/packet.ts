/** One decoded datagram, of whichever Ganglia; and what all its formats have in common. */
import type { MetricMeta } from "../../../model/metric.js";

export type PacketKind =
  /** `meta` is set. */
  | "metadata"
  /** `isText` and `value`, `decimals` or `text` are set; `meta` too where the format brings it with each value. */
  | "value"
  /** Somebody asks for the metadata of `metric`. */
  | "request"
  /** Begins with no number that any Ganglia uses. */
  | "junk"
  /** Begins as a message and breaks; `reason` says where. */
  | "malformed";

/** Which Ganglia a message is of: 3.1 and later, or 3.0 and 2.5, which are one to a reader. */
export type PacketFamily = "current" | "legacy";

/** The decoder fills the same object again with the next datagram. */
export interface GangliaPacket {
  kind: PacketKind;
  family: PacketFamily;
  /** The first number of the datagram. */
  id: number;
  /** Why it is malformed or junk, in words for a log line; else "". */
  reason: string;
  /** As sent: the sender's own idea of its name, or "ip:name" where spoofed. "" in legacy messages. */
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

export function emptyPacket(): GangliaPacket {
  return {
    kind: "junk",
    family: "current",
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
}

/** gmond composes a message in 1,464 octets; names of that length are no names. */
export const NAME_OCTETS_MAX = 1_024;
