import { describe, expect, test } from "vitest";
import { SpareMemory } from "../../storage/spare-memory.js";

describe("spare memory", () => {
  test("comes back where it is large enough", () => {
    const spares = new SpareMemory();
    const piece = spares.take(100_000);
    expect(piece.byteLength).toBe(131_072);
    spares.give(piece);
    expect(spares.take(131_073)).not.toBe(piece);
    expect(spares.take(131_072)).toBe(piece);
    expect(spares.take(131_072)).not.toBe(piece);
  });

  test("keeps the newest four pieces, and none that is gone or larger than 2 MiB", () => {
    const spares = new SpareMemory();
    const pieces = Array.from({ length: 6 }, () => spares.take(1));
    for (const piece of pieces) spares.give(piece);
    const large = spares.take(2 ** 21 + 1);
    spares.give(large);
    const sent = spares.take(2 ** 20);
    structuredClone(sent, { transfer: [sent] });
    spares.give(sent);
    expect(Array.from({ length: 4 }, () => spares.take(1))).toEqual(pieces.slice(2));
    expect([...pieces, large]).not.toContain(spares.take(1));
  });

  test("of no bytes is memory too", () => {
    expect(new SpareMemory().take(0).byteLength).toBe(65_536);
  });
});
