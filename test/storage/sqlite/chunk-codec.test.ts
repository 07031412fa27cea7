import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { NumberSeries, Series, TextSeries } from "../../../core/model/series.js";
import { ChunkError, decodeChunk, encodeChunk, kindOfChunk } from "../../../storage/sqlite/chunk-codec.js";

const START_MS = 1_700_000_000_000;

function numbers(values: number[], timesMs: number[] = values.map((_, i) => START_MS + 15_000 * i)): NumberSeries {
  return { kind: "number", timesMs: Float64Array.from(timesMs), values: Float64Array.from(values) };
}

function texts(list: string[]): TextSeries {
  return { kind: "text", timesMs: Float64Array.from(list, (_, i) => START_MS + 15_000 * i), texts: list };
}

/** All of a series as bytes, so that -0 and the forms of NaN count. */
function bytesOf(series: Series): unknown {
  const hex = (floats: Float64Array) => Buffer.from(floats.slice().buffer).toString("hex");
  return [hex(series.timesMs), series.kind === "number" ? hex(series.values) : series.texts];
}

describe("round trip", () => {
  const cases: [name: string, series: Series][] = [
    ["one number", numbers([1])],
    ["no sample", numbers([])],
    ["whole", numbers([0, -1, 127, 128, -128, 2 ** 31 - 1, 2 ** 31, 2 ** 51, -(2 ** 51), 2 ** 53])],
    ["decimals that begin whole", numbers([1, 1.5, 1.25, 1.125, 1e-9])],
    ["decimals that do alone but not together", numbers([2 ** 50 + 1, 0.001])],
    ["seventeen digits", numbers([0.1 + 0.2, Math.PI, 1 / 3])],
    ["minus nought among whole", numbers([5, -0, 5])],
    ["minus nought first", numbers([-0])],
    ["not a number among decimals", numbers([0.25, Number.NaN, 0.25])],
    ["without end", numbers([Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])],
    ["the extremes", numbers([Number.MAX_VALUE, Number.MIN_VALUE, -Number.MAX_VALUE, -Number.MIN_VALUE])],
    ["times with fractions", numbers([1, 2], [0.1, 0.2])],
    ["times of milliseconds", numbers([1, 2, 3], [START_MS + 1, START_MS + 15_002, START_MS + 29_998])],
    ["a time of minus nought", numbers([1, 2], [-0, 1_000])],
    ["times far apart", numbers([1, 2, 3], [-8.64e15, 0, 8.64e15])],
    ["times at the limit of whole ones", numbers([1, 2, 3, 4], [-(2 ** 50), 0, 1, 2 ** 50])],
    ["one text", texts(["a"])],
    ["texts that come again", texts(["a", "b", "a", "", "b"])],
    ["half a surrogate pair", texts(["\ud83d", "\udc27", "🐧"])],
    ["the name of a property", texts(["__proto__", "constructor"])],
  ];
  test.each(cases)("%s", (_, series) => {
    for (const deflate of [false, true]) {
      const blob = encodeChunk(series, deflate);
      expect(bytesOf(decodeChunk(blob))).toEqual(bytesOf(series));
      expect(kindOfChunk(blob)).toBe(series.kind);
    }
  });

  const anyFloat = fc.double({ noDefaultInfinity: false });
  const decimal = fc.integer({ min: -(10 ** 9), max: 10 ** 9 }).chain((whole) => fc.nat(9).map((k) => whole / 10 ** k));
  const times = fc.uniqueArray(
    fc.oneof(
      fc.integer(),
      fc.integer().map((n) => n * 1_000),
      anyFloat.filter(Number.isFinite),
    ),
  );

  test("any numbers at any times", () => {
    fc.assert(
      fc.property(
        times,
        fc.infiniteStream(fc.oneof(anyFloat, decimal, fc.constant(0))),
        fc.boolean(),
        (at, stream, deflate) => {
          const series = numbers(
            [...stream.take(at.length)],
            at.sort((a, b) => a - b),
          );
          expect(bytesOf(decodeChunk(encodeChunk(series, deflate)))).toEqual(bytesOf(series));
        },
      ),
      { verbose: 1 },
    );
  });

  test("any bits as numbers", () => {
    fc.assert(
      fc.property(fc.array(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })), (bits) => {
        const values = new Float64Array(BigUint64Array.from(bits).buffer);
        const series: Series = { kind: "number", timesMs: values.map((_, i) => i), values };
        expect(bytesOf(decodeChunk(encodeChunk(series, false)))).toEqual(bytesOf(series));
      }),
      { verbose: 1 },
    );
  });

  test("any texts", () => {
    const text = fc.oneof(
      fc.string(),
      fc.string({ unit: "binary" }),
      fc.array(fc.nat(0xffff)).map((codes) => String.fromCharCode(...codes)),
    );
    fc.assert(
      fc.property(fc.array(text), fc.boolean(), (list, deflate) => {
        expect(bytesOf(decodeChunk(encodeChunk(texts(list), deflate)))).toEqual(bytesOf(texts(list)));
      }),
      { verbose: 1 },
    );
  });
});

describe("parts one behind the other", () => {
  test("numbers, the last one deflated", () => {
    const parts = [
      numbers([1, 2]),
      numbers([0.5], [START_MS + 10 ** 6]),
      numbers(Array(99).fill(Number.NaN), range(99, START_MS + 10 ** 7)),
    ];
    const blob = Buffer.concat(parts.map((part, i) => encodeChunk(part, i === 2)));
    const joined = decodeChunk(blob);
    expect(joined.timesMs.length).toBe(102);
    expect([...joined.timesMs.slice(0, 4)]).toEqual([
      START_MS,
      START_MS + 15_000,
      START_MS + 10 ** 6,
      START_MS + 10 ** 7,
    ]);
    expect(joined.kind === "number" ? [...joined.values.slice(0, 4)] : []).toEqual([1, 2, 0.5, Number.NaN]);
  });

  test("texts", () => {
    const blob = Buffer.concat([encodeChunk(texts(["a", "b"]), false), encodeChunk(texts(["c"]), false)]);
    expect(decodeChunk(blob)).toMatchObject({ kind: "text", texts: ["a", "b", "c"] });
  });

  test("of both kinds: refused", () => {
    const blob = Buffer.concat([encodeChunk(texts(["a"]), false), encodeChunk(numbers([1]), false)]);
    expect(() => decodeChunk(blob)).toThrow(ChunkError);
  });
});

describe("size", () => {
  const slow = Array.from({ length: 512 }, (_, i) => Math.floor(i / 3) / 100);
  const cases: [name: string, series: Series, bytesMax: number][] = [
    ["the same number in a steady pace", numbers(Array(512).fill(97.3)), 40],
    ["the same number that is no decimal", numbers(Array(512).fill(Math.PI)), 50],
    ["one value in three changes a little", numbers(slow), 110],
    ["a counter", numbers(slow.map((_, i) => 1e9 + 1_234 * i)), 50],
    ["the same text", texts(Array(512).fill("Linux")), 40],
    ["numbers without pattern: little more than the bits", numbers(slow.map((_, i) => Math.sin(i))), 512 * 9],
  ];
  test.each(cases)("%s", (_, series, bytesMax) => {
    expect(encodeChunk(series, true).length).toBeLessThanOrEqual(bytesMax);
  });
});

describe("format 1 stays readable", () => {
  // Such bytes are in people's files: cases may be added here, never changed.
  const cases: [name: string, hex: string, series: Series][] = [
    ["decimals by the second", "0100030280c49fd50c1e000264191d", numbers([0.5, 0.37, 0.22])],
    [
      "whole numbers by the millisecond",
      "0100030182a0abfef962b2ea010900020209",
      numbers([1, 2, -3], [START_MS + 1, START_MS + 15_002, START_MS + 29_998]),
    ],
    [
      "bit by bit",
      "0100040280c49fd50c1e0000ff00182d4454fb2109408000182d4454fb2109c006f8ff",
      numbers([Math.PI, Math.PI, -0, Number.NaN]),
    ],
    ["raw times", "01000200000000000000d03f000000000000e03f000202", numbers([1, 2], [0.25, 0.5])],
    ["texts", "0101040280c49fd50c1e00000302610462630500d800010002", texts(["a", "bc", "a", "\ud800"])],
    ["deflated", "010213616a3832ff2a8f1c0306609cc58f21c6c00000", numbers(Array(20).fill(97.3))],
  ];
  test.each(cases)("%s", (_, hex, series) => {
    expect(bytesOf(decodeChunk(Buffer.from(hex, "hex")))).toEqual(bytesOf(series));
  });
});

describe("format 2 stays readable", () => {
  // Such bytes are in people's files: cases may be added here, never changed.
  const cases: [name: string, hex: string, series: Series][] = [
    ["decimals that go on as they went", "0200030280c49fd50c1e00426419010001a8", numbers([0.5, 0.37, 0.22])],
    [
      "times that waver, by the millisecond",
      "0200030182a0abfef962b2ea01010003a200020200020640",
      numbers([1, 2, -3], [START_MS + 1, START_MS + 15_002, START_MS + 29_998]),
    ],
    [
      "bit by bit",
      "0200040280c49fd50c1e00ff02008000182d4454fb21094000182d4454fb2109c006f8ff",
      numbers([Math.PI, Math.PI, -0, Number.NaN]),
    ],
    ["raw times", "02000200000000000000d03f000000000000e03f000201000000", numbers([1, 2], [0.25, 0.5])],
    ["one value", "0200140280c49fd50c1e00019a0f00", numbers(Array(20).fill(97.3))],
    ["a slope that changes", "0200090280c49fd50c1e00401414010102b8", numbers([10, 20, 30, 40, 55, 70, 85, 100, 115])],
    [
      "codes of all lengths",
      "0200100280c49fd50c1e000002050018ff7fffe7ffffffffffff1ffff9ffffffffffffd8000000000000c0000000",
      numbers([...Array(9).fill(1), 2 ** 50, 1, 1, 2, 1, 1, 2]),
    ],
  ];
  test.each(cases)("%s", (_, hex, series) => {
    expect(bytesOf(decodeChunk(Buffer.from(hex, "hex")))).toEqual(bytesOf(series));
    expect(encodeChunk(series, true).toString("hex")).toBe(hex);
  });
});

describe("bytes that are no chunk", () => {
  const good = encodeChunk(numbers([0.5, 0.37, Number.NaN]), false);
  const goodText = encodeChunk(texts(["a", "bc", "a"]), false);
  const deflated = encodeChunk(numbers(Array(512).fill(1)), true);

  test.each([
    ["numbers", good],
    ["texts", goodText],
    ["deflated", deflated],
  ])("%s cut at every byte", (_, blob) => {
    for (let end = 0; end < blob.length; end++)
      expect(() => decodeChunk(blob.subarray(0, end)), `${end}`).toThrow(ChunkError);
  });

  const cases: [name: string, bytes: number[]][] = [
    ["nothing", []],
    ["another format", [3, 0, 0, 2]],
    ["format 2 with flags", [2, 1, 0]],
    ["more samples than a part has", [2, 0, 129, 128, 4, 2, 2, 2, 0, 0, 2, 0]],
    ["more changes than samples", [2, 0, 2, 2, 2, 2, 0, 0, 2, 2, 0, 0, 255]],
    ["runs longer than the samples", [2, 0, 3, 2, 2, 2, 0, 0, 2, 1, 0, 0, 0b1110_0000]],
    ["a parameter of 27", [2, 0, 3, 2, 2, 2, 0, 0, 2, 1, 27, 0, 255]],
    ["a number of 63 bits", [2, 0, 3, 2, 2, 2, 0, 0, 2, 1, 0, 0, 255, 255, 255, 255, 255, 255, 255]],
    ["74 decimals", [2, 0, 1, 2, 2, 2, 0, 74, 2, 2, 0]],
    ["unknown flags", [1, 4, 0, 2]],
    ["an unknown unit of time", [1, 0, 1, 3, 2]],
    ["unknown decimals", [1, 0, 1, 2, 2, 10, 2]],
    ["more samples than bytes", [1, 0, 255, 255, 255, 255, 15, 2]],
    ["a number above 2^53", [1, 0, 255, 255, 255, 255, 255, 255, 255, 255]],
    ["a number without end", [1, 0, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 0]],
    ["a value of nine bytes", [1, 0, 1, 2, 2, 255, 0x54, 0, 0, 0]],
    ["a text that is not in the list", [1, 1, 1, 2, 2, 1, 2, 97, 1]],
    ["more different texts than samples", [1, 1, 1, 2, 2, 2, 2, 97, 2, 98, 0]],
    ["something behind it", [...good, 0]],
    ["no deflated data", [1, 2, 255, 255]],
  ];
  test.each(cases)("%s", (_, bytes) => {
    expect(() => decodeChunk(Buffer.from(bytes))).toThrow(ChunkError);
  });

  test("any bytes: a series or a ChunkError, nothing else", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), fc.nat(3), fc.constantFrom(1, 2), (bytes, flags, format) => {
        let outcome = "decoded";
        try {
          decodeChunk(Buffer.from([format, flags, ...bytes]));
        } catch (error) {
          outcome = (error as Error).name;
        }
        expect(["decoded", "ChunkError"]).toContain(outcome);
      }),
      { verbose: 1 },
    );
  });
});

function range(count: number, from: number): number[] {
  return Array.from({ length: count }, (_, i) => from + i);
}
