import { describe, expect, test } from "vitest";
import type { Series } from "../../../core/model/series.js";
import { joinSeries } from "../../../storage/series.js";
import { decodeChunk } from "../../../storage/sqlite/chunk-codec.js";
import { CHUNK_SAMPLES_MAX, growTail, type Segment, samplesMaxOf } from "../../../storage/sqlite/segment.js";

function numbers(from: number, count: number, sampleOf = (i: number) => i % 5): Series {
  const index = Float64Array.from({ length: count }, (_, i) => from + i);
  return { kind: "number", timesMs: index.map((i) => i * 15_000), values: index.map(sampleOf) };
}

function texts(from: number, count: number, textOf = (i: number) => `${i % 5}`): Series {
  const index = Array.from({ length: count }, (_, i) => from + i);
  return { kind: "text", timesMs: Float64Array.from(index, (i) => i * 15_000), texts: index.map(textOf) };
}

/** Gives parts one after the other. */
function grow(parts: readonly Series[], samplesMax?: number): { tail: Segment; chunks: Segment[] } {
  const chunks: Segment[] = [];
  let tail: Segment | undefined;
  for (const part of parts) {
    const growth = growTail(tail, part, samplesMax);
    chunks.push(...growth.chunks);
    tail = growth.tail;
  }
  if (tail === undefined) throw new Error("give at least one part");
  return { tail, chunks };
}

describe("nothing is lost, and rows say what they hold", () => {
  const cases: [name: string, parts: Series[]][] = [
    ["one sample", [numbers(0, 1)]],
    ["as many as fit", [numbers(0, 512)]],
    ["one more than fit", [numbers(0, 513)]],
    ["filled up exactly", [numbers(0, 500), numbers(500, 12)]],
    ["filled up and one more", [numbers(0, 500), numbers(500, 13)]],
    ["many at once", [numbers(0, 5_000)]],
    ["one by one", Array.from({ length: 1_100 }, (_, i) => numbers(i, 1))],
    ["noise one by one", Array.from({ length: 900 }, (_, i) => numbers(i, 1, Math.sin))],
    ["texts one by one", Array.from({ length: 600 }, (_, i) => texts(i, 1))],
    ["long texts", Array.from({ length: 9 }, (_, i) => texts(4 * i, 4, (j) => `${j}`.repeat(1_000)))],
  ];
  test.each(cases)("%s", (_, parts) => {
    const { tail, chunks } = grow(parts);
    const rows = [...chunks, tail];
    expect(joinSeries(rows.map(({ blob }) => decodeChunk(blob)))).toEqual(joinSeries(parts));
    for (const { blob, startMs, endMs, count } of rows) {
      const { timesMs } = decodeChunk(blob);
      expect([startMs, endMs, count]).toEqual([timesMs[0], timesMs.at(-1), timesMs.length]);
      expect(count).toBeLessThanOrEqual(CHUNK_SAMPLES_MAX);
    }
    expect(tail.blob.length).toBeLessThanOrEqual(4_096);
  });
});

test("a tail that fits is only added to", () => {
  const first = growTail(undefined, numbers(0, 40)).tail;
  const { tail, chunks } = growTail(first, numbers(40, 40));
  expect(chunks).toEqual([]);
  expect(tail.blob.subarray(0, first.blob.length)).toEqual(first.blob);
});

test("parts of one sample are packed together when their heads fill the tail", () => {
  const { tail, chunks } = grow(Array.from({ length: 500 }, (_, i) => numbers(i, 1)));
  expect(chunks).toEqual([]);
  expect(tail.count).toBe(500);
  expect(tail.blob.length).toBeLessThan(500 * 8);
});

test("a single long text stays in the tail, whatever its length", () => {
  const { tail, chunks } = grow([texts(0, 1, () => "x".repeat(99_999)), texts(1, 1, () => "y".repeat(99_999))]);
  expect([tail.count, chunks.map(({ count }) => count)]).toEqual([1, [1]]);
});

test("a change of kind makes a chunk of what was there", () => {
  const { tail, chunks } = grow([numbers(0, 3), texts(3, 2), numbers(5, 1)]);
  expect([...chunks, tail].map(({ blob }) => decodeChunk(blob).kind)).toEqual(["number", "text", "number"]);
  expect([...chunks, tail].map(({ count }) => count)).toEqual([3, 2, 1]);
});

test("limits are spread, so that not all series make their chunks at once", () => {
  const limits = Array.from({ length: 16 }, (_, id) => samplesMaxOf(id));
  expect(new Set(limits).size).toBe(8);
  expect(Math.max(...limits)).toBe(CHUNK_SAMPLES_MAX);
  expect(Math.min(...limits)).toBeGreaterThan(CHUNK_SAMPLES_MAX / 2);
  expect(grow([numbers(0, 1_000)], 100).tail.count).toBe(100);
});
