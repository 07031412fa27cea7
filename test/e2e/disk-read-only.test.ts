/** The collector on a file system that turns read-only: it stays up, says so, and catches up when it can write again. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
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
import { makeReadOnly, READ_ONLY_NEEDS } from "../support/rig/read-only.js";

const CONFIG = `
spill-every: 10s
sources:
  - { name: self, type: sensor, cluster: disk, every: 1s, host: probe }
`;

describeWithPeers("a read-only file system", ["ip", READ_ONLY_NEEDS], () => {
  const folder = mkdtempSync(join(tmpdir(), "grate-read-only-"));
  const state = join(folder, "state");
  let machine: ReturnType<typeof makeEmptyNamespace>;
  let collector: Running;

  const query = (line: string) => ask(machine.namespace, "127.0.0.1", 8662, line);
  const start = () =>
    startGrate(["collector", "-c", join(folder, "grate.yaml"), "--state", state], { namespace: machine.namespace });
  const http = (path: string) => {
    const token = readFileSync(join(state, "control.token"), "utf8").trim();
    return get(machine.namespace, `http://127.0.0.1:8663${path}`, token);
  };
  const history = (seconds: number) =>
    query(`grate:1/history?cluster=disk&host=probe&metric=proc_total&from=-${seconds}s`);

  /** All that it writes to: what is there, and the segments that it may begin. */
  function filesOfState(): string[] {
    const segments = (prefix: string) => {
      const numbers = readdirSync(join(state, prefix)).map((name) => Number(name.match(/\d+/)?.[0]));
      const newest = Math.max(...numbers);
      const names = Array.from({ length: newest + 40 }, (_, i) => `${prefix}-${String(i + 1).padStart(8, "0")}.log`);
      return names.map((name) => join(state, prefix, name));
    };
    const history = ["history.db", "history.db-wal", "history.db-shm"].map((name) => join(state, name));
    return [...history, ...segments("frames"), ...segments("triggers")];
  }

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

  test("is told in /readyz, /metrics and as alerts while data go on flowing, and all is kept once it can be", async () => {
    await eventually("ready", 20_000, async () => expect((await http("/readyz")).status).toBe(200));
    await eventually("a spill", 30_000, async () =>
      expect((await http("/metrics")).body).toMatch(/grate_spills_total [1-9]/),
    );
    const disk = await makeReadOnly(Number(collector.child.pid), filesOfState());

    const readyz = await eventually("not ready any more", 30_000, async () => {
      const answer = await http("/readyz");
      expect(answer.status).toBe(503);
      return answer.body;
    });
    expect(readyz).toContain("EROFS: read-only file system");
    await eventually("the archive fails too, and says so", 60_000, async () => {
      const { body } = await http("/metrics");
      expect(body).toMatch(/grate_log_failing 1/);
      expect(body).toMatch(/grate_archive_failing 1/);
    });
    const alert = (name: string, state: string) =>
      new RegExp(`<ALERT TRIGGER="${name}" CLUSTER="grate-collector" HOST="[^"]+" SEVERITY="[a-z]+" STATE="${state}"`);
    await eventually("alerts of its own", 30_000, async () => {
      const alerts = await query("grate:1/alerts");
      expect(alerts).toMatch(alert("collector-log", "firing"));
      expect(alerts).toMatch(alert("collector-journal", "firing"));
      expect(alerts).toMatch(alert("collector-archive", "(pending|firing)"));
    });
    const during = await eventually("samples meanwhile", 20_000, async () => {
      const taken = samples(await history(10));
      expect(taken.length).toBeGreaterThan(3);
      return taken;
    });

    await disk.end();
    await eventually("ready again", 60_000, async () => expect((await http("/readyz")).status).toBe(200));
    await eventually("archived again", 90_000, async () => {
      const { body } = await http("/metrics");
      expect(body).toMatch(/grate_log_failing 0/);
      expect(body).toMatch(/grate_archive_failing 0/);
    });
    await eventually("no alert any more", 30_000, async () =>
      expect(await query("grate:1/alerts")).not.toMatch(/<ALERT /),
    );

    await collector.end("SIGKILL");
    collector = start();
    await eventually("the same samples after a restart", 20_000, async () => {
      const after = samples(await history(600));
      expect(after).toEqual(expect.arrayContaining(during));
    });
  });
});
