/** The datagrams of Ganglia 3.0 and 2.5. */
import { describe, expect, it } from "vitest";
import { DECIMALS_SHORTEST } from "../../../../../core/model/number-text.js";
import { type LegacySystem, legacyMetrics } from "../../../../../core/wire/ganglia/packets/legacy-metrics.js";
import { type GangliaPacket, PacketDecoder } from "../../../../../core/wire/ganglia/packets.js";
import { LEGACY_EXAMPLES } from "../../../../support/packet-examples.js";

const octets = (hex: string) => Buffer.from(hex.replaceAll(/\s/g, ""), "hex");
const decode = (datagram: Uint8Array, system: LegacySystem = "linux"): GangliaPacket => ({
  ...new PacketDecoder(system).decode(datagram),
});

const TEMP = { name: "temp", type: "float", units: "Celsius", slope: "both", tmaxS: 60, dmaxS: 0, extra: [] };
const GMETRIC = { kind: "value", family: "legacy", metric: "temp", isText: true, text: "42.5", meta: TEMP };
const PDU9 = { spoof: true, spoofIp: "10.0.0.9", spoofName: "pdu9" };
const CPU_USER = {
  name: "cpu_user",
  type: "float",
  units: "%",
  slope: "both",
  tmaxS: 90,
  dmaxS: 0,
  extra: [["GROUP", "cpu"]],
};

describe("a packet of 3.0 or 2.5", () => {
  it.each([
    ["cpuUser", { kind: "value", spoof: false, metric: "cpu_user", value: 12.5, decimals: 1, meta: CPU_USER }],
    ["heartbeat", { kind: "value", spoof: false, metric: "heartbeat", isText: false, value: 1_700_000_000 }],
    ["gmetric", { ...GMETRIC, spoof: false }],
    ["gmetric25", { ...GMETRIC, spoof: false }],
    ["spoofedGmetric", { ...GMETRIC, ...PDU9 }],
    ["spoofedHeartbeat", { kind: "value", ...PDU9, metric: "heartbeat", isText: false, value: 0 }],
  ] as const)("is decoded, worked example %s", (name, expected) => {
    expect(decode(LEGACY_EXAMPLES[name])).toMatchObject({ family: "legacy", reason: "", ...expected });
  });

  it("says the same whether its strings end with a NUL, as those of 2.5 do, or not", () => {
    const { gmetric, gmetric25 } = LEGACY_EXAMPLES;
    expect(decode(gmetric25)).toEqual(decode(gmetric));
    expect(gmetric25.length - gmetric.length).toBe(8);
  });

  it.each([
    ["string", "00000008 00000005 4c696e75 78000000", "Linux"],
    ["string with a NUL", "00000008 00000006 4c696e75 78000000", "Linux"],
    ["empty string", "00000007 00000000", ""],
  ])("with a %s gives its text", (_, hex, text) => {
    expect(decode(octets(hex))).toMatchObject({ kind: "value", isText: true, text, decimals: DECIMALS_SHORTEST });
  });

  it.each([
    ["a u_short", "00000001 00000010", "cpu_num", 16, 0],
    ["a u_int", "00000003 ffffffff", "mem_total", 4_294_967_295, 0],
    ["a float, rounded as gmond prints it", "0000000f 3f63d70a", "load_one", 0.89, 2],
    ["a double", "00000022 4059d000 00000000", "disk_free", 103.25, 3],
    ["no number", "0000000f 7fc00000", "load_one", Number.NaN, 2],
    ["infinity", "0000000f 7f800000", "load_one", Number.NaN, 2],
  ])("with %s gives its number", (_, hex, metric, value, decimals) => {
    expect(decode(octets(hex))).toMatchObject({ kind: "value", isText: false, metric, value, decimals });
  });

  it.each([
    ["zero", "00000000", "zero"],
    ["positive", "00000001", "both"],
    ["derivative", "00000005", "both"],
    ["a number that none has", "ffffffff", "both"],
  ])("of gmetric with slope %s has it as gmond 3.0 tells it", (_, slope, expected) => {
    const datagram = Buffer.from(LEGACY_EXAMPLES.gmetric);
    octets(slope).copy(datagram, datagram.length - 12);
    expect(decode(datagram).meta?.slope).toBe(expected);
  });

  it.each([
    ["cut short", "0000000a 4148", "it ends inside a number"],
    ["only a number", "0000000a", "it ends inside a number"],
    ["too long", "0000000a 41480000 00000000", "4 octets follow where it should end"],
    ["all zeros", "00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000", "its type is none"],
    ["a string that is cut", "00000008 00000005 4c69", "it ends inside a string"],
    [
      "a type that is none",
      "00000000 00000003 666f6f00 00000001 61000000 00000001 31000000 00000000 00000003 0000003c 00000000",
      "its type is none",
    ],
    ["spoofed without a name", "00001001 00000000 00000008 31302e30 2e302e39", "no address or no name"],
    ["spoofed without an address", "00001001 00000004 70647539 00000001 00000000", "no address or no name"],
  ])("that is %s is malformed", (_, hex, reason) => {
    const packet = decode(octets(hex));
    expect([packet.kind, packet.meta]).toEqual(["malformed", undefined]);
    expect(packet.reason).toContain(reason);
  });

  it("is found cut at every octet", () => {
    for (const datagram of Object.values(LEGACY_EXAMPLES)) {
      for (let length = 0; length < datagram.length; length++) {
        const { kind } = decode(datagram.subarray(0, length));
        // A string's padding may be missing at the very end, and nothing is lost by it.
        expect(kind).toBe(length < 4 ? "junk" : "malformed");
      }
    }
  });
});

describe("the numbered metrics", () => {
  const names = (system: LegacySystem) => legacyMetrics(system).map((metric) => metric?.meta.name);

  it("are fifty in 3.0, and the first 28 are the same for all", () => {
    expect(names("linux")).toHaveLength(51);
    expect(new Set(names("linux")).size).toBe(51);
    for (const system of ["solaris", "hpux"] as const) {
      expect(names(system)).toHaveLength(51);
      expect(names(system).slice(0, 29)).toEqual(names("linux").slice(0, 29));
    }
  });

  it.each([
    [1, "cpu_num", "uint16", "CPUs", 1_200, "zero"],
    [2, "cpu_speed", "uint32", "MHz", 1_200, "zero"],
    [6, "sys_clock", "uint32", "s", 1_200, "zero"],
    [9, "os_release", "string", "", 1_200, "zero"],
    [13, "cpu_idle", "float", "%", 90, "both"],
    [14, "cpu_aidle", "float", "%", 3_800, "both"],
    [15, "load_one", "float", "", 70, "both"],
    [17, "load_fifteen", "float", "", 950, "both"],
    [19, "proc_total", "uint32", "", 950, "both"],
    [24, "swap_free", "uint32", "KB", 180, "both"],
    [25, "gexec", "string", "", 300, "zero"],
    [26, "heartbeat", "uint32", "", 20, "both"],
    [27, "mtu", "uint32", "B", 1_200, "both"],
    [28, "location", "string", "", 1_200, "both"],
    [29, "bytes_out", "float", "bytes/sec", 300, "both"],
    [30, "bytes_in", "float", "bytes/sec", 300, "both"],
    [31, "pkts_in", "float", "packets/sec", 300, "both"],
    [33, "disk_total", "double", "GB", 1_200, "both"],
    [34, "disk_free", "double", "GB", 180, "both"],
    [35, "part_max_used", "float", "%", 180, "both"],
    [36, "cpu_wio", "float", "%", 90, "both"],
    [37, "bread_sec", "float", "1/sec", 90, "both"],
    [42, "wcache", "float", "%", 90, "both"],
    [44, "phwrite_sec", "float", "1/sec", 90, "both"],
    [46, "cpu_sintr", "float", "%", 90, "both"],
    [47, "mem_arm", "uint32", "KB", 180, "both"],
    [50, "mem_vm", "uint32", "KB", 180, "both"],
  ] as const)("%i is %s", (key, name, type, units, tmaxS, slope) => {
    expect(legacyMetrics("linux")[key]?.meta).toMatchObject({ name, type, units, tmaxS, dmaxS: 0, slope });
  });

  it.each([
    ["solaris", 29, "cpu_wio bread_sec bwrite_sec lread_sec lwrite_sec rcache wcache phread_sec phwrite_sec"],
    ["hpux", 29, "cpu_intr cpu_ssys cpu_wait mem_arm mem_rm mem_avm mem_vm"],
    ["linux", 29, "bytes_out bytes_in pkts_in pkts_out disk_total disk_free part_max_used"],
  ] as const)("of a 2.5 on %s go on from %i with its own", (system, first, expected) => {
    const wanted = expected.split(" ");
    expect(names(system).slice(first, first + wanted.length)).toEqual(wanted);
  });

  it("are read as the system has them", () => {
    const packet = octets("0000001d 41480000");
    expect(decode(packet, "solaris")).toMatchObject({ metric: "cpu_wio", value: 12.5, meta: { units: "%" } });
    expect(decode(packet, "hpux")).toMatchObject({ metric: "cpu_intr", value: 12.5 });
    expect(decode(packet)).toMatchObject({ metric: "bytes_out", value: 12.5, decimals: 2 });
  });
});
