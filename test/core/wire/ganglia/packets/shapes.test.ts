/** The short way for packets that came before has to say what the long way says. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { PacketDecoder } from "../../../../../core/wire/ganglia/packets.js";
import { floatPacket, stringPacket, uIntPacket } from "../../../../support/ganglia-packets.js";
import { mutatePacket } from "../../../../support/mutations.js";
import { SeededRandom } from "../../../../support/seeded-random.js";

const NODE1 = { host: "node1", metric: "load_one" };

/** Reads a datagram the long way and remembers it. */
function learn(decoder: PacketDecoder, datagram: Buffer) {
  decoder.decode(datagram);
  return { shape: decoder.learnShape(datagram), identity: decoder.identityOf(datagram) };
}

describe("a packet whose shape is known", () => {
  it("gives its number without being read the long way", () => {
    const decoder = new PacketDecoder();
    const { shape, identity } = learn(decoder, floatPacket(NODE1, 1, "%.2f"));
    const found = decoder.shapes.find(floatPacket(NODE1, 0.89, "%.2f"), identity);
    expect(found).toBe(shape);
    expect(found).toMatchObject({ index: 0, isText: false, decimals: 2 });
    expect(found && decoder.shapes.number(found)).toBe(0.89);
    expect(decoder.shapes.isCut).toBe(false);
  });

  it("gives the very text that is known, and another where it differs", () => {
    const decoder = new PacketDecoder();
    const { identity } = learn(decoder, stringPacket(NODE1, "Linux"));
    decoder.shapes.find(stringPacket(NODE1, "Linux"), identity);
    expect(decoder.shapes.text("Linux")).toBe("Linux");
    decoder.shapes.find(stringPacket(NODE1, "Linus"), identity);
    expect(decoder.shapes.text("Linux")).toBe("Linus");
  });

  it("is shared by all hosts, which differ in what they call themselves", () => {
    const decoder = new PacketDecoder();
    const one = learn(decoder, floatPacket(NODE1, 1));
    const two = learn(decoder, floatPacket({ host: "another-node", metric: "load_one" }, 1));
    expect(two.shape).toBe(one.shape);
    expect(decoder.shapes.find(floatPacket(NODE1, 1), two.identity)).toBeUndefined();
  });

  it.each([
    ["metric", floatPacket({ host: "node1", metric: "load_two" }, 1)],
    ["format", floatPacket(NODE1, 1, "%.3f")],
    ["type", uIntPacket(NODE1, 1, "%.2f")],
    ["spoof flag", floatPacket({ ...NODE1, spoof: true }, 1, "%.2f")],
    ["host", floatPacket({ host: "node2", metric: "load_one" }, 1, "%.2f")],
  ])("is not one with another %s", (_, datagram) => {
    const decoder = new PacketDecoder();
    const { identity } = learn(decoder, floatPacket(NODE1, 1, "%.2f"));
    expect(decoder.shapes.find(datagram, identity)).toBeUndefined();
  });

  it("is not learnt of a spoofed packet, nor of 3.0, nor of a broken one", () => {
    const decoder = new PacketDecoder();
    const spoofed = floatPacket({ host: "10.0.0.9:pdu9", metric: "m", spoof: true }, 1);
    for (const datagram of [spoofed, Buffer.from("0000000a41480000", "hex"), floatPacket(NODE1, 1).subarray(0, -1)]) {
      expect(learn(decoder, datagram).shape).toBeUndefined();
    }
  });

  it("is not learnt without end: 2,048 of them, then the long way serves", () => {
    const decoder = new PacketDecoder();
    let learnt = 0;
    for (let i = 0; i < 10_000; i++) {
      if (learn(decoder, floatPacket({ host: "node1", metric: `metric${i}` }, 1)).shape !== undefined) learnt++;
    }
    expect(learnt).toBe(2_048);
    expect(decoder.decode(floatPacket({ host: "node1", metric: "metric9999" }, 1))).toMatchObject({ value: 1 });
  });

  it("says what the long way says of 10,000 spoilt packets of a real channel (seed 2)", () => {
    const lines = readFileSync("test/fixtures/ganglia-3.7.2/multicast-8649.jsonl", "utf8").trim().split("\n");
    const whole = lines.map((line) => Buffer.from((JSON.parse(line) as { hex: string }).hex, "hex"));
    const random = new SeededRandom(2);
    const decoder = new PacketDecoder();
    const reference = new PacketDecoder();
    let short = 0;
    for (const datagram of whole) learn(decoder, datagram);
    for (let i = 0; i < 10_000; i++) {
      const base = random.pick(whole);
      const { identity } = learn(decoder, base);
      const datagram = random.chance(0.3) ? Uint8Array.from(base) : mutatePacket(random, base);
      const shape = decoder.shapes.find(datagram, identity);
      if (shape === undefined) continue;
      const text = shape.isText ? decoder.shapes.text("") : "";
      const value = shape.isText ? Number.NaN : decoder.shapes.number(shape);
      const packet = reference.decode(datagram);
      expect(decoder.shapes.isCut).toBe(packet.kind === "malformed");
      if (packet.kind === "malformed") continue;
      expect({ text, value, id: shape.id }).toEqual({ text: packet.text, value: packet.value, id: packet.id });
      if (!shape.isText) expect(shape.decimals).toBe(packet.decimals);
      short++;
    }
    // Enough of them went the short way, or this proves nothing.
    expect(short).toBeGreaterThan(1_000);
  });
});
