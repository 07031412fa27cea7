/** RRD files of gmetad's layout as an archive: the contract of all stores, and what is particular to it. */
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { SeriesBatch } from "../../../../core/model/archive.js";
import { archivesOf } from "../../../../storage/rrd/archive/archives.js";
import { RrdArchive, type RrdArchiveOptions } from "../../../../storage/rrd/archive/rrd-archive.js";
import { archiveContract } from "../../../contract/archive-contract.js";
import { VirtualClock } from "../../../support/virtual-clock.js";
import { ourPipe } from "../support/our-pipe.js";

const STEP_S = 15;
/** As gmetad's, with fewer rows in the coarser ones. */
const RRAS = ["RRA:AVERAGE:0.5:1:5856", "RRA:AVERAGE:0.5:4:2016", "RRA:AVERAGE:0.5:40:600"];

const clock = new VirtualClock();
let warnings: string[] = [];
function open(directory: string, more: Partial<RrdArchiveOptions> = {}): RrdArchive {
  return new RrdArchive({
    directory,
    mode: "write",
    stepS: STEP_S,
    archivesOf: (stepS) => archivesOf(RRAS, stepS),
    lowerCaseHosts: false,
    clock,
    log: { info: () => {}, warn: (message) => warnings.push(message) },
    random: () => 0,
    ...more,
  });
}

archiveContract("rrd", async () => {
  const directory = mkdtempSync(join(tmpdir(), "grate-rrd-archive-"));
  return {
    archive: open(directory),
    reopen: async () => open(directory),
    cleanup: async () => rmSync(directory, { recursive: true, force: true }),
  };
});

const START_S = 1_700_000_100 - (1_700_000_100 % 600);
const KEY = { cluster: "khab", host: "Node1", metric: "load_one" };

function batch(
  pairs: readonly (readonly [timeS: number, value: number])[],
  more: Partial<SeriesBatch> = {},
): SeriesBatch {
  return {
    key: KEY,
    type: "float",
    units: "",
    series: {
      kind: "number",
      timesMs: Float64Array.from(pairs, ([timeS]) => timeS * 1_000),
      values: Float64Array.from(pairs, ([, value]) => value),
    },
    ...more,
  };
}

async function asNobody<T>(work: () => Promise<T>): Promise<T> {
  process.seteuid?.(65_534);
  try {
    return await work();
  } finally {
    process.seteuid?.(0);
  }
}

describe("gmetad's layout", () => {
  let directory: string;
  let answer: ReturnType<typeof ourPipe>;
  beforeEach(() => {
    warnings = [];
    directory = mkdtempSync(join(tmpdir(), "grate-rrd-archive-"));
    answer = ourPipe(directory);
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  const FILE = "khab/Node1/load_one.rrd";
  /** Rows of the finest archive as "offset:value", offsets in seconds after START_S. */
  const rows = (fromS: number, toS: number) =>
    answer(`fetch ${FILE} AVERAGE -s ${START_S + fromS} -e ${START_S + toS - 1} -r 1`)
      .output.split("\n")
      .filter((line) => /^\d/.test(line.trim()))
      .map((line) => line.trim().split(": "))
      .map(([time, value]) => `${Number(time) - START_S}:${value === "-nan" ? "-" : Number(value)}`)
      .join(" ");

  test("a file is called cluster/host/metric.rrd, with gmetad's source, heartbeat and archives", async () => {
    await open(directory).append([batch([[START_S, 1]])]);
    const info = answer(`info ${FILE}`).output;
    for (const line of [
      "step = 15",
      "ds[sum].index = 0",
      'ds[sum].type = "GAUGE"',
      "ds[sum].minimal_heartbeat = 120",
      "ds[sum].min = NaN",
      'ds[sum].last_ds = "1"',
      'rra[0].cf = "AVERAGE"',
      "rra[0].rows = 5856",
      "rra[1].pdp_per_row = 4",
      "rra[2].pdp_per_row = 40",
    ]) {
      expect(info).toContain(`${line}\n`);
    }
    expect(statSync(join(directory, FILE)).mode & 0o777).toBe(0o644);
  });

  test("folders of hosts in lower case, if so configured; clusters and metrics as they are", async () => {
    const key = { cluster: "Khab", host: "Node1", metric: "Load" };
    const archive = open(directory, { lowerCaseHosts: true });
    await archive.append([batch([[START_S, 1]], { key })]);
    expect(existsSync(join(directory, "Khab/node1/Load.rrd"))).toBe(true);
    expect((await archive.read({ key, fromMs: 0, toMs: 8.64e15 }))?.timesMs.length).toBe(1);
  });

  test("points in time and texts are not kept", async () => {
    const series = { kind: "text", timesMs: Float64Array.of(START_S * 1_000), texts: ["Linux"] } as const;
    await open(directory).append([
      batch([[START_S, 1]], { key: { ...KEY, metric: "boottime" }, type: "timestamp" }),
      batch([], { key: { ...KEY, metric: "os_name" }, type: "string", series }),
    ]);
    expect(existsSync(join(directory, "khab"))).toBe(false);
  });

  test("a file that gmetad left is gone on with", async () => {
    answer("mkdir khab");
    answer("mkdir khab/Node1");
    answer(
      `create ${FILE} --start ${START_S - 1} --step 15 DS:sum:GAUGE:120:U:U RRA:AVERAGE:0.5:1:244 RRA:AVERAGE:0.5:24:244`,
    );
    for (let i = 0; i <= 4; i++) answer(`update ${FILE} ${START_S + 15 * i}:${i}`);
    const archive = open(directory);
    await archive.append([
      batch(
        [
          [60, 9],
          [75, 5],
          [90, 6],
        ].map(([t, v]) => [START_S + (t as number), v as number]),
      ),
    ]);
    expect(rows(0, 90)).toBe("15:1 30:2 45:3 60:4 75:5 90:6");
    expect(await archive.coverage()).toEqual({ fromMs: (START_S + 15) * 1_000, toMs: (START_S + 90) * 1_000 });
  });

  test.each<[string, number | undefined, string]>([
    [
      "90 s, as gmond's load_one: a silence of 10 min is a hole after six minutes",
      90,
      "330:1 345:1 360:1 375:- 390:- ",
    ],
    ["not known: it holds for the heartbeat", undefined, "330:- 345:- 360:- 375:- 390:- "],
    ["1200 s, as gmond's cpu_num: it is repeated", 1_200, "330:1 345:1 360:1 375:1 390:1 "],
  ])("a value expected every %s", async (_, tmaxS, middle) => {
    await open(directory).append([
      batch(
        [
          [START_S, 1],
          [START_S + 600, 2],
        ],
        { tmaxS },
      ),
    ]);
    expect(rows(-15, 15)).toBe("0:1 15:1");
    expect(`${rows(315, 390)} `).toBe(middle);
    // Nothing of the new value before its time, whatever the heartbeat allows.
    expect(rows(570, 600)).toBe(tmaxS === 1_200 ? "585:1 600:2" : "585:- 600:2");
  });

  test("a value is repeated across appends and restarts", async () => {
    let archive = open(directory);
    await archive.append([batch([[START_S, 1]], { tmaxS: 1_200 })]);
    await archive.append([batch([[START_S + 300, 2]], { tmaxS: 1_200 })]);
    archive = open(directory);
    await archive.append([batch([[START_S + 600, 3]], { tmaxS: 1_200 })]);
    expect(
      rows(-15, 600)
        .split(" ")
        .map((row) => row.split(":")[1])
        .join(""),
    ).toBe(`1${"1".repeat(19)}${"2".repeat(20)}3`);
  });

  test("a rare value follows its host at the end of each spill", async () => {
    const archive = open(directory);
    const rare = { key: { ...KEY, metric: "cpu_num" }, tmaxS: 1_200 };
    const often = { key: KEY, tmaxS: 70 };
    const spill = (fromS: number) => {
      const samples = Array.from({ length: 4 }, (_, i) => [START_S + fromS + 15 * i, 5] as const);
      return archive.append([batch(samples, often)]);
    };
    const lastOf = (metric: string) => Number(answer(`last khab/Node1/${metric}.rrd`).output) - START_S;
    await archive.append([batch([[START_S, 8]], rare)]);
    await spill(15);
    expect([lastOf("cpu_num"), lastOf("load_one")]).toEqual([0, 60]);
    await archive.endSpill([]);
    expect([lastOf("cpu_num"), lastOf("load_one")]).toEqual([60, 60]);
    await spill(75);
    expect([lastOf("cpu_num"), lastOf("load_one")]).toEqual([60, 120]);
    await archive.append([batch([[START_S + 100, 9]], rare)]);
    await archive.endSpill([]);
    await archive.close();
    expect([lastOf("cpu_num"), lastOf("load_one")]).toEqual([120, 120]);
    const values = answer(`fetch khab/Node1/cpu_num.rrd AVERAGE -s ${START_S} -e ${START_S + 119} -r 1`).output;
    expect([...values.matchAll(/: (\S+)/g)].map(([, value]) => Number(value))).toEqual([8, 8, 8, 8, 8, 8, 9, 9]);
  });

  test("what comes in one append with the newest of its host is written once in a spill", async () => {
    const archive = open(directory);
    const rare = { key: { ...KEY, metric: "cpu_num" }, tmaxS: 1_200 };
    await archive.append([
      batch([[START_S, 8]], rare),
      batch([
        [START_S, 1],
        [START_S + 50, 2],
      ]),
    ]);
    const lastOf = (metric: string) => Number(answer(`last khab/Node1/${metric}.rrd`).output) - START_S;
    expect([lastOf("cpu_num"), lastOf("load_one")]).toEqual([45, 50]);
    const writtenNs = () => statSync(join(directory, "khab/Node1/cpu_num.rrd"), { bigint: true }).mtimeNs;
    const before = writtenNs();
    await archive.endSpill([]);
    expect([lastOf("cpu_num"), writtenNs()]).toEqual([45, before]);
  });

  test("what is behind its host by less than three steps is not written once more at the end of a spill, but at the close", async () => {
    const archive = open(directory);
    const near = { key: { ...KEY, metric: "cpu_user" }, tmaxS: 90 };
    await archive.append([batch([[START_S, 8]], near)]);
    await archive.append([batch([[START_S + 44, 1]])]);
    await archive.endSpill([]);
    const lastOf = (metric: string) => Number(answer(`last khab/Node1/${metric}.rrd`).output) - START_S;
    expect([lastOf("cpu_user"), lastOf("load_one")]).toEqual([0, 44]);
    await archive.append([batch([[START_S + 60, 2]])]);
    await archive.endSpill([]);
    expect([lastOf("cpu_user"), lastOf("load_one")]).toEqual([60, 60]);
    await archive.append([batch([[START_S + 76, 3]])]);
    await archive.endSpill([]);
    await archive.close();
    await archive.close();
    expect([lastOf("cpu_user"), lastOf("load_one")]).toEqual([75, 76]);
  });

  test("closed in the middle of a spill, no old value takes the place of what is still to come", async () => {
    const samples = (toStep: number) => Array.from({ length: toStep }, (_, i) => [START_S + 15 * i, i] as const);
    const other = { key: { ...KEY, metric: "cpu_user" }, tmaxS: 90 };
    let archive = open(directory);
    await archive.append([batch(samples(4)), batch(samples(4), other)]);
    await archive.endSpill([]);
    await archive.append([batch(samples(20))]);
    await archive.close();
    archive = open(directory);
    await archive.append([batch(samples(20)), batch(samples(20), other)]);
    const file = "khab/Node1/cpu_user.rrd";
    const { output } = answer(`fetch ${file} AVERAGE -s ${START_S} -e ${START_S + 19 * 15 - 1} -r 1`);
    expect([...output.matchAll(/: (\S+)/g)].map(([, value]) => Number(value))).toEqual(
      Array.from({ length: 19 }, (_, i) => i + 1),
    );
  });

  test("of a long history each time is read from its finest archive", async () => {
    const archive = open(directory);
    const count = 30_000;
    const pairs = Array.from({ length: count }, (_, i) => [START_S + 15 * i, 5] as const);
    for (let from = 0; from < count; from += 1_000) await archive.append([batch(pairs.slice(from, from + 1_000))]);
    const series = await archive.read({ key: KEY, fromMs: 0, toMs: 8.64e15 });
    if (series?.kind !== "number") throw new Error("no numbers");
    const steps = Array.from(series.timesMs.subarray(1), (time, i) => (time - (series.timesMs[i] as number)) / 1_000);
    expect(Math.max(...steps)).toBeLessThanOrEqual(600);
    expect(steps.filter((step) => step <= 0)).toEqual([]);
    expect(steps.slice(-5_000).every((step) => step === 15)).toBe(true);
    expect(new Set(series.values)).toEqual(new Set([5]));
    expect(series.timesMs.at(-1)).toBe((START_S + 15 * (count - 1)) * 1_000);
  });

  test("mode read: nothing is written, and what gmetad wrote is read", async () => {
    await open(directory).append([
      batch([
        [START_S, 1],
        [START_S + 15, 2],
      ]),
    ]);
    const before = readFileSync(join(directory, FILE));
    const archive = open(directory, { mode: "read" });
    await archive.append([batch([[START_S + 30, 3]]), batch([[START_S, 1]], { key: { ...KEY, host: "other" } })]);
    expect(readFileSync(join(directory, FILE)).equals(before)).toBe(true);
    expect(existsSync(join(directory, "khab/other"))).toBe(false);
    const series = await archive.read({ key: KEY, fromMs: 0, toMs: 8.64e15 });
    expect(series?.kind === "number" ? [...series.values] : []).toEqual([1, 2]);
    expect(await archive.coverage()).toEqual({ fromMs: START_S * 1_000, toMs: (START_S + 15) * 1_000 });
  });

  test("mode read: hosts that came and went count, however many files others have", async () => {
    const of = (host: string, metric: string, timeS: number) => batch([[timeS, 1]], { key: { ...KEY, host, metric } });
    const writer = open(directory);
    const many = (host: string, timeS: number) => Array.from({ length: 100 }, (_, i) => of(host, `m${i}`, timeS));
    await writer.append([of("dead", "m", START_S)]);
    for (const host of ["a", "b", "c"]) await writer.append(many(host, START_S + 3_000));
    await writer.append([of("living", "m", START_S + 6_000)]);
    const archive = open(directory, { mode: "read" });
    expect(await archive.coverage()).toEqual({ fromMs: START_S * 1_000, toMs: (START_S + 6_000) * 1_000 });
  });

  test("mode read: what gmetad wrote meanwhile is part of the history within a minute", async () => {
    const writer = open(directory);
    await writer.append([batch([[START_S, 1]])]);
    const archive = open(directory, { mode: "read" });
    await writer.append([batch([[START_S + 15, 2]])]);
    const newest = async () => ((await archive.coverage())?.toMs ?? 0) / 1_000 - START_S;
    expect(await newest()).toBe(0);
    await clock.advance(60_000);
    expect(await newest()).toBe(15);
  });

  test.each([
    ["a cluster's folder", "khab", ""],
    ["a host's folder", "khab/Node1", ""],
    ["a file", FILE, "file.rrd"],
    ["a file, to what is not there yet,", FILE, "new.rrd"],
  ])("%s that is a link out of the directory is not followed, and that is told", async (_name, link, to) => {
    const outside = mkdtempSync(join(tmpdir(), "grate-rrd-outside-"));
    try {
      if (to === "file.rrd") writeFileSync(join(outside, to), "theirs");
      const before = readdirSync(outside);
      mkdirSync(join(directory, link, ".."), { recursive: true });
      symlinkSync(join(outside, to), join(directory, link));
      const archive = open(directory);
      const other = { ...KEY, cluster: "other" };
      await archive.append([batch([[START_S, 1]]), batch([[START_S, 2]], { key: other })]);
      expect(archive.health()).toMatchObject({ counters: { files: 1, fileFaultsTotal: 1 } });
      expect(archive.health().message).toMatch(/load_one of Node1 is not kept: .* leads to .*grate-rrd-outside-/);
      await expect(archive.read({ key: KEY, fromMs: 0, toMs: 8.64e15 })).rejects.toThrow("is not below");
      expect((await archive.read({ key: other, fromMs: 0, toMs: 8.64e15 }))?.timesMs.length).toBe(1);
      expect(readdirSync(outside)).toEqual(before);
      if (to === "file.rrd") expect(readFileSync(join(outside, to), "utf8")).toBe("theirs");
    } finally {
      rmSync(outside, { recursive: true });
    }
  });

  test("a link to elsewhere in the directory is followed", async () => {
    mkdirSync(join(directory, "real"));
    symlinkSync("real", join(directory, "khab"));
    await open(directory).append([batch([[START_S, 1]])]);
    expect(existsSync(join(directory, "real/Node1/load_one.rrd"))).toBe(true);
  });

  test("a file that cannot be used costs its own metric and is told, the others go on", async () => {
    const archive = open(directory);
    await archive.append([batch([[START_S, 1]])]);
    writeFileSync(join(directory, FILE), "not an RRD file");
    const other = { ...KEY, metric: "load_five" };
    await archive.append([batch([[START_S + 15, 2]]), batch([[START_S + 15, 2]], { key: other })]);
    expect(existsSync(join(directory, "khab/Node1/load_five.rrd"))).toBe(true);
    expect(archive.health()).toMatchObject({ counters: { files: 2, fileFaultsTotal: 1 } });
    expect(archive.health().message).toContain("load_one of Node1 is not kept");
    expect(warnings.length).toBe(1);
    // Told until a whole spill was without it.
    await archive.endSpill([]);
    expect(archive.health().message).toContain("load_one of Node1 is not kept");
    await archive.append([batch([[START_S + 30, 3]]), batch([[START_S + 30, 3]], { key: other })]);
    await archive.endSpill([]);
    expect(archive.health().message).toContain("load_one of Node1 is not kept");
    rmSync(join(directory, FILE));
    await archive.append([batch([[START_S + 45, 4]]), batch([[START_S + 45, 4]], { key: other })]);
    await archive.endSpill([]);
    expect(archive.health()).toMatchObject({ message: "", counters: { fileFaultsTotal: 2 } });
    expect(rows(30, 45)).toBe("45:4");
  });

  describe.skipIf(process.geteuid?.() !== 0)("permissions", () => {
    test("where none of the files may be written the append fails, and given again it is whole", async () => {
      await open(directory).append([batch([[START_S, 1]])]);
      const archive = open(directory);
      chmodSync(directory, 0o755);
      const more = [batch([[START_S + 15, 2]]), batch([[START_S + 15, 2]], { key: { ...KEY, host: "Node2" } })];
      await expect(asNobody(() => archive.append(more))).rejects.toMatchObject({
        code: "storage-io",
        message: expect.stringMatching(
          /^cannot append, no file may be written: load_one of Node2 is not kept: .*EACCES/,
        ),
      });
      await archive.append(more);
      expect(rows(-15, 15)).toBe("0:1 15:2");
      expect(existsSync(join(directory, "khab/Node2/load_one.rrd"))).toBe(true);
    });

    test("a directory in which nothing may be made, with files that may be written: told by its name", async () => {
      const archive = open(directory);
      await archive.append([batch([[START_S, 1]])]);
      chmodSync(directory, 0o755);
      chmodSync(join(directory, FILE), 0o666);
      const more = [batch([[START_S + 15, 2]])];
      await expect(asNobody(() => archive.append(more))).rejects.toMatchObject({
        code: "storage-io",
        message: expect.stringMatching(/^cannot note in \S+\/\.grate-coverage\.json how far .* EACCES/),
      });
      await archive.append(more);
      expect(rows(-15, 15)).toBe("0:1 15:2");
    });

    test("one file of somebody else costs its own metric, also in an append of its own", async () => {
      const archive = open(directory);
      const other = { key: { ...KEY, metric: "load_five" } };
      await archive.append([batch([[START_S, 1]]), batch([[START_S, 1]], other)]);
      chmodSync(directory, 0o777);
      chmodSync(join(directory, "khab/Node1/load_five.rrd"), 0o666);
      await asNobody(() => archive.append([batch([[START_S + 15, 2]]), batch([[START_S + 15, 2]], other)]));
      expect(archive.health().message).toContain("load_one of Node1 is not kept");
      expect(answer("lastupdate khab/Node1/load_five.rrd").output).toContain(`${START_S + 15}: 2\n`);
      expect(rows(-15, 15)).toBe("0:1 15:-");
      await asNobody(() => archive.append([batch([[START_S + 30, 3]])]));
      expect(archive.health()).toMatchObject({ counters: { fileFaultsTotal: 2 } });
    });
  });

  test("folders and files are for others to read, whatever the umask", async () => {
    const before = process.umask(0o077);
    try {
      await open(directory).append([batch([[START_S, 1]])]);
    } finally {
      process.umask(before);
    }
    const modes = ["khab", "khab/Node1", FILE].map((path) => statSync(join(directory, path)).mode & 0o777);
    expect(modes).toEqual([0o755, 0o755, 0o644]);
  });

  test("a file that is removed is made anew, with its folder, also by what is only repeated", async () => {
    const archive = open(directory);
    const rare = { key: { ...KEY, metric: "cpu_num" }, tmaxS: 1_200 };
    await archive.append([batch([[START_S, 1]]), batch([[START_S, 8]], rare)]);
    rmSync(join(directory, "khab"), { recursive: true });
    const samples = [15, 30, 45].map((offsetS) => [START_S + offsetS, offsetS] as const);
    await archive.append([batch(samples)]);
    await archive.endSpill([]);
    expect(rows(0, 45)).toBe("15:15 30:30 45:45");
    expect(answer(`lastupdate khab/Node1/cpu_num.rrd`).output).toContain(`${START_S + 45}: 8\n`);
    expect(archive.health()).toMatchObject({ message: "", counters: { files: 2, fileFaultsTotal: 0 } });
    expect(warnings).toEqual([]);
  });

  test("a file that was resized meanwhile is gone on with", async () => {
    const archive = open(directory);
    await archive.append([batch([[START_S, 1]])]);
    answer(`resize ${FILE} 0 SHRINK 5000`);
    renameSync(join(directory, "resize.rrd"), join(directory, FILE));
    await archive.append([batch([[START_S + 15, 2]])]);
    expect(rows(-15, 15)).toBe("0:1 15:2");
    expect(answer(`info ${FILE}`).output).toContain("rra[0].rows = 856\n");
    expect(archive.health()).toMatchObject({ message: "", counters: { files: 1, fileFaultsTotal: 0 } });
  });

  test("hosts that differ in case only are one file, if so configured", async () => {
    const archive = open(directory, { lowerCaseHosts: true });
    await archive.append([batch([[START_S, 1]]), batch([[START_S + 15, 2]], { key: { ...KEY, host: "NODE1" } })]);
    expect(archive.health()).toMatchObject({ message: "", counters: { files: 1, foreignUpdatesTotal: 0 } });
    expect(answer("lastupdate khab/node1/load_one.rrd").output).toContain(`${START_S + 15}: 2\n`);
  });

  test("a rare value of a name longer than a file's follows its host too", async () => {
    const archive = open(directory);
    const key = { ...KEY, metric: "m".repeat(300) };
    await archive.append([batch([[START_S, 8]], { key, tmaxS: 1_200 }), batch([[START_S, 1]])]);
    await archive.append([batch([[START_S + 45, 2]])]);
    await archive.endSpill([]);
    const file = `khab/Node1/%+${"m".repeat(200)}/%=${"m".repeat(100)}.rrd`;
    expect(answer(`lastupdate ${file}`).output).toContain(`${START_S + 45}: 8\n`);
  });

  test("a long append lets a reader in, ends when the store is closed, and given again is whole", async () => {
    const slow = new VirtualClock();
    // Each look at the clock takes 20 ms: a turn is over after three series.
    const lookMs = slow.monotonicMs.bind(slow);
    let looks = 0;
    slow.monotonicMs = () => lookMs() + 20 * looks++;
    const archive = open(directory, { clock: slow });
    const batches = Array.from({ length: 9 }, (_, i) => batch([[START_S, i]], { key: { ...KEY, metric: `m${i}` } }));
    const appended = archive.append(batches);
    const read = await archive.read({ key: { ...KEY, metric: "m0" }, fromMs: 0, toMs: 8.64e15 });
    expect(read?.timesMs.length).toBe(1);
    expect(existsSync(join(directory, "khab/Node1/m8.rrd"))).toBe(false);
    const refused = expect(appended).rejects.toMatchObject({ code: "storage-closed" });
    const closed = archive.close();
    await slow.advance(1);
    await Promise.all([refused, closed]);
    const again = open(directory);
    await again.append(batches);
    const values = batches.map(({ key: { metric } }) => answer(`lastupdate khab/Node1/${metric}.rrd`).output.trim());
    expect(values.map((text) => text.split(": ")[1])).toEqual(["0", "1", "2", "3", "4", "5", "6", "7", "8"]);
  });

  test("beside a gmetad that writes there it only reads, and says so; when that is gone it writes", async () => {
    const gmetad = { pid: 4711, program: "gmetad", why: "it is the gmetad whose rrd_rootdir this is" };
    const told = /process 4711 writes there too, it is the gmetad.*stop it, or use its files with "mode: read"/;
    let running = [gmetad];
    const writers = () => running;
    const first = [batch([[START_S, 1]])];
    const archive = open(directory, { writers });
    expect([warnings[0], archive.health().message]).toEqual([expect.stringMatching(told), warnings[0]]);
    await expect(archive.append(first)).rejects.toThrow(told);
    expect(existsSync(join(directory, "khab"))).toBe(false);
    expect(await archive.read({ key: KEY, fromMs: 0, toMs: 8.64e15 })).toBeUndefined();
    running = [];
    await archive.append(first);
    expect(archive.health().message).toBe("");
    running = [gmetad];
    await clock.advance(1_000);
    const before = readFileSync(join(directory, FILE));
    const later = [batch([[START_S + 15, 2]])];
    await expect(archive.append(later)).rejects.toThrow(told);
    await expect(archive.endSpill([])).rejects.toMatchObject({ code: "storage-locked" });
    expect(readFileSync(join(directory, FILE)).equals(before)).toBe(true);
    running = [];
    await archive.append(later);
    expect(rows(-15, 15)).toBe("0:1 15:2");
  });

  test("mode read: an rrdcached that holds back updates is named, with the setting that asks it", async () => {
    await open(directory).append([batch([[START_S, 1]])]);
    const rrdcached = { pid: 4711, program: "rrdcached", why: "its base directory this is in" };
    let running: (typeof rrdcached)[] = [rrdcached, { ...rrdcached, pid: 4, program: "gmetad" }];
    const archive = open(directory, { mode: "read", writers: () => running });
    const words = `rrdcached (process 4711) holds back updates of ${directory}: `;
    expect(archive.health().message).toContain(words);
    expect(warnings.some((line) => line.includes("storage.rrd.rrdcached"))).toBe(true);
    expect((await archive.read({ key: KEY, fromMs: 0, toMs: 8.64e15 }))?.timesMs.length).toBe(1);
    running = [];
    await clock.advance(61_000);
    await archive.coverage();
    expect(archive.health().message).toBe("");
  });

  test("another writer of the same files is noticed", async () => {
    const archive = open(directory);
    await archive.append([batch([[START_S, 1]])]);
    answer(`update ${FILE} ${START_S + 15}:7`);
    await archive.append([batch([[START_S + 30, 3]])]);
    expect(rows(-15, 30)).toBe("0:1 15:7 30:3");
    expect(archive.health()).toMatchObject({
      message: "another program updates files of this directory too",
      counters: { foreignUpdatesTotal: 1 },
    });
    await archive.endSpill([]);
    await archive.append([batch([[START_S + 45, 4]])]);
    await archive.endSpill([]);
    expect(archive.health()).toMatchObject({ message: "", counters: { foreignUpdatesTotal: 1 } });
  });
});
