/**
 * A directory of RRD files that gmetad wrote, then we, then gmetad again: no hole where they changed over,
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
import { startGrate, writeConfig } from "../support/rig/grate.js";
import { makeRig, type Rig } from "../support/rig/namespaces.js";
import { type Running, runProcess, startProcess } from "../support/rig/process.js";

const STEP_S = 2;
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
    await first.end();
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

    const second = startGmetad();
    await passes("load_one", givenBackS + 10);
    await second.end();

    for (const metric of ["load_one", "cpu_num", "mem_free"]) {
      const endS = await lastUpdateS(metric);
      const rows = (
        await rrdtool("fetch", file(metric), "AVERAGE", "-s", String(startS + STEP_S), "-e", String(endS - STEP_S))
      )
        .split("\n")
        .filter((line) => /^\d+: /.test(line))
        .slice(0, -1);
      expect(rows.length, metric).toBeGreaterThan(15);
      expect(
        rows.filter((row) => row.includes("nan")),
        `${metric} has no hole`,
      ).toEqual([]);
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
