/** Hosts of Ganglia 3.0 and 2.5 on the same port as those of today. */
import { describe, expect, it } from "vitest";
import type { LegacySystem } from "../../../core/wire/ganglia/packets/legacy-metrics.js";
import { ChannelState } from "../../../sensors/ganglia/channel-state.js";
import { CURRENT_EXAMPLES, LEGACY_EXAMPLES } from "../../support/packet-examples.js";
import { floatPacket, metadataPacket } from "../support/ganglia-packets.js";
import { RecordingSink } from "../support/recording-sink.js";

const T = 1_700_000_000_000;
const OLD = "10.0.0.3";
const NEW = "10.0.0.1";

function setUp(legacySystem: LegacySystem = "linux") {
  const sink = new RecordingSink();
  const directory = sink.directory("khab");
  const state = new ChannelState({
    directory,
    source: "live",
    sink,
    names: { ready: async () => {}, nameOf: async () => undefined },
    onRefused: (reason) => expect.unreachable(reason),
    legacySystem,
  });
  for (const [ip, name] of [
    [OLD, "old"],
    [NEW, "new"],
  ] as const) {
    const facts = directory.host(directory.row(name));
    if (facts !== undefined) directory.describeHost(directory.findRow(name), { ...facts, ip });
  }
  const meta = (host: string, metric: string, kind: "number" | "text" = "number") =>
    directory.meta(directory.findRow(host), directory.findColumn(metric, kind));
  return { sink, directory, state, meta };
}

describe("a host of Ganglia 3.0 or 2.5", () => {
  it("is heard on the same port as one of today, each by its own packets", () => {
    const { sink, state } = setUp();
    for (const packet of [LEGACY_EXAMPLES.cpuUser, LEGACY_EXAMPLES.gmetric, LEGACY_EXAMPLES.heartbeat]) {
      expect(state.take(packet, OLD, T)).toBe(true);
    }
    for (const packet of [CURRENT_EXAMPLES.metadata, CURRENT_EXAMPLES.gmetric, CURRENT_EXAMPLES.float]) {
      expect(state.take(packet, NEW, T)).toBe(true);
    }
    state.handOver(T + 1_000);
    expect(sink.values("old")).toEqual({ cpu_user: 12.5, temp: 42.5 });
    expect(sink.values("new")).toEqual({ load_one: 0.89, temp: 42.5 });
    expect(sink.frames[0]?.heard).toEqual({ old: T, new: T });
    expect(state.counters()).toMatchObject({ packets: 6, legacy: 3, malformed: 0, heldForMetadata: 0 });
  });

  it("has its metadata at once: from the table, or with each gmetric", () => {
    const { state, meta } = setUp();
    state.take(LEGACY_EXAMPLES.cpuUser, OLD, T);
    state.take(LEGACY_EXAMPLES.gmetric25, OLD, T);
    expect(meta("old", "cpu_user")).toMatchObject({ type: "float", units: "%", tmaxS: 90, slope: "both" });
    expect(meta("old", "temp")).toMatchObject({ type: "float", units: "Celsius", tmaxS: 60, slope: "both" });
  });

  it("may say another thing of a metric than a host of today does", () => {
    const { state, meta } = setUp();
    state.take(metadataPacket("cpu_user", { type: "float", units: "percent", tmaxS: 20 }), NEW, T);
    state.take(floatPacket("cpu_user", 1), NEW, T);
    state.take(LEGACY_EXAMPLES.cpuUser, OLD, T);
    expect([meta("new", "cpu_user")?.tmaxS, meta("old", "cpu_user")?.tmaxS]).toEqual([20, 90]);
  });

  it("tells with its heartbeat when it started", () => {
    const { state, directory } = setUp();
    state.take(LEGACY_EXAMPLES.heartbeat, OLD, T);
    expect(directory.host(directory.findRow("old"))?.startedS).toBe(1_700_000_000);
    expect(directory.columnCount).toBe(0);
  });

  it("may be spoofed: a heartbeat makes it alive and says nothing of its start", () => {
    const { state, directory, sink } = setUp();
    state.take(LEGACY_EXAMPLES.spoofedHeartbeat, OLD, T);
    state.take(LEGACY_EXAMPLES.spoofedGmetric, OLD, T + 1);
    state.handOver(T + 1_000);
    expect(sink.frames[0]?.heard).toEqual({ pdu9: T + 1 });
    expect(sink.values("pdu9")).toEqual({ temp: 42.5 });
    expect(directory.host(directory.findRow("pdu9"))).toMatchObject({ ip: "10.0.0.9", startedS: 0 });
  });

  it.each([
    ["linux", "bytes_out"],
    ["solaris", "cpu_wio"],
    ["hpux", "cpu_intr"],
  ] as const)("of 2.5 on %s sends %s as number 29", (system, metric) => {
    const { state, sink } = setUp(system);
    state.take(Buffer.from("0000001d41480000", "hex"), OLD, T);
    state.handOver(T + 1_000);
    expect(sink.values("old")).toEqual({ [metric]: 12.5 });
  });
});
