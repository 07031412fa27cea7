import { createServer, type Server, type Socket } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import type { Address } from "../../../core/base/address.js";
import { systemClock } from "../../../core/base/clock.js";
import { CollectorUnreachable } from "../../../viewer/pull/client.js";
import { askLine } from "../../../viewer/pull/line-client.js";
import { VirtualClock } from "../../support/virtual-clock.js";

const servers: Server[] = [];
const sockets = new Set<Socket>();

afterEach(() => {
  for (const socket of sockets) socket.destroy();
  for (const server of servers) server.close();
  sockets.clear();
  servers.length = 0;
});

async function serve(onConnection: (socket: Socket) => void): Promise<Address> {
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    onConnection(socket);
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return { host: "127.0.0.1", port: address.port };
}

const alive = new AbortController().signal;

describe("an answer", () => {
  test("is everything until the other side closes, cut anywhere, even within a character", async () => {
    const text = "<a>ü€😀</a>\n";
    const bytes = Buffer.from(text);
    let line = "";
    const address = await serve((socket) => {
      socket.on("data", (chunk) => {
        line += chunk;
        if (!line.endsWith("\n")) return;
        for (const byte of bytes) socket.write(Buffer.of(byte));
        socket.end();
      });
    });
    await expect(
      askLine("grate:1/status", { address, clock: systemClock, totalLimitMs: 5_000, signal: alive }),
    ).resolves.toBe(text);
    expect(line).toBe("grate:1/status\n");
  });
});

describe("no answer", () => {
  const ask = (address: Address, more: object = {}) =>
    askLine("x", { address, clock: systemClock, totalLimitMs: 5_000, signal: alive, ...more });

  test("nobody listens", async () => {
    const address = await serve(() => {});
    servers[0]?.close();
    await expect(ask(address)).rejects.toThrow(CollectorUnreachable);
    await expect(ask(address)).rejects.toThrow(/ECONNREFUSED/);
  });

  test("nothing comes before the end", async () => {
    const address = await serve((socket) => socket.end());
    await expect(ask(address)).rejects.toThrow(CollectorUnreachable);
    await expect(ask(address)).rejects.toThrow(/closed without an answer; is this a collector's query port/);
  });

  test("bytes that are not UTF-8", async () => {
    const address = await serve((socket) => socket.end(Buffer.of(0x3c, 0xff, 0x3e)));
    await expect(ask(address)).rejects.toThrow(/not UTF-8/);
  });

  test("more than the limit, and the connection is given up at once", async () => {
    let closed: () => void = () => {};
    const wasClosed = new Promise<void>((resolve) => {
      closed = resolve;
    });
    const address = await serve((socket) => {
      socket.on("close", closed).resume();
      socket.write(Buffer.alloc(2_000, 0x20));
    });
    await expect(ask(address, { bytesMax: 1_000 })).rejects.toThrow(/more than 1000 bytes/);
    await wasClosed;
  });

  test("the connection breaks in the middle", async () => {
    const address = await serve((socket) => {
      socket.write("<a>");
      socket.on("data", () => socket.resetAndDestroy());
    });
    await expect(ask(address)).rejects.toThrow(CollectorUnreachable);
  });

  test("it drips for longer than the limit", async () => {
    const clock = new VirtualClock();
    let reached: () => void = () => {};
    const connected = new Promise<void>((resolve) => {
      reached = resolve;
    });
    const address = await serve((socket) => {
      socket.on("data", reached);
      socket.write("<a>");
    });
    const asked = ask(address, { clock, totalLimitMs: 20_000 });
    const outcome = expect(asked).rejects.toThrow(/no whole answer within 20000 ms/);
    await connected;
    await clock.advance(20_000);
    await outcome;
    expect(clock.pendingTimers).toBe(0);
  });

  test("the viewer stops", async () => {
    const stopping = new AbortController();
    let reached: () => void = () => {};
    const connected = new Promise<void>((resolve) => {
      reached = resolve;
    });
    const address = await serve((socket) => void socket.on("data", reached));
    const asked = ask(address, { signal: stopping.signal });
    const outcome = expect(asked).rejects.toThrow(/stopped/);
    await connected;
    stopping.abort();
    await outcome;
    await expect(ask(address, { signal: stopping.signal })).rejects.toThrow(/stopped/);
  });
});
