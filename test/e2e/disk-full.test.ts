/** The collector on a state directory that is full: it stays up, says so, and loses nothing once there is room. */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { describeWithPeers } from "../support/peer-test.js";
import { ask, get } from "../support/rig/ask.js";
import { eventually } from "../support/rig/eventually.js";
import { startGrate, writeConfig } from "../support/rig/grate.js";
import { samples } from "../support/rig/history.js";
import { makeEmptyNamespace } from "../support/rig/namespaces.js";
import type { Running } from "../support/rig/process.js";

const CONFIG = `
sources:
  - { name: self, type: sensor, cluster: disk, every: 1s, host: probe }
`;

describeWithPeers("a full disk", ["ip"], () => {
  const folder = mkdtempSync(join(tmpdir(), "grate-full-"));
  const disk = join(folder, "disk");
  const filler = join(disk, "filler");
  let machine: ReturnType<typeof makeEmptyNamespace>;
  let collector: Running;

  const query = (line: string) => ask(machine.namespace, "127.0.0.1", 8662, line);
  const start = () =>
    startGrate(["collector", "-c", join(folder, "grate.yaml"), "--state", join(disk, "state")], {
      namespace: machine.namespace,
    });
  const ready = async () => (await get(machine.namespace, "http://127.0.0.1:8663/readyz")).status;

  beforeAll(() => {
    mkdirSync(disk);
    const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", "size=16m", "tmpfs", disk], { encoding: "utf8" });
    if (mounted.status !== 0) throw new Error(`mount: ${mounted.stderr}`);
    machine = makeEmptyNamespace();
    writeConfig(folder, CONFIG);
    collector = start();
  });

  afterAll(async () => {
    await collector?.end();
    machine?.remove();
    spawnSync("umount", [disk]);
    rmSync(folder, { recursive: true, force: true });
  });

  test("is told in /readyz while data go on flowing, and every sample is kept once there is room", async () => {
    await eventually("ready", 20_000, async () => expect(await ready()).toBe(200));
    const { bavail, bsize } = statfsSync(disk);
    writeFileSync(filler, Buffer.alloc(bavail * bsize));
    await eventually("not ready any more", 20_000, async () => expect(await ready()).toBe(503));
    const firing =
      /<ALERT TRIGGER="collector-log" CLUSTER="grate-collector" HOST="[^"]+" SEVERITY="critical" STATE="firing"/;
    await eventually("an alert of its own", 20_000, async () => expect(await query("grate:1/alerts")).toMatch(firing));
    const during = await eventually("samples while the disk is full", 10_000, async () => {
      const taken = samples(await query("grate:1/history?cluster=disk&host=probe&metric=proc_total&from=-60s"));
      expect(taken.length).toBeGreaterThan(3);
      return taken;
    });
    rmSync(filler);
    await eventually("ready again", 20_000, async () => expect(await ready()).toBe(200));
    await eventually("no alert any more", 20_000, async () =>
      expect(await query("grate:1/alerts")).not.toMatch(firing),
    );

    await collector.end("SIGKILL");
    collector = start();
    await eventually("the same samples after a restart", 20_000, async () => {
      const after = samples(await query("grate:1/history?cluster=disk&host=probe&metric=proc_total&from=-120s"));
      expect(after).toEqual(expect.arrayContaining(during));
    });
  });
});
