/** Whole spills: the same bytes as single updates by text, one after the other. */
import {
  chmodSync,
  constants,
  copyFileSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { parseNumber } from "../../../../storage/rrd/arithmetic/number-text.js";
import { readingOf } from "../../../../storage/rrd/arithmetic/reading-value.js";
import { RrdFleet } from "../../../../storage/rrd/bulk/fleet.js";
import { createRrdFile } from "../../../../storage/rrd/file/create-file.js";
import { type RrdFile, withRrdFile } from "../../../../storage/rrd/file/rrd-file.js";
import { SeededRandom } from "../../../support/seeded-random.js";
import { type Answer, ourPipe } from "../support/our-pipe.js";
import { difference } from "../support/rrd-file.js";

const GMETAD = "RRA:AVERAGE:0.5:1:97 RRA:AVERAGE:0.5:4:40 RRA:AVERAGE:0.5:40:20";
const START = 999_999_999;

let directory: string;
let answer: (line: string) => Answer;
const path = (name: string) => join(directory, name);

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "grate-rrd-"));
  answer = ourPipe(directory);
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

/** A fleet for files like the one named, and how files are updated by it that nobody else writes. */
function fleetOf(name: string) {
  const fleet = withRrdFile(path(name), "r", name, (file: RrdFile) => new RrdFleet(file.header));
  const known = new Map<string, number>();
  const update = (file: string, timesS: ArrayLike<number>, values: ArrayLike<number>, count?: number) => {
    const taken = fleet.updateMany(path(file), known.get(file) ?? START, timesS, values, count);
    known.set(file, fleet.lastUpdateS);
    return taken;
  };
  return { fleet, update };
}

/** One of each kind of number that a metric has. */
function number(random: SeededRandom): number {
  switch (random.below(8)) {
    case 0:
      return random.below(1_000_000);
    case 1:
      return random.below(10_000) / 100;
    case 2:
      return random.below(100_000) / 1_000;
    case 3:
      return -random.below(1e9) / 1e6;
    case 4:
      return random.next() * 1e4;
    case 5:
      return random.next() * 1e-9;
    case 6:
      return Number.NaN;
    default:
      return random.pick([0, -0, 1e22, 123456789012345680000, 1e-300, Number.POSITIVE_INFINITY, 0.1, 2 ** 53]);
  }
}

const textOf = (value: number) =>
  Number.isNaN(value) ? "U" : Object.is(value, -0) ? "-0" : String(value).replace("Infinity", "inf");

describe("readings that are numbers", () => {
  test("are taken as their shortest text would be, seeds 1 to 20,000", () => {
    const random = new SeededRandom(1);
    for (let i = 0; i < 20_000; i++) {
      const value = number(random);
      const expected = textOf(value) === "U" ? Number.NaN : parseNumber(textOf(value), "");
      expect(Object.is(readingOf(value), expected), `${value} is ${readingOf(value)}, expected ${expected}`).toBe(true);
    }
  });
});

describe("spills", () => {
  test.each(Array.from({ length: 12 }, (_, i) => i + 1))("equal single updates, seed %d", (seed) => {
    const random = new SeededRandom(seed);
    const dsCount = random.pick([1, 1, 2, 3]);
    const limits = random.pick(["U:U", "0:1000"]);
    const sources = Array.from(
      { length: dsCount },
      (_, i) => `DS:d${i}:GAUGE:${random.pick([30, 120])}:${limits}`,
    ).join(" ");
    expect(answer(`create one.rrd --start ${START} --step 15 ${sources} ${GMETAD}`).verdict).toBe("OK");
    copyFileSync(path("one.rrd"), path("many.rrd"));
    const { fleet, update } = fleetOf("many.rrd");
    let timeS = START;
    let takenCount = 0;
    for (let spill = 0; spill < 8; spill++) {
      const times: number[] = [];
      const values: number[] = [];
      for (let i = random.pick([1, 2, 40, 40, 40, 200]); i > 0; i--) {
        timeS += random.pick([15, 15, 15, 15, 14, 16, 1, 31, 200, 0, -3]);
        times.push(timeS);
        const row = Array.from({ length: dsCount }, () => number(random));
        values.push(...row);
        answer(`update -s one.rrd ${timeS}:${row.map(textOf).join(":")}`);
      }
      takenCount += update("many.rrd", Float64Array.from(times), Float64Array.from(values));
      expect(
        difference(readFileSync(path("many.rrd")), readFileSync(path("one.rrd"))),
        `spill ${spill}`,
      ).toBeUndefined();
    }
    expect(fleet.foreignUpdateCount).toBe(0);
    expect(takenCount).toBeGreaterThan(20);
  });

  test("many files of one fleet keep apart", () => {
    answer(`create x.rrd --start ${START} --step 15 DS:sum:GAUGE:120:U:U ${GMETAD}`);
    const { fleet, update } = fleetOf("x.rrd");
    const names = Array.from({ length: 300 }, (_, i) => `f${i}.rrd`);
    for (const name of names) createRrdFile(path(name), fleet.definition, START, () => 0);
    for (let spill = 0; spill < 3; spill++) {
      for (const [i, name] of names.entries()) {
        const times = [1, 2, 3].map((k) => START + 45 * spill + 15 * k);
        update(name, times, [i, i + spill, i * 2]);
      }
    }
    for (const [i, name] of names.entries()) {
      answer(`create one.rrd --start ${START} --step 15 DS:sum:GAUGE:120:U:U ${GMETAD}`);
      for (let spill = 0; spill < 3; spill++) {
        const times = [1, 2, 3].map((k) => START + 45 * spill + 15 * k);
        answer(`update one.rrd ${times[0]}:${i} ${times[1]}:${i + spill} ${times[2]}:${i * 2}`);
      }
      expect(readFileSync(path(name)).equals(readFileSync(path("one.rrd"))), name).toBe(true);
    }
    expect(fleet.foreignUpdateCount).toBe(0);
  });
});

describe("what a spill is given", () => {
  test.each(["GAUGE", "DCOUNTER"])("%s: times beyond the count are passed over", (type) => {
    answer(`create one.rrd --start ${START} --step 15 DS:sum:${type}:120:U:U ${GMETAD}`);
    copyFileSync(path("one.rrd"), path("many.rrd"));
    answer(`update one.rrd ${START + 15}:1 ${START + 30}:2`);
    const { fleet, update } = fleetOf("many.rrd");
    const times = Float64Array.of(START + 15, START + 30, START + 45);
    expect(update("many.rrd", times, Float64Array.of(1, 2, 3), 2)).toBe(2);
    expect(fleet.lastUpdateS).toBe(START + 30);
    expect(difference(readFileSync(path("many.rrd")), readFileSync(path("one.rrd")))).toBeUndefined();
  });

  test("the time of access of a file stays as it was", () => {
    answer(`create x.rrd --start ${START} --step 15 DS:sum:GAUGE:120:U:U ${GMETAD}`);
    const { update } = fleetOf("x.rrd");
    utimesSync(path("x.rrd"), 1_000_000_000, 1_700_000_000);
    update("x.rrd", [START + 15], [1]);
    expect(statSync(path("x.rrd")).atimeMs).toBe(1_000_000_000_000);
  });

  test.skipIf(process.geteuid?.() !== 0)("a file of somebody else that may be written is updated", () => {
    answer(`create x.rrd --start ${START} --step 15 DS:sum:GAUGE:120:U:U ${GMETAD}`);
    const { update } = fleetOf("x.rrd");
    chmodSync(directory, 0o755);
    chmodSync(path("x.rrd"), 0o666);
    process.seteuid?.(65_534);
    try {
      expect(() => openSync(path("x.rrd"), constants.O_RDWR | constants.O_NOATIME)).toThrow("EPERM");
      expect(update("x.rrd", [START + 15], [1])).toBe(1);
    } finally {
      process.seteuid?.(0);
    }
    expect(update("x.rrd", [START + 30], [2])).toBe(1);
  });
});

describe("spills of counters", () => {
  test.each(["COUNTER", "DERIVE", "ABSOLUTE", "DCOUNTER", "DDERIVE"])("%s: equal single updates", (type) => {
    answer(`create one.rrd --start ${START} --step 15 DS:sum:${type}:120:U:U ${GMETAD}`);
    copyFileSync(path("one.rrd"), path("many.rrd"));
    const { update } = fleetOf("many.rrd");
    for (let spill = 0; spill < 3; spill++) {
      const values = [5, 100, 250, Number.NaN, 90, 2 ** 40, 2 ** 40 + 7, 12];
      const times = values.map((_, i) => START + 1 + 15 * (8 * spill + i));
      for (const [i, value] of values.entries()) answer(`update one.rrd ${times[i]}:${textOf(value)}`);
      update("many.rrd", times, values);
      expect(difference(readFileSync(path("many.rrd")), readFileSync(path("one.rrd")))).toBeUndefined();
    }
  });

  test("decimals are rounded, what is below 0 is no counter", () => {
    answer(`create one.rrd --start ${START} --step 15 DS:sum:COUNTER:120:U:U ${GMETAD}`);
    copyFileSync(path("one.rrd"), path("many.rrd"));
    answer(`update one.rrd ${START + 15}:10 ${START + 30}:21 ${START + 45}:U`);
    fleetOf("many.rrd").update("many.rrd", [START + 15, START + 30, START + 45], [10.4, 20.6, -5]);
    expect(difference(readFileSync(path("many.rrd")), readFileSync(path("one.rrd")))).toBeUndefined();
  });
});

describe("somebody else at the file", () => {
  let fleet: RrdFleet;
  let spill: ReturnType<typeof fleetOf>["update"];
  beforeEach(() => {
    answer(`create x.rrd --start ${START} --step 15 DS:sum:GAUGE:120:U:U ${GMETAD}`);
    ({ fleet, update: spill } = fleetOf("x.rrd"));
    spill("x.rrd", [START + 15], [1]);
  });
  const update = (timeS: number, value: number) => spill("x.rrd", [timeS], [value]);

  test("its updates are kept, ours go on after them, and it is counted", () => {
    answer(`update x.rrd ${START + 30}:2 ${START + 45}:3`);
    expect(update(START + 40, 9)).toBe(0);
    expect(update(START + 60, 4)).toBe(1);
    expect(fleet.foreignUpdateCount).toBe(1);
    answer(`create one.rrd --start ${START} --step 15 DS:sum:GAUGE:120:U:U ${GMETAD}`);
    for (const [i, value] of [1, 2, 3, 4].entries()) answer(`update one.rrd ${START + 15 * (i + 1)}:${value}`);
    expect(difference(readFileSync(path("x.rrd")), readFileSync(path("one.rrd")))).toBeUndefined();
  });

  test("a file of another definition in its place is left alone", () => {
    answer(`create x.rrd --start ${START} --step 15 DS:sum:GAUGE:121:U:U ${GMETAD}`);
    const before = readFileSync(path("x.rrd"));
    expect(() => update(START + 30, 2)).toThrow("has got other data sources or archives");
    expect(readFileSync(path("x.rrd")).equals(before)).toBe(true);
    expect(withRrdFile(path("x.rrd"), "r", "x", ({ header }) => fleet.hasDefinitionOf(header))).toBe(false);
  });

  test("a file that is gone, cut short or damaged is told", () => {
    const good = readFileSync(path("x.rrd"));
    writeFileSync(path("x.rrd"), good.subarray(0, 700));
    expect(() => update(START + 30, 2)).toThrow("is too small");
    rmSync(path("x.rrd"));
    expect(() => update(START + 30, 2)).toThrow("No such file or directory");
    const damaged = Buffer.from(good);
    damaged.writeBigUInt64LE(97n, 1000 - 24);
    writeFileSync(path("x.rrd"), damaged);
    expect(() => update(START + 30, 2)).toThrow("archive 0 is at row 97 of 97");
    writeFileSync(path("x.rrd"), good);
    expect(update(START + 30, 2)).toBe(1);
  });
});
