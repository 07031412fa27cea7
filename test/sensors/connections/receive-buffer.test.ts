import { PassThrough } from "node:stream";
import { describe, expect, it } from "vitest";
import { ReceiveBuffer } from "../../../sensors/connections/receive-buffer.js";
import { createTcpFetch } from "../../../sensors/connections/tcp.js";
import { VirtualClock } from "../../support/virtual-clock.js";

const KIB = 1_024;
const octetsOf = (length: number, value: number) => new Uint8Array(length).fill(value);

describe("receive buffer", () => {
  it("puts pieces together, whatever their sizes", () => {
    const buffer = new ReceiveBuffer();
    const whole: number[] = [];
    for (const length of [0, 1, 64 * KIB - 2, 1, 1, 200 * KIB, 3]) {
      const piece = octetsOf(length, whole.length % 251);
      buffer.append(piece);
      for (const octet of piece) whole.push(octet);
    }
    expect(buffer.length).toBe(whole.length);
    expect(Buffer.from(buffer.bytes()).equals(Uint8Array.from(whole))).toBe(true);
  });

  it("keeps nothing of the document before", () => {
    const buffer = new ReceiveBuffer();
    buffer.append(octetsOf(100, 1));
    buffer.clear();
    expect(buffer.length).toBe(0);
    buffer.append(octetsOf(3, 2));
    expect([...buffer.bytes()]).toEqual([2, 2, 2]);
  });

  it("keeps its memory for the next document, and lets it go after a much smaller one", () => {
    const buffer = new ReceiveBuffer();
    const memoryOf = (length: number) => {
      buffer.clear();
      buffer.append(octetsOf(length, 1));
      return buffer.bytes().buffer.byteLength;
    };
    expect(memoryOf(1_000 * KIB)).toBe(1_024 * KIB);
    expect(memoryOf(500 * KIB)).toBe(1_024 * KIB);
    expect(memoryOf(100 * KIB)).toBe(1_024 * KIB);
    expect(memoryOf(100 * KIB)).toBe(128 * KIB);
  });
});

describe("what a fetch returns", () => {
  const request = {
    address: { host: "a", port: 1 },
    connectTimeoutMs: 1_000,
    timeoutMs: 1_000,
    sizeLimitBytes: KIB,
    signal: new AbortController().signal,
  };

  it("is a copy of pieces that are written over after their event", async () => {
    const stream = new PassThrough();
    const fetch = createTcpFetch(new VirtualClock(), () => stream);
    const fetched = fetch(request);
    stream.emit("connect");
    const piece = Buffer.from("first ");
    stream.emit("data", piece);
    piece.write("second");
    stream.emit("data", piece);
    stream.emit("end");
    expect(Buffer.from((await fetched).bytes).toString()).toBe("first second");
  });

  it("is not touched by another fetch that is under way at the same time", async () => {
    const streams: PassThrough[] = [];
    const fetch = createTcpFetch(new VirtualClock(), () => {
      const stream = new PassThrough();
      streams.push(stream);
      return stream;
    });
    const both = [fetch(request), fetch(request)];
    for (const [i, stream] of streams.entries()) {
      stream.emit("connect");
      stream.emit("data", Buffer.from(`document ${i}`));
    }
    for (const stream of streams) stream.emit("end");
    const texts = (await Promise.all(both)).map(({ bytes }) => Buffer.from(bytes).toString());
    expect(texts).toEqual(["document 0", "document 1"]);
  });
});
