/**
 * From datagrams to frames: what the channel has told so far. No socket and no
 * timer; time comes with each datagram.
 */
import { type ClusterDirectory, NONE } from "../../core/model/directory.js";
import { Frame, type FrameSink } from "../../core/model/frame.js";
import { parseNumber } from "../../core/model/number-text.js";
import type { LegacySystem } from "../../core/wire/ganglia/packets/legacy-metrics.js";
import { type GangliaPacket, PacketDecoder } from "../../core/wire/ganglia/packets.js";
import { addressKey } from "./address-key.js";
import type { ChannelHost, HeldPacket, MetricSlot } from "./channel-host.js";
import { ChannelHosts, DEFAULT_HOST_LIMITS, type HostLimits, type NameSource } from "./channel-hosts.js";
import { ChannelMetrics, DEFAULT_METRIC_LIMITS, type MetricLimits } from "./channel-metrics.js";

/** Everything since the start, but for the two that say how much waits now. */
export interface ChannelCounters {
  readonly packets: number;
  /** Of those, messages of Ganglia 3.0 and 2.5. */
  readonly legacy: number;
  /** Begin as no packet of Ganglia, or break off. */
  readonly malformed: number;
  /** Packets or values that a limit or a bad name left no room for. */
  readonly dropped: number;
  /** Packets that wait for the name of their host, now. */
  readonly heldForName: number;
  /** Metrics that wait for metadata, now. */
  readonly heldForMetadata: number;
}

export interface ChannelStateOptions {
  readonly directory: ClusterDirectory;
  readonly source: string;
  readonly sink: Pick<FrameSink, "accept">;
  readonly names: NameSource;
  /** A datagram was passed over; called for each one, so it must not log each one. */
  readonly onRefused: (reason: string, senderIp: string) => void;
  /** Whose gmond 2.5 may be among the senders. */
  readonly legacySystem?: LegacySystem;
  readonly limits?: Partial<HostLimits & MetricLimits>;
}

/**
 * gmond composes messages of at most 1,464 octets and by default reads no more
 * than 1,472. What is longer than this was made by nobody's gmond.
 */
const DATAGRAM_OCTETS_MAX = 4_096;

/** A frame is handed over early when it has so many cells: at 20,000 packets a second they are three seconds'. */
const FRAME_CELLS_MAX = 65_536;

export class ChannelState {
  readonly #options: ChannelStateOptions;
  readonly #directory: ClusterDirectory;
  readonly #decoder: PacketDecoder;
  readonly #frame: Frame;
  readonly #hosts: ChannelHosts;
  readonly #metrics: ChannelMetrics;
  /** Hosts with a row that were heard since the last frame. */
  #heard: ChannelHost[] = [];
  #packets = 0;
  #malformed = 0;
  #legacy = 0;

  constructor(options: ChannelStateOptions) {
    this.#options = options;
    this.#directory = options.directory;
    this.#decoder = new PacketDecoder(options.legacySystem);
    this.#frame = new Frame(options.directory, options.source);
    this.#metrics = new ChannelMetrics(options.directory, this.#frame, { ...DEFAULT_METRIC_LIMITS, ...options.limits });
    this.#hosts = new ChannelHosts(
      options.directory,
      options.names,
      {
        onNamed: (host, held) => this.#takeHeld(host, held),
        onForgotten: (host) => this.#forget(host),
      },
      { ...DEFAULT_HOST_LIMITS, ...options.limits },
    );
  }

  counters(): ChannelCounters {
    return {
      packets: this.#packets,
      legacy: this.#legacy,
      malformed: this.#malformed,
      dropped: this.#hosts.dropped + this.#metrics.dropped,
      heldForName: this.#hosts.held,
      heldForMetadata: this.#metrics.waiting,
    };
  }

  /**
   * @param timeMs arrival, epoch ms
   * @returns whether it was a message of Ganglia
   */
  take(datagram: Uint8Array, senderIp: string, timeMs: number): boolean {
    this.#packets++;
    if (datagram.length > DATAGRAM_OCTETS_MAX) {
      return this.#refuse(`it has ${datagram.length} octets, at most ${DATAGRAM_OCTETS_MAX} are allowed`, senderIp);
    }
    const sender = addressKey(senderIp);
    if (this.#takeKnown(datagram, sender, timeMs)) return true;
    const packet = this.#decoder.decode(datagram);
    switch (packet.kind) {
      case "value":
      case "metadata":
        if (packet.family === "legacy") this.#legacy++;
        this.#takePacket(packet, datagram, sender, timeMs);
        return true;
      case "request":
        this.#takeRequest(sender, timeMs);
        return true;
      default:
        return this.#refuse(packet.reason, senderIp);
    }
  }

  /** The hot path: a value of a host and in a shape that are known. @returns false if it has to be read the long way */
  #takeKnown(datagram: Uint8Array, sender: string, timeMs: number): boolean {
    const host = this.#hosts.find(sender);
    if (host === undefined || host.identity === undefined) return false;
    const { shapes } = this.#decoder;
    const shape = shapes.find(datagram, host.identity);
    const slot = shape === undefined ? undefined : host.byShape[shape.index];
    if (shape === undefined || slot === undefined) return false;
    if (!this.#metrics.knownValue(slot, shape, shapes, timeMs)) return false;
    this.#hear(host, timeMs);
    if (this.#frame.count >= FRAME_CELLS_MAX) this.handOver(timeMs);
    return true;
  }

  /** Hands what has come over as one frame, if anything has. */
  handOver(nowMs: number): void {
    const frame = this.#frame;
    frame.timeMs = nowMs;
    for (const host of this.#heard) {
      if (this.#directory.host(host.row)?.name === host.name) frame.heard(host.row, host.heardMs);
      host.heardMs = 0;
    }
    this.#heard = [];
    this.#hosts.tick();
    try {
      if (frame.count > 0 || frame.heardCount > 0) this.#options.sink.accept(frame);
    } finally {
      // What the sink refuses is lost: kept, it would grow for as long as the sink refuses.
      frame.clear();
    }
  }

  /** Metrics whose values wait for metadata. */
  waitingSlots(): Iterable<MetricSlot> {
    return this.#metrics.waitingSlots();
  }

  /** The directory may have learnt metadata that values wait for. */
  retryWaiting(): void {
    this.#metrics.retryWaiting();
  }

  #takePacket(packet: GangliaPacket, datagram: Uint8Array, sender: string, timeMs: number): void {
    const key = packet.spoof ? addressKey(packet.spoofIp) : sender;
    const host = this.#hosts.find(key) ?? this.#admit(key, packet);
    if (host === undefined) return;
    if (host.row === NONE) {
      // The decoder fills the same object again with the next datagram.
      this.#hosts.hold(host, { packet: { ...packet }, timeMs });
      return;
    }
    this.#hear(host, timeMs);
    const slot = this.#apply(host, packet, timeMs);
    if (slot !== undefined) this.#learn(host, slot, datagram);
    if (this.#frame.count >= FRAME_CELLS_MAX) this.handOver(timeMs);
  }

  /** The next packet like this one is taken by the short way. */
  #learn(host: ChannelHost, slot: MetricSlot, datagram: Uint8Array): void {
    const shape = this.#decoder.learnShape(datagram);
    if (shape === undefined) return;
    host.identity = this.#decoder.identityOf(datagram);
    host.byShape[shape.index] = slot;
  }

  #admit(key: string, packet: GangliaPacket): ChannelHost | undefined {
    return packet.spoof ? this.#hosts.admitNamed(key, packet.spoofName) : this.#hosts.admit(key);
  }

  /**
   * Somebody asks for metadata, so the asker is alive; the host that the request
   * names need not be. One that has never sent anything else is a listener like
   * ourselves and no host of the cluster.
   */
  #takeRequest(sender: string, timeMs: number): void {
    const host = this.#hosts.find(sender);
    if (host !== undefined && host.row !== NONE) this.#hear(host, timeMs);
  }

  #takeHeld(host: ChannelHost, held: readonly HeldPacket[]): void {
    for (const { packet, timeMs } of held) {
      this.#hear(host, timeMs);
      this.#apply(host, packet, timeMs);
    }
  }

  /** @returns the place of the metric if the packet brought a value of one */
  #apply(host: ChannelHost, packet: Readonly<GangliaPacket>, timeMs: number): MetricSlot | undefined {
    const special = specialName(packet.metric);
    if (special === undefined) {
      if (packet.meta !== undefined) this.#metrics.describe(host, packet.meta);
      return packet.kind === "value" ? this.#metrics.value(host, packet.metric, packet, timeMs) : undefined;
    }
    if (packet.kind !== "value") return undefined;
    if (special === "heartbeat") this.#setStarted(host, packet.isText ? parseNumber(packet.text) : packet.value);
    else if (packet.isText) this.#setLocation(host, packet.text);
    return undefined;
  }

  /** `gmetric -H` sends 0: alive, start unknown. */
  #setStarted(host: ChannelHost, startedS: number): void {
    const facts = this.#directory.host(host.row);
    const isTime = Number.isInteger(startedS) && startedS > 0 && startedS < 2 ** 32;
    if (!isTime || facts === undefined || facts.startedS === startedS) return;
    this.#directory.describeHost(host.row, { ...facts, startedS });
  }

  #setLocation(host: ChannelHost, location: string): void {
    const facts = this.#directory.host(host.row);
    if (facts === undefined || facts.location === location) return;
    this.#directory.describeHost(host.row, { ...facts, location });
  }

  #hear(host: ChannelHost, timeMs: number): void {
    if (host.heardMs === 0) this.#heard.push(host);
    host.heardMs = timeMs;
  }

  #forget(host: ChannelHost): void {
    this.#metrics.forget(host);
    if (host.heardMs !== 0) this.#heard = this.#heard.filter((other) => other !== host);
    host.heardMs = 0;
  }

  #refuse(reason: string, senderIp: string): false {
    this.#malformed++;
    this.#options.onRefused(reason, senderIp);
    return false;
  }
}

/** These two are facts about the host and no metrics; gmond takes them in any case. */
function specialName(metric: string): "heartbeat" | "location" | undefined {
  // Nearly all packets are told apart by the length alone.
  if (metric.length === 9 && metric.toLowerCase() === "heartbeat") return "heartbeat";
  if (metric.length === 8 && metric.toLowerCase() === "location") return "location";
  return undefined;
}
