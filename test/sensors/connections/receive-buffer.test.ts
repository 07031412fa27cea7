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

  it("keeps small memory after a release, and gives large memory back at once", () => {
    const buffer = new ReceiveBuffer();
    buffer.append(octetsOf(1_024 * KIB, 1));
    buffer.release();
    expect([buffer.length, buffer.capacityBytes]).toEqual([0, 1_024 * KIB]);
    // As the next fetch does.
    buffer.clear();
    expect(buffer.capacityBytes).toBe(1_024 * KIB);
    buffer.append(octetsOf(100 * KIB, 1));
    buffer.release();
    expect(buffer.capacityBytes).toBe(64 * KIB);
    buffer.append(octetsOf(1_024 * KIB + 1, 1));
    const { buffer: memory } = buffer.bytes();
    expect(memory.byteLength).toBe(2_048 * KIB);
    buffer.release();
    expect([memory.byteLength, buffer.length, buffer.capacityBytes]).toEqual([0, 0, 64 * KIB]);
  });

  it("has room at once for a document like the one before, and for a longer one", () => {
    const buffer = new ReceiveBuffer();
    const fill = (length: number) => {
      buffer.release();
      for (let left = length; left > 0; left -= 64 * KIB) buffer.append(octetsOf(Math.min(left, 64 * KIB), left % 251));
      const bytes = buffer.bytes();
      expect(bytes.length).toBe(length);
      expect([bytes[0], bytes[length - 1]]).toEqual([length % 251, (((length - 1) % (64 * KIB)) + 1) % 251]);
      return buffer.capacityBytes;
    };
    expect(fill(1_600 * KIB)).toBe(2_048 * KIB);
    expect(fill(1_600 * KIB)).toBe(1_700 * KIB);
    expect(fill(3_000 * KIB)).toBe(3_400 * KIB);
    expect(fill(100 * KIB)).toBe(128 * KIB);
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

  it("is given back when it has been read, and never while another fetch fills the memory", async () => {
    const streams: PassThrough[] = [];
    const dial = () => {
      const stream = new PassThrough();
      streams.push(stream);
      return stream;
    };
    const fetch = createTcpFetch(new VirtualClock(), dial);
    const long = octetsOf(1_025 * KIB, 7);
    const begin = (piece: Uint8Array) => {
      const fetched = fetch({ ...request, sizeLimitBytes: 2_048 * KIB });
      streams.at(-1)?.emit("connect");
      streams.at(-1)?.emit("data", piece);
      return fetched;
    };
    const first = begin(long);
    streams[0]?.emit("end");
    const document = await first;
    const second = begin(long);
    document.release?.();
    streams[1]?.emit("end");
    const other = await second;
    expect(Buffer.from(other.bytes).equals(long)).toBe(true);
    // Too late: another document is there.
    document.release?.();
    expect(Buffer.from(other.bytes).equals(long)).toBe(true);
    other.release?.();
    expect(other.bytes.length).toBe(0);
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
