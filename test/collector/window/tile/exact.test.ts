/** What goes into a block comes out bit for bit: values, times, decimals, texts, whatever they are. */
import { describe, expect, it } from "vitest";
import { AllNews } from "../../../../collector/frame-news.js";
import { FrameCursor } from "../../../../collector/window/block-scan.js";
import { FrameBlock } from "../../../../collector/window/frame-block.js";
import { FrameCells } from "../../../../collector/window/tile/frame-cells.js";
import { ClusterDirectory } from "../../../../core/model/directory.js";
import { Frame } from "../../../../core/model/frame.js";
import { EmulatedHosts, POLL_MS } from "../../../support/emulated-hosts.js";
import { SeededRandom } from "../../../support/seeded-random.js";

const T = 1_795_289_045_000;

/** Row, column, value or text (of which -0 and NaN are told apart), time, decimals; in the order of rows and columns. */
function cellsOf(frame: Frame): string[] {
  const cells = Array.from({ length: frame.count }, (_, i) => {
    const [row, column] = [frame.rows[i] as number, frame.columns[i] as number];
    const value = frame.values[i] as number;
    const isText = frame.directory.columnFacts(column).kind === "text";
    const shown = isText ? `text ${frame.texts[value]}` : Object.is(value, -0) ? "-0" : String(value);
    return { row, column, i, line: `${row}/${column}: ${shown} at ${frame.timesMs[i]} with ${frame.decimals[i]}` };
  });
  return cells.sort((a, b) => a.row - b.row || a.column - b.column || a.i - b.i).map(({ line }) => line);
}

function expectBack(
  directory: ClusterDirectory,
  fill: (frame: Frame, index: number) => void,
  frames: number,
): FrameBlock {
  const block = new FrameBlock();
  const encoder = new FrameCells();
  const all = new AllNews();
  const frame = new Frame(directory, "test");
  const expected: string[][] = [];
  for (let f = 0; f < frames; f++) {
    frame.clear();
    fill(frame, f);
    block.add(frame, all.of(frame), f + 1, encoder);
    expected.push(cellsOf(frame));
  }
  for (const when of ["while the block is open", "when it is sealed"]) {
    const cursor = new FrameCursor(block);
    for (const [f, lines] of expected.entries()) {
      expect(cursor.next(directory, frame)?.number, when).toBe(f + 1);
      expect(cellsOf(frame), `frame ${f}, ${when}`).toEqual(lines);
    }
    expect(cursor.next(directory, frame), when).toBeUndefined();
    block.seal();
    while (block.shrink(1));
  }
  return block;
}

/** With these rows and number columns. */
function makeDirectory(rows: number, columns: number): ClusterDirectory {
  const directory = new ClusterDirectory("c");
  for (let row = 0; row < rows; row++) directory.row(`h${row}`);
  for (let column = 0; column < columns; column++) directory.column(`m${column}`, "number");
  return directory;
}

const ODD = [
  0,
  -0,
  Number.NaN,
  1,
  -1,
  0.1,
  0.2,
  0.1 + 0.2,
  1 / 3,
  -1e-9,
  5e-324,
  -5e-324,
  1e21,
  1e300,
  -1.7976931348623157e308,
  2 ** 31,
  2 ** 46,
  2 ** 46 - 1,
  -(2 ** 46),
  2 ** 53,
  2 ** 53 + 2,
  4.35,
  1.005,
  0.000001,
  123456789.123456,
  1e-7,
];
const DECIMALS = [0, 1, 2, 3, 6, 15, 16, 20, 255];

describe("numbers", () => {
  it.each(DECIMALS)("all kinds, after each other, with %i decimals", (decimals) => {
    const directory = makeDirectory(ODD.length, 1);
    expectBack(
      directory,
      (frame, f) => {
        frame.timeMs = T;
        ODD.forEach((_, i) => {
          frame.pushNumber(i, 0, ODD[(i * 7 + f * f) % ODD.length] as number, T, decimals);
        });
      },
      60,
    );
  });

  it("that stay the same while only their decimals change", () => {
    expectBack(
      makeDirectory(3, 1),
      (frame, f) => {
        frame.timeMs = T;
        for (let row = 0; row < 3; row++)
          frame.pushNumber(row, 0, 5, T, DECIMALS[(row * f) % DECIMALS.length] as number);
      },
      10,
    );
  });
});

describe("times", () => {
  it.each<[name: string, ages: number[]]>([
    ["whole seconds", [0, 1_000, 14_000]],
    ["milliseconds", [0, 1, 999]],
    ["ahead of the frame", [-60_000, -1, 0]],
    ["fractions of a millisecond", [0.25, 0.5, 1]],
    ["days and years ago", [0, 86_400_000, 2 ** 31, 2 ** 31 + 1, T - 1]],
    ["years ago with fractions", [0.125, T - 1]],
  ])("%s", (_name, ages) => {
    expectBack(
      makeDirectory(100, 3),
      (frame, f) => {
        frame.timeMs = T + f * 15_000 + 0.5;
        for (let row = 0; row < 100; row++) {
          for (let column = 0; column < 3; column++) {
            frame.pushNumber(row, column, row, T + f * 15_000 - (ages[(row + column * f) % ages.length] as number), 0);
          }
        }
      },
      8,
    );
  });

  it("more different ones than a tile remembers", () => {
    expectBack(
      makeDirectory(5, 80),
      (frame) => {
        frame.timeMs = T;
        for (let column = 0; column < 80; column++) {
          for (let row = 0; row < 5; row++) frame.pushNumber(row, column, row, T - row - (column % 40) * 7, 0);
        }
      },
      3,
    );
  });
});

it.each([1, 2, 3, 4, 5, 6])("random frames of random rows, columns, texts and repetitions, seed %i", (seed) => {
  const random = new SeededRandom(seed);
  const rows = 1 + random.below(400);
  const directory = makeDirectory(rows, 6);
  const text = directory.column("t", "text");
  const texts = ["", "Linux", "\ufeffä\u{1f600}\0", "x".repeat(5_000)];
  const palette = Array.from({ length: 20 }, () =>
    random.chance(0.3) ? random.pick(ODD) : Number(((random.next() - 0.5) * 10 ** random.below(9)).toFixed(2)),
  );
  expectBack(
    directory,
    (frame, f) => {
      frame.timeMs = T + f * 1_000 + random.below(1_000);
      // All rows in order, or some of them in any order, some twice.
      const count = random.chance(0.3) ? rows : random.below(rows);
      for (let i = 0; i < count; i++) {
        const row = count === rows ? i : random.below(rows);
        for (let column = random.below(3); column < 7; column += 1 + random.below(3)) {
          const timeMs = T + f * 1_000 - random.below(4) * (random.chance(0.9) ? 1_000 : 7);
          if (column === text) frame.pushText(row, column, random.pick(texts), timeMs);
          else frame.pushNumber(row, column, random.pick(palette), timeMs, random.pick(DECIMALS));
        }
      }
    },
    25,
  );
});

it.each<["groups" | "each", number]>([
  ["groups", 1],
  ["each", 1.4],
])("the emulated cluster, ages by %s, in less than %f bytes a sample", (ages, bytesMax) => {
  const hosts = new EmulatedHosts({ hosts: 50, seed: 20_061_127, ages });
  const directory = new ClusterDirectory("c");
  hosts.describe(directory);
  const block = expectBack(
    directory,
    (frame, f) => {
      hosts.fill(frame, T + f * POLL_MS);
    },
    40,
  );
  expect(block.memoryBytes / (40 * hosts.cells)).toBeLessThan(bytesMax);
});
