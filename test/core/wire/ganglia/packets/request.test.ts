import { expect, it } from "vitest";
import { metadataRequest } from "../../../../../core/wire/ganglia/packets/request.js";
import { PacketDecoder } from "../../../../../core/wire/ganglia/packets.js";
import { CURRENT_EXAMPLES } from "../../../../support/packet-examples.js";

it("a question for metadata is the worked example octet by octet", () => {
  expect(Buffer.from(metadataRequest("node7", "load_one", false))).toEqual(CURRENT_EXAMPLES.request);
});

it("a question about a spoofed host names it as its packets do", () => {
  const packet = new PacketDecoder().decode(metadataRequest("10.0.0.9:pdu9", "temp", true));
  expect(packet).toMatchObject({
    kind: "request",
    spoof: true,
    spoofIp: "10.0.0.9",
    spoofName: "pdu9",
    metric: "temp",
  });
});
