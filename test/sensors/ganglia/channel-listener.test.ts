/** The listener with a channel, a peer and a resolver in memory; real sockets are in channel-socket.test.ts. */
import { describe, expect, it } from "vitest";
import { GrateError } from "../../../core/base/errors.js";
import type { GangliaUdpConfig } from "../../../sensors/config.js";
import type { FetchRequest } from "../../../sensors/connections/tcp.js";
import { GangliaChannelListener } from "../../../sensors/ganglia/channel-listener.js";
import {
  type ChannelHandlers,
  type ChannelOptions,
  UnusableAddressError,
} from "../../../sensors/ganglia/channel-socket.js";
import { VirtualClock } from "../../support/virtual-clock.js";
import { floatPacket, textPacket } from "../support/ganglia-packets.js";
import { gmondDocument } from "../support/ganglia-xml.js";
import { recordingLogger } from "../support/logger.js";
import { RecordingSink } from "../support/recording-sink.js";

const START_MS = 1_700_000_000_000;
const NODE1 = "10.0.0.1";
const FROM = { host: NODE1, port: 8649 };

interface FakeNetwork {
  /** Throws to make opening fail. */
  open: () => void;
  /** Throws to make joining fail. */
  join: () => void;
  /** The document at metadata-from. */
  document: (request: FetchRequest) => Promise<string>;
  lookup: (ip: string) => Promise<string | undefined>;
  receiveBufferBytes: number;
}

function setUp(changes: Partial<GangliaUdpConfig> = {}, network: Partial<FakeNetwork> = {}) {
  const clock = new VirtualClock(START_MS);
  const sink = new RecordingSink();
  const { logger, lines } = recordingLogger();
  const events: string[] = [];
  const opened: ChannelOptions[] = [];
  let handlers: ChannelHandlers | undefined;
  const fake: FakeNetwork = {
    open: () => {},
    join: () => {},
    document: () => Promise.reject(new GrateError("Cannot connect")),
    lookup: async () => undefined,
    receiveBufferBytes: 2 ** 30,
    ...network,
  };
  const config: GangliaUdpConfig = {
    name: "live",
    type: "ganglia-udp",
    cluster: "khab",
    listen: { host: "239.2.11.71", port: 8649 },
    resolve: true,
    ...changes,
  };
  const listener = new GangliaChannelListener(
    config,
    { sink, clock, logger },
    {
      open: async (options, given) => {
        events.push(`open at ${clock.monotonicMs()}`);
        fake.open();
        opened.push(options);
        handlers = given;
        return {
          receiveBufferBytes: fake.receiveBufferBytes,
          local: options.listen,
          join: () => {
            events.push(`join at ${clock.monotonicMs()}`);
            fake.join();
          },
          close: async () => void events.push("close"),
        };
      },
      fetch: async (request) => {
        events.push(`fetch at ${clock.monotonicMs()}`);
        return { receivedMs: clock.nowMs(), bytes: Buffer.from(await fake.document(request)) };
      },
      lookup: (ip) => fake.lookup(ip),
    },
  );
  const hear = (packet: Buffer, from = NODE1) => handlers?.onDatagram(packet, from);
  const breakSocket = (message: string) => handlers?.onError(new Error(message));
  return { clock, sink, lines, events, opened, fake, listener, hear, breakSocket };
}

const documentOf = (clock: VirtualClock, cluster = "khab") =>
  gmondDocument(cluster, Math.floor(clock.nowMs() / 1_000), [
    { name: "node1.khab", ip: NODE1, metrics: { fans: 2, load_one: "0.50" } },
  ]);

describe("listener", () => {
  it("opens and joins what the configuration says", async () => {
    const { listener, opened, events } = setUp({ interface: "eth0", "receive-buffer": 65_536 });
    await listener.start();
    expect(opened).toEqual([
      { listen: { host: "239.2.11.71", port: 8649 }, interface: "eth0", receiveBufferBytes: 65_536 },
    ]);
    expect(events).toEqual(["open at 0", "join at 0"]);
    await listener.stop();
    expect(events.at(-1)).toBe("close");
  });

  it("hands over once a second what has come", async () => {
    const { clock, sink, listener, hear } = setUp({ resolve: false });
    await listener.start();
    expect(listener.health()).toMatchObject({ state: "starting", address: "239.2.11.71:8649" });
    hear(floatPacket("load_one", 1));
    await clock.advance(200);
    hear(floatPacket("load_one", 2));
    expect(sink.frames).toEqual([]);
    await clock.advance(800);
    expect(sink.frames).toMatchObject([
      {
        cluster: "khab",
        source: "live",
        timeMs: START_MS + 1_000,
        heard: { [NODE1]: START_MS + 200 },
        cells: [
          { host: NODE1, metric: "load_one", value: 1, timeMs: START_MS },
          { host: NODE1, metric: "load_one", value: 2, timeMs: START_MS + 200 },
        ],
      },
    ]);
    expect(listener.health()).toEqual({
      name: "live",
      type: "ganglia-udp",
      state: "ok",
      message: "",
      lastFrameMs: START_MS + 1_000,
      frames: 1,
      failures: 0,
      malformed: 0,
      skewMs: 0,
      address: "239.2.11.71:8649",
    });
    await clock.advance(10_000);
    expect(sink.frames).toHaveLength(1);
    await listener.stop();
  });

  it("shows hosts by reverse DNS, and by address where that fails", async () => {
    const { clock, sink, listener, hear } = setUp(
      {},
      { lookup: (ip) => (ip === NODE1 ? Promise.resolve("node1.khab") : Promise.reject(new Error("ENOTFOUND"))) },
    );
    await listener.start();
    hear(floatPacket("load_one", 1));
    hear(floatPacket("load_one", 2), "10.0.0.2");
    await clock.advance(1_000);
    expect(Object.keys(sink.frames[0]?.heard ?? {})).toEqual(["node1.khab", "10.0.0.2"]);
    await listener.stop();
  });

  it("lets a slow resolver hold up only the hosts that wait for it", async () => {
    const { clock, sink, listener, hear } = setUp(
      {},
      { lookup: (ip) => (ip === NODE1 ? new Promise(() => {}) : Promise.resolve("node2")) },
    );
    await listener.start();
    hear(floatPacket("load_one", 1));
    hear(floatPacket("load_one", 2), "10.0.0.2");
    await clock.advance(1_000);
    expect(sink.frames.map((frame) => Object.keys(frame.heard))).toEqual([["node2"]]);
    expect(listener.counters()).toMatchObject({ heldForName: 1 });
    await clock.advance(5_000);
    expect(sink.frames.at(-1)).toMatchObject({ heard: { [NODE1]: START_MS }, cells: [{ value: 1, timeMs: START_MS }] });
    await listener.stop();
    expect(clock.pendingTimers).toBe(0);
  });

  it("tells a smaller buffer than asked for: a warning only if somebody asked", async () => {
    const asked = setUp({ "receive-buffer": 8 * 2 ** 20 }, { receiveBufferBytes: 212_992 });
    await asked.listener.start();
    expect(asked.lines).toMatchObject([{ level: "warn", wantedBytes: 8 * 2 ** 20, gotBytes: 212_992 }]);
    await asked.listener.stop();
    const byDefault = setUp({}, { receiveBufferBytes: 212_992 });
    await byDefault.listener.start();
    expect(byDefault.lines).toMatchObject([{ level: "info", wantedBytes: 4 * 2 ** 20, gotBytes: 212_992 }]);
    await byDefault.listener.stop();
  });

  it("counts junk and tells it once a minute", async () => {
    const { clock, listener, hear, lines } = setUp();
    await listener.start();
    for (let i = 0; i < 1_000; i++) hear(Buffer.from("GET / HTTP/1.0"), "10.9.9.9");
    for (let i = 0; i < 10; i++) hear(Buffer.from("0000000a41480000", "hex"));
    expect(listener.health()).toMatchObject({ state: "starting", malformed: 1_000 });
    expect(listener.counters()).toMatchObject({ packets: 1_010, malformed: 1_000, unsupported: 10 });
    expect(lines).toMatchObject([
      { msg: "malformed datagram", from: "10.9.9.9", reason: "it begins as no message of Ganglia" },
      { msg: "unsupported datagram", from: NODE1, reason: "it is of Ganglia 3.0 or 2.5" },
    ]);
    await clock.advance(60_000);
    hear(Buffer.from("GET / HTTP/1.0"), "10.9.9.9");
    expect(lines.at(-1)).toMatchObject({ msg: "malformed datagram", suppressed: 999 });
    await listener.stop();
  });

  it("survives a sink that throws", async () => {
    const { clock, sink, listener, hear } = setUp({ resolve: false });
    await listener.start();
    sink.onFrame = () => {
      throw new Error("No space left on device");
    };
    hear(floatPacket("load_one", 1));
    await clock.advance(1_000);
    expect(listener.health()).toMatchObject({ state: "failing", message: "No space left on device" });
    sink.onFrame = () => {};
    hear(floatPacket("load_one", 2));
    await clock.advance(1_000);
    expect(listener.health()).toMatchObject({ state: "ok", message: "", frames: 1 });
    await listener.stop();
  });

  it("hands nothing on once it is stopped", async () => {
    const { clock, sink, listener, hear } = setUp({ resolve: false });
    await listener.start();
    hear(floatPacket("load_one", 1));
    await listener.stop();
    hear(floatPacket("load_one", 2));
    await clock.advance(60_000);
    expect(sink.frames).toEqual([]);
    expect(clock.pendingTimers).toBe(0);
    expect(listener.health().state).toBe("stopped");
  });
});

describe("listener without luck", () => {
  it("does not start where another program has the address", async () => {
    const { clock, listener, events } = setUp(
      {},
      {
        open: () => {
          throw new UnusableAddressError("Cannot listen: another program receives there");
        },
      },
    );
    await expect(listener.start()).rejects.toThrow("another program receives there");
    await listener.stop();
    expect(events).toEqual(["open at 0"]);
    expect(clock.pendingTimers).toBe(0);
  });

  it("does not start where there is no room for its cluster", async () => {
    const { sink, listener } = setUp();
    sink.directory = (() => undefined) as unknown as typeof sink.directory;
    await expect(listener.start()).rejects.toThrow("There is no room for a cluster named khab");
    await listener.stop();
  });

  it("tries again every minute where the address is not there yet", async () => {
    const { clock, listener, events, fake } = setUp(
      {},
      {
        open: () => {
          throw new GrateError("Cannot listen: EADDRNOTAVAIL");
        },
      },
    );
    await listener.start();
    expect(listener.health()).toMatchObject({ state: "failing", message: "Cannot listen: EADDRNOTAVAIL" });
    await clock.advance(60_000);
    expect(events).toEqual(["open at 0", "open at 60000"]);
    fake.open = () => {};
    await clock.advance(60_000);
    expect(events.slice(2)).toEqual(["open at 120000", "join at 120000"]);
    await listener.stop();
  });

  it("tries again every minute where it cannot join", async () => {
    const { clock, listener, events, fake, hear } = setUp(
      {},
      {
        join: () => {
          throw new GrateError("Cannot join: no such device");
        },
      },
    );
    await listener.start();
    expect(listener.health()).toMatchObject({ state: "failing", message: "Cannot join: no such device" });
    await clock.advance(60_000);
    expect(events).toEqual(["open at 0", "join at 0", "join at 60000"]);
    expect(listener.health()).toMatchObject({ state: "failing", message: "Cannot join: no such device" });
    fake.join = () => {};
    await clock.advance(60_000);
    hear(floatPacket("load_one", 1));
    expect(listener.health()).toMatchObject({ state: "ok", message: "" });
    await listener.stop();
  });

  it("joins again after each minute of silence, and says so", async () => {
    const { clock, listener, events, hear } = setUp();
    await listener.start();
    await clock.advance(30_500);
    hear(floatPacket("load_one", 1));
    await clock.advance(60_000);
    expect(events).toEqual(["open at 0", "join at 0"]);
    await clock.advance(1_000);
    expect(events.slice(2)).toEqual(["join at 91000"]);
    expect(listener.health()).toMatchObject({
      state: "failing",
      message: "No packet of Ganglia 3.1 or later heard on 239.2.11.71:8649 for 1m",
    });
    await clock.advance(119_000);
    expect(events.slice(3)).toEqual(["join at 151000"]);
    hear(floatPacket("load_one", 1));
    expect(listener.health().state).toBe("ok");
    await listener.stop();
  });

  it("opens a new socket after one broke", async () => {
    const { clock, listener, events, hear, breakSocket } = setUp();
    await listener.start();
    hear(floatPacket("load_one", 1));
    await clock.advance(10_000);
    breakSocket("recvmsg ENOMEM");
    expect(listener.health()).toMatchObject({
      state: "failing",
      message: "The channel 239.2.11.71:8649 broke: recvmsg ENOMEM",
    });
    await clock.advance(50_000);
    expect(events).toEqual(["open at 0", "join at 0", "close", "open at 60000", "join at 60000"]);
    await listener.stop();
  });
});

describe("metadata-from", () => {
  it("gives values, metadata and names before DNS is asked", async () => {
    const lookups: string[] = [];
    const { clock, sink, listener, hear } = setUp(
      { "metadata-from": FROM },
      {
        document: async () => documentOf(clock),
        lookup: async (ip) => {
          lookups.push(ip);
          return "another.name";
        },
      },
    );
    await listener.start();
    hear(textPacket("fans", "3"));
    await clock.advance(1_000);
    expect(lookups).toEqual([]);
    expect(sink.frames).toMatchObject([
      { cells: [{ host: "node1.khab", metric: "fans", value: 2 }, { metric: "load_one" }] },
      { heard: { "node1.khab": START_MS }, cells: [{ host: "node1.khab", metric: "fans", value: 3 }] },
    ]);
    expect(listener.health().frames).toBe(2);
    await listener.stop();
  });

  it("is not waited for longer than five seconds", async () => {
    const { clock, sink, listener, hear, events } = setUp(
      { "metadata-from": FROM },
      { document: () => new Promise(() => {}), lookup: async () => "node1.khab" },
    );
    await listener.start();
    hear(floatPacket("load_one", 1));
    await clock.advance(4_999);
    expect(sink.frames).toEqual([]);
    await clock.advance(1_001);
    expect(sink.frames).toMatchObject([{ cells: [{ host: "node1.khab", value: 1 }] }]);
    expect(events.filter((event) => event.startsWith("fetch"))).toEqual(["fetch at 0"]);
  });

  it("is asked again for an unknown metric, at most once a minute", async () => {
    const { clock, sink, listener, hear, events, fake } = setUp({ "metadata-from": FROM, resolve: false });
    await listener.start();
    const fetches = () => events.filter((event) => event.startsWith("fetch"));
    for (let second = 0; second < 90; second++) {
      hear(textPacket("fans", String(second)));
      await clock.advance(1_000);
    }
    expect(fetches()).toEqual(["fetch at 0", "fetch at 60000"]);
    expect(listener.counters()).toMatchObject({ heldForMetadata: 1 });
    fake.document = async () => documentOf(clock);
    await clock.advance(30_000);
    expect(fetches()).toHaveLength(3);
    await clock.advance(1_000);
    // The host is known by its address since the first packet; what waited is its latest value.
    expect(sink.values(NODE1)).toEqual({ fans: 89 });
    expect(listener.counters()).toMatchObject({ heldForMetadata: 0 });
    await clock.advance(300_000);
    expect(fetches()).toHaveLength(3);
    await listener.stop();
  });

  it("does not bring in other clusters, and says that it lacks ours", async () => {
    const { clock, sink, listener, lines } = setUp(
      { "metadata-from": FROM },
      { document: async () => documentOf(clock, "another") },
    );
    await listener.start();
    await clock.advance(1_000);
    expect([...sink.directories.keys()]).toEqual(["khab"]);
    expect(sink.frames).toEqual([]);
    expect(lines).toMatchObject([
      { msg: "metadata-from does not have the cluster", cluster: "khab", found: ["another"], address: "10.0.0.1:8649" },
    ]);
    await listener.stop();
  });

  it("that fails is told and harms nothing", async () => {
    const { clock, sink, listener, hear, lines } = setUp({ "metadata-from": FROM, resolve: false });
    await listener.start();
    hear(floatPacket("load_one", 1));
    await clock.advance(1_000);
    expect(sink.values(NODE1)).toEqual({ load_one: 1 });
    expect(listener.health().state).toBe("ok");
    expect(lines).toMatchObject([{ level: "warn", msg: "metadata poll failed", fault: "Cannot connect" }]);
    await listener.stop();
  });

  it("is let go of when the listener is stopped", async () => {
    const { clock, sink, listener } = setUp(
      { "metadata-from": FROM },
      {
        document: ({ signal }) =>
          new Promise((_, reject) => signal.addEventListener("abort", () => reject(new GrateError("Stopped")))),
      },
    );
    await listener.start();
    await clock.advance(100);
    await listener.stop();
    await clock.advance(0);
    expect(sink.frames).toEqual([]);
    expect(clock.pendingTimers).toBe(0);
  });
});
