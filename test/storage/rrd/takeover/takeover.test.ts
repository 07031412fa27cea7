/** What stands against taking a directory over, and that a look changes nothing. */
import { appendFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { runningDaemons, runningWriters } from "../../../../storage/rrd/takeover/running-writers.js";
import { type TakeoverOptions, takeOver } from "../../../../storage/rrd/takeover/takeover.js";
import { VirtualClock } from "../../../support/virtual-clock.js";
import { ourPipe } from "../support/our-pipe.js";

let directory: string;
let answer: ReturnType<typeof ourPipe>;
let clock: VirtualClock;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "grate-rrd-takeover-"));
  answer = ourPipe(directory);
  clock = new VirtualClock();
  for (const folder of ["khab/n1", "khab/__SummaryInfo__", "__SummaryInfo__"]) {
    mkdirSync(join(directory, folder), { recursive: true });
  }
  const archives = "RRA:AVERAGE:0.5:1:10";
  answer(`create khab/n1/load_one.rrd --start 1700000000 --step 30 DS:sum:GAUGE:240:U:U ${archives}`);
  for (const folder of ["khab/__SummaryInfo__", "__SummaryInfo__"]) {
    const sources = "DS:sum:GAUGE:240:U:U DS:num:GAUGE:240:U:U";
    answer(`create ${folder}/load_one.rrd --start 1700000000 --step 15 ${sources} ${archives}`);
  }
  answer("update khab/n1/load_one.rrd 1700000010:1 1700000040:2");
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

/** @param meanwhile happens while the directory is watched */
async function take(more: Partial<TakeoverOptions> = {}, meanwhile = () => {}): Promise<string> {
  const options = { directory, isDryRun: false, waitMs: undefined, clock, writers: () => [], ...more };
  const outcome = takeOver(options).catch((error: unknown) => `refused: ${(error as Error).message}`);
  await clock.advance(10_000);
  meanwhile();
  await clock.advance(50_000);
  return outcome;
}

test("a directory of which nobody thinks any more: what is there and what to write into the configuration", async () => {
  const text = await take();
  expect(text).toContain("3 files, 2 of them sums, last updated 2023-11-14T22:14:00.000Z");
  expect(text).toContain("steps: 15 s, 30 s;");
  expect(text).toContain(`    dir: ${JSON.stringify(directory)}\n    mode: write\n    step: 30s\n`);
  expect(readdirSync(directory)).toContain(".grate-coverage.json");
});

test("twice is as once, and a dry run writes nothing", async () => {
  const dry = await take({ isDryRun: true });
  expect(dry).toContain("nothing was changed");
  expect(readdirSync(directory).sort()).toEqual(["__SummaryInfo__", "khab"]);
  expect(await take()).toBe(await take());
});

test.each<[string, string, () => void]>([
  [
    "a file updated while it is watched",
    "somebody still writes there",
    () => answer("update khab/n1/load_one.rrd 1700000070:3"),
  ],
  [
    "a file touched while it is watched",
    "somebody still writes there",
    () => appendFileSync(join(directory, "khab/n1/load_one.rrd"), "x"),
  ],
])("%s is refused", async (_, why, meanwhile) => {
  expect(await take({}, meanwhile)).toMatch(new RegExp(`^refused: .*cannot be taken over:\\n.*${why}`));
  expect(readdirSync(directory)).not.toContain(".grate-coverage.json");
});

test.each<[string, RegExp, () => void]>([
  ["a file that is none", /not an RRD file|too small/, () => writeFileSync(join(directory, "khab/n1/x.rrd"), "x")],
  [
    "a file of another program",
    /other\.rrd: it has the sources rx,tx/,
    () => answer("create khab/n1/other.rrd --start 1700000000 DS:rx:GAUGE:9:U:U DS:tx:GAUGE:9:U:U RRA:LAST:0.5:1:2"),
  ],
  ["no such directory", /looking at '.*': ENOENT/, () => rmSync(directory, { recursive: true })],
])("%s is refused", async (_, why, make) => {
  make();
  const text = await take();
  expect(text).toMatch(/^refused: /);
  expect(text).toMatch(why);
});

test("a symbolic link to it is as the directory", async () => {
  const link = `${directory}-link`;
  symlinkSync(directory, link);
  try {
    expect(await take({ directory: link })).toBe(await take());
  } finally {
    rmSync(link);
  }
});

test("a program that runs is named, and nothing is waited for", async () => {
  const text = await take({ writers: () => [{ pid: 4711, why: "it is the gmetad whose rrd_rootdir this is" }] });
  expect(text).toContain("process 4711: it is the gmetad whose rrd_rootdir this is; stop it first");
});

describe("programs in /proc", () => {
  let proc: string;
  beforeEach(() => {
    proc = join(directory, "proc");
    mkdirSync(proc);
    writeFileSync(join(directory, "gmetad.conf"), `# rrd_rootdir "/other"\nrrd_rootdir "${directory}"\n`);
    writeFileSync(join(directory, "other.conf"), 'rrd_rootdir "/elsewhere"\n');
    writeFileSync(join(directory, "off.conf"), `write_rrds "off"\nrrd_rootdir "${directory}"\n`);
  });

  test.each<[string, string, string[], string, number]>([
    ["a gmetad of this directory", "gmetad", ["-c", "gmetad.conf"], "", 1],
    ["a gmetad of this directory, another way to say it", "gmetad", ["--conf=gmetad.conf"], "", 1],
    ["a gmetad of another directory", "gmetad", ["-c", "other.conf"], "", 0],
    ["a gmetad whose configuration is gone", "gmetad", ["-c", "none.conf"], "", 0],
    ["a gmetad that keeps no files", "gmetad", ["-c", "off.conf"], "", 0],
    ["an rrdcached above it", "rrdcached", ["-b", "."], "", 1],
    ["an rrdcached elsewhere", "rrdcached", ["-b", "khab"], "", 0],
    ["an rrdcached without a base", "rrdcached", ["-g"], "", 0],
    ["anybody with a file of it open", "python3", [], "khab/n1/load_one.rrd", 1],
    ["anybody with another file open", "python3", [], "../x.rrd", 0],
  ])("%s", (_, program, words, open, count) => {
    const folder = join(proc, "4711");
    mkdirSync(join(folder, "fd"), { recursive: true });
    mkdirSync(join(proc, "sys"));
    writeFileSync(join(folder, "comm"), `${program}\n`);
    const absolute = words.map((word) =>
      /^-/.test(word) && !word.includes("=") ? word : word.replace(/[^=]+$/, (path) => join(directory, path)),
    );
    writeFileSync(join(folder, "cmdline"), `${["/usr/sbin/x", ...absolute].join("\0")}\0`);
    if (open !== "") symlinkSync(join(directory, open), join(folder, "fd/3"));
    expect(runningWriters(directory, proc).map(({ pid }) => pid)).toEqual(count === 0 ? [] : [4711]);
    // Who has a file open may be reading it.
    expect(runningDaemons(directory, proc).map(({ pid }) => pid)).toEqual(count === 0 || open !== "" ? [] : [4711]);
  });

  test("a system without it knows of nobody", () => {
    expect(runningWriters(directory, join(proc, "none"))).toEqual([]);
  });
});
