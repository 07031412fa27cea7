/** The listener with a channel, a peer and a resolver in memory; real sockets are in channel-socket.test.ts. */
import { describe, expect, it } from "vitest";
import { GrateError } from "../../../core/base/errors.js";
import { type GangliaPacket, PacketDecoder } from "../../../core/wire/ganglia/packets.js";
import type { GangliaUdpConfig } from "../../../sensors/config.js";
import type { FetchRequest } from "../../../sensors/connections/tcp.js";
import { GangliaChannelListener } from "../../../sensors/ganglia/channel-listener.js";
import {
  type ChannelHandlers,
  type ChannelOptions,
  UnusableAddressError,
} from "../../../sensors/ganglia/channel-socket.js";
import { VirtualClock } from "../../support/virtual-clock.js";
import { floatPacket, metadataPacket, textPacket } from "../support/ganglia-packets.js";
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
  /** Throws where another program hears the group because of us. */
  checkNeighbours: () => void;
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
  const asked: GangliaPacket[] = [];
  const decoder = new PacketDecoder();
  let handlers: ChannelHandlers | undefined;
  const fake: FakeNetwork = {
    open: () => {},
    join: () => {},
    checkNeighbours: () => {},
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
    allow: [],
    "request-metadata": false,
    "legacy-os": "linux",
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
          checkNeighbours: () => fake.checkNeighbours(),
          close: async () => void events.push("close"),
        };
      },
      fetch: async (request) => {
        events.push(`fetch at ${clock.monotonicMs()}`);
        const bytes = Buffer.from(await fake.document(request));
        return { receivedMs: clock.nowMs(), bytes, receivedBytes: bytes.length };
      },
      lookup: (ip) => fake.lookup(ip),
      openSender: () => ({
        send: (octets) => void asked.push({ ...decoder.decode(octets) }),
        close: async () => void events.push("sender closed"),
      }),
    },
  );
  const hear = (packet: Buffer, from = NODE1) => handlers?.onDatagram(packet, from);
  const breakSocket = (message: string) => handlers?.onError(new Error(message));
  return { clock, sink, lines, events, opened, asked, fake, listener, hear, breakSocket };
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
    asked.hear(floatPacket("load_one", 1));
    expect(asked.listener.health()).toMatchObject({
      state: "ok",
      message:
        "The receive buffer has 212992 bytes, 8388608 were asked for: raise net.core.rmem_max, or packets may be lost",
    });
    await asked.listener.stop();
    const byDefault = setUp({}, { receiveBufferBytes: 212_992 });
    await byDefault.listener.start();
    expect(byDefault.lines).toMatchObject([{ level: "info", wantedBytes: 4 * 2 ** 20, gotBytes: 212_992 }]);
    byDefault.hear(floatPacket("load_one", 1));
    expect(byDefault.listener.health()).toMatchObject({ state: "ok", message: "" });
    await byDefault.listener.stop();
  });

  it("counts junk and tells it once a minute", async () => {
    const { clock, listener, hear, lines } = setUp();
    await listener.start();
    for (let i = 0; i < 1_000; i++) hear(Buffer.from("GET / HTTP/1.0"), "10.9.9.9");
    expect(listener.health()).toMatchObject({ state: "starting", malformed: 1_000 });
    for (let i = 0; i < 10; i++) hear(Buffer.from("0000000a41480000", "hex"));
    expect(listener.health()).toMatchObject({ state: "ok", malformed: 1_000 });
    expect(listener.counters()).toMatchObject({ packets: 1_010, malformed: 1_000, legacy: 10 });
    expect(lines).toMatchObject([
      { msg: "malformed datagram", from: "10.9.9.9", reason: "it begins as no message of Ganglia" },
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

  it("leaves the group when a program comes that hears it because of us, and joins when that has gone", async () => {
    const overheard = () => {
      throw new GrateError("Cannot join: a program would hear the group");
    };
    const { clock, listener, events, fake, hear } = setUp();
    await listener.start();
    hear(floatPacket("load_one", 1));
    fake.checkNeighbours = overheard;
    fake.join = overheard;
    await clock.advance(10_000);
    const failing = { state: "failing", message: "Cannot join: a program would hear the group" };
    expect(listener.health()).toMatchObject(failing);
    await clock.advance(60_000);
    expect(listener.health()).toMatchObject(failing);
    fake.join = () => {};
    fake.checkNeighbours = () => {};
    await clock.advance(60_000);
    expect(events.filter((event) => event.startsWith("join")).length).toBeGreaterThanOrEqual(3);
    hear(floatPacket("load_one", 2));
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
      message: "No packet of Ganglia heard on 239.2.11.71:8649 for 1m",
    });
    await clock.advance(119_000);
    expect(events.slice(3)).toEqual(["join at 151000"]);
    hear(floatPacket("load_one", 1));
    expect(listener.health().state).toBe("ok");
    await listener.stop();
  });

  it("tries again every minute where another program took the address while it ran", async () => {
    const { clock, listener, events, fake, hear, breakSocket } = setUp();
    await listener.start();
    hear(floatPacket("load_one", 1));
    breakSocket("recvmsg ENETDOWN");
    fake.open = () => {
      throw new UnusableAddressError("Cannot listen: another program receives there");
    };
    await clock.advance(120_000);
    expect(listener.health()).toMatchObject({
      state: "failing",
      message: "Cannot listen: another program receives there",
    });
    fake.open = () => {};
    await clock.advance(60_000);
    expect(events.slice(2)).toEqual(["close", "open at 60000", "open at 120000", "open at 180000", "join at 180000"]);
    hear(floatPacket("load_one", 1));
    expect(listener.health()).toMatchObject({ state: "ok", message: "" });
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

describe("allow", () => {
  const allow = ["10.0.0.0/24", "fd00::/8"];

  it("takes packets of those it names and counts the others, telling them once a minute", async () => {
    const { clock, sink, listener, hear, lines } = setUp({ allow, resolve: false });
    await listener.start();
    hear(floatPacket("load_one", 1), NODE1);
    hear(floatPacket("load_one", 2), "::ffff:10.0.0.2");
    hear(floatPacket("load_one", 3), "fd00::3%eth0");
    for (let i = 0; i < 500; i++) hear(floatPacket("load_one", 9), `10.0.1.${i % 250}`);
    hear(floatPacket("load_one", 9), "fe80::1%eth0");
    await clock.advance(1_000);
    expect(Object.keys(sink.frames[0]?.heard ?? {})).toEqual([NODE1, "10.0.0.2", "fd00::3"]);
    expect(listener.counters()).toMatchObject({ packets: 3, refused: 501, malformed: 0 });
    expect(lines).toMatchObject([{ msg: "datagram of a sender that allow does not name", from: "10.0.1.0" }]);
    await clock.advance(60_000);
    hear(floatPacket("load_one", 9), "10.0.1.1");
    expect(lines.at(-1)).toMatchObject({ from: "10.0.1.1", suppressed: 500 });
    await listener.stop();
  });

  it("does not let those it refuses pass for a channel that is heard", async () => {
    const { clock, listener, hear } = setUp({ allow });
    await listener.start();
    for (let second = 0; second < 70; second++) {
      hear(floatPacket("load_one", 9), "10.0.1.1");
      await clock.advance(1_000);
    }
    expect(listener.health()).toMatchObject({
      state: "failing",
      message: expect.stringContaining("No packet of Ganglia"),
    });
    await listener.stop();
  });
});

describe("request-metadata", () => {
  it("is off unless somebody wants it: nothing is sent, ever", async () => {
    const { clock, listener, hear, asked } = setUp({ resolve: false });
    await listener.start();
    for (let second = 0; second < 200; second++) {
      hear(textPacket("fans", "3"));
      await clock.advance(1_000);
    }
    expect(listener.counters()).toMatchObject({ heldForMetadata: 1, asked: 0 });
    expect(asked).toEqual([]);
    await listener.stop();
  });

  it("asks the channel for what waits, once a minute for each metric", async () => {
    const { clock, listener, hear, asked, events } = setUp({ resolve: false, "request-metadata": true });
    await listener.start();
    for (let second = 0; second < 130; second++) {
      hear(textPacket("fans", "3"));
      hear(textPacket("fans", "3"), "10.0.0.2");
      await clock.advance(1_000);
    }
    expect(asked).toMatchObject([
      { kind: "request", metric: "fans", host: NODE1, spoof: false },
      { metric: "fans" },
      { metric: "fans" },
    ]);
    hear(metadataPacket("fans", { type: "uint32" }));
    hear(metadataPacket("fans", { type: "uint32" }), "10.0.0.2");
    await clock.advance(120_000);
    expect(asked).toHaveLength(3);
    await listener.stop();
    expect(events.at(-1)).toBe("sender closed");
  });

  it("asks for a spoofed host under the name that its packets have, and for no name that cannot be sent", async () => {
    const { clock, listener, hear, asked } = setUp({ resolve: false, "request-metadata": true });
    await listener.start();
    hear(textPacket("temp", "3", { host: "10.0.0.9:pdu9", spoof: true }));
    hear(textPacket("t\u00e9mp", "3"));
    await clock.advance(2_000);
    expect(asked).toMatchObject([{ metric: "temp", spoof: true, spoofIp: "10.0.0.9", spoofName: "pdu9" }]);
    await listener.stop();
  });

  it("asks at most five questions a second, whatever waits", async () => {
    const { clock, listener, hear, asked } = setUp({ resolve: false, "request-metadata": true });
    await listener.start();
    for (let i = 0; i < 100; i++) hear(textPacket(`made-up${i}`, "3"));
    await clock.advance(1_000);
    expect(asked).toHaveLength(5);
    await clock.advance(9_000);
    expect(asked).toHaveLength(50);
    expect(listener.counters()?.asked).toBe(50);
    await listener.stop();
  });
});

describe("a resolver that never answers", () => {
  it("delays no frame, and after five seconds no packet of anybody", async () => {
    const lookups: string[] = [];
    const { clock, sink, listener, hear } = setUp(
      {},
      {
        lookup: (ip) => {
          lookups.push(ip);
          return new Promise(() => {});
        },
      },
    );
    await listener.start();
    const spoofed = () => hear(textPacket("os_name", "pdu", { host: "10.0.0.9:pdu9", spoof: true }), "10.0.0.50");
    for (let second = 1; second <= 4; second++) {
      spoofed();
      for (let i = 0; i < 100; i++) hear(floatPacket("load_one", second), `10.2.0.${i}`);
      await clock.advance(1_000);
      // Whose name is known is heard in each frame.
      expect(sink.frames).toHaveLength(second);
    }
    await clock.advance(2_000);
    expect(Object.keys(sink.frames.at(-1)?.heard ?? {})).toHaveLength(100);
    expect(listener.counters()).toMatchObject({ heldForName: 0, dropped: 0 });
    // New ones do not wait any more, and the resolver is not asked again.
    const frames = sink.frames.length;
    for (let i = 0; i < 100; i++) hear(floatPacket("load_one", 1), `10.2.1.${i}`);
    await clock.advance(1_000);
    expect(Object.keys(sink.frames[frames]?.heard ?? {})).toHaveLength(100);
    expect(lookups).toHaveLength(2);
    await listener.stop();
    expect(clock.pendingTimers).toBe(0);
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
