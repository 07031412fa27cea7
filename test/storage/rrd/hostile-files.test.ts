/** Whatever bytes a file holds, every command ends with an answer: no crash, no endless loop, no huge buffer. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { SeededRandom } from "../../support/seeded-random.js";
import { type Answer, ourPipe } from "./support/our-pipe.js";

const COMMANDS = [
  "info x.rrd",
  "last x.rrd",
  "lastupdate x.rrd",
  "first x.rrd",
  "fetch x.rrd AVERAGE -s 999999960 -e 1000000305",
  "update x.rrd 1000000500:1",
  "resize x.rrd 0 GROW 1",
  "tune x.rrd -h a:5",
  "dump x.rrd",
];

let directory: string;
let answer: (line: string) => Answer;
let good: Buffer;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "grate-rrd-"));
  answer = ourPipe(directory);
  answer("create x.rrd --start 999999960 --step 15 DS:a:GAUGE:120:U:U RRA:AVERAGE:0.5:1:5 RRA:MAX:0.5:3:4");
  good = readFileSync(join(directory, "x.rrd"));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function verdicts(bytes: Uint8Array): string[] {
  return COMMANDS.map((command) => {
    writeFileSync(join(directory, "x.rrd"), bytes);
    return answer(command).verdict;
  });
}

/** The good file with other bytes at an offset. */
function patched(offset: number, bytes: Uint8Array): Buffer {
  const copy = Buffer.from(good);
  copy.set(bytes, offset);
  return copy;
}

const u64 = (count: bigint) => new Uint8Array(new BigUint64Array([count]).buffer);

describe("damaged files", () => {
  test("a file cut anywhere is refused by every command", () => {
    for (let length = 0; length < good.length; length += 7) {
      for (const verdict of verdicts(good.subarray(0, length)))
        expect(verdict, `cut at ${length}`).toMatch(/^ERROR: 'x.rrd' is/);
    }
  });

  test("a longer file is fine", () => {
    expect(verdicts(Buffer.concat([good, Buffer.alloc(100)]))).toEqual(COMMANDS.map(() => "OK"));
  });

  const faults: [name: string, bytes: () => Buffer, message: RegExp][] = [
    ["no RRD file", () => patched(0, Buffer.from("RRX")), /'x.rrd' is not an RRD file/],
    ["another architecture", () => patched(16, u64(0n)), /This RRD was created on another architecture/],
    ["a newer version", () => patched(4, Buffer.from("0006")), /can't handle RRD file version 0006/],
    ["no version", () => patched(4, Buffer.from("abcd")), /can't handle RRD file version abcd/],
    ["no data source", () => patched(24, u64(0n)), /damaged: it has 0 data sources/],
    ["countless data sources", () => patched(24, u64(2n ** 63n)), /is too small/],
    ["countless archives", () => patched(32, u64(2n ** 64n - 1n)), /is too small/],
    ["a step of 0", () => patched(40, u64(0n)), /damaged: its step is 0 s/],
    ["an endless step", () => patched(40, u64(2n ** 60n)), /damaged: its step is/],
    ["an unknown type", () => patched(148, Buffer.from("GAUGX")), /data source 0 is of the unknown type 'GAUGX'/],
    ["an unknown function", () => patched(248, Buffer.from("MEDIAN\0")), /unknown consolidation function 'MEDIAN'/],
    ["no rows", () => patched(272, u64(0n)), /archive 0 has 0 rows/],
    ["endless rows", () => patched(272, u64(2n ** 62n)), /archive 0 has/],
    ["many rows", () => patched(272, u64(2n ** 31n)), /is too small \(should be \d+ bytes\)/],
    ["rows of no steps", () => patched(280, u64(0n)), /archive 0 has 5 rows of 0 steps/],
  ];
  test.each(faults)("%s", (_, bytes, message) => {
    for (const verdict of verdicts(bytes())) expect(verdict).toMatch(message);
  });

  test("a row pointer behind the end of its archive", () => {
    // The last words before the rows: 5 + 4 rows of one value.
    for (const verdict of verdicts(patched(good.length - 8 * 9 - 8, u64(4n)))) {
      expect(verdict).toMatch(/damaged: archive 1 is at row 4 of 4/);
    }
  });

  test.each(Array.from({ length: 20 }, (_, i) => i + 1))("random octets, seed %d", (seed) => {
    const random = new SeededRandom(seed);
    const palette = Uint8Array.of(0, 1, 255, 127, 128, 0xf8);
    for (let i = 0; i < 10; i++) {
      const bytes = Buffer.from(good);
      for (let k = 1 + random.below(6); k > 0; k--) {
        bytes[random.below(bytes.length)] = random.chance(0.5) ? random.below(256) : random.pick([...palette]);
      }
      for (const verdict of verdicts(bytes)) expect(verdict).toMatch(/^(OK$|ERROR: )/);
    }
  });

  test("a directory is no file", () => {
    expect(answer("info .").verdict).toMatch(/^ERROR: /);
    expect(answer("update . 1000000500:1").verdict).toBe("ERROR: opening '.': Is a directory");
  });

  test("a question for too many rows is refused before room is made for them", () => {
    writeFileSync(join(directory, "x.rrd"), good);
    expect(answer("fetch x.rrd AVERAGE -s 999999960 -e 99999999999").verdict).toMatch(
      /rows were asked for, expected at most/,
    );
  });
});
