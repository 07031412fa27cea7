/** What a hostile datagram tries, one test for each: none of it may cost more than itself. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { PacketDecoder } from "../../../core/wire/ganglia/packets.js";
import { GangliaChannelListener } from "../../../sensors/ganglia/channel-listener.js";
import type { ChannelHandlers } from "../../../sensors/ganglia/channel-socket.js";
import { ChannelState } from "../../../sensors/ganglia/channel-state.js";
import { mutatePacket } from "../../support/mutations.js";
import { PACKET_EXAMPLES } from "../../support/packet-examples.js";
import { SeededRandom } from "../../support/seeded-random.js";
import { VirtualClock } from "../../support/virtual-clock.js";
import { floatPacket, metadataPacket, textPacket } from "../support/ganglia-packets.js";
import { recordingLogger } from "../support/logger.js";
import { RecordingSink } from "../support/recording-sink.js";

const T = 1_700_000_000_000;
const NODE1 = "10.0.0.1";
const LIMITS = { hostsMax: 50, heldMax: 40, slotsMax: 200, waitingMax: 30 };

function setUp() {
  const sink = new RecordingSink({ hostsMax: 60, columnsMax: 80 });
  const directory = sink.directory("khab");
  const refused: string[] = [];
  const state = new ChannelState({
    directory,
    source: "live",
    sink,
    names: { ready: async () => {}, nameOf: async () => undefined },
    onRefused: (reason) => {
      if (refused.length < 10_000) refused.push(reason);
    },
    limits: LIMITS,
  });
  const facts = directory.host(directory.row("node1"));
  if (facts !== undefined) directory.describeHost(0, { ...facts, ip: NODE1 });
  return { sink, directory, state, refused };
}

/** After whatever came before, an honest packet still counts. */
function stillHears(state: ChannelState, sink: RecordingSink): void {
  state.take(floatPacket("load_one", 7), NODE1, T + 5_000);
  state.handOver(T + 6_000);
  expect(sink.frames.at(-1)?.cells.at(-1)).toMatchObject({ host: "node1", metric: "load_one", value: 7 });
}

describe("a printf format from the network", () => {
  it.each([
    "%n%n%n%n",
    "%s%s%s%s",
    "%1000000d",
    "%.999999f",
    "%*d",
    "%5$s",
    "%",
    "%%",
    "%.2f%n",
    "load %.2f",
    "%\u0000f",
    "",
  ])("is never run, only matched: %j leaves the value as its type has it", (format) => {
    const { state, sink } = setUp();
    expect(state.take(floatPacket("load_one", 0.5, {}, format), NODE1, T)).toBe(true);
    state.handOver(T + 1_000);
    expect(sink.values("node1")).toEqual({ load_one: 0.5 });
    stillHears(state, sink);
  });

  it("of more than 64 octets is refused with its packet", () => {
    const { state, refused, sink } = setUp();
    expect(state.take(floatPacket("load_one", 0.5, {}, `%${"0".repeat(64)}f`), NODE1, T)).toBe(false);
    expect(refused).toEqual(["a string has 66 octets, at most 64 are allowed"]);
    stillHears(state, sink);
  });
});

describe("a count", () => {
  it.each([0xffffffff, 0x80000000, 0x7fffffff, 65_536, 1_000, 40])(
    "of %i octets is compared with what the datagram holds, wherever it stands",
    (count) => {
      const whole = metadataPacket("temp", { type: "float", units: "C", extra: [["GROUP", "thermal"]] });
      const { state, refused } = setUp();
      for (let at = 4; at + 4 <= whole.length; at += 4) {
        const datagram = Buffer.from(whole);
        datagram.writeUInt32BE(count, at);
        state.take(datagram, NODE1, T);
      }
      expect(refused.length).toBeGreaterThan(5);
      for (const reason of refused)
        expect(reason).toMatch(/ends inside|announces more|octets, at most|none of Ganglia's|spoofed/);
    },
  );

  it("is held against the datagram, not against the memory that it stands in", () => {
    // What gmond's reader would take for the rest of the string is another datagram's.
    const memory = Buffer.concat([floatPacket("load_one", 1), textPacket("secret", "of the datagram before")]);
    const { state, refused } = setUp();
    const datagram = memory.subarray(0, 20);
    datagram.writeUInt32BE(60, 4);
    expect(state.take(datagram, NODE1, T)).toBe(false);
    expect(refused).toEqual(["it ends inside a string"]);
  });
});

describe("strings and pairs without measure", () => {
  it("in a datagram beyond 4,096 octets are not even looked at", () => {
    const { state, refused, sink } = setUp();
    expect(state.take(textPacket("text", "x".repeat(60_000)), NODE1, T)).toBe(false);
    expect(refused).toEqual([expect.stringMatching(/^it has 600\d\d octets, at most 4096 are allowed$/)]);
    stillHears(state, sink);
  });

  it("of 65 pairs are refused, of 64 are taken", () => {
    const { state, refused } = setUp();
    const pairs = (count: number) => Array.from({ length: count }, (_, i): [string, string] => [`k${i}`, ""]);
    expect(state.take(metadataPacket("a", { type: "float", extra: pairs(65) }), NODE1, T)).toBe(false);
    expect(refused).toEqual(["it has 65 items, at most 64 are allowed"]);
    expect(state.take(metadataPacket("a", { type: "float", extra: pairs(64) }), NODE1, T)).toBe(true);
  });

  it("in a name cost the name, and are counted", () => {
    const { state, directory, sink } = setUp();
    state.take(metadataPacket("m".repeat(600), { type: "float" }), NODE1, T);
    state.take(floatPacket("m".repeat(600), 1), NODE1, T);
    expect(directory.findColumn("m".repeat(600), "number")).toBe(-1);
    expect(state.counters().dropped).toBeGreaterThan(0);
    stillHears(state, sink);
  });
});

describe("padding", () => {
  it("may be missing at the very end, and may hold anything", () => {
    const { state, sink } = setUp();
    const cut = textPacket("os_name", "Linux").subarray(0, -3);
    expect(state.take(cut, NODE1, T)).toBe(true);
    const filled = textPacket("os_release", "6.1.0");
    filled.fill(0x41, filled.length - 3);
    expect(state.take(filled, NODE1, T)).toBe(true);
    state.handOver(T + 1_000);
    expect(sink.values("node1")).toEqual({ os_name: "Linux", os_release: "6.1.0" });
  });
});

describe("a scan of the port", () => {
  it("is counted, told in a few lines, and stops nothing", async () => {
    const clock = new VirtualClock(T);
    const sink = new RecordingSink();
    const { logger, lines } = recordingLogger();
    let handlers: ChannelHandlers | undefined;
    const listener = new GangliaChannelListener(
      {
        name: "live",
        type: "ganglia-udp",
        cluster: "khab",
        listen: { host: "239.2.11.71", port: 8649 },
        resolve: false,
        allow: [],
        "request-metadata": false,
        "legacy-os": "linux",
      },
      { sink, clock, logger },
      {
        open: async ({ listen }, given) => {
          handlers = given;
          return {
            receiveBufferBytes: 2 ** 30,
            local: listen,
            join: () => {},
            checkNeighbours: () => {},
            close: async () => {},
          };
        },
      },
    );
    await listener.start();
    const random = new SeededRandom(3);
    const probes = ["GET / HTTP/1.0\r\n\r\n", "\u0000\u0000\u0001\u0000", "M-SEARCH * HTTP/1.1\r\n", "\u0080", ""];
    for (let i = 0; i < 100_000; i++) {
      const probe = random.chance(0.5)
        ? Buffer.from(random.pick(probes), "latin1")
        : Uint8Array.from({ length: random.below(60) }, () => random.below(256));
      handlers?.onDatagram(probe, `10.9.${random.below(256)}.${random.below(256)}`);
      if (i % 1_000 === 0) await clock.advance(1_000);
    }
    expect(listener.counters()).toMatchObject({ packets: 100_000, malformed: 100_000, heldForMetadata: 0 });
    expect(sink.frames).toEqual([]);
    expect(sink.directory("khab").rowCount).toBe(0);
    // A hundred seconds: one line in the first minute, one in the second, and one of the silence of real packets.
    expect(lines.filter((line) => line["msg"] === "malformed datagram").length).toBeLessThanOrEqual(2);
    expect(lines.length).toBeLessThanOrEqual(4);
    handlers?.onDatagram(floatPacket("load_one", 7), NODE1);
    await clock.advance(1_000);
    expect(sink.values(NODE1)).toEqual({ load_one: 7 });
    await listener.stop();
  });
});

describe("10,000 mutated packets of all families (seed 4)", () => {
  const lines = readFileSync("test/fixtures/ganglia-3.7.2/multicast-8649.jsonl", "utf8").trim().split("\n");
  const captured = lines.map((line) => Buffer.from((JSON.parse(line) as { hex: string }).hex, "hex"));

  it("never throw, leave everything within its limits, and leave the next packet alone", async () => {
    const { state, sink, directory } = setUp();
    // Known before: who comes first keeps its place when the limits are reached.
    state.take(floatPacket("load_one", 1), NODE1, T);
    sink.onFrame = () => sink.frames.splice(0);
    const random = new SeededRandom(4);
    const seen = { taken: 0, refused: 0 };
    for (let i = 0; i < 10_000; i++) {
      const base = random.chance(0.5) ? random.pick(captured) : random.pick(PACKET_EXAMPLES);
      const sender = `10.1.${random.below(4)}.${random.below(40)}`;
      if (state.take(mutatePacket(random, base), sender, T + i)) seen.taken++;
      else seen.refused++;
      if (i % 100 === 0) {
        await new Promise((resolve) => setImmediate(resolve));
        state.handOver(T + i);
        const { heldForName, heldForMetadata } = state.counters();
        expect(heldForName).toBeLessThanOrEqual(LIMITS.heldMax);
        expect(heldForMetadata).toBeLessThanOrEqual(LIMITS.waitingMax);
      }
    }
    expect(directory.rowCount).toBeLessThanOrEqual(60);
    expect(directory.columnCount).toBeLessThanOrEqual(80);
    expect(state.counters()).toMatchObject({ packets: 10_001, malformed: seen.refused });
    // Both came about often, or the mutations are no good.
    expect(Math.min(seen.taken, seen.refused)).toBeGreaterThan(500);
    sink.onFrame = () => {};
    stillHears(state, sink);
  });

  it("leave a decoder no more memory than one datagram needs", () => {
    const random = new SeededRandom(5);
    const decoder = new PacketDecoder();
    let longest = 0;
    for (let i = 0; i < 10_000; i++) {
      const datagram = mutatePacket(random, random.pick(captured));
      const { kind, text, host, metric, meta } = decoder.decode(datagram);
      if (kind === "malformed" || kind === "junk") continue;
      const extra = (meta?.extra ?? []).reduce((sum, [key, value]) => sum + key.length + value.length, 0);
      const made = text.length + host.length + metric.length + extra;
      // Nothing is made that does not stand in the datagram; host and name stand there once, the host also cut in two.
      expect(made).toBeLessThanOrEqual(2 * datagram.length);
      longest = Math.max(longest, made);
    }
    expect(longest).toBeGreaterThan(0);
  });
});
