/**
 * The pages in a real Chromium, over an emulated collector: what only a browser
 * can tell. Quick on purpose; whole systems are looked at in test/e2e.
 */
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Browser, chromium, type Page } from "playwright-core";
import { build } from "vite";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { systemClock } from "../../core/base/clock.js";
import { silentLogger } from "../../core/base/log.js";
import { viewerSchema } from "../../viewer/config.js";
import { Viewer } from "../../viewer/server.js";
import { makeAlert, makeEvent } from "../support/alerts.js";
import { EmulatedCollector, FRAME_EVERY_MS, hostNames } from "../support/emulated-collector.js";
import { madeSum, madeSums } from "../support/made-sums.js";
import { CHROMIUM_FLAGS } from "../support/rig/browser.js";

const CHROMIUM = "/usr/bin/chromium";
const LIMIT_MS = 60_000;
const HOSTILE = ['"><img src=x onerror=document.title="hacked">', "a/b?c=%41#d", "<b>bold</b>", "ünï 😀"];
const CLUSTER = "we/ird <i>%2F";

let browser: Browser;
let viewer: Viewer;
let collector: EmulatedCollector;
let page: Page;
let base: string;
/** By how much the emulated time is ahead. */
let skippedMs = 0;
/** What a page must never have: errors, breaches of the policy, questions to strangers. */
let faults: string[];
const publicDir = mkdtempSync(join(tmpdir(), "grate-web-"));

describe.runIf(existsSync(CHROMIUM))("in Chromium", { timeout: LIMIT_MS }, () => {
  beforeAll(async () => {
    const configFile = join(import.meta.dirname, "../../vite.config.ts");
    await build({ configFile, logLevel: "error", build: { outDir: publicDir, emptyOutDir: true } });
    browser = await chromium.launch({ executablePath: CHROMIUM, args: CHROMIUM_FLAGS });
  }, LIMIT_MS);

  afterAll(async () => {
    await browser?.close();
    rmSync(publicDir, { recursive: true, force: true });
  });

  async function open(hosts: readonly string[], name = CLUSTER): Promise<void> {
    const clock = { ...systemClock, nowMs: () => systemClock.nowMs() + skippedMs };
    collector = new EmulatedCollector(clock, hosts.length === 0 ? [] : [{ name, hosts }]);
    viewer = new Viewer(viewerSchema.parse({ listen: "127.0.0.1:0" }), {
      clock: systemClock,
      logger: silentLogger,
      publicDir,
      client: collector,
    });
    await viewer.start();
    base = `http://127.0.0.1:${viewer.address.port}`;
    faults = [];
    page = await browser.newPage({ viewport: { width: 1_440, height: 900 }, reducedMotion: "reduce" });
    page.on("pageerror", (error) => faults.push(`error: ${error.message}`));
    page.on("console", (message) => {
      if (message.type() === "error" || message.type() === "warning") faults.push(`console: ${message.text()}`);
    });
    page.on("request", (request) => {
      if (!request.url().startsWith(base) && !request.url().startsWith("data:")) faults.push(`asks ${request.url()}`);
    });
  }

  /** Fifteen seconds later for the collector, at once for us. */
  function nextFrame(): void {
    skippedMs += FRAME_EVERY_MS;
    collector.frame();
  }

  async function close(): Promise<void> {
    await page.close();
    collector.stop();
    await viewer.stop();
  }

  const cells = () => page.locator("[data-testid=host-cell]");
  const cell = (host: string) => page.locator(`[data-testid=host-cell][data-host="${host.replaceAll('"', '\\"')}"]`);

  describe("with hostile names", () => {
    beforeAll(async () => {
      await open([...HOSTILE, ...hostNames(5)]);
      collector.alertList = [
        makeAlert({ cluster: CLUSTER, host: HOSTILE[0] ?? "", evidence: "<script>1</script>", trigger: "<u>t</u>" }),
      ];
      collector.eventList = [
        makeEvent({
          kind: "command-finished",
          cluster: CLUSTER,
          host: HOSTILE[0] ?? "",
          details: { argv: '["/bin/echo","<b>two</b> words"]', exitCode: "3", output: "<i>out</i>\n" },
        }),
      ];
    });
    afterAll(close);
    beforeEach(() => {
      faults.length = 0;
    });

    test("they are text, and each leads to its own page", async () => {
      await page.goto(base);
      await cells().first().waitFor();
      expect((await cells().evaluateAll((all) => all.map((one) => one.getAttribute("data-host")))).sort()).toEqual(
        [...HOSTILE, ...hostNames(5)].sort(),
      );
      for (const host of HOSTILE) {
        await cell(host).click();
        await page.locator("[data-testid=host-page] h1").waitFor();
        expect(await page.locator("[data-testid=host-page] h1").textContent()).toBe(host);
        await page.reload();
        expect(await page.locator("[data-testid=host-page] h1").textContent()).toBe(host);
        await page.goto(base);
        await cells().first().waitFor();
      }
      expect(await page.locator("main img, main script, main b > b, main i").count()).toBe(0);
      expect(await page.title()).not.toBe("hacked");
      expect(faults).toEqual([]);
    });

    test("alerts say what fires and what a command did", async () => {
      await page.goto(`${base}/alerts`);
      const row = page.locator("[data-testid=alert-row]");
      await row.waitFor();
      expect(await row.textContent()).toContain("<script>1</script>");
      expect(await row.getAttribute("data-trigger")).toBe("<u>t</u>");
      await page.locator("[data-testid=event-expand]").click();
      expect(await page.locator("[data-testid=event-argv]").textContent()).toBe("/bin/echo '<b>two</b> words'");
      expect(await page.locator("[data-testid=event-exit]").textContent()).toBe("3");
      expect(await page.locator("[data-testid=event-output]").textContent()).toBe("<i>out</i>\n");
      expect(faults).toEqual([]);
    });

    test("alerts that could not be had are asked for again without a reload", async () => {
      let requests = 0;
      await page.route(/\/api\/.*alerts/, (route) => (requests++ === 0 ? route.abort() : route.continue()));
      await page.goto(`${base}/alerts`);
      await page.locator("[data-testid=alert-row]").waitFor();
      expect(requests).toBeGreaterThan(1);
      await page.unrouteAll();
    });
  });

  describe("with 200 hosts", () => {
    beforeAll(async () => {
      await open(hostNames(200), "khab");
      await page.goto(base);
      await cells().first().waitFor();
    });
    afterAll(close);

    test("a frame changes values, an alert marks its host, and nobody reloads", async () => {
      const value = () => cell("node007").getAttribute("data-value");
      const before = await value();
      collector.alertList = [makeAlert({ host: "node009", severity: "warning" })];
      nextFrame();
      await expect.poll(value, { timeout: 10_000 }).not.toBe(before);
      await expect.poll(() => cell("node009").getAttribute("data-alert"), { timeout: 10_000 }).toBe("warning");
      await page.locator("[data-testid=alert-line]").waitFor();
      expect(await page.locator("[data-testid=firing-count]").textContent()).toContain("1");
      expect(await page.locator("[data-testid=freshness]").getAttribute("data-live")).toBe("live");
    });

    test("the grid is one stop for the tab key, arrows move, Enter opens", async () => {
      expect(await page.locator("[role=grid] a[tabindex='0']").count()).toBe(1);
      await cell("node001").focus();
      await page.keyboard.press("ArrowRight");
      await page.keyboard.press("ArrowDown");
      const columns = Number(await page.locator("[role=grid]").getAttribute("aria-colcount"));
      const focused = () => page.evaluate(() => document.activeElement?.getAttribute("data-host"));
      await expect.poll(focused).toBe(`node${String(columns + 2).padStart(3, "0")}`);
      await page.keyboard.press("Control+End");
      await expect.poll(focused).toBe("node200");
      expect(await page.locator("[role=tooltip]").textContent()).toContain("node200");
      await page.keyboard.press("Enter");
      await page.locator("[data-testid=host-page][data-host=node200]").waitFor();
      await page.goBack();
      await cells().first().waitFor();
    });

    test("what is chosen stands in the address, / finds, and a filter shows", async () => {
      await page.locator("[data-testid=metric-picker]").selectOption("cpu_num");
      await page.waitForURL(/metric=cpu_num/);
      await expect.poll(() => cell("node001").getAttribute("data-value")).toBe("32");
      await page.keyboard.press("/");
      await page.keyboard.type("node19");
      await expect.poll(() => cells().count()).toBe(10);
      expect(page.url()).toContain("q=node19");
      await page.reload();
      await expect.poll(() => cells().count()).toBe(10);
      await page.locator("[data-testid=search]").fill("");
      await page.locator("[data-testid=filter-alert]").click();
      await expect.poll(() => cells().count()).toBe(1);
      expect(faults).toEqual([]);
    });

    test("no page is wider than a phone", async () => {
      await page.setViewportSize({ width: 390, height: 844 });
      for (const path of ["/", "/host/khab/node001?range=6h", "/alerts", "/nowhere"]) {
        await page.goto(base + path);
        await page.locator("main h1").first().waitFor({ state: "attached" });
        const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        expect(over, path).toBeLessThanOrEqual(0);
      }
      await page.setViewportSize({ width: 1_440, height: 900 });
    });
  });

  describe("with what is known only in sums", () => {
    const cards = () => page.locator("[data-testid=sums-card]");
    const card = (name: string) => cards().filter({ has: page.locator(`b:text-is("${name}")`) });
    const [hostile = ""] = HOSTILE;
    const metrics = [madeSum("cpu_num", 64, 2, 0), madeSum("load_one", 12.5, 2), madeSum("only_there", 30, 2)];
    const tell = (ageMs: number) => {
      const timeMs = systemClock.nowMs() + skippedMs - ageMs;
      collector.sums = [
        madeSums("grid", "far", { timeMs, summary: { hostsUp: 2, hostsDown: 1, metrics } }),
        madeSums("grid", hostile, { timeMs, source: hostile, authority: "javascript:document.title='hacked'" }),
        madeSums("cluster", "x".repeat(300), { timeMs, source: "s".repeat(300), authority: "u".repeat(300) }),
      ];
    };

    describe("and nothing else", () => {
      beforeAll(async () => {
        await open([]);
        tell(0);
        await page.goto(base);
        await cards().first().waitFor();
      });
      afterAll(close);

      test("each is a card with its numbers, and names and addresses are text", async () => {
        expect(await cards().count()).toBe(3);
        expect(await card("far").textContent()).toMatch(
          /^far gridtold \d+\ss agoHosts up2 of 3CPUs64 Load, % of CPUs12\.5 19\.5\s%load_one, mean6\.25 sums only, from above/,
        );
        expect(await page.locator("[data-testid=sums-card] a").evaluateAll((all) => all.map(String))).toEqual([
          "http://3.example.org/ganglia/",
        ]);
        expect(await cards().nth(1).getAttribute("data-name")).toBe(hostile);
        expect(await cards().nth(1).textContent()).toContain("javascript:document.title='hacked'");
        expect(await page.locator("main img, main script").count()).toBe(0);
        expect(await page.locator("[data-testid=search], [data-testid=host-cell]").count()).toBe(0);
        expect(await page.locator("[data-testid=freshness]").textContent()).toMatch(/data \d+\ss old/);
      });

      test("their metrics can be chosen", async () => {
        await page.locator("[data-testid=metric-picker]").selectOption("only_there");
        await expect.poll(() => card("far").textContent()).toContain("only_there, mean15");
      });

      test("one that is not renewed becomes silent by itself", async () => {
        tell(60_000);
        collector.frame();
        await expect.poll(() => card("far").getAttribute("data-state"), { timeout: 10_000 }).toBe("silent");
        expect(await card("far").textContent()).toMatch(
          /silent.*Hosts up0 of 3CPUs– Load, % of CPUs– only_there, mean–/,
        );
      });

      test("no card is wider than a phone", async () => {
        await page.setViewportSize({ width: 390, height: 844 });
        const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        expect(over).toBeLessThanOrEqual(0);
        expect(faults).toEqual([]);
      });
    });

    describe("beside hosts", () => {
      beforeAll(async () => {
        await open(hostNames(3), "khab");
        tell(0);
        // Sums end no wait of the viewer, a frame does.
        collector.frame();
        await page.goto(base);
        await cards().first().waitFor();
      });
      afterAll(close);

      test("the hosts come first, and looking for a name looks at both", async () => {
        expect(await cells().count()).toBe(3);
        expect(await page.locator("main > section").last().getAttribute("data-testid")).toBe("sums");
        await page.locator("[data-testid=search]").fill("fa");
        await expect.poll(() => cards().count()).toBe(1);
        expect(await cells().count()).toBe(0);
        await page.locator("[data-testid=search]").fill("node001");
        await expect.poll(() => cards().count()).toBe(0);
        expect(await cells().count()).toBe(1);
        expect(faults).toEqual([]);
      });
    });
  });

  describe("the page of a host", () => {
    beforeAll(async () => {
      await open(hostNames(3), "khab");
    });
    afterAll(close);
    const chart = (metric: string) => page.locator(`[data-testid=chart][data-metric=${metric}]`);

    test("charts by group, drawn only when they come into view", async () => {
      await page.goto(`${base}/host/khab/node001`);
      await chart("load_one").locator("canvas").waitFor();
      const groups = page.locator("[data-testid=group]");
      expect(await groups.evaluateAll((all) => all.map((one) => one.getAttribute("data-group")))).toEqual([
        "load",
        "cpu",
        "memory",
        "network",
        "disk",
        "process",
      ]);
      expect(await chart("proc_total").locator("canvas").count()).toBe(0);
      await chart("proc_total").scrollIntoViewIfNeeded();
      await chart("proc_total").locator("canvas").waitFor();
      expect(await page.locator("[data-testid=fact][data-metric=os_name] dd").textContent()).toBe("Linux");
    });

    test("as a table it has exactly what the collector says, also after the next frame", async () => {
      await page.goto(`${base}/host/khab/node001?range=15m`);
      await chart("cpu_user").locator("[data-testid=show-table]").click();
      const rows = chart("cpu_user").locator("[data-testid=point-row]");
      const shown = () =>
        rows.evaluateAll((all) =>
          all.map((one) => [Number(one.getAttribute("data-time-ms")), Number(one.getAttribute("data-value"))]),
        );
      const served = async () => {
        const query = new URLSearchParams(((await chart("cpu_user").getAttribute("data-query")) ?? "").split("?")[1]);
        const result = await collector.history({
          key: { cluster: "khab", host: "node001", metric: "cpu_user" },
          fromMs: Number(query.get("from")) * 1_000,
          toMs: Number(query.get("to")) * 1_000,
        });
        return result.kind === "number" ? Array.from(result.timesMs, (timeMs, i) => [timeMs, result.values[i]]) : [];
      };
      await rows.first().waitFor();
      expect(await shown()).toEqual(await served());
      expect((await shown()).length).toBeGreaterThanOrEqual((15 * 60_000) / FRAME_EVERY_MS - 2);
      const query = await chart("cpu_user").getAttribute("data-query");
      nextFrame();
      await expect.poll(() => chart("cpu_user").getAttribute("data-query"), { timeout: 10_000 }).not.toBe(query);
      expect(await shown()).toEqual(await served());
    });

    test("a drag zooms all charts, a double click goes back", async () => {
      await page.goto(`${base}/host/khab/node001?range=6h`);
      const over = chart("load_one").locator(".u-over");
      await over.waitFor();
      const box = await over.boundingBox();
      if (box === null) throw new Error("the chart has no place");
      await page.mouse.move(box.x + box.width * 0.25, box.y + 40);
      await page.mouse.down();
      await page.mouse.move(box.x + box.width * 0.5, box.y + 40, { steps: 4 });
      await page.mouse.up();
      await page.waitForURL(/from=\d+&to=\d+/);
      const { searchParams } = new URL(page.url());
      const rangeS = Number(searchParams.get("to")) - Number(searchParams.get("from"));
      expect(rangeS).toBeGreaterThan(4_800);
      expect(rangeS).toBeLessThan(6_000);
      await over.dblclick();
      await page.waitForURL(/range=6h/);
    });

    test("the cursor of one chart reads all of them, and the keyboard reads one", async () => {
      await page.goto(`${base}/host/khab/node001`);
      await chart("load_one").locator(".u-over").hover();
      await expect.poll(() => chart("load_five").locator("output").textContent()).toMatch(/^\d\d:\d\d:\d\d {2}[\d.]+$/);
      await page.mouse.move(0, 0);
      await chart("load_one").locator("[role=group]").focus();
      await page.keyboard.press("End");
      await expect.poll(() => chart("load_one").locator("[aria-live]").textContent()).toMatch(/^\d\d:\d\d:\d\d/);
      expect(faults).toEqual([]);
    });

    test("a host that is not there, and a page that is not there", async () => {
      await page.goto(`${base}/host/khab/nobody`);
      expect(await page.locator("[data-testid=not-found]").textContent()).toContain("no such host");
      await page.goto(`${base}/nowhere`);
      expect(await page.locator("[data-testid=not-found]").textContent()).toContain("no such page");
    });

    test("where no stream can be had it asks every now and then", async () => {
      await page.route("**/api/v1/events*", (route) => route.fulfill({ status: 503 }));
      await page.goto(base);
      const before = await cell("node002").getAttribute("data-value");
      nextFrame();
      await expect.poll(() => cell("node002").getAttribute("data-value"), { timeout: 25_000 }).not.toBe(before);
      expect(await page.locator("[data-testid=freshness]").getAttribute("data-live")).toBe("polling");
      await page.unroute("**/api/v1/events*");
    });

    test("without a collector it says how old everything is, and takes it back", async () => {
      await page.goto(base);
      await cells().first().waitFor();
      collector.broken = "connect ECONNREFUSED 127.0.0.1:8662";
      collector.release();
      const banner = page.locator("[data-testid=banner]");
      await banner.waitFor();
      expect(await banner.textContent()).toContain("No answer from the collector at 127.0.0.1:8662");
      expect(await cells().count()).toBe(3);
      collector.broken = "";
      await banner.waitFor({ state: "detached" });
      await expect.poll(() => page.locator("[data-testid=freshness]").getAttribute("data-live")).toBe("live");
    });
  });
});
