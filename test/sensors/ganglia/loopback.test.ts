/** Poller and listener as they are in production, on real sockets of the loopback and the real clock. */
import { createSocket } from "node:dgram";
import { createServer } from "node:net";
import { afterEach, describe, expect, it, vi } from "vitest";
import { systemClock } from "../../../core/base/clock.js";
import { silentLogger } from "../../../core/base/log.js";
import { sourcesSchema } from "../../../sensors/config.js";
import { createSource } from "../../../sensors/list.js";
import { floatPacket, textPacket } from "../support/ganglia-packets.js";
import { gmondDocument } from "../support/ganglia-xml.js";
import { RecordingSink } from "../support/recording-sink.js";

const cleanUp: (() => Promise<unknown> | unknown)[] = [];

afterEach(async () => {
  for (const undo of cleanUp.splice(0).reverse()) await undo();
});

/** Something that answers like a gmond with one host, which has the loopback's address. */
async function serveDocument(): Promise<number> {
  const server = createServer((socket) => {
    const nowS = Math.floor(systemClock.nowMs() / 1_000);
    socket.end(gmondDocument("khab", nowS, [{ name: "node1", ip: "127.0.0.1", metrics: { fans: 2 } }]));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  cleanUp.push(() => server.close());
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the server has no port");
  return address.port;
}

async function start(entry: Record<string, unknown>, sink: RecordingSink) {
  const [config] = sourcesSchema.parse([entry]);
  if (config === undefined) throw new Error("the schema lost the source");
  const source = createSource(config, { sink, clock: systemClock, logger: silentLogger });
  cleanUp.push(() => source.stop());
  await source.start();
  return source;
}

describe("on the loopback", () => {
  it("the poller goes past a dead address to a live one", async () => {
    const port = await serveDocument();
    const sink = new RecordingSink();
    const source = await start(
      { name: "khab", type: "ganglia-xml", address: ["127.0.0.1:1", `127.0.0.1:${port}`] },
      sink,
    );
    await vi.waitFor(() => expect(sink.values("node1")).toEqual({ fans: 2 }), 10_000);
    await vi.waitFor(() => expect(source.health()).toMatchObject({ state: "ok", address: `127.0.0.1:${port}` }));
  });

  it.each([
    ["a group", "239.2.11.71:0", { interface: "lo" }],
    ["an address", "127.0.0.1:0", {}],
  ])("the listener hears %s and has learnt from a document what it hears", async (_, listen, more) => {
    const port = await serveDocument();
    const sink = new RecordingSink();
    const entry = { name: "live", type: "ganglia-udp", cluster: "khab", listen, "metadata-from": `127.0.0.1:${port}` };
    const source = await start({ ...entry, ...more }, sink);
    const socket = createSocket("udp4");
    cleanUp.push(() => new Promise<void>((resolve) => socket.close(() => resolve())));
    await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve));
    socket.setMulticastInterface("127.0.0.1");
    const [host, heardPort] = source.health().address.split(":");
    socket.send(textPacket("fans", "3"), Number(heardPort), host);
    socket.send(floatPacket("load_one", 0.5), Number(heardPort), host);
    await vi.waitFor(() => expect(sink.values("node1")).toEqual({ fans: 3, load_one: 0.5 }), 10_000);
    expect(source.health()).toMatchObject({ state: "ok", message: "", malformed: 0 });
  });

  it("the sensor measures this machine", async () => {
    const sink = new RecordingSink();
    const source = await start({ name: "self", type: "sensor", cluster: "servers", host: "me" }, sink);
    await vi.waitFor(() => expect(sink.frames).toHaveLength(1), 10_000);
    expect(sink.values("me")).toMatchObject({ grate_probe_ok_load: 1, grate_probe_ok_system: 1, os_name: "Linux" });
    expect(source.health()).toMatchObject({ state: "ok", frames: 1, failures: 0 });
  });
});
