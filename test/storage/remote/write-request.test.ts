/** Bodies are read back here by a decoder of its own; that real servers take them is shown beside this file. */
import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";
import { uncompress } from "snappyjs";
import { describe, expect, test } from "vitest";
import type { SeriesBatch } from "../../../core/model/archive.js";
import { encodeWriteRequest } from "../../../storage/remote/write-request.js";

const NAMING = { prefix: "ganglia_", labels: {} };
const START_MS = 1_700_000_000_000;

interface Decoded {
  labels: [string, string][];
  samples: [timeMs: number, bits: bigint][];
}

/** Field numbers as in Prometheus' types.proto: TimeSeries { labels = 1, samples = 2 }, Label { name = 1, value = 2 }, Sample { value = 1, timestamp = 2 }. */
function decode(body: Uint8Array): Decoded[] {
  const list: Decoded[] = [];
  each(uncompress(body), (field, reader) => {
    expect(field).toBe(1);
    const series: Decoded = { labels: [], samples: [] };
    each(reader.bytes(), (part, inner) => {
      if (part === 1) series.labels.push(decodeLabel(inner.bytes()));
      else series.samples.push(decodeSample(inner.bytes()));
    });
    list.push(series);
  });
  return list;
}

function decodeLabel(bytes: Uint8Array): [string, string] {
  const label: [string, string] = ["", ""];
  each(bytes, (field, reader) => {
    label[field - 1] = reader.string();
  });
  return label;
}

function decodeSample(bytes: Uint8Array): [number, bigint] {
  let bits = 0n;
  let timeMs = 0;
  each(bytes, (field, reader, type) => {
    if (field === 1) {
      expect(type).toBe(WireType.Bit64);
      bits = BigInt(reader.fixed64());
    } else timeMs = Number(reader.int64());
  });
  return [timeMs, bits];
}

function each(bytes: Uint8Array, visit: (field: number, reader: BinaryReader, type: WireType) => void): void {
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    const [field, type] = reader.tag();
    visit(field, reader, type);
  }
}

function batch(host: string, ...values: number[]): SeriesBatch {
  const timesMs = Float64Array.from(values, (_, i) => START_MS + i);
  return {
    key: { cluster: "khab", host, metric: "load_one" },
    type: "float",
    units: "",
    series: { kind: "number", timesMs, values: Float64Array.from(values) },
  };
}

const bitsOf = (value: number) => new BigUint64Array(Float64Array.of(value).buffer)[0];

test("labels sorted, times in ms, values bit for bit", () => {
  const [series, ...others] = decode(encodeWriteRequest([batch("n1", 0.1, -0, 1e308)], { from: 0, to: 3 }, NAMING));
  expect(others).toEqual([]);
  expect(series?.labels).toEqual([
    ["__name__", "ganglia_load_one"],
    ["cluster", "khab"],
    ["host", "n1"],
  ]);
  expect(series?.samples).toEqual([0.1, -0, 1e308].map((value, i) => [START_MS + i, bitsOf(value)]));
});

test("no number is a staleness marker, whatever its bits; infinities stay", () => {
  const values = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  const [series] = decode(encodeWriteRequest([batch("n1", ...values)], { from: 0, to: 3 }, NAMING));
  expect(series?.samples.map(([, bits]) => bits)).toEqual([
    0x7ff0000000000002n,
    0x7ff0000000000000n,
    0xfff0000000000000n,
  ]);
});

test("times before 1970", () => {
  const early = batch("n1", 1);
  early.series.timesMs[0] = -5;
  expect(decode(encodeWriteRequest([early], { from: 0, to: 1 }, NAMING))[0]?.samples[0]?.[0]).toBe(-5);
});

describe("a part of several series", () => {
  const batches = [batch("n1", 1, 2, 3), batch("n2", 4), batch("n3", 5, 6)];
  const cases: [from: number, to: number, found: string[]][] = [
    [0, 6, ["n1:3", "n2:1", "n3:2"]],
    [0, 2, ["n1:2"]],
    [2, 5, ["n1:1", "n2:1", "n3:1"]],
    [3, 4, ["n2:1"]],
    [5, 99, ["n3:1"]],
    [6, 6, []],
  ];
  test.each(cases)("%i to %i", (from, to, found) => {
    const series = decode(encodeWriteRequest(batches, { from, to }, NAMING));
    expect(series.map(({ labels, samples }) => `${Object.fromEntries(labels)["host"]}:${samples.length}`)).toEqual(
      found,
    );
  });

  test("cut anywhere, each sample is in one part", () => {
    for (let size = 1; size <= 6; size++) {
      const seen: string[] = [];
      for (let from = 0; from < 6; from += size) {
        for (const { labels, samples } of decode(encodeWriteRequest(batches, { from, to: from + size }, NAMING))) {
          seen.push(...samples.map(([timeMs]) => `${labels[2]?.[1]}@${timeMs - START_MS}`));
        }
      }
      expect(seen).toEqual(["n1@0", "n1@1", "n1@2", "n2@0", "n3@0", "n3@1"]);
    }
  });
});
