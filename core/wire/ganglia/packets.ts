/**
 * The datagrams of all Ganglias, one message each. The first number tells them
 * apart: the formats of 3.1 and later (packets/current.ts) and of 3.0 and 2.5
 * (packets/legacy.ts) use different ones, so that one port may carry both.
 */
import { CurrentReader, currentKind } from "./packets/current.js";
import { LegacyReader, legacyKind } from "./packets/legacy.js";
import type { LegacySystem } from "./packets/legacy-metrics.js";
import { emptyPacket, type GangliaPacket } from "./packets/packet.js";
import { type ValueShape, ValueShapes } from "./packets/shapes.js";
import { XdrReader } from "./xdr.js";

export {
  PACKET_DOUBLE,
  PACKET_FLOAT,
  PACKET_INT,
  PACKET_METADATA,
  PACKET_SHORT,
  PACKET_STRING,
  PACKET_U_INT,
  PACKET_U_SHORT,
} from "./packets/current.js";
export type { GangliaPacket } from "./packets/packet.js";
export type { ValueShape } from "./packets/shapes.js";

const ID_OCTETS = 4;

export class PacketDecoder {
  readonly #xdr = new XdrReader();
  readonly #current = new CurrentReader(this.#xdr);
  readonly #legacy: LegacyReader;
  readonly #packet = emptyPacket();
  /** Value packets that have come before; who knows a packet's sender looks there first. */
  readonly shapes = new ValueShapes(this.#xdr);

  /** @param legacySystem whose gmond 2.5 may be among the senders; of no meaning for others */
  constructor(legacySystem: LegacySystem = "linux") {
    this.#legacy = new LegacyReader(this.#xdr, legacySystem);
  }

  /**
   * Never throws. The result is valid until the next call; only `kind`, `family`,
   * `id` and `reason` mean something where the kind does not say more.
   */
  decode(datagram: Uint8Array): GangliaPacket {
    const packet = this.#packet;
    const xdr = this.#xdr;
    xdr.open(datagram);
    packet.reason = "";
    packet.meta = undefined;
    packet.family = "current";
    packet.id = xdr.u32();
    if (xdr.fault !== "") {
      packet.kind = "junk";
      packet.reason = "it is shorter than 4 octets";
      return packet;
    }
    packet.kind = currentKind(packet.id);
    if (packet.kind !== "junk") {
      this.#current.read(packet);
    } else {
      packet.kind = legacyKind(packet.id);
      if (packet.kind === "junk") {
        packet.reason = "it begins as no message of Ganglia";
        return packet;
      }
      packet.family = "legacy";
      this.#legacy.read(packet);
    }
    if (xdr.fault !== "") packet.reason = xdr.fault;
    if (packet.reason !== "") {
      packet.kind = "malformed";
      packet.meta = undefined;
    }
    return packet;
  }

  /**
   * The shape of the datagram decoded last, which was a value of a host that is not spoofed.
   * @returns undefined where there is no room for it, and for what is of 3.0 or 2.5
   */
  learnShape(datagram: Uint8Array): ValueShape | undefined {
    const { kind, family, spoof, id } = this.#packet;
    if (kind !== "value" || family !== "current" || spoof) return undefined;
    const { tailAt, valueAt, format } = this.#current;
    return this.shapes.learn(datagram, id, tailAt, valueAt, format);
  }

  /** What all packets of this sender have behind their id: what it calls itself. For the datagram decoded last. */
  identityOf(datagram: Uint8Array): Uint8Array {
    return Uint8Array.from(datagram.subarray(ID_OCTETS, this.#current.tailAt));
  }
}
