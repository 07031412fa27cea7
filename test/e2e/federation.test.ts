/**
 * Three levels of federation on real peers. gmetad loses the sums of a grid that it reaches through another gmetad;
 * in its place, above it or below it we do not.
 *
 *   gmond, gmond        our sensor
 *    cluster alpha       cluster beta
 *         └──── gmetad C ────┘
 *          ┌────────┴─────────────┐
 *      gmetad B                 grate M            in detail
 *    ┌─────┼──────────┐        ┌──┴──────────┐
 * gmetad A  grate B1   grate B2  gmetad AM    grate M1
 *   lost    in detail  in sums   in detail    in sums
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { comparable, type Element, elements, tree } from "../support/ganglia-tree.js";
import { describeWithPeers } from "../support/peer-test.js";
import { ask } from "../support/rig/ask.js";
import { eventually } from "../support/rig/eventually.js";
import { startGmetad } from "../support/rig/gmetad.js";
import { gmondConfig, startGmondGroup } from "../support/rig/gmond.js";
import { startGrate, writeConfig } from "../support/rig/grate.js";
import { BRIDGE_ADDRESS, makeRig, type Rig } from "../support/rig/namespaces.js";
import type { Running } from "../support/rig/process.js";

/** Of gmond's metrics those that do not change: what their sums are is known. */
const CONSTANT = ["cpu_num", "mem_total", "boottime"];

describeWithPeers("three levels of federation", ["gmond", "gmetad", "ip"], () => {
  const folder = mkdtempSync(join(tmpdir(), "grate-federation-"));
  const running: Running[] = [];
  let rig: Rig;
  let gmetadB: Running;

  const place = (number: number) => rig.hosts[number] as Rig["hosts"][number];
  const askAt = async (host: string, port: number, line?: string) => tree(await ask(rig.bridge, host, port, line));
  /** What the whole of a tier sums up to, and its children. */
  const summaryAt = (host: string, port: number) => askAt(host, port, "/?filter=summary");
  const start = (process: Running) => {
    running.push(process);
    return process;
  };

  function startCollector(name: string, firstPort: number, source: string): void {
    const serve = (offset: number) => `"0.0.0.0:${firstPort + offset}"`;
    const text = `
sources:
  - { name: below, type: ganglia-xml, every: 1s, ${source} }
serve: { dump: ${serve(0)}, query: ${serve(1)}, control: "127.0.0.1:${firstPort + 2}", allow: ["10.77.0.0/24"], grid: ${name} }
`;
    const file = writeConfig(folder, text, `${name}.yaml`);
    const args = ["collector", "-c", file, "--state", join(folder, `state-${name}`)];
    start(startGrate(args, { namespace: rig.bridge }));
  }

  beforeAll(async () => {
    rig = makeRig(7);
    const [alpha1, alpha2, beta, c] = [place(0), place(1), place(2), place(3)];
    const [b, a, am] = [place(4), place(5), place(6)];
    const gmondFile = gmondConfig(folder, "alpha");
    running.push(...(await startGmondGroup(rig, [alpha1, alpha2], gmondFile)));
    const sensor = "sources:\n  - { name: self, type: sensor, cluster: beta, host: beta1, every: 20s }\n";
    const sensorFile = writeConfig(folder, sensor, "sensor.yaml");
    start(startGrate(["sensor", "-c", sensorFile, "--listen", "0.0.0.0:8649"], { namespace: beta.namespace }));
    const gmetad = (at: Rig["hosts"][number], grid: string, sources: Record<string, string>) =>
      start(startGmetad(at.namespace, folder, { grid, sources }));
    gmetad(c, "C", { alpha: `${alpha1.address}:8649`, beta: `${beta.address}:8649` });
    gmetadB = gmetad(b, "B", { C: `${c.address}:8651` });
    gmetad(a, "A", { B: `${b.address}:8651` });
    gmetad(am, "AM", { M: `${BRIDGE_ADDRESS}:8661` });
    startCollector("M", 8661, `address: "${c.address}:8651"`);
    startCollector("B1", 8671, `address: "${b.address}:8651"`);
    startCollector("B2", 8681, `address: "${b.address}:8652", take: summary`);
    startCollector("M1", 8691, `address: "127.0.0.1:8662", take: summary`);
    await eventually("three hosts with their CPUs at gmetad C", 60_000, async () => {
      const [hosts, sums] = ofGrid((await summaryAt(c.address, 8652)).children[0]);
      expect(hosts).toEqual({ UP: "3", DOWN: "0", SOURCE: "gmetad" });
      for (const name of CONSTANT) expect(sums.get(name)?.NUM, name).toBe("3");
    });
  });

  afterAll(async () => {
    for (const process of running.reverse()) await process.end();
    rig?.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Hosts, sum and number of the metrics that do not change, as the lowest gmetad has them. */
  async function truth() {
    return constantsOf((await summaryAt(place(3).address, 8652)).children[0]);
  }

  test("gmetad above gmetad above gmetad lists the hosts and has lost every sum", async () => {
    await eventually("gmetad A has its hosts", 30_000, async () => {
      const [hosts, sums] = ofGrid((await summaryAt(place(5).address, 8652)).children[0]);
      expect(hosts).toEqual({ UP: "3", DOWN: "0", SOURCE: "gmetad" });
      expect(sums.size).toBeGreaterThan(20);
      for (const [name, { SUM, NUM }] of sums) expect([name, Number(SUM), NUM]).toEqual([name, 0, "0"]);
    });
  });

  test("the gmetad in the middle has them, of a grid that it shows only in sums", async () => {
    await eventually("gmetad B has its sums", 30_000, async () => {
      expect(constantsOf((await summaryAt(place(4).address, 8652)).children[0])).toEqual(await truth());
    });
  });

  describe.each([
    ["our collector above two gmetads, in detail", 8671, "C"],
    ["our collector above two gmetads, as summary", 8681, "B"],
    ["our collector above ours above a gmetad, as summary", 8691, "M"],
  ])("%s", (_name, dumpPort, child) => {
    test("its whole and its child grid sum up to what the lowest gmetad has", async () => {
      await eventually("the sums", 30_000, async () => {
        const [whole] = (await summaryAt(BRIDGE_ADDRESS, dumpPort + 1)).children;
        expect(constantsOf(whole)).toEqual(await truth());
        const grids = [...elements(whole as Element, "GRID")];
        expect(grids.map(({ attributes }) => attributes.NAME)).toEqual([child]);
        expect(constantsOf(grids[0])).toEqual(await truth());
      });
    });

    test("the dump and the queries by name tell the same child", async () => {
      await eventually("the same", 10_000, async () => {
        const grid = async (port: number, line?: string) =>
          comparable([...elements(await askAt(BRIDGE_ADDRESS, port, line), "GRID")][1] as Element);
        const dumped = await grid(dumpPort);
        expect(dumped.attributes.NAME).toBe(child);
        expect(await grid(dumpPort + 1, `/${child}`)).toEqual(dumped);
        expect(await grid(dumpPort + 1, `/${child}?filter=summary`)).toEqual(dumped);
      });
    });
  });

  test("every sum of the grid below two gmetads is the middle one's, to the last digit, with units, slope and groups", async () => {
    await eventually("equal sums", 60_000, async () => {
      // gmond's module of disk traffic begins with "nan", of which gmetad makes a sum and we do not.
      const grid = async (host: string, port: number) =>
        comparable([...elements(await summaryAt(host, port), "GRID")][1] as Element).children.filter(
          ({ attributes }) => attributes.SUM !== "nan",
        );
      const before = await grid(place(4).address, 8652);
      const ours = await grid(BRIDGE_ADDRESS, 8672);
      expect(ours.length).toBeGreaterThan(25);
      if (isDeepStrictEqual(ours, before)) return;
      expect(ours).toEqual(await grid(place(4).address, 8652));
    });
  });

  test("the child grid keeps the address of its own front-end", async () => {
    const [, grid] = [...elements(await askAt(BRIDGE_ADDRESS, 8671), "GRID")];
    expect(grid?.attributes.AUTHORITY).toBe("http://C.example.org/ganglia/");
  });

  test("in detail our collector in the middle has the hosts themselves, and a gmetad above it has the right sums", async () => {
    await eventually("the hosts at grate M", 30_000, async () => {
      const names = [...elements(await askAt(BRIDGE_ADDRESS, 8661), "HOST")].map(({ attributes }) => attributes.NAME);
      expect(names.sort()).toEqual(["10.77.0.11", "10.77.0.12", "beta1"]);
    });
    await eventually("the sums at gmetad AM", 30_000, async () => {
      const [whole] = (await summaryAt(place(6).address, 8652)).children;
      expect(constantsOf(whole)).toEqual(await truth());
      const grid = [...elements(whole as Element, "GRID")][0];
      expect(grid?.attributes.NAME).toBe("M");
      expect(constantsOf(grid)).toEqual(await truth());
    });
  });

  test("a source that died is listed with its hosts down, and counts for nothing", async () => {
    await gmetadB.end("SIGKILL");
    await eventually("the dead grid", 30_000, async () => {
      const [whole] = (await summaryAt(BRIDGE_ADDRESS, 8672)).children;
      const [hosts, sums] = ofGrid(whole);
      expect(hosts).toMatchObject({ UP: "0" });
      expect(sums.size).toBe(0);
      const [grid] = [...elements(whole as Element, "GRID")];
      expect(grid?.attributes.NAME).toBe("C");
      expect(ofGrid(grid)[0]).toEqual({ UP: "0", DOWN: "3", SOURCE: "gmetad" });
    });
  });
});

/** HOSTS and METRICS that stand directly in a GRID. */
function ofGrid(grid: Element | undefined): [hosts: Element["attributes"], sums: Map<string, Element["attributes"]>] {
  const own = (name: string) => grid?.children.filter((child) => child.name === name) ?? [];
  const sums = own("METRICS").map(({ attributes }) => [attributes.NAME ?? "", attributes] as const);
  return [own("HOSTS")[0]?.attributes ?? {}, new Map(sums)];
}

function constantsOf(grid: Element | undefined): unknown {
  const [{ UP, DOWN }, sums] = ofGrid(grid);
  const told = CONSTANT.map((name) => [name, Number(sums.get(name)?.SUM), sums.get(name)?.NUM]);
  return { UP, DOWN, told };
}
