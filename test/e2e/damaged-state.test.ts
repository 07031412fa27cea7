/** State that is damaged or gone after a crash: collecting goes on, it is said, and alerts stand as before. */
import { mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readAlerts } from "../../core/wire/extension/index.js";
import { describeWithPeers } from "../support/peer-test.js";
import { ask, get } from "../support/rig/ask.js";
import { eventually } from "../support/rig/eventually.js";
import { startGrate, writeConfig } from "../support/rig/grate.js";
import { makeEmptyNamespace } from "../support/rig/namespaces.js";
import type { Running } from "../support/rig/process.js";

const CONFIG = `
spill-every: 10s
sources:
  - { name: self, type: sensor, cluster: disk, every: 1s, host: probe }
triggers:
  - { name: alive, when: proc_total > 0 }
`;

describeWithPeers("after a crash that took files along", ["ip"], () => {
  const folder = mkdtempSync(join(tmpdir(), "grate-damaged-"));
  const state = join(folder, "state");
  const history = join(state, "history.db");
  let machine: ReturnType<typeof makeEmptyNamespace>;
  let collector: Running;

  const start = () =>
    startGrate(["collector", "-c", join(folder, "grate.yaml"), "--state", state], { namespace: machine.namespace });
  const http = (path: string) => {
    const token = readFileSync(join(state, "control.token"), "utf8").trim();
    return get(machine.namespace, `http://127.0.0.1:8663${path}`, token);
  };
  const alerts = async () => readAlerts(await ask(machine.namespace, "127.0.0.1", 8662, "grate:1/alerts")).alerts;
  const firing = (trigger: string) =>
    eventually(`${trigger} fires`, 30_000, async () => {
      const found = (await alerts()).find((alert) => alert.trigger === trigger);
      if (found?.state !== "firing") throw new Error("it does not");
      return found;
    });

  beforeAll(() => {
    machine = makeEmptyNamespace();
    writeConfig(folder, CONFIG);
    collector = start();
  });
  afterAll(async () => {
    await collector?.end();
    machine?.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  test("without the journal an alert goes on as the same episode, by the history", async () => {
    const before = await firing("alive");
    // The history is told at once, in its own thread.
    await eventually("the history has a spill", 30_000, async () =>
      expect((await http("/metrics")).body).toMatch(/grate_spills_total [1-9]/),
    );
    await collector.end("SIGKILL");
    rmSync(join(state, "triggers"), { recursive: true });
    collector = start();
    const after = await firing("alive");
    expect(after).toMatchObject({
      episode: before.episode,
      activeAtMs: before.activeAtMs,
      firedAtMs: before.firedAtMs,
    });
    expect(collector.stderr()).toContain("how alerts stand was taken from the history");
  });

  test("a damaged history is told in /readyz, /metrics and as an alert, until it is moved away", async () => {
    await collector.end();
    // As after a power cut that left rubbish behind.
    const db = new Database(history);
    db.prepare("UPDATE meta SET value = 'no' WHERE key = 'clean'").run();
    db.close();
    const bytes = readFileSync(history);
    expect(bytes.length).toBeGreaterThan(6 * 8_192);
    writeFileSync(history, bytes.fill(0x5a, 4 * 8_192));
    collector = start();

    const alert = await firing("collector-history");
    expect(alert).toMatchObject({ cluster: "grate-collector", severity: "warning" });
    const { status, body } = await http("/readyz");
    expect(status).toBe(200);
    expect(body).toMatch(/storage sqlite: .*history\.db\.damaged-\d{8}T\d{6}Z: damaged/);
    const metrics = (await http("/metrics")).body;
    expect(metrics).toMatch(/grate_storage_damaged_files\{store="sqlite"\} 1/);
    expect(metrics).toMatch(/grate_storage_up\{store="sqlite"\} 0/);
    // The alert of before is known from the journal, and the new file is told of it.
    expect((await firing("alive")).state).toBe("firing");

    const aside = readdirSync(state).filter((name) => name.startsWith("history.db.damaged-"));
    for (const name of aside) renameSync(join(state, name), join(folder, name));
    await eventually("all is well again", 60_000, async () => {
      expect((await alerts()).map(({ trigger }) => trigger)).not.toContain("collector-history");
      expect((await http("/metrics")).body).toMatch(/grate_storage_damaged_files\{store="sqlite"\} 0/);
    });
  });
});
