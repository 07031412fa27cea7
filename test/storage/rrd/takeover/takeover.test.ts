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
  const nothing = { waitMs: undefined, rrdcached: undefined };
  const options = { directory, isDryRun: false, ...nothing, clock, writers: () => [], ...more };
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
  // New files as those that are there: the archives of most, and folders in lower case.
  expect(text).toContain('    rras: ["RRA:AVERAGE:0.5:1:10"]\n    case-sensitive-hosts: false\n\n');
  expect(readdirSync(directory)).toContain(".grate-coverage.json");
});

test("archives are those of most files of hosts, and a host in capitals has a folder of its own", async () => {
  mkdirSync(join(directory, "khab/Node1"));
  for (const metric of ["a", "b"]) {
    const archives = "RRA:AVERAGE:0.5:1:244 RRA:MAX:0.25:24:244";
    answer(`create khab/Node1/${metric}.rrd --start 1700000000 --step 15 DS:sum:GAUGE:120:U:U ${archives}`);
  }
  const text = await take();
  expect(text).toContain('    rras: ["RRA:AVERAGE:0.5:1:244", "RRA:MAX:0.25:24:244"]\n\n');
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
  const gmetad = { pid: 4711, program: "gmetad", why: "it is the gmetad whose rrd_rootdir this is" };
  const text = await take({ writers: () => [gmetad] });
  expect(text).toContain("process 4711: it is the gmetad whose rrd_rootdir this is; stop it first");
});

test("an rrdcached may go on where the files will be written by way of it", async () => {
  const writers = () => [
    { pid: 12, program: "rrdcached", why: "it is an rrdcached whose base directory (-b) this is in" },
  ];
  expect(await take({ writers })).toContain("say --rrdcached ADDRESS to write by way of it");
  const text = await take({ writers, rrdcached: "/run/rrdcached.sock" });
  expect(text).toContain('    rrdcached: "/run/rrdcached.sock"\n');
  expect(text).toContain("afterwards no gmetad may write there");
});

describe("programs in /proc", () => {
  let proc: string;
  beforeEach(() => {
    proc = join(directory, "proc");
    mkdirSync(proc);
    mkdirSync(join(directory, "my rrds"));
    for (const [name, lines] of Object.entries({
      gmetad: `# rrd_rootdir "/other"\nrrd_rootdir "${directory}"\n`,
      bare: `rrd_rootdir ${directory} # here\n`,
      upper: `RRD_ROOTDIR "${directory}"\n`,
      single: `rrd_rootdir '${directory}'\n`,
      blank: `rrd_rootdir "${directory}/my rrds"\n`,
      other: 'rrd_rootdir "/elsewhere"\n',
      off: `write_rrds "off"\nrrd_rootdir "${directory}"\n`,
      quotes: `write_rrds 'off' # here\nrrd_rootdir "${directory}"\n`,
      loud: `write_rrds OFF\nrrd_rootdir "${directory}"\n`,
      offline: `write_rrds offline\nrrd_rootdir "${directory}"\n`,
    })) {
      writeFileSync(join(directory, `${name}.conf`), lines);
    }
  });

  interface Made {
    readonly words: readonly string[];
    readonly program?: string;
    /** Where it works; not to be seen if missing. */
    readonly cwd?: string;
    /** A file that it has open. */
    readonly open?: string;
    readonly status?: string;
  }

  /** A process of that kind; "@" in its words is the directory. */
  function make({ words, program = "gmetad", cwd, open, status = "NSpid:\t4711\n" }: Made): void {
    const folder = join(proc, "4711");
    mkdirSync(join(folder, "fd"), { recursive: true });
    mkdirSync(join(proc, "sys"));
    writeFileSync(join(folder, "comm"), `${program}\n`);
    writeFileSync(join(folder, "status"), status);
    const line = words.map((word) => `${word.replace("@", directory)}\0`).join("");
    writeFileSync(join(folder, "cmdline"), line);
    if (open !== undefined) symlinkSync(join(directory, open), join(folder, "fd/3"));
    if (cwd !== undefined) symlinkSync(cwd.replace("@", directory), join(folder, "cwd"));
  }

  test.each<[string, boolean, Made]>([
    ["a gmetad of this directory", true, { words: ["gmetad", "-c", "@/gmetad.conf"] }],
    ["another way to say it", true, { words: ["gmetad", "--conf=@/gmetad.conf"] }],
    ["with the file at the option", true, { words: ["gmetad", "-c@/gmetad.conf", "-d", "1"] }],
    ["with a path of where it works", true, { words: ["gmetad", "-c", "gmetad.conf"], cwd: "@" }],
    ["with a path of where we may not look", false, { words: ["gmetad", "-c", "gmetad.conf"] }],
    ["without quotes", true, { words: ["gmetad", "-c", "@/bare.conf"] }],
    ["with names in capitals", true, { words: ["gmetad", "-c", "@/upper.conf"] }],
    ["with single quotes", true, { words: ["gmetad", "-c", "@/single.conf"] }],
    ["a gmetad of another directory", false, { words: ["gmetad", "-c", "@/other.conf"] }],
    ["of another, with a blank in its name", false, { words: ["gmetad", "-c", "@/blank.conf"] }],
    ["a gmetad whose configuration is gone", false, { words: ["gmetad", "-c", "@/none.conf"] }],
    ["a gmetad that keeps no files", false, { words: ["gmetad", "-c", "@/off.conf"] }],
    ["the same in single quotes", false, { words: ["gmetad", "-c", "@/quotes.conf"] }],
    ["OFF, which gmetad does not know", true, { words: ["gmetad", "-c", "@/loud.conf"] }],
    ["offline, neither", true, { words: ["gmetad", "-c", "@/offline.conf"] }],
    ["one that has ended and was not waited for", false, { words: [] }],
    ["one in a container", false, { words: ["gmetad", "-c", "@/gmetad.conf"], status: "NSpid:\t4711\t7\n" }],
    ["an rrdcached above it", true, { program: "rrdcached", words: ["rrdcached", "-g", "-b", "@/.."] }],
    ["an rrdcached elsewhere", false, { program: "rrdcached", words: ["rrdcached", "-b@/khab"] }],
    ["an rrdcached without a base", false, { program: "rrdcached", words: ["rrdcached", "-g"] }],
    ["anybody else", false, { program: "python3", words: ["python3", "-c", "@/gmetad.conf"] }],
  ])("%s: %s", (_, isWriter, made) => {
    make(made);
    expect(runningDaemons(directory, proc).map(({ pid }) => pid)).toEqual(isWriter ? [4711] : []);
    expect(runningWriters(directory, proc).map(({ pid }) => pid)).toEqual(isWriter ? [4711] : []);
  });

  test.each<[string, string, boolean]>([
    ["a file of it", "khab/n1/load_one.rrd", true],
    ["another file", "../x.rrd", false],
  ])("anybody with %s open stands against a takeover, but may be reading it", (_, open, isAgainst) => {
    make({ program: "python3", words: ["python3"], open });
    expect(runningWriters(directory, proc).map(({ pid }) => pid)).toEqual(isAgainst ? [4711] : []);
    expect(runningDaemons(directory, proc)).toEqual([]);
  });

  test("a system without it knows of nobody", () => {
    expect(runningWriters(directory, join(proc, "none"))).toEqual([]);
  });
});
