import { describe, expect, it } from "vitest";
import type { FrameNews } from "../../../collector/frame-news.js";
import { CellsEncoder, decodeCells } from "../../../collector/window/log-records.js";
import { ClusterDirectory } from "../../../core/model/directory.js";
import { Frame } from "../../../core/model/frame.js";

const T = 1_700_000_000_000;
const TEXT_COLUMN = 3;

function makeFrame(): Frame {
  const frame = new Frame(new ClusterDirectory("c"), "test");
  frame.timeMs = T;
  return frame;
}

function encode(frame: Frame, news: Partial<FrameNews> = {}, encoder = new CellsEncoder()): Uint8Array {
  const indexes = Uint32Array.from({ length: frame.count + frame.heardCount }, (_, i) => i);
  const all = { newCells: indexes, newCount: frame.count, newHeard: indexes, newHeardCount: frame.heardCount };
  const head = { cluster: 2, number: 2 ** 40, timeMs: frame.timeMs };
  return encoder.encode(head, frame, { ...all, ...news }, (column) => column === TEXT_COLUMN).slice();
}

/** The record in plain arrays. */
function decode(payload: Uint8Array) {
  const { rows, columns, timesMs, decimals, values, heardRows, heardTimesMs, ...rest } = decodeCells(payload);
  return {
    ...rest,
    cells: Array.from(rows, (row, i) => [row, columns[i], timesMs[i], decimals[i], values[i]]),
    heard: Array.from(heardRows, (row, i) => [row, heardTimesMs[i]]),
  };
}

describe("cells come back as they were", () => {
  it.each<[name: string, bytes: number, timesMs: number[]]>([
    ["near times take four bytes", 19, [T, T - 1, T + 2 ** 31 - 1, T - 2 ** 31 + 1]],
    ["times far away take eight", 23, [T, T + 2 ** 31]],
    ["times long ago take eight", 23, [T, 1]],
    ["fractions of a millisecond take eight", 23, [T, T + 0.25]],
  ])("%s", (_name, bytes, timesMs) => {
    const frame = makeFrame();
    timesMs.forEach((timeMs, i) => {
      frame.pushNumber(i, 0, i / 3, timeMs, i);
    });
    const payload = encode(frame);
    expect(decode(payload).cells).toEqual(timesMs.map((timeMs, i) => [i, 0, timeMs, i, i / 3]));
    expect(payload.length).toBe(33 + bytes * timesMs.length);
  });

  it("all kinds of numbers, bit for bit", () => {
    const values = [0, -0, 1.5, -1e300, 5e-324, Number.MAX_SAFE_INTEGER, Number.NaN];
    const frame = makeFrame();
    values.forEach((value, i) => {
      frame.pushNumber(2 ** 32 - 2, i === 0 ? 65_535 : 0, value, T, 255);
    });
    expect(decode(encode(frame)).cells.map((cell) => cell[4])).toEqual(values);
    expect(decode(encode(frame)).cells[0]).toEqual([2 ** 32 - 2, 65_535, T, 255, 0]);
  });

  it("texts, and the absence of one", () => {
    const frame = makeFrame();
    const texts = ["", "Linux", "\ufeffä\u{1f600}\0", "x".repeat(10_000)];
    for (const text of texts) frame.pushText(1, TEXT_COLUMN, text, T);
    frame.pushNumber(1, TEXT_COLUMN, Number.NaN, T, 0);
    frame.pushNumber(1, 0, 3, T, 0);
    const { texts: back, cells } = decode(encode(frame));
    expect(back).toEqual(texts);
    expect(cells.map((cell) => cell[4])).toEqual([0, 1, 2, 3, Number.NaN, 3]);
  });

  it("only what is news", () => {
    const frame = makeFrame();
    for (let i = 0; i < 4; i++) frame.pushText(i, TEXT_COLUMN, `t${i}`, T);
    frame.heard(8, T - 1);
    frame.heard(9, T);
    const news = { newCells: Uint32Array.of(1, 3), newCount: 2, newHeard: Uint32Array.of(1), newHeardCount: 1 };
    const record = decode(encode(frame, news));
    expect(record.texts).toEqual(["t1", "t3"]);
    expect(record.cells.map((cell) => [cell[0], cell[4]])).toEqual([
      [1, 0],
      [3, 1],
    ]);
    expect(record.heard).toEqual([[9, T]]);
  });

  it("an empty frame, with its head", () => {
    const frame = makeFrame();
    frame.timeMs = T + 0.5;
    expect(decode(encode(frame))).toEqual({
      cluster: 2,
      number: 2 ** 40,
      timeMs: T + 0.5,
      texts: [],
      cells: [],
      heard: [],
    });
  });

  it("one after the other with one encoder, large and small", () => {
    const encoder = new CellsEncoder();
    for (const count of [5_000, 1, 0, 20_000]) {
      const frame = makeFrame();
      for (let i = 0; i < count; i++) frame.pushNumber(i, 1, i, T, 0);
      expect(decode(encode(frame, {}, encoder)).cells).toHaveLength(count);
    }
  });
});

it("a record cut at any byte is an error", () => {
  const frame = makeFrame();
  frame.heard(1, T);
  frame.pushNumber(1, 0, 3, T, 0);
  frame.pushText(1, TEXT_COLUMN, "text", T);
  const payload = encode(frame);
  for (let length = 0; length < payload.length; length++) {
    expect(() => decodeCells(payload.subarray(0, length)), `length ${length}`).toThrow(RangeError);
  }
});
