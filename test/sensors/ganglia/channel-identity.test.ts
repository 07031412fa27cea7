/**
 * Channel and documents of one cluster: no host may stand there twice. The
 * documents are read by the poller's reader and the present is the collector's.
 */
import { describe, expect, it } from "vitest";
import { ClusterTable } from "../../../collector/table/cluster-table.js";
import { ClusterDirectory } from "../../../core/model/directory.js";
import type { Frame, FrameSink } from "../../../core/model/frame.js";
import { isHostUp } from "../../../core/model/liveness.js";
import { GangliaXmlReader } from "../../../core/wire/ganglia/xml-reader.js";
import { ChannelState } from "../../../sensors/ganglia/channel-state.js";
import { floatPacket, type Sender, textPacket, uintPacket } from "../support/ganglia-packets.js";
import { gmondDocument } from "../support/ganglia-xml.js";

const T = 1_700_000_000_000;
const NODE1 = "10.0.0.1";

const settle = () => new Promise((resolve) => setImmediate(resolve));

/** One cluster, as many channels as wanted, and documents. `nowMs` is moved by tick(). */
function setUp(reverse: Readonly<Record<string, string>> = {}) {
  const directory = new ClusterDirectory("khab");
  const table = new ClusterTable(directory);
  const left: string[] = [];
  let frames = 0;
  let nowMs = T;
  const sink: FrameSink = {
    directory: () => directory,
    accept: (frame: Frame) => void table.apply(frame, ++frames, nowMs),
    acceptSums: () => {},
  };
  const channel = () =>
    new ChannelState({
      directory,
      source: "live",
      sink,
      names: { ready: async () => {}, nameOf: async (ip) => reverse[ip] },
      onRefused: (reason) => expect.unreachable(reason),
    });
  const reader = new GangliaXmlReader({ source: "poll", sink });
  const channels = [channel()];
  const hear = async (packet: Buffer, from = NODE1) => {
    for (const state of channels) state.take(packet, from, nowMs);
    await settle();
  };
  const document = (hosts: Parameters<typeof gmondDocument>[2], metricsTnS = 0) => {
    const text = gmondDocument("khab", Math.floor(nowMs / 1_000), hosts);
    reader.read(Buffer.from(text.replaceAll('TN="0" TMAX="70"', `TN="${metricsTnS}" TMAX="70"`)), nowMs);
  };
  /** Seconds in which the cluster speaks as it does, if it does. */
  const tick = async (seconds: number, speak: () => Promise<void> = async () => {}) => {
    for (let i = 1; i <= seconds; i++) {
      nowMs += 1_000;
      if (i % 5 === 0) await speak();
      for (const state of channels) state.handOver(nowMs);
      if (i % 15 === 0) left.push(...table.expire(nowMs, frames + 1));
    }
  };
  /** Hosts of the present with their state, as everybody sees them. */
  const hosts = () => {
    const shown: Record<string, string> = {};
    for (let row = 0; row < table.rowCount; row++) {
      const facts = directory.host(row);
      const reportedMs = table.reportedMs[row] as number;
      if (facts === undefined || reportedMs === 0) continue;
      shown[facts.name] = isHostUp((nowMs - reportedMs) / 1_000, facts.tmaxS) ? "up" : "down";
    }
    return shown;
  };
  const value = (host: string, metric: string) => {
    const column = table.column(directory.findColumn(metric, "number"));
    return column?.kind === "number" ? column.values[directory.findRow(host)] : undefined;
  };
  return { directory, channels, channel, hear, document, tick, hosts, value, left };
}

describe("a host that comes by channel and by document", () => {
  it("is one under the document's name, where DNS has another", async () => {
    const { hear, document, tick, hosts } = setUp({ [NODE1]: "n1.dns.example" });
    document([{ name: "node1", ip: NODE1, metrics: { load_one: 1 } }]);
    await hear(floatPacket("load_one", 2));
    await tick(30);
    expect(hosts()).toEqual({ node1: "up" });
  });

  it("has the newest value, whichever way that came", async () => {
    const { hear, document, tick, value } = setUp();
    document([{ name: "node1", ip: NODE1, metrics: { load_one: 1 } }]);
    expect(value("node1", "load_one")).toBe(1);
    await tick(5);
    await hear(floatPacket("load_one", 2));
    await tick(1);
    expect(value("node1", "load_one")).toBe(2);
    // Older than what the channel brought.
    document([{ name: "node1", ip: NODE1, metrics: { load_one: 1 } }], 20);
    expect(value("node1", "load_one")).toBe(2);
    document([{ name: "node1", ip: NODE1, metrics: { load_one: 4 } }]);
    expect(value("node1", "load_one")).toBe(4);
  });

  it.each([
    ["by its address", {}],
    ["by a name of DNS", { [NODE1]: "n1.dns.example" }],
  ])(
    "is one again once a document comes, when the channel had it first %s; nobody calls it down",
    async (_, reverse) => {
      const { hear, document, tick, hosts, left, value } = setUp(reverse);
      const speak = () => hear(floatPacket("load_one", 2));
      await speak();
      await tick(20, speak);
      const first = Object.keys(hosts());
      expect(first).toHaveLength(1);
      for (let poll = 0; poll < 12; poll++) {
        document([{ name: "node1", ip: NODE1, metrics: { load_one: 1, fans: 3 } }]);
        await tick(15, speak);
        expect(Object.values(hosts())).not.toContain("down");
      }
      expect(hosts()).toEqual({ node1: "up" });
      expect(left).toEqual(first);
      expect(value("node1", "load_one")).toBe(2);
    },
  );

  it("is one again for every channel of the cluster", async () => {
    const { channels, channel, hear, document, tick, hosts } = setUp({ [NODE1]: "n1.dns.example" });
    channels.push(channel());
    const speak = () => hear(uintPacket("heartbeat", 1_699_999_999));
    await speak();
    await tick(20, speak);
    for (let poll = 0; poll < 8; poll++) {
      document([{ name: "node1", ip: NODE1, metrics: { load_one: 1 } }]);
      await tick(15, speak);
    }
    expect(hosts()).toEqual({ node1: "up" });
  });

  it("is one when its name in the documents changes while it runs", async () => {
    const { hear, document, tick, hosts } = setUp();
    const speak = () => hear(floatPacket("load_one", 2));
    document([{ name: "old-name", ip: NODE1, metrics: { load_one: 1 } }]);
    await speak();
    await tick(30, speak);
    expect(hosts()).toEqual({ "old-name": "up" });
    for (let poll = 0; poll < 8; poll++) {
      document([{ name: "new-name", ip: NODE1, metrics: { load_one: 1 } }]);
      await tick(15, speak);
    }
    expect(hosts()).toEqual({ "new-name": "up" });
  });

  it("keeps its name where the document says the same as DNS", async () => {
    const { hear, document, tick, hosts, left } = setUp({ [NODE1]: "node1" });
    const speak = () => hear(floatPacket("load_one", 2));
    await speak();
    for (let poll = 0; poll < 8; poll++) {
      document([{ name: "node1", ip: NODE1, metrics: { load_one: 1 } }]);
      await tick(15, speak);
    }
    expect([hosts(), left]).toEqual([{ node1: "up" }, []]);
  });

  it("keeps its address for a name where the document has no better one", async () => {
    const { hear, document, tick, hosts, left } = setUp();
    const speak = () => hear(floatPacket("load_one", 2));
    document([{ name: NODE1, ip: NODE1, metrics: { load_one: 1 } }]);
    await speak();
    await tick(60, speak);
    expect([hosts(), left]).toEqual([{ [NODE1]: "up" }, []]);
  });

  it.each([
    ["an IPv4 host on an IPv6 socket", "::ffff:10.0.0.1", "10.0.0.1"],
    ["a link-local address with its interface", "fe80::1%eth0", "fe80::1"],
    ["an IPv6 address in capitals", "fd00::a", "FD00::A"],
  ])("is one, though its address is written in two ways: %s", async (_, heard, written) => {
    const { hear, document, tick, hosts } = setUp();
    document([{ name: "node1", ip: written, metrics: { load_one: 1 } }]);
    await hear(floatPacket("load_one", 2), heard);
    await tick(30);
    expect(hosts()).toEqual({ node1: "up" });
  });

  it("comes back as itself when a name that was given up belongs to another host later", async () => {
    const reverse: Record<string, string> = { [NODE1]: "shared.dns.example" };
    const { hear, document, tick, hosts } = setUp(reverse);
    await hear(floatPacket("load_one", 2));
    await tick(5);
    document([{ name: "node1", ip: NODE1, metrics: { load_one: 1 } }]);
    await tick(30, () => hear(floatPacket("load_one", 2)));
    expect(hosts()).toEqual({ node1: "up" });
    reverse["10.0.0.2"] = "shared.dns.example";
    await hear(floatPacket("load_one", 3), "10.0.0.2");
    await tick(40);
    expect(hosts()).toEqual({ node1: "up", "shared.dns.example": "up" });
  });
});

describe("a spoofed host", () => {
  const spoofed = (host: string): Sender => ({ host, spoof: true });

  it("is one with the host of the document whose address it claims, as in gmond", async () => {
    const { hear, document, tick, hosts } = setUp();
    document([{ name: "pdu9.example", ip: "10.0.0.9", metrics: { temp: 30 } }]);
    await hear(textPacket("temp", "31", spoofed("10.0.0.9:pdu9")));
    await tick(30);
    expect(hosts()).toEqual({ "pdu9.example": "up" });
  });

  it("is one with it too when the document comes later", async () => {
    const { hear, document, tick, hosts } = setUp();
    const speak = () => hear(floatPacket("load_one", 31, spoofed("10.0.0.9:pdu9")));
    await speak();
    for (let poll = 0; poll < 8; poll++) {
      document([{ name: "pdu9.example", ip: "10.0.0.9", metrics: { load_one: 30 } }]);
      await tick(15, speak);
    }
    expect(hosts()).toEqual({ "pdu9.example": "up" });
  });

  it("of another host's name is that host: its values go there, and no second one appears", async () => {
    const { hear, document, tick, hosts, value } = setUp({ [NODE1]: "node1" });
    document([{ name: "node1", ip: NODE1, metrics: { load_one: 1 } }]);
    await hear(floatPacket("load_one", 2));
    await tick(2);
    await hear(floatPacket("load_one", 3, spoofed("10.9.9.9:node1")), "10.0.0.50");
    await tick(2);
    expect(hosts()).toEqual({ node1: "up" });
    expect(value("node1", "load_one")).toBe(3);
  });

  it("by override_hostname, whose address is a name, is the host of the document", async () => {
    const { hear, document, tick, hosts } = setUp();
    document([{ name: "node7", ip: "node7", metrics: { load_one: 1 } }]);
    await hear(floatPacket("load_one", 2, spoofed("node7:node7")));
    await tick(30);
    expect(hosts()).toEqual({ node7: "up" });
  });
});

describe("what a channel's host is held to", () => {
  it("up for four times its TMAX after any packet, then down, and kept", async () => {
    const { hear, tick, hosts } = setUp({ [NODE1]: "node1" });
    await hear(floatPacket("load_one", 1));
    await tick(79);
    expect(hosts()).toEqual({ node1: "up" });
    await tick(1);
    expect(hosts()).toEqual({ node1: "down" });
    await tick(3_600);
    expect(hosts()).toEqual({ node1: "down" });
  });

  it("gone after the DMAX that a document gave it", async () => {
    const { hear, document, tick, hosts, left, directory } = setUp({ [NODE1]: "node1" });
    document([{ name: "node1", ip: NODE1, metrics: { load_one: 1 } }]);
    const facts = directory.host(0);
    if (facts !== undefined) directory.describeHost(0, { ...facts, dmaxS: 120, tmaxS: 30 });
    await hear(uintPacket("heartbeat", 1_699_999_999));
    expect(directory.host(0)).toMatchObject({ dmaxS: 120, tmaxS: 30, startedS: 1_699_999_999 });
    await tick(119);
    expect(hosts()).toEqual({ node1: "up" });
    await tick(31);
    expect([hosts(), left]).toEqual([{}, ["node1"]]);
  });
});
