import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import type { Access } from "../../../collector/serve/access.js";
import { Documents } from "../../../collector/serve/documents.js";
import { createDumpServer, type DumpOptions } from "../../../collector/serve/dump-server.js";
import { createLogger, silentLogger } from "../../../core/base/log.js";
import { ask, connected, dropped, until } from "../../support/loopback.js";
import { VirtualClock } from "../../support/virtual-clock.js";

const EVERYBODY: Access = { allows: () => true };
const SMALL = "<a/>\n".repeat(1_000);
/** More than the kernel's buffers of both ends take. */
const LARGE = "<element/>".repeat(2_000_000);

let stop: (() => Promise<void>) | undefined;
afterEach(() => stop?.());

async function started(text: string, options: Partial<DumpOptions> = {}) {
  const clock = new VirtualClock();
  const documents = new Documents(clock);
  const server = createDumpServer({
    address: { host: "127.0.0.1", port: 0 },
    access: EVERYBODY,
    ganglia: { answer: (query) => ({ key: JSON.stringify(query), build: () => [text] }) },
    documents,
    clock,
    logger: silentLogger,
    ...options,
  });
  await server.start();
  stop = () => server.stop();
  return { clock, documents, server };
}

const { connections: NONE } = { connections: { answered: 0, refused: 0, busy: 0, rejected: 0, slow: 0, left: 0 } };

describe("a client gets the whole document and the end", () => {
  test.each<[string, string | Buffer]>([
    ["saying nothing", ""],
    ["saying what nobody asked for", "GET / HTTP/1.0\r\n\r\n"],
    ["saying a lot", Buffer.alloc(300_000, 1)],
  ])("%s", async (_what, request) => {
    const { server } = await started(SMALL);
    const { port } = server;
    if (request.length === 0) {
      const socket = await connected(port);
      let text = "";
      socket.setEncoding("utf8").on("data", (part) => {
        text += part;
      });
      await once(socket, "end");
      socket.end();
      expect(text).toBe(SMALL);
    } else {
      expect(await ask(port, request)).toBe(SMALL);
    }
    await until(() => server.counters.clients === 0);
    expect(server.counters.connections).toEqual({ ...NONE, answered: 1 });
    expect(server.counters.sentBytes).toBe(SMALL.length);
  });

  test("twenty megabytes of it", async () => {
    const { server } = await started(LARGE);
    expect((await ask(server.port, "\n")).length).toBe(LARGE.length);
  });
});

describe("a client that does not read", () => {
  test("is dropped after a stall and holds up nobody", async () => {
    const { server, clock, documents } = await started(LARGE);
    const lazy = await connected(server.port);
    lazy.pause();
    await until(() => server.counters.sentBytes > 0);
    expect((await ask(server.port, "\n")).length).toBe(LARGE.length);
    await clock.advance(10_000);
    await until(() => server.counters.clients === 0);
    expect(server.counters.connections).toEqual({ ...NONE, answered: 1, slow: 1 });
    expect(documents.liveBytes).toBe(0);
    lazy.destroy();
  });

  test("is dropped after 30 s however steadily it sips", async () => {
    const { server, clock } = await started(LARGE);
    const sipping = await connected(server.port);
    sipping.pause();
    await until(() => server.counters.sentBytes > 0);
    for (let sip = 0; sip < 3; sip++) {
      const before = server.counters.sentBytes;
      await until(() => {
        sipping.read();
        return server.counters.sentBytes > before;
      });
      // A second before the stall would count.
      await clock.advance(9_000);
      expect(server.counters.clients).toBe(1);
    }
    await clock.advance(3_000);
    await until(() => server.counters.connections.slow === 1);
    expect(server.counters.sentBytes).toBeLessThan(LARGE.length);
    sipping.destroy();
  });
});

test("a client that reads all and never closes its side is cut off after a while", async () => {
  const { server, clock } = await started(SMALL);
  const lingering = await connected(server.port);
  lingering.resume();
  await once(lingering, "end");
  await until(() => server.counters.sentBytes === SMALL.length);
  expect(server.counters.clients).toBe(1);
  await clock.advance(5_000);
  await until(() => server.counters.clients === 0);
  expect(server.counters.connections).toEqual({ ...NONE, answered: 1 });
  lingering.destroy();
});

test("a client that goes away in the middle is counted and leaves nothing", async () => {
  const { server, clock, documents } = await started(LARGE);
  const leaving = await connected(server.port);
  leaving.pause();
  await until(() => server.counters.sentBytes > 0);
  leaving.resetAndDestroy();
  await until(() => server.counters.clients === 0);
  expect(server.counters.connections).toEqual({ ...NONE, left: 1 });
  await clock.advance(1_000);
  expect(documents.liveBytes).toBe(0);
  expect(clock.pendingTimers).toBe(0);
});

test("who comes when all places are taken is turned away without a byte", async () => {
  const { server } = await started(LARGE, { clientsMax: 2 });
  const lazy = [await connected(server.port), await connected(server.port)];
  await until(() => server.counters.clients === 2);
  expect(await ask(server.port, "\n")).toBe("");
  expect(server.counters.connections.busy).toBe(1);
  for (const socket of lazy) socket.destroy();
  await until(() => server.counters.clients === 0);
  expect((await ask(server.port, "\n")).length).toBe(LARGE.length);
});

test("who comes when too much waits to be sent is turned away without a byte", async () => {
  const clock = new VirtualClock();
  let key = 0;
  const { server } = await started("", {
    documents: new Documents(clock, 1_000),
    ganglia: { answer: () => ({ key: String(key++), build: () => [LARGE] }) },
  });
  const lazy = await connected(server.port);
  await until(() => server.counters.sentBytes > 0);
  expect(await ask(server.port, "\n")).toBe("");
  expect(server.counters.connections.busy).toBe(1);
  lazy.destroy();
});

test("a peer that is not allowed is closed without a byte, counted, and logged once a minute", async () => {
  const lines: string[] = [];
  const logger = createLogger("test", "warn", { write: (line) => void lines.push(line) });
  const { server } = await started(SMALL, { access: { allows: () => false }, logger });
  for (let i = 0; i < 5; i++) expect(await ask(server.port, "\n")).toBe("");
  expect(server.counters.connections).toEqual({ ...NONE, refused: 5 });
  expect(lines.length).toBe(1);
  expect(JSON.parse(lines[0] ?? "")).toMatchObject({ port: "dump", peer: "127.0.0.1" });
});

test("a document that cannot be built costs one connection, not the server", async () => {
  const errors: string[] = [];
  const logger = createLogger("test", "error", { write: (line) => void errors.push(line) });
  let broken = true;
  const build = () => {
    if (broken) throw new Error("BUG: no");
    return [SMALL];
  };
  const { server } = await started(SMALL, { logger, ganglia: { answer: () => ({ key: "k", build }) } });
  expect(await ask(server.port, "\n")).toBe("");
  expect(errors.join()).toContain("BUG: no");
  broken = false;
  expect(await ask(server.port, "\n")).toBe(SMALL);
});

describe("the life of a port", () => {
  test("stop drops clients at once, leaves no timer, and may come twice", async () => {
    const { server, clock, documents } = await started(LARGE);
    const lazy = await connected(server.port);
    await until(() => server.counters.sentBytes > 0);
    const gone = dropped(lazy);
    await server.stop();
    await gone;
    await server.stop();
    documents.close();
    await until(() => server.counters.clients === 0);
    expect(clock.pendingTimers).toBe(0);
    await expect(connected(server.port)).rejects.toThrow("ECONNREFUSED");
  });

  test("stop before start is nothing", async () => {
    const { server } = await started(SMALL);
    await server.stop();
    await expect(server.stop()).resolves.toBeUndefined();
  });

  test("a port that is taken is one line that says which and what to do", async () => {
    const holder = createServer().listen(0, "127.0.0.1");
    await once(holder, "listening");
    const { port } = holder.address() as AddressInfo;
    await expect(started(SMALL, { address: { host: "127.0.0.1", port } })).rejects.toThrow(
      `cannot listen on 127.0.0.1:${port} (serve.dump): the port is taken (by another grate, or a gmetad?); ` +
        "stop that one or choose another port",
    );
    holder.close();
  });

  test("an address that is not ours is one line too", async () => {
    await expect(started(SMALL, { address: { host: "192.0.2.1", port: 0 } })).rejects.toThrow(
      "cannot listen on 192.0.2.1:0 (serve.dump): this machine has no such address",
    );
  });
});
