/** The ports against what a real gmetad 3.7.2 answered about the same hosts. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { collectorSchema } from "../../../collector/config.js";
import { Collector } from "../../../collector/pipeline.js";
import { CollectorServers } from "../../../collector/serve/servers.js";
import { silentLogger } from "../../../core/base/log.js";
import { readChanges } from "../../../core/wire/extension/index.js";
import { GangliaXmlReader } from "../../../core/wire/ganglia/xml-reader.js";
import { comparable, type Element, tree } from "../../support/ganglia-tree.js";
import { ask } from "../../support/loopback.js";
import { MemoryLogFiles } from "../../support/memory-log-files.js";
import { VirtualClock } from "../../support/virtual-clock.js";

const FIXTURES = "test/fixtures/ganglia-3.7.2";
/** LOCALTIME of the gmetad's answers. */
const NOW_MS = 1_795_291_102_000;

function fixture(name: string): Element {
  return tree(readFileSync(join(FIXTURES, name), "latin1"));
}

const stateDir = mkdtempSync(join(tmpdir(), "grate-peer-"));
const clock = new VirtualClock(NOW_MS);
let collector: Collector;
let servers: CollectorServers;

beforeAll(async () => {
  const ports = { dump: "127.0.0.1:0", query: "127.0.0.1:0", control: "127.0.0.1:0" };
  const serve = { ...ports, grid: "Test", authority: "http://vm/ganglia/" };
  const config = collectorSchema.parse({ serve });
  collector = new Collector({ config, instance: "i1", clock, logger: silentLogger, files: new MemoryLogFiles() });
  servers = new CollectorServers({
    config: config.serve,
    stateDir,
    present: collector,
    alerts: { alerts: () => [], events: () => [] },
    self: { version: "0", sources: () => [], health: () => collector.health(), families: () => [] },
    clock,
    logger: silentLogger,
  });
  await collector.start();
  await servers.start();
  const reader = new GangliaXmlReader({ source: "peer", sink: collector });
  const report = reader.read(readFileSync(join(FIXTURES, "gmetad-8651.xml")), NOW_MS);
  expect(report).toMatchObject({ hosts: 3, metrics: 117, malformed: 0 });
});

afterAll(async () => {
  await servers.stop();
  await collector.stop();
  rmSync(stateDir, { recursive: true });
});

async function query(line: string): Promise<Element> {
  return tree(await ask(servers.ports.query, line));
}

describe("what gmetad answered is what we answer", () => {
  test("on 8651, whatever is sent there", async () => {
    const dump = tree(await ask(servers.ports.dump, "/nosuch\n"));
    expect(comparable(dump)).toEqual(comparable(fixture("gmetad-8651.xml")));
  });

  test.each([
    ["/", "gmetad-8651.xml"],
    ["/nosuch", "gmetad-8651.xml"],
    ["/?filter=summary", "gmetad-8652-filter-summary.xml"],
    ["/nosuch?filter=summary", "gmetad-8652-filter-summary.xml"],
    ["/probe/10.77.0.11", "gmetad-8652-cluster-host.xml"],
    ["/probe/10.77.0.11/", "gmetad-8652-cluster-host.xml"],
    ["/probe/10.77.0.11/nosuch", "gmetad-8652-cluster-host.xml"],
    ["/probe/10.77.0.11?filter=summary", "gmetad-8652-cluster-host.xml"],
  ])("%s", async (line, file) => {
    expect(comparable(await query(`${line}\n`))).toEqual(comparable(fixture(file)));
  });

  test("and the document says where it comes from as gmetad does", async () => {
    const document = await ask(servers.ports.query, "/\n");
    expect(
      document.startsWith('<?xml version="1.0" encoding="ISO-8859-1" standalone="yes"?>\n<!DOCTYPE GANGLIA_XML ['),
    ).toBe(true);
    expect(document.endsWith("</GRID>\n</GANGLIA_XML>\n")).toBe(true);
    expect(tree(document).attributes).toEqual({ VERSION: "3.7.2", SOURCE: "gmetad" });
    expect(tree(document).children[0]?.attributes).toEqual({
      NAME: "Test",
      AUTHORITY: "http://vm/ganglia/",
      LOCALTIME: "1795291102",
    });
  });
});

/** The elements between the outer GRID and the deepest that was asked for, with how many of each there are. */
function outline(element: Element): string {
  const counts = new Map<string, number>();
  const walk = (at: Element, path: string) => {
    for (const child of at.children) {
      if (child.name === "EXTRA_DATA") continue;
      const label = child.name === "CLUSTER" ? `CLUSTER ${child.attributes.NAME}` : child.name;
      const childPath = path === "" ? label : `${path} > ${label}`;
      counts.set(childPath, (counts.get(childPath) ?? 0) + 1);
      walk(child, childPath);
    }
  };
  walk(element.children[0] as Element, "");
  return [...counts].map(([path, count]) => (count === 1 ? path : `${path} x${count}`)).join(", ");
}

const CLUSTER = "CLUSTER probe";
const WHOLE = `${CLUSTER}, ${CLUSTER} > HOST x3, ${CLUSTER} > HOST > METRIC x117`;
const HOST = `${CLUSTER}, ${CLUSTER} > HOST, ${CLUSTER} > HOST > METRIC x39`;
const METRIC = `${CLUSTER}, ${CLUSTER} > HOST, ${CLUSTER} > HOST > METRIC`;
const SUMS = `${CLUSTER}, ${CLUSTER} > HOSTS, ${CLUSTER} > METRICS x35`;
const ALL_SUMS = `HOSTS, METRICS x35, ${SUMS}`;

describe("every way of asking", () => {
  test.each([
    ["/", WHOLE],
    ["//", WHOLE],
    ["/nosuch", WHOLE],
    ["/nosuch/10.77.0.11", WHOLE],
    ["/Probe", WHOLE],
    ["//probe", WHOLE],
    ["/?filter=other", WHOLE],
    ["/probe", WHOLE],
    ["/probe/", WHOLE],
    ["/probe//", WHOLE],
    ["/probe/nosuch", WHOLE],
    ["/probe//load_one", WHOLE],
    ["/probe/10.77.0.11", HOST],
    ["/probe/10.77.0.11/", HOST],
    ["/probe/10.77.0.11/nosuch", HOST],
    ["/probe/10.77.0.11/?filter=summary", HOST],
    ["/probe/10.77.0.11/load_one", METRIC],
    ["/probe/10.77.0.11/load_one/", METRIC],
    ["/probe/10.77.0.11/load_one/deeper", METRIC],
    ["/probe/10.77.0.11/os_name", METRIC],
    ["/?filter=summary", ALL_SUMS],
    ["/nosuch?filter=summary", ALL_SUMS],
    ["/probe?filter=summary", SUMS],
    ["/probe/?filter=summary", SUMS],
    ["/probe/nosuch?filter=summary", SUMS],
  ])("%s", async (line, expected) => {
    expect(outline(await query(`${line}\n`))).toBe(expected);
  });

  test("a host and a metric are those that were asked for", async () => {
    const [cluster] = (await query("/probe/10.77.0.12/load_one\n")).children[0]?.children ?? [];
    expect(cluster?.children[0]?.attributes.NAME).toBe("10.77.0.12");
    expect(cluster?.children[0]?.children[0]?.attributes.NAME).toBe("load_one");
  });
});

test("the same present by columns", async () => {
  const { clusters, frame } = readChanges(await ask(servers.ports.query, "grate:1/changes\n"));
  expect(frame).toBe(collector.frameNumber);
  expect(clusters.map(({ name, hosts, numbers, texts }) => [name, hosts.length, numbers.length, texts.length])).toEqual(
    [["probe", 3, 35, 4]],
  );
});

test("the control port knows of it", async () => {
  const token = readFileSync(join(stateDir, "control.token"), "utf8").trim();
  const get = (path: string) =>
    fetch(`http://127.0.0.1:${servers.ports.control}${path}`, { headers: { authorization: `Bearer ${token}` } });
  expect(await (await get("/status")).json()).toMatchObject({
    instance: "i1",
    frame: 1,
    clusters: [{ name: "probe", hostsUp: 3, hostsDown: 0, metrics: 39 }],
  });
  const metrics = await (await get("/metrics")).text();
  expect(metrics).toContain('grate_hosts{cluster="probe",state="up"} 3\n');
  expect(metrics).toContain("grate_new_values_total 117\n");
  expect((await get("/readyz")).status).toBe(200);
});

// Last: it changes the present.
test("a host that left is in no document any more", async () => {
  const directory = collector.directory("probe");
  const row = directory?.findRow("10.77.0.12") ?? -1;
  const facts = directory?.host(row);
  if (facts === undefined) throw new Error("the host is not there");
  directory?.describeHost(row, { ...facts, dmaxS: 60 });
  const before = readChanges(await ask(servers.ports.query, "grate:1/changes\n"));
  await clock.advance(15_000);
  clock.jumpWall(700_000);
  await clock.advance(700_000);
  expect(outline(await query("/\n"))).toBe(`${CLUSTER}, ${CLUSTER} > HOST x2, ${CLUSTER} > HOST > METRIC x78`);
  expect(outline(await query("/probe/10.77.0.12\n"))).toBe(outline(await query("/probe\n")));
  const news = readChanges(await ask(servers.ports.query, `grate:1/changes?since=i1-${before.frame}\n`));
  expect([...(news.clusters[0]?.goneRows ?? [])]).toEqual([row]);
});
