import { describe, expect, it } from "vitest";
import type { FrameNews } from "../../../collector/frame-news.js";
import { CellsDecoder, CellsEncoder } from "../../../collector/window/log-records.js";
import { ClusterDirectory } from "../../../core/model/directory.js";
import { Frame } from "../../../core/model/frame.js";
import { EmulatedHosts } from "../../support/emulated-hosts.js";

const T = 1_700_000_000_000;
const TEXT_COLUMN = 3;
const HEAD = { cluster: 2, number: 2 ** 40, names: 7 };

function makeFrame(): Frame {
  const directory = new ClusterDirectory("c");
  for (let column = 0; column < 100; column++)
    directory.column(`m${column}`, column === TEXT_COLUMN ? "text" : "number");
  for (let row = 0; row < 300; row++) directory.row(`h${row}`);
  const frame = new Frame(directory, "test");
  frame.timeMs = T;
  return frame;
}

function encode(frame: Frame, news: Partial<FrameNews> = {}, encoder = new CellsEncoder()): Uint8Array {
  const indexes = Uint32Array.from({ length: frame.count + frame.heardCount }, (_, i) => i);
  const all = { newCells: indexes, newCount: frame.count, newHeard: indexes, newHeardCount: frame.heardCount };
  return encoder.encode({ ...HEAD, timeMs: frame.timeMs }, frame, { ...all, ...news }).slice();
}

/** The record in plain arrays; cells by row, then by column. */
function decode(payload: Uint8Array) {
  const decoder = new CellsDecoder();
  const heard: unknown[] = [];
  const cells: [row: number, column: number, timeMs: number, decimals: number, value: number | string][] = [];
  decoder.cells(payload, {
    heard: (row, timeMs) => heard.push([row, timeMs]),
    cells(column, firstRow, count, rows, timesMs, { values, decimals }, texts) {
      for (let i = 0; i < count; i++) {
        const row = rows[i] as number;
        const value = values[row] as number;
        const shown = column === TEXT_COLUMN ? (texts[value] ?? value) : value;
        cells.push([firstRow + row, column, timesMs[i] as number, decimals[row] as number, shown]);
      }
    },
  });
  cells.sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  return { ...decoder.head(payload), cells, heard };
}

describe("cells come back as they were", () => {
  it.each<[name: string, timesMs: number[]]>([
    ["near times", [T, T - 1, T + 2 ** 31 - 1, T - 2 ** 31 + 1]],
    ["times far away", [T, T + 2 ** 31]],
    ["times long ago", [T, 1]],
    ["fractions of a millisecond", [T, T + 0.25]],
  ])("%s", (_name, timesMs) => {
    const frame = makeFrame();
    timesMs.forEach((timeMs, i) => {
      frame.pushNumber(i, 0, i / 3, timeMs, i);
    });
    expect(decode(encode(frame)).cells).toEqual(timesMs.map((timeMs, i) => [i, 0, timeMs, i, i / 3]));
  });

  it("all kinds of numbers, bit for bit", () => {
    const values = [0, -0, 1.5, -1e300, 5e-324, Number.MAX_SAFE_INTEGER, Number.NaN];
    const frame = makeFrame();
    values.forEach((value, i) => {
      frame.pushNumber(200 + i, 99, value, T, 255);
    });
    expect(decode(encode(frame)).cells).toEqual(values.map((value, i) => [200 + i, 99, T, 255, value]));
  });

  it("texts, and the absence of one", () => {
    const frame = makeFrame();
    const texts = ["", "Linux", "\ufeffä\u{1f600}\0", "x".repeat(10_000), "Linux"];
    texts.forEach((text, i) => {
      frame.pushText(i, TEXT_COLUMN, text, T);
    });
    frame.pushNumber(9, TEXT_COLUMN, Number.NaN, T, 0);
    frame.pushNumber(10, 0, 3, T, 0);
    expect(decode(encode(frame)).cells.map((cell) => cell[4])).toEqual([...texts, Number.NaN, 3]);
  });

  it("only what is news", () => {
    const frame = makeFrame();
    for (let i = 0; i < 4; i++) frame.pushText(i, TEXT_COLUMN, `t${i}`, T);
    frame.heard(8, T - 1);
    frame.heard(9, T);
    const news = { newCells: Uint32Array.of(1, 3), newCount: 2, newHeard: Uint32Array.of(1), newHeardCount: 1 };
    const record = decode(encode(frame, news));
    expect(record.cells.map((cell) => [cell[0], cell[4]])).toEqual([
      [1, "t1"],
      [3, "t3"],
    ]);
    expect(record.heard).toEqual([[9, T]]);
  });

  it("who was heard, in any order, at any time, with cells or without", () => {
    const frame = makeFrame();
    frame.heard(250, T);
    frame.heard(3, 0);
    frame.heard(100, T - 5_000);
    frame.heard(3, T - 1);
    frame.pushNumber(150, 1, 1, T, 0);
    frame.pushNumber(3, 1, 2, T, 0);
    const record = decode(encode(frame));
    expect(record.heard).toEqual([
      [3, T - 1],
      [100, T - 5_000],
      [250, T],
    ]);
    expect(record.cells.map((cell) => cell[0])).toEqual([3, 150]);
  });

  it("an empty frame, with its head", () => {
    const frame = makeFrame();
    frame.timeMs = T + 0.5;
    expect(decode(encode(frame))).toEqual({ ...HEAD, timeMs: T + 0.5, cells: [], heard: [] });
  });

  it("one after the other with one encoder, large and small", () => {
    const encoder = new CellsEncoder();
    for (const count of [30_000, 1, 0, 5_000]) {
      const frame = makeFrame();
      for (let i = 0; i < count; i++) frame.pushNumber(i % 300, Math.floor(i / 300), i, T, 0);
      expect(decode(encode(frame, {}, encoder)).cells).toHaveLength(count);
    }
  });
});

it("a record cut at any byte is an error", () => {
  const frame = makeFrame();
  frame.heard(1, T);
  frame.pushNumber(1, 0, 3, T, 0);
  frame.pushNumber(200, 0, 3, T, 0);
  frame.pushText(1, TEXT_COLUMN, "text", T);
  const payload = encode(frame);
  for (let length = 0; length < payload.length; length++) {
    expect(() => decode(payload.subarray(0, length)), `length ${length}`).toThrow(RangeError);
  }
});

it("a poll of the emulated cluster takes less than 4 bytes a sample", () => {
  const hosts = new EmulatedHosts({ hosts: 200, seed: 20_061_127 });
  const directory = new ClusterDirectory("c");
  hosts.describe(directory);
  const frame = new Frame(directory, "test");
  hosts.fill(frame, T);
  const payload = encode(frame);
  expect(decode(payload).heard).toHaveLength(200);
  expect(payload.length / hosts.cells).toBeLessThan(4);
});
