import { describe, expect, it } from "vitest";
import { SampleMemory } from "../../../collector/window/sample-memory.js";
import { SeededRandom } from "../../support/seeded-random.js";

describe("memory of samples", () => {
  it("gives every piece to one only", () => {
    const memory = new SampleMemory();
    const pieces = [3, 0, 16_000, 1_000, 16_384, 1, 20_000, 5].map((count, i) => memory.numbers(count).fill(i));
    expect(pieces.map((piece) => piece.length)).toEqual([3, 0, 16_000, 1_000, 16_384, 1, 20_000, 5]);
    for (const [i, piece] of pieces.entries()) expect(piece.every((number) => number === i)).toBe(true);
  });

  it("a long run is given the same memory again, a longer one more", () => {
    const memory = new SampleMemory();
    const take = (count: number) => {
      memory.reuse();
      const piece = memory.numbers(count);
      memory.handOut();
      memory.takeBack();
      return piece.buffer;
    };
    const first = take(23_000);
    expect(take(23_000)).toBe(first);
    expect(take(4)).toBe(first);
    const longer = take(30_000);
    expect(longer).not.toBe(first);
    expect(take(23_000)).toBe(longer);
  });

  it("begins anew once all is back", () => {
    const memory = new SampleMemory();
    const first = memory.numbers(2);
    memory.handOut();
    memory.reuse();
    const second = memory.numbers(2).fill(2);
    memory.handOut();
    memory.takeBack();
    memory.reuse();
    memory.numbers(2).fill(1);
    expect([[...first], [...second]]).toEqual([
      [1, 1],
      [2, 2],
    ]);
  });

  it("what is out is never given again, in any order of steps", () => {
    const seed = 20261122;
    const random = new SeededRandom(seed);
    const memory = new SampleMemory();
    let out: { readonly piece: Float64Array; readonly mark: number }[] = [];
    let reused = 0;
    for (let round = 1; round < 2_000; round++) {
      // As a spill does: a run is filled, handed out in parts, and taken back after some of them.
      memory.reuse();
      const run = Array.from({ length: 1 + Math.floor(random.next() * 4) }, (_, i) => {
        const piece = memory.numbers(Math.floor(random.next() * 4_000));
        const mark = round * 10 + i;
        if (piece.some((number) => number !== 0)) reused++;
        return { piece: piece.fill(mark), mark };
      });
      for (const one of run) {
        memory.handOut();
        out.push(one);
        if (random.next() > 0.5) continue;
        for (const { piece, mark } of out) {
          if (!piece.every((number) => number === mark)) throw new Error(`seed ${seed}, round ${round}: ${mark}`);
        }
        out = [];
        memory.takeBack();
      }
    }
    expect(reused, `seed ${seed}`).toBeGreaterThan(500);
  });
});
