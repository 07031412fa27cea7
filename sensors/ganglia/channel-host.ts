/** A host on the channel and its metrics, as its packets make them known. */
import type { GangliaPacket } from "../../core/wire/ganglia/packets.js";

/** A decoded packet that waits for its host's name. */
export interface HeldPacket {
  readonly packet: Readonly<GangliaPacket>;
  readonly timeMs: number;
}

export interface ChannelHost {
  /** What its packets come from: a source address, or what stands for one in a spoofed packet. */
  readonly key: string;
  /** The key is what a packet claimed. */
  readonly spoofed: boolean;
  /** Shown; "" until it is known. */
  name: string;
  /** NONE until the name is known. */
  row: number;
  /** The newest packet since the last frame, epoch ms; 0 if there was none. */
  heardMs: number;
  /** Until the name is known, in the order of arrival. */
  held: HeldPacket[];
  readonly metrics: Map<string, MetricSlot>;
  /** How its packets go on behind their id; undefined until one came, and where they are spoofed or legacy. */
  identity: Uint8Array | undefined;
  /** Its metrics by the shape of their packets, see packets/shapes.ts. Every slot stands in `metrics` too. */
  readonly byShape: (MetricSlot | undefined)[];
  /** A name that a document brings later takes the place of this one. */
  provisional: boolean;
}

/** The value part of a packet, as PacketDecoder gives it. */
export interface PacketValue {
  /** It came as text, which says nothing of its type. */
  readonly isText: boolean;
  readonly text: string;
  readonly value: number;
  readonly decimals: number;
}

/** A text with the number that it stands for, NaN where it is none. */
export interface ReadText {
  readonly text: string;
  readonly number: number;
  readonly decimals: number;
}

/** One metric of one host. */
export interface MetricSlot {
  readonly host: ChannelHost;
  readonly name: string;
  /** NONE until its metadata is known. */
  column: number;
  isNumber: boolean;
  /** A value that came as text, and what was made of it: mostly the next one is the same. */
  text: ReadText | undefined;
  /** The latest value, while metadata is missing. */
  waiting: (PacketValue & { readonly timeMs: number }) | undefined;
}
