/** Reading in large pieces, with a server on the loopback and a clock that only the test turns. */
import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { afterEach, describe, expect, it } from "vitest";
import { type Clock, systemClock } from "../../../core/base/clock.js";
import { dialTcp } from "../../../sensors/connections/dial-tcp.js";
import { VirtualClock } from "../../support/virtual-clock.js";

let server: Server | undefined;
let stream: Duplex | undefined;

afterEach(() => {
  stream?.destroy();
  server?.close();
});

/** @returns both ends, and the pieces as they come */
async function connected(clock: Clock) {
  server = createServer({ noDelay: true }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the server has no port");
  const accepted = once(server, "connection");
  const ours = dialTcp(clock)({ host: "127.0.0.1", port: address.port });
  stream = ours;
  const pieces: Buffer[] = [];
  ours.on("data", (piece: Buffer) => pieces.push(Buffer.from(piece)));
  const [peer] = (await accepted) as [Socket];
  return { ours, peer, pieces };
}

/** As connected, with the first piece read: the pause begins. */
async function inPause(first: string) {
  const clock = new VirtualClock();
  const ends = await connected(clock);
  const read = once(ends.ours, "data");
  await send(ends.peer, first);
  await read;
  return { clock, ...ends };
}

/** Resolves once the kernel has them for the reader. */
function send(peer: Socket, bytes: string | Buffer): Promise<void> {
  return new Promise((resolve) => {
    peer.write(bytes, () => resolve());
  });
}

const textOf = (pieces: readonly Buffer[]) => pieces.map(String);

describe("reading over TCP", () => {
  it("lets the kernel collect for 2 ms after a small piece", async () => {
    const { clock, ours, peer, pieces } = await inPause("one ");
    await send(peer, "two ");
    await send(peer, "three");
    await clock.advance(1);
    expect(textOf(pieces)).toEqual(["one "]);
    const second = once(ours, "data");
    await clock.advance(1);
    await second;
    expect(textOf(pieces)).toEqual(["one ", "two three"]);
  });

  it("sees the end after a pause", async () => {
    const { clock, ours, peer, pieces } = await inPause("all");
    const end = once(ours, "end");
    peer.end();
    await clock.advance(2);
    await end;
    expect(textOf(pieces)).toEqual(["all"]);
  });

  it("keeps what came in a pause before a reset", async () => {
    const { clock, ours, peer, pieces } = await inPause("one ");
    const error = new Promise<NodeJS.ErrnoException | undefined>((resolve) => {
      ours.on("error", resolve).on("end", () => resolve(undefined));
    });
    await send(peer, "two");
    peer.resetAndDestroy();
    await once(peer, "close");
    await clock.advance(2);
    while (pieces.length < 2) await new Promise(setImmediate);
    await clock.advance(2);
    expect(textOf(pieces)).toEqual(["one ", "two"]);
    expect((await error)?.code).toBe("ECONNRESET");
  });

  it("leaves nothing behind when it is closed in a pause", async () => {
    const { clock, ours } = await inPause("one");
    ours.destroy();
    await once(ours, "close");
    await clock.advance(2);
    expect(clock.pendingTimers).toBe(0);
    expect(ours.destroyed).toBe(true);
  });

  it("reads a large document whole, whatever the pieces", async () => {
    const { ours, peer, pieces } = await connected(systemClock);
    const document = Buffer.alloc(3_000_000, "0123456789abcdef-");
    const end = once(ours, "end");
    for (let at = 0, size = 1; at < document.length; at += size, size = (size * 7 + 1) % 200_003) {
      await send(peer, document.subarray(at, at + size));
    }
    peer.end();
    await end;
    expect(Buffer.concat(pieces).equals(document)).toBe(true);
  });
});
