/**
 * A directory of RRD files that gmetad wrote, then we, then gmetad again: no hole where they changed over, in hosts nor in sums,
 * nobody finds fault with a file, and rrdtool reads what we wrote.
 */
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { findProgram } from "../setup/peers.mjs";
import { describeWithPeers } from "../support/peer-test.js";
import { ask } from "../support/rig/ask.js";
import { eventually } from "../support/rig/eventually.js";
import { gmondConfig, startGmond } from "../support/rig/gmond.js";
import { runGrate, startGrate, writeConfig } from "../support/rig/grate.js";
import { makeRig, type Rig } from "../support/rig/namespaces.js";
import { type Running, runProcess, startProcess } from "../support/rig/process.js";

const STEP_S = 2;
/** What the graphs of ganglia-web read of every host, cluster and grid. */
const NEEDED_BY_WEB = [
  ...["load_one", "load_five", "load_fifteen", "proc_run", "cpu_num", "cpu_user", "cpu_nice", "cpu_system", "cpu_wio"],
  ...["cpu_idle", "mem_total", "mem_free", "mem_cached", "mem_buffers", "mem_shared", "swap_total", "swap_free"],
  ...["bytes_in", "bytes_out", "pkts_in", "pkts_out"],
];
const RRAS = ["RRA:AVERAGE:0.5:1:400", "RRA:AVERAGE:0.5:10:100"];

describeWithPeers("RRD files of gmetad, of ours, of gmetad again", ["gmond", "gmetad", "rrdtool", "ip"], () => {
  const folder = mkdtempSync(join(tmpdir(), "grate-takeover-"));
  const rrds = join(folder, "rrds");
  let rig: Rig;
  let gmond: Running;
  let host: string;

  const file = (metric: string) => join(rrds, "khab", host, `${metric}.rrd`);
  const rrdtool = async (...args: string[]) => {
    const run = await runProcess("rrdtool", args);
    if (run.code !== 0) throw new Error(`rrdtool ${args.join(" ")}: ${run.stderr}`);
    return run.stdout;
  };
  const lastUpdateS = async (metric: string) => Number(await rrdtool("last", file(metric)));
  const passes = (metric: string, timeS: number) =>
    eventually(`an update of ${metric} after ${timeS}`, 60_000, async () =>
      expect(await lastUpdateS(metric)).toBeGreaterThan(timeS),
    );

  async function expectNoHole(path: string, stepS: number, fromS: number): Promise<void> {
    const endS = Number(await rrdtool("last", path));
    const rows = (await rrdtool("fetch", path, "AVERAGE", "-s", String(fromS + stepS), "-e", String(endS - 1)))
      .split("\n")
      .filter((line) => /^\d+: /.test(line) && Number.parseInt(line, 10) <= endS);
    // It all takes some 40 s.
    expect(rows.length, path).toBeGreaterThanOrEqual(stepS === STEP_S ? 15 : 1);
    expect(
      rows.filter((row) => row.includes("nan")),
      `${path} has no hole`,
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

  beforeAll(async () => {
    rig = makeRig(1);
    const [place] = rig.hosts;
    if (place === undefined) throw new Error("no host");
    gmond = startGmond(place.namespace, gmondConfig(folder, "khab"));
    mkdirSync(rrds);
    await eventually("gmond's metrics", 60_000, async () =>
      expect(await ask(rig.bridge, place.address, 8649)).toContain('NAME="load_one"'),
    );
    host = /<HOST NAME="([^"]+)"/.exec(await ask(rig.bridge, place.address, 8649))?.[1] ?? "";
  });

  afterAll(async () => {
    await gmond?.end();
    rig?.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  test("no hole and no fault", async () => {
    const first = startGmetad();
    await eventually("gmetad's files", 60_000, async () => expect(await lastUpdateS("load_one")).toBeGreaterThan(0));
    const startS = await lastUpdateS("load_one");
    await passes("load_one", startS + 10);
    const refused = await runGrate(["rrd", "takeover", rrds]);
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining("it is the gmetad whose rrd_rootdir")]);
    await first.end();
    const accepted = await runGrate(["rrd", "takeover", rrds, "--wait", "3"]);
    expect([accepted.code, accepted.stdout]).toEqual([0, expect.stringContaining("the directory may be taken over")]);
    const takenOverS = await lastUpdateS("load_one");

    const config = `
sources:
  - { name: khab, type: ganglia-xml, address: ["10.77.0.11:8649"], every: ${STEP_S}s }
spill-every: 10s
storage:
  rrd: { dir: ${JSON.stringify(rrds)}, step: ${STEP_S}s, rras: ${JSON.stringify(RRAS)} }
`;
    writeConfig(folder, config);
    const args = ["collector", "-c", join(folder, "grate.yaml"), "--state", join(folder, "state")];
    const collector = startGrate(args, { namespace: rig.bridge });
    await passes("load_one", takenOverS + 14);
    await collector.end();
    const givenBackS = await lastUpdateS("load_one");
    const newestSumS = Number(await rrdtool("last", join(rrds, "khab/__SummaryInfo__/load_one.rrd")));
    // What the stop wrote is of this very second, and gmetad complains of a second value for a second.
    await eventually("the next second", 5_000, async () =>
      expect(Number((await runProcess("date", ["+%s"])).stdout)).toBeGreaterThan(newestSumS + 1),
    );

    const second = startGmetad();
    await passes("load_one", givenBackS + 10);
    await second.end();

    for (const metric of ["load_one", "cpu_num", "mem_free"]) {
      await expectNoHole(file(metric), STEP_S, startS);
      await expectNoHole(join(rrds, "khab/__SummaryInfo__", `${metric}.rrd`), STEP_S, startS);
    }
    // Of the whole grid: gmetad's own step.
    await expectNoHole(join(rrds, "__SummaryInfo__/load_one.rrd"), 15, startS);
    const used = await rrdtool("lastupdate", join(rrds, "khab/__SummaryInfo__/cpu_num.rrd"));
    expect(used).toMatch(/sum\s+num/);
    for (const folder of [join("khab", host), "khab/__SummaryInfo__", "__SummaryInfo__"]) {
      const names = readdirSync(join(rrds, folder));
      for (const metric of NEEDED_BY_WEB) expect(names, folder).toContain(`${metric}.rrd`);
    }
    for (const output of [first, second].map((gmetad) => gmetad.stdout() + gmetad.stderr())) {
      expect(output).not.toMatch(/illegal attempt|RRD_update|ERROR|not an RRD file|could not lock/);
    }
    expect(collector.stderr()).not.toMatch(/is not kept|another program/);
    const names = readdirSync(join(rrds, "khab", host));
    for (const name of names) await rrdtool("info", join(rrds, "khab", host, name));
    expect(names.length).toBeGreaterThan(25);
  });
});
