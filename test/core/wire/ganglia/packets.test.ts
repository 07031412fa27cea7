import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { DECIMALS_SHORTEST } from "../../../../core/model/number-text.js";
import { type GangliaPacket, PacketDecoder } from "../../../../core/wire/ganglia/packets.js";
import {
  doublePacket,
  floatPacket,
  intPacket,
  metadataPacket,
  shortPacket,
  stringPacket,
  uIntPacket,
  uShortPacket,
} from "../../../support/ganglia-packets.js";
import { mutatePacket } from "../../../support/mutations.js";
import { CURRENT_EXAMPLES, PACKET_EXAMPLES } from "../../../support/packet-examples.js";
import { SeededRandom } from "../../../support/seeded-random.js";

const octets = (hex: string) => Buffer.from(hex.replaceAll(/\s/g, ""), "hex");
const decode = (datagram: Uint8Array): GangliaPacket => ({ ...new PacketDecoder().decode(datagram) });

const NUMBER = { kind: "value", reason: "", host: "node1", spoof: false, isText: false, text: "" };

describe("PacketDecoder", () => {
  it.each([
    [
      "metadata",
      {
        kind: "metadata",
        reason: "",
        host: "node1",
        metric: "temp",
        spoof: false,
        meta: {
          name: "temp",
          type: "float",
          units: "Celsius",
          slope: "both",
          tmaxS: 60,
          dmaxS: 0,
          // As a gmond prints them: the last one first.
          extra: [
            ["TITLE", "CPU temp"],
            ["GROUP", "thermal"],
          ],
        },
      },
    ],
    ["gmetric", { ...NUMBER, metric: "temp", isText: true, text: "42.5" }],
    ["float", { ...NUMBER, metric: "load_one", value: 0.89, decimals: 2 }],
    ["heartbeat", { ...NUMBER, metric: "heartbeat", value: 1_700_000_000, decimals: 0 }],
    ["uShort", { ...NUMBER, metric: "cpu_num", value: 16, decimals: 0 }],
    ["double", { ...NUMBER, metric: "disk_free", value: 103.25, decimals: 3 }],
    ["request", { kind: "request", reason: "", host: "node7", metric: "load_one", spoof: false }],
    [
      "spoofed",
      {
        kind: "value",
        host: "10.0.0.9:pdu9",
        spoof: true,
        spoofIp: "10.0.0.9",
        spoofName: "pdu9",
        metric: "temp",
        isText: true,
        text: "31",
      },
    ],
  ] as const)("decodes the worked example: %s", (name, expected) => {
    expect(decode(CURRENT_EXAMPLES[name])).toMatchObject(expected);
  });

  const load = { host: "n", metric: "m" };
  it.each([
    ["u_short", uShortPacket(load, 65_535), 65_535, 0],
    ["u_short beyond 16 bits", uShortPacket(load, 70_000), 4_464, 0],
    ["short", shortPacket(load, -3), -3, 0],
    ["int", intPacket(load, -2_147_483_648), -2_147_483_648, 0],
    ["u_int", uIntPacket(load, 4_294_967_295), 4_294_967_295, 0],
    ["float", floatPacket(load, 0.1, "%.3f"), 0.1, 3],
    ["float without a format", floatPacket(load, 0.5, ""), 0.5, DECIMALS_SHORTEST],
    ["float with a hostile format", floatPacket(load, 0.5, "%s%n"), 0.5, DECIMALS_SHORTEST],
    ["double", doublePacket(load, -1e-7, "%.8f"), -1e-7, 8],
    ["float nan", floatPacket(load, Number.NaN, "%.1f"), Number.NaN, 1],
    ["double inf", doublePacket(load, Number.NEGATIVE_INFINITY, "%.1f"), Number.NaN, 1],
  ])("takes the value of a %s", (_name, datagram, value, decimals) => {
    expect(decode(datagram)).toMatchObject({ kind: "value", isText: false, value, decimals });
  });

  it.each([
    ["slope 0", 0, "zero"],
    ["slope 5", 5, "derivative"],
    ["slope 6", 6, "unspecified"],
  ])("names %s", (_name, slope, expected) => {
    const meta = { type: "float", units: "", slope: "zero", tmaxS: 1, dmaxS: 2, extra: [] } as const;
    const datagram = metadataPacket(load, meta);
    datagram.writeUInt32BE(slope, datagram.length - 16);
    expect(decode(datagram).meta).toEqual({ ...meta, name: "m", slope: expected });
  });

  it.each([
    ["a:b", false, "a_b"],
    ["a:b:c", false, "a_b_c"],
    ["a:b", true, "a"],
    [":b", true, ":b"],
  ])("names metric %j as gmond prints it (spoofed: %j)", (metric, spoof, expected) => {
    expect(decode(stringPacket({ host: "1.2.3.4:n", metric, spoof }, "1")).metric).toBe(expected);
  });

  it("reads UTF-8 and Latin-1", () => {
    const utf8 = stringPacket(load, "42 °C");
    const latin1 = Buffer.from(utf8.toString("latin1").replace("\u00c2\u00b0", "\u00b0x"), "latin1");
    expect([decode(utf8).text, decode(latin1).text]).toEqual(["42 °C", "42 °xC"]);
  });

  it.each([
    ["nothing", "", "it is shorter than 4 octets"],
    ["three octets", "000000", "it is shorter than 4 octets"],
    ["key 51", "00000033 00000000", "it begins as no message of Ganglia"],
    ["id 127", "0000007f 00000000", "it begins as no message of Ganglia"],
    ["id 137", "00000089 00000000", "it begins as no message of Ganglia"],
    ["a request of HTTP", Buffer.from("GET / HTTP/1.1\r\n\r\n").toString("hex"), "it begins as no message of Ganglia"],
  ])("calls %s junk", (_name, hex, reason) => {
    expect(decode(octets(hex))).toMatchObject({ kind: "junk", reason });
  });

  it.each([
    ["no ':' in a spoofed host", stringPacket({ host: "pdu9", metric: "m", spoof: true }, "1"), "spoofed"],
    ["no address", stringPacket({ host: ":pdu9", metric: "m", spoof: true }, "1"), "spoofed"],
    ["no name", stringPacket({ host: "10.0.0.9:", metric: "m", spoof: true }, "1"), "spoofed"],
    ["a name of 1,025 octets", stringPacket({ host: "n", metric: "m".repeat(1_025) }, "1"), "has 1025 octets"],
    ["a format of 65 octets", stringPacket(load, "1", "%".repeat(65)), "has 65 octets"],
    [
      "a type that is none",
      metadataPacket(load, { type: "float", units: "", slope: "both", tmaxS: 0, dmaxS: 0, extra: [] }).fill(
        "x",
        28,
        33,
      ),
      "its type is none of Ganglia's",
    ],
    [
      "65 extra pairs",
      metadataPacket(load, {
        type: "float",
        units: "",
        slope: "both",
        tmaxS: 0,
        dmaxS: 0,
        extra: new Array(65).fill(["k", "v"]),
      }),
      "it has 65 items",
    ],
  ])("says what is wrong: %s", (_name, datagram, reason) => {
    const packet = decode(datagram);
    expect(packet.kind).toBe("malformed");
    expect(packet.reason).toContain(reason);
  });

  it("keeps nothing of a message for the next one", () => {
    const decoder = new PacketDecoder();
    decoder.decode(CURRENT_EXAMPLES.metadata);
    decoder.decode(CURRENT_EXAMPLES.spoofed);
    expect(decoder.decode(CURRENT_EXAMPLES.float)).toMatchObject({
      meta: undefined,
      spoof: false,
      spoofIp: "",
      spoofName: "",
      text: "",
      isText: false,
    });
  });

  it("gives the same object again", () => {
    const decoder = new PacketDecoder();
    expect(decoder.decode(CURRENT_EXAMPLES.float)).toBe(decoder.decode(CURRENT_EXAMPLES.double));
  });
});

describe("PacketDecoder, what a real channel carried", () => {
  const lines = readFileSync("test/fixtures/ganglia-3.7.2/multicast-8649.jsonl", "utf8").trim().split("\n");
  const datagrams = lines.map((line) => octets((JSON.parse(line) as { hex: string }).hex));
  const decoder = new PacketDecoder();
  const packets = datagrams.map((datagram) => ({ ...decoder.decode(datagram) }));

  it("is decoded whole", () => {
    const counts = new Map<string, number>();
    for (const { kind, id } of packets) counts.set(`${kind} ${id}`, (counts.get(`${kind} ${id}`) ?? 0) + 1);
    expect(Object.fromEntries(counts)).toEqual({
      "metadata 128": 393,
      "value 129": 3,
      "value 132": 39,
      "value 133": 15,
      "value 134": 330,
      "value 135": 6,
    });
  });

  it("is written again octet by octet", () => {
    const written = packets.map((packet, i) => {
      const { host, metric, spoof, meta } = packet;
      const identity = { host, metric, spoof };
      if (meta !== undefined) return metadataPacket(identity, meta);
      // The format stands behind id, host, metric and spoof flag.
      const at = 4 + 4 + padded(host) + 4 + padded(metric) + 4;
      const datagram = datagrams[i] as Buffer;
      const format = datagram.toString("latin1", at + 4, at + 4 + datagram.readUInt32BE(at));
      if (packet.id === 129) return uShortPacket(identity, packet.value, format);
      if (packet.id === 132) return uIntPacket(identity, packet.value, format);
      if (packet.id === 133) return stringPacket(identity, packet.text, format);
      // A rounded float is another float; what is compared here is all the rest.
      const rest = datagram.subarray(at + 4 + padded(format));
      return Buffer.concat([floatPacket(identity, 0, format).subarray(0, -4), rest]).fill(packet.id, 3, 4);
    });
    expect(written.map((datagram) => datagram.toString("hex"))).toEqual(
      datagrams.map((datagram) => datagram.toString("hex")),
    );
  });

  it("gives every value as gmond prints it", () => {
    const load = packets.filter((packet) => packet.metric === "load_five" && packet.kind === "value");
    expect(load.length).toBeGreaterThan(3);
    for (const { value, decimals } of load) expect([decimals, Number(value.toFixed(2))]).toEqual([2, value]);
  });
});

describe("PacketDecoder, broken datagrams", () => {
  const whole = Object.values(CURRENT_EXAMPLES);

  it("finds every cut", () => {
    for (const datagram of whole) {
      const expected = decode(datagram);
      for (let length = 0; length < datagram.length; length++) {
        const packet = decode(datagram.subarray(0, length));
        // Zeros at the end are padding or the low half of a number; only padding may go missing.
        const cutPadding = packet.kind === expected.kind;
        if (cutPadding) expect(packet).toEqual(expected);
        else
          expect([packet.kind, packet.reason]).toEqual([length < 4 ? "junk" : "malformed", expect.stringMatching(/./)]);
        if (cutPadding) expect(datagram.length - length).toBeLessThan(4);
      }
    }
  });

  it("survives 20,000 mutations of packets of all families (seed 1)", () => {
    const random = new SeededRandom(1);
    const decoder = new PacketDecoder();
    const kinds = new Set<string>();
    for (let i = 0; i < 20_000; i++) {
      const { kind, family, reason } = decoder.decode(mutatePacket(random, random.pick(PACKET_EXAMPLES)));
      kinds.add(kind === "junk" ? kind : `${family} ${kind}`);
      expect(kind === "malformed" || kind === "junk").toBe(reason !== "");
    }
    // All outcomes have been seen, or the mutations are no good.
    expect([...kinds].sort()).toEqual([
      "current malformed",
      "current metadata",
      "current request",
      "current value",
      "junk",
      "legacy malformed",
      "legacy value",
    ]);
  });
});

function padded(text: string): number {
  return Math.ceil(text.length / 4) * 4;
}
