/**
 * Listens on the UDP channel of a cluster's gmonds. Sends nothing, unless
 * `request-metadata` says that it shall ask for what nobody has told.
 *
 * What comes within a second is handed on as one frame. After a minute without
 * any packet the group is joined again, because a switch or an interface that
 * was restarted may have forgotten us.
 */
import { formatAddress } from "../../core/base/address.js";
import { type Clock, type Timer, withDeadline } from "../../core/base/clock.js";
import { GrateError, messageOf } from "../../core/base/errors.js";
import { type Logger, type RateLimitedLog, rateLimited } from "../../core/base/log.js";
import { formatDuration } from "../../core/model/duration.js";
import type { SourceHealth } from "../../core/model/source.js";
import type { GangliaUdpConfig } from "../config.js";
import { createTcpFetch, type Fetch } from "../connections/tcp.js";
import { HealthRecord } from "../health.js";
import type { Source, SourceDeps } from "../source.js";
import { ChannelAsker } from "./channel-asker.js";
import { ChannelSeed } from "./channel-seed.js";
import { type ChannelSender, type OpenSender, openSender } from "./channel-sender.js";
import { ChannelSenders } from "./channel-senders.js";
import {
  type Channel,
  type ChannelOptions,
  type OpenChannel,
  openChannel,
  UnusableAddressError,
} from "./channel-socket.js";
import { type ChannelCounters, ChannelState } from "./channel-state.js";
import { HostNamer, type ReverseLookup, reverseDns } from "./host-namer.js";

/** A frame from the channel is what comes within a second. */
const FRAME_MS = 1_000;
/** Three heartbeats of every host of the cluster: gmond too joins again after so long a silence. */
const SILENCE_MS = 60_000;
/** How often we look whether a program has come that hears the group because of us: half a heartbeat of a host. */
const NEIGHBOURS_MS = 10_000;
/** How long names wait for the first metadata poll, which knows them without asking DNS. */
const SEED_HEAD_START_MS = 5_000;
/**
 * A packet of a hundred octets costs the kernel some 768 with its own overhead:
 * 4 MB hold a quarter of a second at 20,000 packets a second.
 */
const RECEIVE_BUFFER_DEFAULT_BYTES = 4 * 2 ** 20;

/** What a test puts in place of the network. */
export interface ListenerPorts {
  readonly open: OpenChannel;
  readonly fetch: Fetch;
  readonly lookup: ReverseLookup;
  readonly openSender: OpenSender;
}

export interface ListenerCounters extends ChannelCounters {
  /** Datagrams of senders that `allow` does not name. */
  readonly refused: number;
  /** Questions for metadata that were sent. */
  readonly asked: number;
}

export class GangliaChannelListener implements Source {
  readonly #config: GangliaUdpConfig;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #log: RateLimitedLog;
  readonly #ports: ListenerPorts;
  readonly #health: HealthRecord;
  readonly #namer: HostNamer;
  readonly #seed: ChannelSeed | undefined;
  readonly #senders: ChannelSenders;
  readonly #abort = new AbortController();
  /** Names are asked for only when the first poll has had its chance. */
  #seeded: Promise<void> = Promise.resolve();
  #state: ChannelState | undefined;
  #channel: Channel | undefined;
  #opening: Promise<void> | undefined;
  #sender: ChannelSender | undefined;
  #asker: ChannelAsker | undefined;
  #timer: Timer | undefined;
  /** What is to be said of the receive buffer while all is well; mostly nothing. */
  #bufferNote = "";
  /** When the last packet came, epoch ms: one look at the clock for each packet is enough. 0 = none since the last tick. */
  #heardWallMs = 0;
  /** When the last packet came, and when the group was last joined, monotonic ms. */
  #heardMs = 0;
  #triedMs = 0;
  #neighboursMs = 0;

  constructor(config: GangliaUdpConfig, deps: SourceDeps, ports: Partial<ListenerPorts> = {}) {
    this.#config = config;
    this.#clock = deps.clock;
    this.#logger = deps.logger;
    this.#log = rateLimited(deps.logger, deps.clock);
    this.#ports = { open: openChannel, fetch: createTcpFetch(deps.clock), lookup: reverseDns, openSender, ...ports };
    this.#health = new HealthRecord(config.name, config.type, deps.sink, deps.clock);
    this.#health.address = formatAddress(config.listen);
    this.#namer = new HostNamer(deps.clock, this.#ports.lookup);
    this.#senders = new ChannelSenders(config.allow);
    const from = config["metadata-from"];
    if (from !== undefined) {
      const options = { source: config.name, cluster: config.cluster, address: from, fetch: this.#ports.fetch };
      this.#seed = new ChannelSeed(options, { ...deps, sink: this.#health });
    }
  }

  health(): SourceHealth {
    const health = this.#health.snapshot();
    const message = health.state === "ok" && health.message === "" ? this.#bufferNote : health.message;
    return { ...health, message, malformed: this.counters()?.malformed ?? 0 };
  }

  /** undefined before start */
  counters(): ListenerCounters | undefined {
    const state = this.#state?.counters();
    return state && { ...state, refused: this.#senders.refused, asked: this.#asker?.asked ?? 0 };
  }

  /** @throws GrateError where another program has the unicast address, or there is no room for the cluster */
  async start(): Promise<void> {
    const { cluster, name } = this.#config;
    const directory = this.#health.directory(cluster);
    if (directory === undefined) throw new GrateError(`There is no room for a cluster named ${cluster}`);
    this.#state = new ChannelState({
      directory,
      source: name,
      sink: this.#health,
      names: {
        ready: () => this.#seedHadItsChance(),
        nameOf: async (ip) => (this.#config.resolve ? this.#namer.name(ip) : undefined),
      },
      onRefused: (reason, from) => this.#tell("malformed", { from, reason }, "malformed datagram"),
      legacySystem: this.#config["legacy-os"],
    });
    await this.#open();
    if (this.#config["request-metadata"]) this.#openAsker();
    if (this.#seed !== undefined) this.#seeded = this.#runSeed(this.#seed);
    this.#heardMs = this.#clock.monotonicMs();
    this.#nextTick();
  }

  async stop(): Promise<void> {
    this.#health.stopped();
    this.#abort.abort();
    this.#timer?.cancel();
    this.#namer.stop();
    await this.#opening;
    await this.#channel?.close();
    await this.#sender?.close();
    this.#channel = undefined;
  }

  async #open(): Promise<void> {
    const options = this.#options();
    this.#triedMs = this.#clock.monotonicMs();
    try {
      const channel = await this.#ports.open(options, {
        onDatagram: (octets, from) => this.#take(octets, from),
        onError: (error) => this.#lost(error),
      });
      this.#channel = channel;
      this.#health.address = formatAddress(channel.local);
      this.#tellBuffer(channel.receiveBufferBytes, options.receiveBufferBytes);
      channel.join();
    } catch (error) {
      if (error instanceof UnusableAddressError) throw error;
      this.#failed(messageOf(error));
    }
  }

  #options(): ChannelOptions {
    const receiveBufferBytes = this.#config["receive-buffer"] ?? RECEIVE_BUFFER_DEFAULT_BYTES;
    return { listen: this.#config.listen, interface: this.#config.interface, receiveBufferBytes };
  }

  #openAsker(): void {
    const sender = this.#ports.openSender(this.#options(), (error) =>
      this.#tell("asking", { fault: messageOf(error) }, "cannot ask the channel for metadata"),
    );
    this.#sender = sender;
    this.#asker = new ChannelAsker(this.#clock, (datagram) => sender.send(datagram));
  }

  /** The default is a wish that few kernels grant; only what somebody asked for is worth a word in the health. */
  #tellBuffer(gotBytes: number, wantedBytes: number): void {
    this.#bufferNote = "";
    if (gotBytes >= wantedBytes) return;
    const fields = { source: this.#config.name, wantedBytes, gotBytes };
    const message = "the kernel gives a smaller receive buffer than asked for; raise net.core.rmem_max to have it";
    if (this.#config["receive-buffer"] === undefined) {
      this.#logger.info(fields, message);
    } else {
      this.#logger.warn(fields, message);
      this.#bufferNote =
        `The receive buffer has ${gotBytes} bytes, ${wantedBytes} were asked for: ` +
        "raise net.core.rmem_max, or packets may be lost";
    }
  }

  #take(octets: Uint8Array, from: string): void {
    if (this.#abort.signal.aborted) return;
    if (!this.#senders.allows(from)) {
      this.#tell("refused", { from }, "datagram of a sender that allow does not name");
      return;
    }
    try {
      const nowMs = this.#clock.nowMs();
      if (this.#state?.take(octets, from, nowMs) !== true) return;
      this.#heardWallMs = nowMs;
      if (this.#health.state !== "ok") this.#health.ok();
    } catch (error) {
      this.#failed(messageOf(error));
    }
  }

  /** Once a second. */
  #tick(): void {
    this.#noteHeard();
    try {
      this.#state?.handOver(this.#clock.nowMs());
    } catch (error) {
      this.#failed(messageOf(error));
    }
    this.#seedIfWanted();
    if (this.#state !== undefined) this.#asker?.ask(this.#state.waitingSlots());
    this.#checkNeighbours();
    this.#tryAgainIfSilent();
    this.#nextTick();
  }

  #checkNeighbours(): void {
    const nowMs = this.#clock.monotonicMs();
    if (nowMs - this.#neighboursMs < NEIGHBOURS_MS) return;
    this.#neighboursMs = nowMs;
    try {
      this.#channel?.checkNeighbours();
    } catch (error) {
      this.#failed(messageOf(error));
    }
  }

  #noteHeard(): void {
    if (this.#heardWallMs === 0) return;
    // The wall clock may have jumped meanwhile.
    const agoMs = Math.min(Math.max(this.#clock.nowMs() - this.#heardWallMs, 0), FRAME_MS);
    this.#heardMs = this.#clock.monotonicMs() - agoMs;
    this.#heardWallMs = 0;
  }

  #nextTick(): void {
    if (this.#abort.signal.aborted) return;
    this.#timer = this.#clock.setTimer(() => this.#tick(), FRAME_MS);
  }

  #seedIfWanted(): void {
    const waiting = this.#state?.counters().heldForMetadata ?? 0;
    if (waiting > 0 && this.#seed?.isDue === true) void this.#runSeed(this.#seed);
  }

  async #runSeed(seed: ChannelSeed): Promise<void> {
    await seed.run(this.#abort.signal);
    if (!this.#abort.signal.aborted) this.#state?.retryWaiting();
  }

  #tryAgainIfSilent(): void {
    const nowMs = this.#clock.monotonicMs();
    const silentMs = nowMs - this.#heardMs;
    if (silentMs < SILENCE_MS || nowMs - this.#triedMs < SILENCE_MS || this.#opening !== undefined) return;
    this.#failed(`No packet of Ganglia heard on ${this.#health.address} for ${formatDuration(silentMs)}`);
    this.#opening = this.#reopen().finally(() => {
      this.#opening = undefined;
    });
  }

  async #reopen(): Promise<void> {
    try {
      if (this.#channel === undefined) await this.#open();
      else this.#rejoin(this.#channel);
    } catch (error) {
      this.#failed(messageOf(error));
    }
  }

  #rejoin(channel: Channel): void {
    this.#triedMs = this.#clock.monotonicMs();
    channel.join();
  }

  /** The socket broke; a new one is opened after the usual silence. */
  #lost(error: Error): void {
    this.#failed(`The channel ${this.#health.address} broke: ${messageOf(error)}`);
    const channel = this.#channel;
    this.#channel = undefined;
    void channel?.close();
  }

  #failed(message: string): void {
    this.#health.failed(message);
    this.#log.warn("failed", { source: this.#config.name, fault: message }, "channel failed");
  }

  async #seedHadItsChance(): Promise<void> {
    const late = () => new GrateError("the first metadata poll takes long");
    await withDeadline(this.#clock, this.#seeded, SEED_HEAD_START_MS, late).catch(() => {});
  }

  /** One line a minute of each kind. */
  #tell(kind: string, fields: Record<string, unknown>, message: string): void {
    this.#log.warn(kind, { source: this.#config.name, ...fields }, message);
  }
}
