/** Records of queues that an earlier version left on the disk. */
import { deflateRawSync } from "node:zlib";
import { expect, test } from "vitest";
import { decodeSamples, encodeSamples } from "../../../storage/queue/queue-records.js";
import { ByteWriter } from "../../../storage/sqlite/bytes.js";
import { encodeChunk } from "../../../storage/sqlite/chunk-codec.js";

const SERIES = { kind: "number", timesMs: Float64Array.of(1_000, 2_000), values: Float64Array.of(1, 2) } as const;
const BATCH = { key: { cluster: "c", host: "h", metric: "m" }, type: "float", units: "s", series: SERIES } as const;

function written(list: unknown): Buffer {
  const blob = encodeChunk(SERIES, false);
  const packed = deflateRawSync(JSON.stringify(list));
  const writer = new ByteWriter(256);
  for (const number of [1, 5, 2, packed.length]) writer.varint(number);
  writer.raw(packed);
  writer.raw(blob);
  return writer.written();
}
const blobBytes = encodeChunk(SERIES, false).length;
const NAMES = ["c", "h", "m", "float", "s"];
const NUMBERS = [0, 1, 2, 3, 4, 1_000, 2_000, blobBytes];

test("a record without what is said of metrics is read: nothing is known of them", () => {
  expect(decodeSamples(written([NAMES, NUMBERS]))).toEqual([BATCH]);
});

test.each<[string, number[], object]>([
  ["both", [70, 2], { tmaxS: 70, slope: "positive" }],
  ["nothing", [0, 0], {}],
  ["a slope that nobody knows", [70, 9], { tmaxS: 70 }],
])("with %s", (_, more, said) => {
  expect(decodeSamples(written([NAMES, NUMBERS, more]))).toEqual([{ ...BATCH, ...said }]);
});

test("what is written is read", () => {
  const given = { ...BATCH, tmaxS: 20, slope: "derivative" } as const;
  expect(decodeSamples(encodeSamples({ number: 1, queuedAtMs: 5, samples: 2 }, [given]))).toEqual([given]);
});
