/** A site whose only source is a gmetad that is asked for sums: what pages and commands show of it. */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { elements, tree } from "../support/ganglia-tree.js";
import { describeWithPeers } from "../support/peer-test.js";
import { ask } from "../support/rig/ask.js";
import { launchBrowser } from "../support/rig/browser.js";
import { eventually } from "../support/rig/eventually.js";
import { startGmetad } from "../support/rig/gmetad.js";
import { gmondConfig, startGmond } from "../support/rig/gmond.js";
import { runGrate, startGrate, writeConfig } from "../support/rig/grate.js";
import { makeRig, type Rig } from "../support/rig/namespaces.js";
import type { Running } from "../support/rig/process.js";

const SCREENSHOTS = resolve(import.meta.dirname, "../../test-results/screenshots");

describeWithPeers("a gmetad of which only sums are taken", ["gmond", "gmetad", "ip", "chromium"], () => {
  const folder = mkdtempSync(join(tmpdir(), "grate-sums-"));
  const state = join(folder, "state");
  const running: Running[] = [];
  let rig: Rig;
  let gmetad: Running;
  let browser: Browser;
  let page: Page;

  const card = () => page.locator('[data-testid=sums-card][data-name="Saransk"]');
  const command = async (...args: string[]) => {
    const run = await runGrate([...args, "--state", state], { namespace: rig.bridge });
    expect([run.code, run.stderr]).toEqual([0, ""]);
    return run.stdout;
  };

  beforeAll(async () => {
    mkdirSync(SCREENSHOTS, { recursive: true });
    rig = makeRig(2);
    const [host, above] = rig.hosts as [Rig["hosts"][number], Rig["hosts"][number]];
    running.push(startGmond(host.namespace, gmondConfig(folder, "alpha")));
    gmetad = startGmetad(above.namespace, folder, { grid: "Saransk", sources: { alpha: `${host.address}:8649` } });
    running.push(gmetad);
    await eventually("gmetad has the CPUs", 60_000, async () => {
      const [grid] = tree(await ask(rig.bridge, above.address, 8652, "/?filter=summary")).children;
      expect([...elements(grid ?? { name: "", attributes: {}, children: [] }, "METRICS")].length).toBeGreaterThan(20);
    });
    const file = writeConfig(
      folder,
      `sources: [{ name: far, type: ganglia-xml, address: "${above.address}:8652", every: 1s, take: summary }]\n`,
    );
    running.push(startGrate(["start", "-c", file, "--state", state], { namespace: rig.bridge }));
    browser = await launchBrowser(rig.bridge, folder);
    page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
    await eventually("the viewer answers", 30_000, () => page.goto("http://127.0.0.1:8660/"));
  });

  afterAll(async () => {
    await browser?.close();
    for (const process of running.reverse()) await process.end();
    rig?.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  test("the page shows the grid as a card with gmetad's numbers, and no host", async () => {
    await card().waitFor({ timeout: 20_000 });
    expect(await card().getAttribute("data-state")).toBe("up");
    const sums = tree(await ask(rig.bridge, rig.hosts[1]?.address ?? "", 8652, "/?filter=summary")).children[0];
    const cpus = sums?.children.find(({ attributes }) => attributes.NAME === "cpu_num")?.attributes.SUM;
    const text = await card().textContent();
    expect(text).toContain(`Hosts up1 of 1CPUs${cpus} Load`);
    expect(text).toContain("sums only, from far");
    const link = card().locator("a");
    expect(await link.getAttribute("href")).toBe("http://saransk.example.org/ganglia/");
    expect(await page.locator("[data-testid=host-cell]").count()).toBe(0);
    await page.screenshot({ path: join(SCREENSHOTS, "sums-only-wide.png") });
  });

  test("another metric of theirs can be chosen", async () => {
    await page.locator("[data-testid=metric-picker]").selectOption("cpu_idle");
    await expect.poll(() => card().textContent(), { timeout: 10_000 }).toMatch(/cpu_idle, mean[\d.]+\s%/);
  });

  test("grate hosts and grate status list it", async () => {
    expect(await command("hosts")).toMatch(/^Saransk \(grid, only sums are known\): 1 of 1 hosts up, \d+ CPUs, load /);
    expect(JSON.parse(await command("hosts", "--json"))).toMatchObject({
      hosts: [],
      sums: [{ kind: "grid", name: "Saransk", source: "far", state: "up", hostsUp: 1, hostsDown: 0 }],
    });
    expect(await command("status")).toMatch(/\nONLY SUMS +KIND +UP +DOWN.*\nSaransk +grid +1 +0 +\d+ +\d+s +far\n$/);
  });

  test("a gmetad that died: the card says that it is silent, without numbers and without a reload", async () => {
    await gmetad.end("SIGKILL");
    await expect.poll(() => card().getAttribute("data-state"), { timeout: 30_000 }).toBe("silent");
    expect(await card().textContent()).toMatch(/silent.*Hosts up0 of 1CPUs– Load/);
    expect(await command("hosts")).toMatch(
      /^Saransk \(grid, only sums are known\): 0 of 1 hosts up, silent for \d+s\n/,
    );
  });
});
