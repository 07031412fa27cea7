import { describe, expect, test } from "vitest";
import { ByteReader, ByteWriter } from "../../../storage/sqlite/bytes.js";
import { readSurprises, Surprises, writeSurprises } from "../../../storage/sqlite/packed-integers.js";
import { SeededRandom } from "../../support/seeded-random.js";

const SEED = 20_262;

function roundTrip(pairs: readonly (readonly [run: number, change: number])[]): unknown {
  const given = new Surprises();
  for (const [run, change] of pairs) given.push(run, change);
  const writer = new ByteWriter();
  writeSurprises(writer, given);
  const reader = new ByteReader(Buffer.from(writer.written()));
  const found = new Surprises();
  readSurprises(reader, 2 ** 53, found);
  expect(reader.left).toBe(0);
  return [...found.runs.subarray(0, found.count)].map((run, i) => [run, found.changes[i]]);
}

describe("surprises come back", () => {
  const cases: [name: string, pairs: [number, number][]][] = [
    ["none", []],
    ["one", [[0, 1]]],
    ["the largest change", [[0, 2 ** 52 - 1]]],
    ["the least change", [[3, -(2 ** 52)]]],
    ["a long run among short ones", [...Array(40).fill([0, 1]), [5_000, -1], ...Array(40).fill([1, 2])]],
    ["a large change among small ones", [...Array(40).fill([0, 1]), [0, 2 ** 40], [0, -(2 ** 31)], [0, 2 ** 31]]],
    ["changes about each power of two", Array.from({ length: 104 }, (_, i) => [i % 3, 2 ** (i >> 1) - (i % 2)])],
  ];
  test.each(cases)("%s", (_, pairs) => {
    const sound = pairs.filter(([, change]) => change !== 0);
    expect(roundTrip(sound)).toEqual(sound);
  });

  test(`of every size beside every other (seed ${SEED})`, () => {
    const random = new SeededRandom(SEED);
    for (let round = 0; round < 3_000; round++) {
      const [runs, changes] = [random.below(14), random.below(40)];
      const pairs = Array.from({ length: 1 + random.below(60) }, () => {
        // Mostly of one size, and now and then far from it: every length of code comes beside every other.
        const large = random.chance(0.05) ? 12 : 0;
        const change = 1 + random.below(2 ** Math.min(31, changes)) * (changes > 31 ? 2 ** (changes - 31) : 1);
        return [random.below(2 ** (runs + large / 4)), (random.chance(0.5) ? 1 : -1) * change * 2 ** large] as const;
      });
      expect(roundTrip(pairs)).toEqual(pairs);
    }
  });
});
