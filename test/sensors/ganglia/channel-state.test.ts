/** Datagrams in, frames out; nothing of a network. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { DirectoryLimits } from "../../../core/model/directory.js";
import type { MetricMeta } from "../../../core/model/metric.js";
import { GangliaXmlReader } from "../../../core/wire/ganglia/xml-reader.js";
import { ChannelState, type ChannelStateOptions } from "../../../sensors/ganglia/channel-state.js";
import {
  floatPacket,
  metadataPacket,
  requestPacket,
  type Sender,
  textPacket,
  uintPacket,
} from "../support/ganglia-packets.js";
import { RecordingSink } from "../support/recording-sink.js";

const T = 1_700_000_000_000;
const NODE1 = "10.0.0.1";
const SPOOFED: Sender = { host: "10.0.0.9:pdu9", spoof: true };

/** Lets chains of promises come to rest. */
const settle = () => new Promise((resolve) => setImmediate(resolve));

interface SetUp {
  readonly limits?: ChannelStateOptions["limits"];
  readonly directoryLimits?: DirectoryLimits;
}

function setUp({ limits = {}, directoryLimits }: SetUp = {}) {
  const sink = new RecordingSink(directoryLimits);
  const directory = sink.directory("khab");
  const refused: string[] = [];
  /** Open questions for names, by address. */
  const questions = new Map<string, (name: string | undefined) => void>();
  const state = new ChannelState({
    directory,
    source: "live",
    sink,
    names: {
      ready: async () => {},
      nameOf: (ip) => new Promise((resolve) => void questions.set(ip, resolve)),
    },
    onRefused: (reason, senderIp) => void refused.push(`${senderIp}: ${reason}`),
    limits,
  });
  const name = async (ip: string, found: string | undefined) => {
    await settle();
    questions.get(ip)?.(found);
    await settle();
  };
  /** A host whose name is known before it is heard. */
  const knownHost = (ip: string, hostName: string) => {
    const row = directory.row(hostName);
    const facts = directory.host(row);
    if (facts !== undefined) directory.describeHost(row, { ...facts, ip });
    return row;
  };
  /** The frame of all that came so far. */
  const frame = (atMs = T + 1_000) => {
    state.handOver(atMs);
    return sink.frames.at(-1);
  };
  return { sink, directory, state, refused, questions, name, knownHost, frame };
}

const metaOf = (name: string, changes: Partial<MetricMeta> = {}): MetricMeta => ({
  name,
  type: "float",
  units: "Celsius",
  slope: "both",
  tmaxS: 60,
  dmaxS: 0,
  extra: [],
  ...changes,
});

describe("frames", () => {
  it("hold what came since the last one, with the time of arrival", () => {
    const { state, sink, knownHost } = setUp();
    knownHost(NODE1, "node1");
    state.take(floatPacket("load_one", 0.89), NODE1, T);
    state.take(uintPacket("proc_run", 3), NODE1, T + 400);
    state.handOver(T + 1_000);
    state.take(floatPacket("load_one", 0.91), NODE1, T + 1_100);
    state.handOver(T + 2_000);
    expect(sink.frames).toEqual([
      {
        cluster: "khab",
        source: "live",
        timeMs: T + 1_000,
        heard: { node1: T + 400 },
        cells: [
          { host: "node1", metric: "load_one", value: 0.89, timeMs: T, decimals: 2 },
          { host: "node1", metric: "proc_run", value: 3, timeMs: T + 400, decimals: 0 },
        ],
      },
      {
        cluster: "khab",
        source: "live",
        timeMs: T + 2_000,
        heard: { node1: T + 1_100 },
        cells: [{ host: "node1", metric: "load_one", value: 0.91, timeMs: T + 1_100, decimals: 2 }],
      },
    ]);
  });

  it("are not made of nothing", () => {
    const { state, sink } = setUp();
    state.handOver(T);
    state.take(Buffer.from("junk"), NODE1, T);
    state.handOver(T + 1_000);
    expect(sink.frames).toEqual([]);
  });

  it("are handed over early when they grow large", () => {
    const { state, sink, knownHost } = setUp();
    knownHost(NODE1, "node1");
    const packet = floatPacket("load_one", 1);
    for (let i = 0; i < 65_536 + 10; i++) state.take(packet, NODE1, T + i);
    expect(sink.frames.map((frame) => frame.cells.length)).toEqual([65_536]);
    state.handOver(T + 70_000);
    expect(sink.frames.map((frame) => frame.cells.length)).toEqual([65_536, 10]);
  });

  it("do not grow while the sink refuses them", () => {
    const { state, sink, knownHost } = setUp();
    knownHost(NODE1, "node1");
    sink.onFrame = () => {
      throw new Error("full");
    };
    state.take(floatPacket("load_one", 1), NODE1, T);
    expect(() => state.handOver(T + 1_000)).toThrow("full");
    sink.onFrame = () => {};
    state.take(floatPacket("load_one", 2), NODE1, T + 1_500);
    state.handOver(T + 2_000);
    expect(sink.frames.at(-1)?.cells.map((cell) => cell.value)).toEqual([2]);
  });
});

describe("names", () => {
  it("are looked up once; packets wait meanwhile", async () => {
    const { state, questions, name, frame, sink } = setUp();
    state.take(floatPacket("load_one", 1), NODE1, T);
    state.take(floatPacket("load_one", 2), NODE1, T + 10);
    await settle();
    expect([...questions.keys()]).toEqual([NODE1]);
    expect(state.counters()).toMatchObject({ packets: 2, heldForName: 2 });
    state.handOver(T + 500);
    expect(sink.frames).toEqual([]);
    await name(NODE1, "node1.khab");
    expect(state.counters().heldForName).toBe(0);
    expect(frame()).toMatchObject({
      heard: { "node1.khab": T + 10 },
      cells: [
        { host: "node1.khab", value: 1, timeMs: T },
        { host: "node1.khab", value: 2, timeMs: T + 10 },
      ],
    });
  });

  it("are the address where there is no other", async () => {
    const { state, name, frame, directory } = setUp();
    state.take(floatPacket("load_one", 1), NODE1, T);
    await name(NODE1, undefined);
    expect(frame()?.heard).toEqual({ [NODE1]: T });
    expect(directory.host(0)?.ip).toBe(NODE1);
  });

  it("are those of the cluster's documents where it has any, even while one is looked up", async () => {
    const { state, questions, name, knownHost, frame } = setUp();
    knownHost("10.0.0.2", "node2");
    state.take(floatPacket("load_one", 1), "10.0.0.2", T);
    await settle();
    expect(questions.size).toBe(0);
    frame();
    state.take(floatPacket("load_one", 1), NODE1, T);
    knownHost(NODE1, "node1-of-the-document");
    frame();
    await name(NODE1, "another.name");
    expect(frame()?.heard).toEqual({ "node1-of-the-document": T });
  });

  it("are looked up where several of the cluster's hosts have the address", async () => {
    const { state, name, knownHost, frame } = setUp();
    knownHost(NODE1, "one");
    knownHost(NODE1, "two");
    state.take(floatPacket("load_one", 1), NODE1, T);
    await name(NODE1, "two");
    expect(frame()?.heard).toEqual({ two: T });
  });

  it("are not what the packet says, unless it is spoofed", async () => {
    const { state, name, frame, directory } = setUp();
    state.take(floatPacket("load_one", 1, { host: "liar" }), NODE1, T);
    await name(NODE1, "node1");
    state.take(textPacket("temp", "31", SPOOFED), NODE1, T);
    state.take(metadataPacket("temp", { type: "float", units: "Celsius" }, SPOOFED), "10.0.0.77", T + 1);
    expect(frame()).toMatchObject({
      heard: { node1: T, pdu9: T + 1 },
      cells: [
        { host: "node1", metric: "load_one" },
        { host: "pdu9", metric: "temp", value: 31 },
      ],
    });
    expect(directory.host(directory.findRow("pdu9"))?.ip).toBe("10.0.0.9");
  });

  it("stay as they were at first sight", () => {
    const { state, frame } = setUp();
    state.take(floatPacket("load_one", 1, { host: "10.0.0.9:first", spoof: true }), NODE1, T);
    state.take(floatPacket("load_one", 2, { host: "10.0.0.9:second", spoof: true }), NODE1, T + 1);
    expect(Object.keys(frame()?.heard ?? {})).toEqual(["first"]);
  });

  it("may stand where an address should, as override_hostname sends them", () => {
    const { state, frame, directory } = setUp();
    state.take(floatPacket("load_one", 1, { host: "node7:node7", spoof: true }), NODE1, T);
    expect(frame()?.heard).toEqual({ node7: T });
    expect(directory.host(0)?.ip).toBe("node7");
  });

  it("are one for an IPv4 host, whether it is heard on IPv4 or IPv6", () => {
    const { state, knownHost, frame } = setUp();
    knownHost(NODE1, "node1");
    state.take(floatPacket("load_one", 1), "::ffff:10.0.0.1", T);
    expect(frame()?.heard).toEqual({ node1: T });
  });

  it("are looked up again when the cluster has forgotten the host", async () => {
    const { state, questions, name, frame, directory } = setUp();
    state.take(floatPacket("load_one", 1), NODE1, T);
    await name(NODE1, "old.name");
    frame();
    directory.freeRow(directory.findRow("old.name"));
    questions.clear();
    state.take(floatPacket("load_one", 2), NODE1, T + 5_000);
    await settle();
    expect([...questions.keys()]).toEqual([NODE1]);
    await name(NODE1, "new.name");
    expect(frame()).toMatchObject({ heard: { "new.name": T + 5_000 }, cells: [{ host: "new.name", value: 2 }] });
  });

  it("that are refused cost the packets, not the process", async () => {
    const { state, name, frame, sink } = setUp();
    state.take(floatPacket("load_one", 1, { host: "10.0.0.9:no\u0001de", spoof: true }), NODE1, T);
    state.take(floatPacket("load_one", 1, { host: "10.0.0\u0001:node", spoof: true }), NODE1, T);
    state.take(floatPacket("load_one", 1), NODE1, T);
    await name(NODE1, "no\u0001de");
    frame();
    expect(sink.frames).toEqual([]);
    // Two spoofed ones, the one that opened the question, and the one that waited for it.
    expect(state.counters().dropped).toBe(4);
  });
});

describe("metadata", () => {
  it("comes from a packet", () => {
    const { state, knownHost, frame, directory } = setUp();
    const row = knownHost(NODE1, "node1");
    const extra = [
      ["TITLE", "CPU temp"],
      ["GROUP", "thermal"],
    ] as const;
    state.take(metadataPacket("temp", { type: "float", units: "Celsius", tmaxS: 70, dmaxS: 9, extra }), NODE1, T);
    state.take(textPacket("temp", "42.50"), NODE1, T + 1);
    expect(frame()?.cells).toEqual([{ host: "node1", metric: "temp", value: 42.5, timeMs: T + 1, decimals: 2 }]);
    expect(directory.meta(row, directory.findColumn("temp", "number"))).toEqual(
      metaOf("temp", {
        tmaxS: 70,
        dmaxS: 9,
        extra: [
          ["GROUP", "thermal"],
          ["TITLE", "CPU temp"],
        ],
      }),
    );
  });

  it("that comes late releases the latest value", () => {
    const { state, knownHost, sink, frame } = setUp();
    knownHost(NODE1, "node1");
    state.take(textPacket("temp", "41"), NODE1, T);
    state.take(textPacket("temp", "42"), NODE1, T + 1);
    state.take(floatPacket("other", 1), NODE1, T + 2);
    expect(frame()).toMatchObject({ heard: { node1: T + 2 }, cells: [] });
    expect(state.counters().heldForMetadata).toBe(2);
    state.take(metadataPacket("temp", { type: "uint32" }), NODE1, T + 5_000);
    expect(frame()?.cells).toEqual([{ host: "node1", metric: "temp", value: 42, timeMs: T + 1, decimals: 0 }]);
    expect(state.counters().heldForMetadata).toBe(1);
    expect(sink.frames).toHaveLength(2);
  });

  it("comes from what another host said", () => {
    const { state, knownHost, frame, directory } = setUp();
    knownHost(NODE1, "node1");
    const row = knownHost("10.0.0.2", "node2");
    state.take(metadataPacket("temp", { type: "float", units: "Celsius" }), NODE1, T);
    state.take(floatPacket("temp", 40), "10.0.0.2", T);
    expect(frame()?.cells).toMatchObject([{ host: "node2", metric: "temp", value: 40 }]);
    expect(directory.meta(row, directory.findColumn("temp", "number"))?.units).toBe("Celsius");
  });

  it("comes from a document that was read meanwhile", () => {
    const { state, knownHost, frame, directory } = setUp();
    const row = knownHost(NODE1, "node1");
    state.take(textPacket("temp", "40"), NODE1, T);
    frame();
    directory.describeMetric(row, directory.column("temp", "number"), metaOf("temp"));
    state.retryWaiting();
    expect(frame()?.cells).toMatchObject([{ metric: "temp", value: 40, timeMs: T }]);
    expect(state.counters().heldForMetadata).toBe(0);
  });

  it("comes from the table of gmond's own metrics, which the cluster's word goes before", () => {
    const { state, knownHost, frame, directory } = setUp();
    const row = knownHost(NODE1, "node1");
    directory.describeMetric(
      row,
      directory.column("cpu_num", "number"),
      metaOf("cpu_num", { type: "uint16", units: "cores" }),
    );
    state.take(uintPacket("cpu_num", 16), NODE1, T);
    state.take(floatPacket("load_one", 1), NODE1, T);
    state.take(textPacket("os_name", "Linux"), NODE1, T);
    expect(frame()?.cells).toMatchObject([{ value: 16 }, { value: 1 }, { value: "Linux" }]);
    const unitsOf = (name: string) => directory.meta(row, directory.findColumn(name, "number"))?.units;
    expect([unitsOf("cpu_num"), unitsOf("load_one")]).toEqual(["cores", " "]);
  });

  it("that changes the type moves the metric to its other column", () => {
    const { state, knownHost, frame } = setUp();
    knownHost(NODE1, "node1");
    state.take(metadataPacket("state", { type: "uint32" }), NODE1, T);
    state.take(textPacket("state", "7"), NODE1, T);
    state.take(metadataPacket("state", { type: "string" }), NODE1, T);
    state.take(textPacket("state", "idle"), NODE1, T + 1);
    expect(frame()?.cells.map((cell) => cell.value)).toEqual([7, "idle"]);
  });

  it("is told apart by the value where hosts disagree on the type", () => {
    const { state, knownHost, frame } = setUp();
    knownHost(NODE1, "node1");
    knownHost("10.0.0.2", "node2");
    knownHost("10.0.0.3", "node3");
    state.take(metadataPacket("state", { type: "uint32" }), NODE1, T);
    state.take(metadataPacket("state", { type: "string" }), "10.0.0.2", T);
    knownHost("10.0.0.4", "node4");
    state.take(textPacket("state", "idle"), "10.0.0.3", T);
    state.take(textPacket("state", "8"), "10.0.0.4", T);
    expect(frame()?.cells).toMatchObject([
      { host: "node3", value: "idle" },
      { host: "node4", value: 8 },
    ]);
  });
});

describe("values", () => {
  it.each([
    ["float", textPacket("m", "42.50"), [42.5, 2]],
    ["double", textPacket("m", " 42.5 "), [42.5, 1]],
    ["uint32", textPacket("m", "7"), [7, 0]],
    ["int8", uintPacket("m", 7), [7, 0]],
    ["string", textPacket("m", "seven"), ["seven", 0]],
    ["string", textPacket("m", ""), ["", 0]],
    ["string", floatPacket("m", 0.5), ["0.50", 0]],
  ])("of type %s, %#", (type, packet, [value, decimals]) => {
    const { state, knownHost, frame } = setUp();
    knownHost(NODE1, "node1");
    state.take(metadataPacket("m", { type }), NODE1, T);
    state.take(packet, NODE1, T);
    expect(frame()?.cells).toEqual([{ host: "node1", metric: "m", value, timeMs: T, decimals }]);
  });

  it.each([
    ["float", textPacket("m", "seven"), Number.NaN],
    ["float", textPacket("m", ""), Number.NaN],
    ["float", textPacket("m", "nan"), Number.NaN],
    ["float", floatPacket("m", Number.NaN), Number.NaN],
    ["float", floatPacket("m", Number.POSITIVE_INFINITY), Number.NaN],
    ["string", floatPacket("m", Number.NaN), "nan"],
  ])("of type %s that are no number are news, and no number, %#", (type, packet, value) => {
    const { state, knownHost, frame } = setUp();
    knownHost(NODE1, "node1");
    state.take(metadataPacket("m", { type }), NODE1, T);
    const cells = [T + 1, T + 2].map((timeMs) => {
      // The second one comes by the short way.
      state.take(packet, NODE1, timeMs);
      return frame()?.cells[0];
    });
    expect(cells).toMatchObject([T + 1, T + 2].map((timeMs) => ({ host: "node1", metric: "m", value, timeMs })));
  });
});

describe("what is no number says the same by the channel as in a document", () => {
  const TEXTS = ["nan", "NaN", "-nan", "inf", "-inf", "", " ", "seven", "0x10", "1 2", "1e999", "12"];
  it.each(TEXTS)("%j", (text) => {
    const { state, knownHost, frame } = setUp();
    knownHost(NODE1, "node1");
    state.take(metadataPacket("m", { type: "float" }), NODE1, T);
    state.take(textPacket("m", text), NODE1, T);
    const { value, decimals } = frame()?.cells[0] ?? {};

    const sink = new RecordingSink();
    const tag = `<METRIC NAME="m" VAL="${text}" TYPE="float" UNITS="" TN="0" TMAX="60" DMAX="0" SLOPE="both"/>`;
    const host = `<HOST NAME="node1" IP="${NODE1}" REPORTED="${T / 1_000}" TN="0" TMAX="20" DMAX="0">${tag}</HOST>`;
    const cluster = `<CLUSTER NAME="khab" LOCALTIME="${T / 1_000}">${host}</CLUSTER>`;
    const document = `<GANGLIA_XML VERSION="3.7.2" SOURCE="gmond">${cluster}</GANGLIA_XML>`;
    new GangliaXmlReader({ source: "poll", sink }).read(Buffer.from(document), T);
    expect(sink.frames.at(-1)?.cells[0]).toMatchObject({ metric: "m", value, decimals });
  });
});

describe("heartbeat and location", () => {
  it("are facts of the host and no metrics", () => {
    const { state, knownHost, frame, directory } = setUp();
    const row = knownHost(NODE1, "node1");
    state.take(metadataPacket("heartbeat", { type: "uint32" }), NODE1, T);
    state.take(uintPacket("heartbeat", 1_699_999_000), NODE1, T);
    state.take(textPacket("location", "3,17,0"), NODE1, T);
    expect(frame()).toMatchObject({ heard: { node1: T }, cells: [] });
    expect(directory.host(row)).toMatchObject({ startedS: 1_699_999_000, location: "3,17,0", ip: NODE1 });
    expect(directory.columnCount).toBe(0);
  });

  it.each([
    ["text", textPacket("heartbeat", "1700000001"), 1_700_000_001],
    ["any case", uintPacket("HeartBeat", 1_700_000_002), 1_700_000_002],
    ["what gmetric -H sends", textPacket("heartbeat", "0"), 1_699_999_000],
    ["no number", textPacket("heartbeat", "soon"), 1_699_999_000],
    ["a fraction", floatPacket("heartbeat", 0.5), 1_699_999_000],
  ])("tell the start, or leave it: %s", (_, packet, startedS) => {
    const { state, knownHost, directory } = setUp();
    const row = knownHost(NODE1, "node1");
    state.take(uintPacket("heartbeat", 1_699_999_000), NODE1, T);
    state.take(packet, NODE1, T);
    expect(directory.host(row)?.startedS).toBe(startedS);
  });

  it("leave alone what a document says besides", () => {
    const { state, knownHost, directory } = setUp();
    const row = knownHost(NODE1, "node1");
    const facts = directory.host(row);
    if (facts !== undefined) directory.describeHost(row, { ...facts, tags: "gpu", tmaxS: 30, dmaxS: 600 });
    state.take(uintPacket("heartbeat", 1_699_999_000), NODE1, T);
    expect(directory.host(row)).toMatchObject({ tags: "gpu", tmaxS: 30, dmaxS: 600, startedS: 1_699_999_000 });
  });
});

describe("requests for metadata", () => {
  it("show that the asker is alive, and nothing of the host they name", () => {
    const { state, knownHost, frame } = setUp();
    knownHost(NODE1, "node1");
    state.take(floatPacket("load_one", 1), NODE1, T);
    state.take(floatPacket("load_one", 1, SPOOFED), NODE1, T);
    state.take(requestPacket("temp", SPOOFED), NODE1, T + 500);
    expect(frame()?.heard).toEqual({ node1: T + 500, pdu9: T });
  });

  it("do not make a host of a mere listener", async () => {
    const { state, questions, sink, frame } = setUp();
    expect(state.take(requestPacket("temp"), "10.0.0.200", T)).toBe(true);
    frame();
    await settle();
    expect(questions.size).toBe(0);
    expect(sink.frames).toEqual([]);
  });
});

describe("what is refused", () => {
  it.each([
    ["nothing", Buffer.alloc(0), "10.0.0.1: it is shorter than 4 octets"],
    ["text", Buffer.from("GET / HTTP/1.0\r\n"), "10.0.0.1: it begins as no message of Ganglia"],
    ["a cut message", floatPacket("load_one", 1).subarray(0, 20), "10.0.0.1: it ends inside a string"],
    ["half of Ganglia 3.0", Buffer.from("0000000a4148", "hex"), "10.0.0.1: it ends inside a number"],
    ["a giant", Buffer.alloc(4_097), "10.0.0.1: it has 4097 octets, at most 4096 are allowed"],
  ])("%s", async (_, datagram, expected) => {
    const { state, refused, questions } = setUp();
    expect(state.take(datagram, NODE1, T)).toBe(false);
    await settle();
    expect(refused).toEqual([expected]);
    expect(questions.size).toBe(0);
    expect(state.counters()).toMatchObject({ malformed: 1, legacy: 0 });
  });

  it("is every datagram that is cut anywhere, and no cut stops the next packet", () => {
    const { state, knownHost, frame } = setUp();
    knownHost(NODE1, "node1");
    const extra = [["GROUP", "thermal"]] as const;
    const whole = metadataPacket("temp", { type: "float", units: "C", extra }, { host: "node1.khab" });
    // Padding at the very end may be missing: nothing is lost by it.
    for (let length = 0; length < whole.length - 3; length++) state.take(whole.subarray(0, length), NODE1, T);
    expect(state.counters().malformed).toBe(whole.length - 3);
    state.take(whole, NODE1, T);
    state.take(floatPacket("temp", 40), NODE1, T);
    expect(frame()?.cells).toMatchObject([{ metric: "temp", value: 40 }]);
  });
});

describe("limits", () => {
  it("of packets that wait for names: further ones are dropped", async () => {
    const { state, name, frame } = setUp({ limits: { heldMax: 3 } });
    for (let i = 0; i < 5; i++) state.take(floatPacket("load_one", i), NODE1, T + i);
    expect(state.counters()).toMatchObject({ heldForName: 3, dropped: 2 });
    await name(NODE1, "node1");
    expect(frame()?.cells.map((cell) => cell.value)).toEqual([0, 1, 2]);
    expect(state.counters().heldForName).toBe(0);
  });

  it("of hosts: those that the cluster has forgotten make room", () => {
    const { state, knownHost, frame, directory } = setUp({ limits: { hostsMax: 2 } });
    for (const i of [1, 2, 3]) knownHost(`10.0.0.${i}`, `node${i}`);
    for (const i of [1, 2, 3]) state.take(floatPacket("load_one", i), `10.0.0.${i}`, T);
    expect(Object.keys(frame()?.heard ?? {})).toEqual(["node1", "node2"]);
    expect(state.counters().dropped).toBe(1);
    directory.freeRow(directory.findRow("node1"));
    state.take(floatPacket("load_one", 3), "10.0.0.3", T + 1_500);
    expect(Object.keys(frame()?.heard ?? {})).toEqual(["node3"]);
  });

  it("of hosts in the directory", () => {
    const { state, frame } = setUp({ directoryLimits: { hostsMax: 1, columnsMax: 10 } });
    state.take(floatPacket("load_one", 1, { host: "1:one", spoof: true }), NODE1, T);
    state.take(floatPacket("load_one", 1, { host: "2:two", spoof: true }), NODE1, T);
    expect(Object.keys(frame()?.heard ?? {})).toEqual(["one"]);
    expect(state.counters().dropped).toBe(1);
  });

  it("of metrics in the directory", () => {
    const { state, knownHost, frame } = setUp({ directoryLimits: { hostsMax: 10, columnsMax: 1 } });
    knownHost(NODE1, "node1");
    state.take(floatPacket("load_one", 1), NODE1, T);
    state.take(floatPacket("load_five", 1), NODE1, T);
    expect(frame()?.cells.map((cell) => cell.metric)).toEqual(["load_one"]);
    expect(state.counters().dropped).toBe(1);
  });

  it("of metrics that wait for metadata, and of all metrics", () => {
    const { state, knownHost } = setUp({ limits: { waitingMax: 2, slotsMax: 4 } });
    knownHost(NODE1, "node1");
    for (let i = 0; i < 6; i++) state.take(textPacket(`unknown${i}`, "1"), NODE1, T);
    // Two wait, two have a place but may not wait, two have none.
    expect(state.counters()).toMatchObject({ heldForMetadata: 2, dropped: 4 });
  });

  it("never let a forgotten host's values reach the one that has its row now", () => {
    const { state, knownHost, directory, frame, sink } = setUp();
    const row = knownHost(NODE1, "node1");
    state.take(textPacket("unknown", "1"), NODE1, T);
    directory.freeRow(row);
    expect(knownHost("10.0.0.2", "node2")).toBe(row);
    directory.describeMetric(row, directory.column("unknown", "number"), metaOf("unknown"));
    state.retryWaiting();
    frame();
    expect(sink.frames).toEqual([]);
  });

  it("count a forgotten host's metrics no more", () => {
    const { state, knownHost, directory, frame } = setUp({ limits: { waitingMax: 1, slotsMax: 1 } });
    knownHost(NODE1, "node1");
    state.take(textPacket("unknown", "1"), NODE1, T);
    directory.freeRow(0);
    knownHost("10.0.0.2", "node2");
    frame();
    state.take(textPacket("unknown", "1", SPOOFED), "10.0.0.77", T);
    expect(state.counters()).toMatchObject({ heldForMetadata: 1, dropped: 1 });
    // Node1 is looked at again only when it speaks.
    state.take(textPacket("unknown", "1"), NODE1, T);
    state.take(textPacket("unknown", "2", SPOOFED), "10.0.0.77", T);
    expect(state.counters()).toMatchObject({ heldForMetadata: 1, dropped: 1 });
  });
});

describe("a real channel", () => {
  const lines = readFileSync(
    join(import.meta.dirname, "../../fixtures/ganglia-3.7.2/multicast-8649.jsonl"),
    "utf8",
  ).trim();
  const datagrams = lines.split("\n").map((line) => JSON.parse(line) as { t: number; src: string; hex: string });

  it("of three gmonds gives all 39 metrics of each", async () => {
    const { state, name, sink } = setUp();
    for (const { t, src, hex } of datagrams) {
      state.take(Buffer.from(hex, "hex"), src, T + t * 1_000);
      await name(src, undefined);
    }
    state.handOver(T + 130_000);
    expect(state.counters()).toMatchObject({ packets: 786, malformed: 0, legacy: 0, dropped: 0, heldForName: 0 });
    const metrics = Object.keys(sink.values("10.77.0.11"));
    expect(metrics).toEqual(Object.keys(sink.values("10.77.0.12")));
    expect(metrics.length).toBe(39);
    expect(sink.values("10.77.0.11")).toMatchObject({ cpu_num: 2, os_name: "Linux", machine_type: "x86_64" });
    expect(sink.directory("khab").host(0)).toMatchObject({ ip: "10.77.0.11", location: "unspecified" });
    expect(sink.directory("khab").host(0)?.startedS).toBeGreaterThan(1_700_000_000);
  });
});
