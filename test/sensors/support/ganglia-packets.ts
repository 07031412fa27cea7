/** Datagrams of Ganglia 3.1 and later, built by the book (XDR, RFC 4506). */

const u32 = (value: number): Buffer => {
  const word = Buffer.alloc(4);
  word.writeUInt32BE(value);
  return word;
};

const text = (value: string): Buffer => {
  const octets = Buffer.from(value, "latin1");
  return Buffer.concat([u32(octets.length), octets, Buffer.alloc((4 - (octets.length % 4)) % 4)]);
};

export interface Sender {
  /** The sender's own idea of its name, or "ip:name" if spoofed. */
  readonly host?: string;
  readonly spoof?: boolean;
}

const head = (id: number, metric: string, { host = "sender", spoof = false }: Sender): Buffer =>
  Buffer.concat([u32(id), text(host), text(metric), u32(spoof ? 1 : 0)]);

/** Id 134. */
export function floatPacket(metric: string, value: number, sender: Sender = {}, format = "%.2f"): Buffer {
  const word = Buffer.alloc(4);
  word.writeFloatBE(value);
  return Buffer.concat([head(134, metric, sender), text(format), word]);
}

/** Id 132. */
export function uintPacket(metric: string, value: number, sender: Sender = {}): Buffer {
  return Buffer.concat([head(132, metric, sender), text("%u"), u32(value)]);
}

/** Id 133: what gmetric sends, whatever the type of the metric. */
export function textPacket(metric: string, value: string, sender: Sender = {}): Buffer {
  return Buffer.concat([head(133, metric, sender), text("%s"), text(value)]);
}

export interface Metadata {
  readonly type: string;
  readonly units?: string;
  /** 3 is both. */
  readonly slope?: number;
  readonly tmaxS?: number;
  readonly dmaxS?: number;
  /** In the order of the packet. */
  readonly extra?: readonly (readonly [string, string])[];
}

/** Id 128. */
export function metadataPacket(metric: string, metadata: Metadata, sender: Sender = {}): Buffer {
  const { type, units = "", slope = 3, tmaxS = 60, dmaxS = 0, extra = [] } = metadata;
  return Buffer.concat([
    head(128, metric, sender),
    text(type),
    text(metric),
    text(units),
    u32(slope),
    u32(tmaxS),
    u32(dmaxS),
    u32(extra.length),
    ...extra.flatMap(([key, value]) => [text(key), text(value)]),
  ]);
}

/** Id 136. */
export function requestPacket(metric: string, sender: Sender = {}): Buffer {
  return head(136, metric, sender);
}
