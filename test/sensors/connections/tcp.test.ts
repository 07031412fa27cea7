/** Peers of every bad kind: on the loopback where bytes matter, in memory where time does. */
import { connect, createServer, type Server, type Socket } from "node:net";
import { type Duplex, PassThrough } from "node:stream";
import { gzipSync } from "node:zlib";
import { afterEach, describe, expect, it } from "vitest";
import type { Address } from "../../../core/base/address.js";
import { systemClock } from "../../../core/base/clock.js";
import { createTcpFetch, type FetchRequest } from "../../../sensors/connections/tcp.js";
import { VirtualClock } from "../../support/virtual-clock.js";

const servers: Server[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

/** A server on the loopback; what it does with a connection is the test's. */
function serve(onConnection: (socket: Socket) => void): Promise<Address> {
  const server = createServer((socket) => {
    socket.on("error", () => {});
    onConnection(socket);
  });
  servers.push(server);
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      if (address === null || typeof address === "string") throw new Error("the server has no port");
      resolve({ host: "127.0.0.1", port: address.port });
    });
  });
}

function request(address: Address, changes: Partial<FetchRequest> = {}): FetchRequest {
  return {
    address,
    connectTimeoutMs: 5_000,
    timeoutMs: 30_000,
    sizeLimitBytes: 2 ** 20,
    signal: new AbortController().signal,
    ...changes,
  };
}

const fetchReal = createTcpFetch(systemClock);
const textOf = (bytes: Uint8Array) => Buffer.from(bytes).toString();

describe("fetch from the loopback", () => {
  it("reads to the end", async () => {
    const address = await serve((socket) => socket.end("<GANGLIA_XML/>"));
    expect(textOf((await fetchReal(request(address))).bytes)).toBe("<GANGLIA_XML/>");
  });

  it("keeps what a peer said before it reset a connection whose request it did not read", async () => {
    let hangUp = () => {};
    const address = await serve((socket) => {
      hangUp = () => socket.resetAndDestroy();
      socket.write("<GANGLIA_XML>");
    });
    // Only once the first bytes are here: a reset may overtake them.
    const fetch = createTcpFetch(systemClock, (to) => connect(to.port, to.host).once("data", () => hangUp()));
    const { bytes } = await fetch(request(address, { request: "/?filter=summary\n" }));
    expect(textOf(bytes)).toBe("<GANGLIA_XML>");
  });

  it("sends the request as soon as the connection stands, and nothing else", async () => {
    const heard: Buffer[] = [];
    const address = await serve((socket) => {
      socket.on("data", (chunk) => {
        heard.push(chunk);
        if (Buffer.concat(heard).includes("\n")) socket.end("<GANGLIA_XML/>");
      });
    });
    const { bytes, receivedBytes } = await fetchReal(request(address, { request: "/?filter=summary\n" }));
    expect([textOf(bytes), receivedBytes, textOf(Buffer.concat(heard))]).toEqual([
      "<GANGLIA_XML/>",
      14,
      "/?filter=summary\n",
    ]);
  });

  it("puts pieces together", async () => {
    const address = await serve((socket) => {
      for (let i = 0; i < 1_000; i++) socket.write(`piece ${i}\n`);
      socket.end();
    });
    const { bytes } = await fetchReal(request(address));
    expect(textOf(bytes)).toBe(Array.from({ length: 1_000 }, (_, i) => `piece ${i}\n`).join(""));
  });

  it("gives nothing where nothing was sent", async () => {
    const address = await serve((socket) => socket.end());
    expect((await fetchReal(request(address))).bytes.length).toBe(0);
  });

  it("unpacks gzip", async () => {
    const document = "<GANGLIA_XML>".repeat(10_000);
    const address = await serve((socket) => socket.end(gzipSync(document)));
    const { bytes, receivedBytes } = await fetchReal(request(address));
    expect([textOf(bytes), receivedBytes]).toEqual([document, gzipSync(document).length]);
  });

  it("refuses gzip that unpacks to more than the limit", async () => {
    const packed = gzipSync(Buffer.alloc(2 ** 20 + 1));
    const address = await serve((socket) => socket.end(packed));
    await expect(fetchReal(request(address))).rejects.toThrow(
      `Cannot unpack the gzip stream of 127.0.0.1:${address.port} (${packed.length} bytes): it unpacks to more than the limit of 1048576 bytes`,
    );
  });

  it.each([
    ["cut", (packed: Buffer) => packed.subarray(0, packed.length / 2)],
    ["changed", (packed: Buffer) => Buffer.from(packed.map((octet, i) => (i === 40 ? octet ^ 0xff : octet)))],
    ["only begun", (packed: Buffer) => packed.subarray(0, 2)],
  ])("refuses gzip that is %s", async (_, spoil) => {
    const packed = gzipSync(Buffer.from(Array.from({ length: 5_000 }, (_, i) => (i * i) % 251)));
    const address = await serve((socket) => socket.end(spoil(packed)));
    await expect(fetchReal(request(address))).rejects.toThrow("Cannot unpack the gzip stream of 127.0.0.1:");
  });

  it("says that nothing listens", async () => {
    const address = await serve(() => {});
    await new Promise((resolve) => servers.pop()?.close(resolve));
    await expect(fetchReal(request(address))).rejects.toThrow(
      `Cannot connect to 127.0.0.1:${address.port}: connection refused, nothing listens there`,
    );
  });

  it("says that there is no such name", async () => {
    await expect(fetchReal(request({ host: "no-such-host.invalid", port: 8649 }))).rejects.toThrow(
      /^Cannot connect to no-such-host.invalid:8649: (there is no such host name|the name server does not answer)$/,
    );
  });

  it("says that the peer hung up", async () => {
    let hangUp = () => {};
    const address = await serve((socket) => {
      hangUp = () => socket.resetAndDestroy();
      socket.write("<GANGLIA_XML>");
    });
    // Only once the first bytes are here: a reset may overtake them.
    const fetch = createTcpFetch(systemClock, (to) => connect(to.port, to.host).once("data", () => hangUp()));
    await expect(fetch(request(address))).rejects.toThrow(
      `Cannot read 127.0.0.1:${address.port}: read ECONNRESET, 13 bytes received`,
    );
  });

  it("cuts off an endless stream at the limit", async () => {
    let sentBytes = 0;
    const block = Buffer.alloc(2 ** 16, "x");
    const address = await serve((socket) => {
      const pump = () => {
        // 200 MB would be sent if nobody hung up.
        while (!socket.destroyed && sentBytes < 200 * 2 ** 20) {
          sentBytes += block.length;
          if (!socket.write(block)) return void socket.once("drain", pump);
        }
        socket.end();
      };
      pump();
    });
    await expect(fetchReal(request(address, { sizeLimitBytes: 10 * 2 ** 20 }))).rejects.toThrow(
      `Cannot read 127.0.0.1:${address.port}: more than the limit of 10485760 bytes`,
    );
    expect(sentBytes).toBeLessThan(100 * 2 ** 20);
  });
});

describe("fetch in memory", () => {
  function inMemory() {
    const clock = new VirtualClock();
    const streams: PassThrough[] = [];
    const dial = (): Duplex => {
      const stream = new PassThrough();
      streams.push(stream);
      return stream;
    };
    return { clock, fetch: createTcpFetch(clock, dial), streams };
  }
  const PEER = { host: "10.0.0.1", port: 8649 };

  it("tells when the first byte came", async () => {
    const { clock, fetch, streams } = inMemory();
    const fetched = fetch(request(PEER));
    const [stream] = streams;
    await clock.advance(1_000);
    stream?.emit("connect");
    await clock.advance(500);
    stream?.write("<GANGLIA");
    await clock.advance(4_000);
    stream?.end("_XML/>");
    expect((await fetched).receivedMs).toBe(1_700_000_000_000 + 1_500);
    expect(textOf((await fetched).bytes)).toBe("<GANGLIA_XML/>");
    expect(clock.pendingTimers).toBe(0);
  });

  it("gives up connecting", async () => {
    const { clock, fetch, streams } = inMemory();
    const failed = expect(fetch(request(PEER))).rejects.toThrow("Cannot connect to 10.0.0.1:8649: no answer within 5s");
    await clock.advance(5_000);
    await failed;
    expect(streams[0]?.destroyed).toBe(true);
    expect(clock.pendingTimers).toBe(0);
  });

  it("gives up on a peer that accepts and is silent, connecting included", async () => {
    const { clock, fetch, streams } = inMemory();
    const failed = expect(fetch(request(PEER))).rejects.toThrow(
      "Cannot read 10.0.0.1:8649: connected, but nothing came within 30s: is this a query port such as 8652 or 8662, which waits for a request?",
    );
    await clock.advance(4_000);
    streams[0]?.emit("connect");
    await clock.advance(25_999);
    expect(streams[0]?.destroyed).toBe(false);
    await clock.advance(1);
    await failed;
    expect(streams[0]?.destroyed).toBe(true);
  });

  it("does not speak of query ports to who has asked one and got nothing", async () => {
    const { clock, fetch, streams } = inMemory();
    const failed = expect(fetch(request(PEER, { request: "" }))).rejects.toThrow(
      "Cannot read 10.0.0.1:8649: not finished after 30s, 0 bytes received",
    );
    streams[0]?.emit("connect");
    await clock.advance(30_000);
    await failed;
  });

  it("gives up on a peer that stops in the middle, after ten seconds and not only at the deadline", async () => {
    const { clock, fetch, streams } = inMemory();
    const failed = expect(fetch(request(PEER))).rejects.toThrow(
      "Cannot read 10.0.0.1:8649: it stopped for 10s after 8 bytes",
    );
    streams[0]?.emit("connect");
    await clock.advance(7_000);
    streams[0]?.write("<GANGLIA");
    await clock.advance(9_999);
    expect(streams[0]?.destroyed).toBe(false);
    await clock.advance(1);
    await failed;
    expect(clock.pendingTimers).toBe(0);
  });

  it("waits for a peer that makes pauses of less than ten seconds", async () => {
    const { clock, fetch, streams } = inMemory();
    const fetched = fetch(request(PEER));
    streams[0]?.emit("connect");
    await clock.advance(9_000);
    for (const piece of ["<GANGLIA", "_XML", "/>"]) {
      streams[0]?.write(piece);
      await clock.advance(6_500);
    }
    streams[0]?.end();
    expect(textOf((await fetched).bytes)).toBe("<GANGLIA_XML/>");
  });

  it("gives up on a peer that sends a byte a second", async () => {
    const { clock, fetch, streams } = inMemory();
    const failed = expect(fetch(request(PEER))).rejects.toThrow(
      "Cannot read 10.0.0.1:8649: not finished after 30s, 29 bytes received",
    );
    streams[0]?.emit("connect");
    for (let i = 0; i < 29; i++) {
      await clock.advance(1_000);
      streams[0]?.write("x");
    }
    await clock.advance(1_000);
    await failed;
  });

  it("ends at once when it is told to", async () => {
    const { clock, fetch, streams } = inMemory();
    const abort = new AbortController();
    const failed = expect(fetch(request(PEER, { signal: abort.signal }))).rejects.toThrow("Stopped while reading");
    streams[0]?.emit("connect");
    abort.abort();
    await failed;
    expect(streams[0]?.destroyed).toBe(true);
    expect(clock.pendingTimers).toBe(0);
  });

  it("does not dial when it was told to end before", async () => {
    const { fetch, streams } = inMemory();
    await expect(fetch(request(PEER, { signal: AbortSignal.abort() }))).rejects.toThrow("Stopped before reading");
    expect(streams).toEqual([]);
  });

  it("survives an error that comes after the end", async () => {
    const { fetch, streams } = inMemory();
    const fetched = fetch(request(PEER));
    streams[0]?.emit("connect");
    streams[0]?.end("x");
    await fetched;
    expect(() => streams[0]?.emit("error", new Error("late"))).not.toThrow();
  });

  it("says that a stream was closed without an end", async () => {
    const { fetch, streams } = inMemory();
    const failed = expect(fetch(request(PEER))).rejects.toThrow("closed before its end, 0 bytes received");
    streams[0]?.emit("connect");
    streams[0]?.destroy();
    await failed;
  });
});
