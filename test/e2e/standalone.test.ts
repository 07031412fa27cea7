/** A machine with no Ganglia at all: `npm start` shows the machine's own metrics in the browser. */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { describeWithPeers } from "../support/peer-test.js";
import { ask } from "../support/rig/ask.js";
import { launchBrowser } from "../support/rig/browser.js";
import { eventually } from "../support/rig/eventually.js";
import { hostsOf } from "../support/rig/ganglia-document.js";
import { makeEmptyNamespace } from "../support/rig/namespaces.js";
import { type Running, runProcess, startProcess } from "../support/rig/process.js";

const ROOT = resolve(import.meta.dirname, "../..");

describeWithPeers("npm start on a bare machine", ["ip", "chromium"], () => {
  const folder = mkdtempSync(join(tmpdir(), "grate-alone-"));
  const screenshots = join(ROOT, "test-results/screenshots");
  const env = { XDG_STATE_HOME: folder, STATE_DIRECTORY: "" };
  let machine: ReturnType<typeof makeEmptyNamespace>;
  let grate: Running;
  let browser: Browser;

  beforeAll(async () => {
    mkdirSync(screenshots, { recursive: true });
    machine = makeEmptyNamespace();
    grate = startProcess("npm", ["start", "--silent"], { namespace: machine.namespace, env, cwd: ROOT });
    browser = await launchBrowser(machine.namespace, folder);
  });

  afterAll(async () => {
    await browser?.close();
    await grate?.end();
    machine?.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  test("it says where to look", async () => {
    await eventually("the address on stdout", 30_000, () => expect(grate.stdout()).toContain("http://127.0.0.1:8660"));
  });

  test("the browser shows this machine and its load", async () => {
    const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
    await page.goto("http://127.0.0.1:8660/");
    const cell = page.locator("[data-testid=host-cell]");
    await cell.waitFor({ timeout: 20_000 });
    expect(await cell.count()).toBe(1);
    expect(await cell.getAttribute("data-state")).toBe("up");
    await page.screenshot({ path: join(screenshots, "standalone-wide.png") });
    await cell.click();
    await page.locator("[data-testid=chart][data-metric=load_one]").waitFor({ timeout: 20_000 });
    await page.close();
  });

  test("what it serves has gmond's names and the machine's own numbers", async () => {
    const hosts = hostsOf(await ask(machine.namespace, "127.0.0.1", 8661));
    const [host] = [...hosts.values()];
    const cpus = (await runProcess("nproc", ["--all"])).stdout.trim();
    expect(host?.metrics.get("cpu_num")).toMatchObject({ VAL: cpus, TYPE: "uint16", UNITS: "CPUs" });
    for (const name of ["load_one", "mem_total", "mem_free", "disk_total", "proc_total", "boottime"]) {
      expect(host?.metrics.has(name), name).toBe(true);
    }
  });

  test("SIGTERM stops collector and viewer", async () => {
    const pids = async () => (await runProcess("ip", ["netns", "pids", machine.namespace])).stdout;
    await browser.close();
    await grate.end("SIGTERM");
    await eventually("no process of ours is left", 10_000, async () => expect(await pids()).toBe(""));
  });
});
