import { beforeEach, describe, expect, test } from "vitest";
import { giveBackAppendMemory, takeAppendMemory } from "../../storage/append-memory.js";

const KIB = 2 ** 10;
const MIB = 2 ** 20;

describe("memory of appends", () => {
  // Whatever was kept before.
  beforeEach(() => {
    for (let i = 0; i < 4; i++) takeAppendMemory(1);
  });

  test("what came back is used for a part that fits", () => {
    const first = takeAppendMemory(300_000);
    expect(first.byteLength).toBe(320 * KIB);
    giveBackAppendMemory(first);
    const larger = takeAppendMemory(400_000);
    expect(larger).not.toBe(first);
    expect(takeAppendMemory(327_680)).toBe(first);
    expect(takeAppendMemory(1)).not.toBe(first);
  });

  test("four pieces are kept, none above 1 MiB, and none that another thread has", () => {
    const pieces = Array.from({ length: 6 }, () => new ArrayBuffer(MIB));
    const sent = new ArrayBuffer(MIB);
    structuredClone(sent, { transfer: [sent] });
    for (const piece of [sent, new ArrayBuffer(2 * MIB), ...pieces]) giveBackAppendMemory(piece);
    const taken = Array.from({ length: 6 }, () => takeAppendMemory(MIB));
    expect(taken.filter((piece) => pieces.includes(piece))).toEqual(pieces.slice(0, 4));
    expect(new Set(taken).size).toBe(6);
    expect(taken.every((piece) => piece.byteLength === MIB)).toBe(true);
  });

  test("smaller pieces make room for larger ones, and the smallest that fits is taken", () => {
    for (const kib of [64, 1_024, 64, 128, 192, 512, 256]) giveBackAppendMemory(new ArrayBuffer(kib * KIB));
    const taken = [200, 500, 1, 1, 1].map((kib) => takeAppendMemory(kib * KIB).byteLength / KIB);
    expect(taken).toEqual([256, 512, 192, 1_024, 64]);
  });

  test("of nothing", () => {
    expect(takeAppendMemory(0).byteLength).toBe(0);
  });
});
