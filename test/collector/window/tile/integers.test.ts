import { describe, expect, it } from "vitest";
import { ByteWriter, PADDING_BYTES } from "../../../../collector/window/tile/byte-writer.js";
import {
  INTEGER_LIMIT,
  LIST_MAX,
  readIntegerAt,
  readIntegers,
  skipIntegers,
  writeIntegers,
} from "../../../../collector/window/tile/integers.js";
import { SeededRandom } from "../../../support/seeded-random.js";

function write(numbers: readonly number[]): Uint8Array {
  const out = new ByteWriter(1);
  out.reserve(1);
  out.u8(0xff);
  writeIntegers(out, Float64Array.from(numbers), numbers.length);
  return out.copy();
}

/** @returns the bytes that the list takes */
function expectBack(numbers: readonly number[]): number {
  const bytes = write(numbers);
  const end = bytes.length - PADDING_BYTES;
  const back = new Float64Array(LIST_MAX);
  expect(readIntegers(bytes, 1, numbers.length, back)).toBe(end);
  expect(Array.from(back.subarray(0, numbers.length))).toEqual(numbers);
  expect(skipIntegers(bytes, 1, numbers.length)).toBe(end);
  expect(numbers.map((_, i) => readIntegerAt(bytes, 1, i))).toEqual(numbers);
  return end - 1;
}

describe("lists of integers come back, all at once and one by one", () => {
  it.each<[name: string, bytes: number, numbers: number[]]>([
    ["none", 1, []],
    ["zeros take one byte together", 1, new Array(96).fill(0)],
    ["one bit each", 13, Array.from({ length: 96 }, (_, i) => i & 1)],
    ["24 bits", 13, [2 ** 24 - 1, 0, 2 ** 23, 5]],
    ["25 bits", 14, [2 ** 25 - 1, 2 ** 24, 2 ** 24 + 1, 2 ** 25 - 2]],
    ["32 bits and more", 13, [2 ** 31, 2 ** 32 - 1]],
    ["48 bits", 13, [INTEGER_LIMIT - 1, INTEGER_LIMIT - 2]],
    [
      "a large one among small ones stands apart",
      18,
      [...new Array<number>(40).fill(3), 2 ** 20, ...new Array<number>(4).fill(2)],
    ],
  ])("%s", (_name, bytes, numbers) => {
    expect(expectBack(numbers)).toBeLessThanOrEqual(bytes);
  });

  it.each([1, 2, 3, 4])("random ones, seed %i", (seed) => {
    const random = new SeededRandom(seed);
    for (let round = 0; round < 500; round++) {
      const bits = random.below(49);
      const odd = random.below(49);
      const share = random.next() * 0.2;
      const numbers = Array.from({ length: random.below(LIST_MAX + 1) }, () =>
        Math.floor(random.next() * 2 ** (random.chance(share) ? odd : bits)),
      );
      expectBack(numbers);
    }
  });
});
