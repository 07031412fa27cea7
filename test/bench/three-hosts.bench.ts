/**
 * What the collector costs at three real hosts, beside a gmetad that polls the
 * same gmond in the same minutes. MINUTES=10 unless told.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { findProgram } from "../setup/peers.mjs";
import { ask } from "../support/rig/ask.js";
import { eventually } from "../support/rig/eventually.js";
import { hostsOf } from "../support/rig/ganglia-document.js";
import { gmondConfig, startGmondGroup } from "../support/rig/gmond.js";
import { startGrate, writeConfig } from "../support/rig/grate.js";
import { makeRig } from "../support/rig/namespaces.js";
import { type Running, startProcess } from "../support/rig/process.js";
import { type Usage, usageOf } from "../support/rig/usage.js";

const MINUTES = Number(process.env["MINUTES"] ?? 10);

const CONFIG = `
sources:
  - { name: poll, type: ganglia-xml, address: ["10.77.0.11:8649"], every: 15s }
triggers:
  - { name: hot, when: "cpu_user > 95", for: 1m }
  - { name: full, when: "part_max_used > 90", for: 1m }
`;

test("three hosts", { timeout: (MINUTES + 5) * 60_000 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), "grate-bench-"));
  const rig = makeRig(3);
  const running: Running[] = [];
  try {
    const config = gmondConfig(folder, "rig");
    running.push(...(await startGmondGroup(rig, rig.hosts, config)));
    await eventually("three hosts", 60_000, async () =>
      expect(hostsOf(await ask(rig.bridge, "10.77.0.11", 8649)).size).toBe(3),
    );
    const grate = startGrate(["collector", "-c", writeConfig(folder, CONFIG), "--state", join(folder, "state")], {
      namespace: rig.bridge,
    });
    const gmetad = startProcess(findProgram("gmetad") ?? "gmetad", ["-c", gmetadConfig(folder), "-d", "1"], {
      namespace: rig.bridge,
    });
    running.push(grate, gmetad);
    await eventually("three hosts in ours", 60_000, async () =>
      expect(hostsOf(await ask(rig.bridge, "127.0.0.1", 8661)).size).toBe(3),
    );
    const before = [grate, gmetad].map((process) => usageOf(process.child.pid as number));
    await new Promise((resolve) => setTimeout(resolve, MINUTES * 60_000));
    const after = [grate, gmetad].map((process) => usageOf(process.child.pid as number));
    report("grate collector", before[0] as Usage, after[0] as Usage);
    report("gmetad (writes RRD files)", before[1] as Usage, after[1] as Usage);
  } finally {
    for (const process of running.reverse()) await process.end();
    rig.remove();
    rmSync(folder, { recursive: true, force: true });
  }
});

/** gmetad on other ports than ours, RRD files in a folder of the test. */
function gmetadConfig(folder: string): string {
  const rrds = join(folder, "rrds");
  mkdirSync(rrds);
  const file = join(folder, "gmetad.conf");
  const lines = [
    'data_source "rig" 15 10.77.0.11:8649',
    "setuid off",
    `rrd_rootdir "${rrds}"`,
    "xml_port 18651",
    "interactive_port 18652",
  ];
  writeFileSync(file, `${lines.join("\n")}\n`);
  return file;
}

function report(name: string, before: Usage, after: Usage): void {
  const cpuPercent = ((after.cpuMs - before.cpuMs) / (MINUTES * 60_000)) * 100;
  const writtenPerS = (after.writtenBytes - before.writtenBytes) / (MINUTES * 60);
  const mebibytes = (bytes: number) => (bytes / 2 ** 20).toFixed(1);
  process.stdout.write(
    `${name}: ${cpuPercent.toFixed(3)} % CPU, ${mebibytes(after.rssBytes)} MiB RSS, ` +
      `${mebibytes(after.pssBytes)} MiB PSS, ${(writtenPerS / 1000).toFixed(2)} kB/s written, over ${MINUTES} min\n`,
  );
}
