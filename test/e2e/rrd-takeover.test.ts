/**
 * A directory of RRD files that gmetad writes while we read it, that then we write, then gmetad again: what gmetad kept is our
 * history from the first minute, and no file of it is touched; no hole where they changed over, in hosts nor in sums,
 * nobody finds fault with a file, and rrdtool reads what we wrote.
 *
 * TAKEOVER_S=300   each of the three writes so long, at gmetad's own step and with its own archives
 */
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { systemClock } from "../../core/base/clock.js";
import { findProgram } from "../setup/peers.mjs";
import { describeWithPeers } from "../support/peer-test.js";
import { ask } from "../support/rig/ask.js";
import { eventually } from "../support/rig/eventually.js";
import { gmetric, gmondConfig, startGmond } from "../support/rig/gmond.js";
import { runGrate, startGrate, writeConfig } from "../support/rig/grate.js";
import { samples } from "../support/rig/history.js";
import { makeRig, type Rig } from "../support/rig/namespaces.js";
import { type Running, runProcess, startProcess } from "../support/rig/process.js";

const PHASE_S = Number(process.env["TAKEOVER_S"] ?? 10);
const isLong = PHASE_S >= 60;
const STEP_S = isLong ? 15 : 2;
/** What the graphs of ganglia-web read of every host, cluster and grid. */
const NEEDED_BY_WEB = [
  ...["load_one", "load_five", "load_fifteen", "proc_run", "cpu_num", "cpu_user", "cpu_nice", "cpu_system", "cpu_wio"],
  ...["cpu_idle", "mem_total", "mem_free", "mem_cached", "mem_buffers", "mem_shared", "swap_total", "swap_free"],
  ...["bytes_in", "bytes_out", "pkts_in", "pkts_out"],
];
const RRAS = isLong
  ? ["RRA:AVERAGE:0.5:1:5856", "RRA:AVERAGE:0.5:4:20160", "RRA:AVERAGE:0.5:40:52704"]
  : ["RRA:AVERAGE:0.5:1:400", "RRA:AVERAGE:0.5:10:100"];
/** How much of gmetad's history is looked at. */
const BESIDE_S = 30 * STEP_S;
/** Sent each second: gmond's own metrics are told too rarely to have a sample of before in the first minute. */
const BEAT = "beat";
/** Rows that a file written from beginning to end must have. */
const ROWS_MIN = isLong ? (3 * PHASE_S) / STEP_S : 15;

describeWithPeers("RRD files of gmetad, of ours, of gmetad again", ["gmond", "gmetad", "rrdtool", "ip"], () => {
  const folder = mkdtempSync(join(tmpdir(), "grate-takeover-"));
  const rrds = join(folder, "rrds");
  let rig: Rig;
  let gmond: Running;
  let beating: NodeJS.Timeout | undefined;
  let host: string;

  const file = (metric: string) => join(rrds, "khab", host, `${metric}.rrd`);
  const rrdtool = async (...args: string[]) => {
    const run = await runProcess("rrdtool", args);
    if (run.code !== 0) throw new Error(`rrdtool ${args.join(" ")}: ${run.stderr}`);
    return run.stdout;
  };
  const lastUpdateS = async (metric: string) => Number(await rrdtool("last", file(metric)));
  const passes = (metric: string, timeS: number) =>
    eventually(`an update of ${metric} after ${timeS}`, (60 + 2 * PHASE_S) * 1_000, async () =>
      expect(await lastUpdateS(metric)).toBeGreaterThan(timeS),
    );

  /** The rows of the finest archive from then on. */
  async function rowsSince(path: string, stepS: number, fromS: number): Promise<string[]> {
    const endS = Number(await rrdtool("last", path));
    const range = ["-s", String(fromS + stepS), "-e", String(endS - 1)];
    return (await rrdtool("fetch", path, "AVERAGE", "-r", String(stepS), ...range))
      .split("\n")
      .filter((line) => /^\d+: /.test(line) && Number.parseInt(line, 10) <= endS);
  }

  async function expectNoHole(path: string, stepS: number, fromS: number, rowsMin: number): Promise<void> {
    const rows = await rowsSince(path, stepS, fromS);
    expect(rows.length, path).toBeGreaterThanOrEqual(rowsMin);
    expect(
      rows.filter((row) => row.includes("nan")),
      `${path} has no hole`,
    ).toEqual([]);
  }

  /** gmond tells some metrics minutes after its start only: their files begin later. */
  async function expectNoHoleSinceItBegan(path: string, stepS: number, fromS: number): Promise<void> {
    const rows = await rowsSince(path, stepS, fromS);
    const first = rows.findIndex((row) => !row.includes("nan"));
    expect(
      rows.slice(Math.max(0, first)).filter((row) => row.includes("nan")),
      `${path} has no hole since its first row`,
    ).toEqual([]);
  }

  function startGmetad(): Running {
    const lines = [
      `data_source "khab" ${STEP_S} 10.77.0.11:8649`,
      'gridname "rig"',
      "setuid off",
      "all_trusted on",
      `rrd_rootdir "${rrds}"`,
      `RRAs ${RRAS.map((rra) => `"${rra}"`).join(" ")}`,
    ];
    writeFileSync(join(folder, "gmetad.conf"), `${lines.join("\n")}\n`);
    return startProcess(findProgram("gmetad") ?? "gmetad", ["-c", join(folder, "gmetad.conf"), "-d", "1"], {
      namespace: rig.bridge,
    });
  }

  function startCollector(name: string, rrd: string, spillEvery: string): Running {
    const config = `
sources:
  - { name: khab, type: ganglia-xml, address: ["10.77.0.11:8649"], every: ${STEP_S}s }
spill-every: ${spillEvery}
storage:
  rrd: { dir: ${JSON.stringify(rrds)}, ${rrd} }
`;
    const args = ["collector", "-c", writeConfig(folder, config, `${name}.yaml`), "--state", join(folder, name)];
    return startGrate(args, { namespace: rig.bridge });
  }

  /** What a collector in mode read tells of a metric that changes all the time is, before its own start, what rrdtool tells. */
  async function expectReadBeside(metric = BEAT): Promise<void> {
    const startedS = Math.floor(systemClock.nowMs() / 1_000);
    const collector = startCollector(`beside-${startedS}`, "mode: read", "10s");
    const line = `grate:1/history?cluster=khab&host=${encodeURIComponent(host)}&metric=${metric}&from=-${BESIDE_S}s`;
    await eventually(`gmetad's history of ${metric}`, 30_000, async () => {
      const told = samples(await ask(rig.bridge, "127.0.0.1", 8662, line));
      const before = told.filter(([timeMs]) => timeMs < startedS * 1_000 - 2 * STEP_S * 1_000);
      expect(before.length).toBeGreaterThan(2);
      expect(told.at(-1)?.[0]).toBeGreaterThanOrEqual(startedS * 1_000);
      const rows = await rowsSince(file(metric), STEP_S, startedS - BESIDE_S);
      const values = new Map(rows.map((row) => row.split(/:? +/).map(Number) as [number, number]));
      for (const [timeMs, value] of before)
        expect(value, `at ${timeMs}`).toBeCloseTo(values.get(timeMs / 1_000) ?? Number.NaN, 6);
    });
    await collector.end();
    expect(collector.stderr()).not.toMatch(/cannot|is not kept|another program/);
  }

  /** A collector that is to write says that gmetad does, and leaves the files to it. */
  async function expectRefusedBeside(): Promise<void> {
    const writing = `step: ${STEP_S}s, rras: ${JSON.stringify(RRAS)}`;
    const collector = startCollector("refused", writing, "10s");
    await eventually("the reason", 20_000, () =>
      expect(collector.stderr()).toMatch(
        /process \d+ writes there too, it is the gmetad whose rrd_rootdir this is; stop it/,
      ),
    );
    await eventually("a spill that waits", 30_000, () =>
      expect(collector.stderr()).toMatch(/rrd cannot take samples, they wait in its backlog/),
    );
    await collector.end();
    expect(readdirSync(rrds)).not.toContain(".grate-coverage.json");
  }

  /** Every file of the directory by its path, octet by octet. */
  function contents(): Map<string, string> {
    const names = readdirSync(rrds, { recursive: true, encoding: "utf8" }).filter((name) => name.includes("."));
    return new Map(
      names
        .filter((name) => statSync(join(rrds, name)).isFile())
        .map((name) => [
          name,
          createHash("sha256")
            .update(readFileSync(join(rrds, name)))
            .digest("hex"),
        ]),
    );
  }

  beforeAll(async () => {
    rig = makeRig(1);
    const [place] = rig.hosts;
    if (place === undefined) throw new Error("no host");
    gmond = startGmond(place.namespace, gmondConfig(folder, "khab"));
    mkdirSync(rrds);
    let beat = 0;
    const send = () =>
      gmetric(place.namespace, join(folder, "gmond.conf"), { name: BEAT, value: String(++beat % 50), type: "float" });
    await eventually("gmond hears of the beat", 20_000, send);
    beating = setInterval(() => void send().catch(() => {}), 1_000);
    await eventually("gmond's metrics", 60_000, async () =>
      expect(await ask(rig.bridge, place.address, 8649)).toContain('NAME="load_one"'),
    );
    host = /<HOST NAME="([^"]+)"/.exec(await ask(rig.bridge, place.address, 8649))?.[1] ?? "";
  });

  afterAll(async () => {
    clearInterval(beating);
    await gmond?.end();
    rig?.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  test("no hole and no fault", { timeout: (180 + 4 * PHASE_S) * 1_000 }, async () => {
    const first = startGmetad();
    await eventually("gmetad's files", 60_000, async () => expect(await lastUpdateS("load_one")).toBeGreaterThan(0));
    const startS = await lastUpdateS("load_one");
    await passes("load_one", startS + PHASE_S);
    const refused = await runGrate(["rrd", "takeover", rrds]);
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining("it is the gmetad whose rrd_rootdir")]);
    await expectRefusedBeside();
    await expectReadBeside();
    await first.end();
    const left = contents();
    expect(left.size).toBeGreaterThan(25);
    await expectReadBeside();
    expect(contents()).toEqual(left);
    const accepted = await runGrate(["rrd", "takeover", rrds, "--wait", isLong ? "30" : "3"]);
    expect([accepted.code, accepted.stdout]).toEqual([0, expect.stringContaining("the directory may be taken over")]);
    const takenOverS = await lastUpdateS("load_one");

    const writing = `step: ${STEP_S}s, rras: ${JSON.stringify(RRAS)}`;
    const collector = startCollector("writing", writing, isLong ? "60s" : "10s");
    await passes("load_one", takenOverS + 1.4 * PHASE_S);
    await collector.end();
    const givenBackS = await lastUpdateS("load_one");
    const newestSumS = Number(await rrdtool("last", join(rrds, "khab/__SummaryInfo__/load_one.rrd")));
    // What the stop wrote is of this very second, and gmetad complains of a second value for a second.
    await eventually("the next second", 5_000, async () =>
      expect(Number((await runProcess("date", ["+%s"])).stdout)).toBeGreaterThan(newestSumS + 1),
    );

    const second = startGmetad();
    await passes("load_one", givenBackS + PHASE_S);
    await second.end();

    for (const metric of ["load_one", "cpu_num", "mem_free"]) {
      await expectNoHole(file(metric), STEP_S, startS, ROWS_MIN);
      await expectNoHole(join(rrds, "khab/__SummaryInfo__", `${metric}.rrd`), STEP_S, startS, ROWS_MIN);
    }
    // Of the whole grid: gmetad's own step.
    await expectNoHole(join(rrds, "__SummaryInfo__/load_one.rrd"), 15, startS, isLong ? ROWS_MIN : 1);
    const used = await rrdtool("lastupdate", join(rrds, "khab/__SummaryInfo__/cpu_num.rrd"));
    expect(used).toMatch(/sum\s+num/);
    for (const folder of [join("khab", host), "khab/__SummaryInfo__", "__SummaryInfo__"]) {
      const names = readdirSync(join(rrds, folder));
      for (const metric of NEEDED_BY_WEB) expect(names, folder).toContain(`${metric}.rrd`);
      for (const name of names) {
        const path = join(rrds, folder, name);
        await rrdtool("info", path);
        await expectNoHoleSinceItBegan(path, folder === "__SummaryInfo__" ? 15 : STEP_S, startS);
      }
    }
    for (const output of [first, second].map((gmetad) => gmetad.stdout() + gmetad.stderr())) {
      expect(output).not.toMatch(/illegal attempt|RRD_update|ERROR|not an RRD file|could not lock/);
    }
    expect(collector.stderr()).not.toMatch(/is not kept|another program/);
    expect(readdirSync(join(rrds, "khab", host)).length).toBeGreaterThan(25);
  });
});
