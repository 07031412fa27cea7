/** Documents of every version of Ganglia, made by hand (test/fixtures/ganglia-versions) and captured (3.7.2). */
import { describe, expect, it } from "vitest";
import { isHostUp } from "../../../../core/model/liveness.js";
import { GangliaXmlReader } from "../../../../core/wire/ganglia/xml-reader.js";
import {
  FIXTURES,
  fixture,
  LOCALTIME_S,
  VERSION_FIXTURES,
  type VersionFixtureName,
  versionFixture,
} from "../../../support/ganglia-documents.js";
import { RecordingSink } from "../../../support/recording-sink.js";

const NOW_MS = LOCALTIME_S * 1_000;

function read(name: VersionFixtureName, receivedMs = NOW_MS) {
  const sink = new RecordingSink();
  const report = new GangliaXmlReader({ source: "test", sink }).read(versionFixture(name), receivedMs);
  return { report, sink };
}

/** Values of a host as they are shown, with their types. */
function cellsOf(sink: RecordingSink, cluster: string, host: string) {
  const found = sink.recorded(cluster).hosts[host];
  const cells = Object.entries(found?.cells ?? {});
  return Object.fromEntries(cells.map(([name, { value }]) => [name, [value, found?.metas[name]?.type]]));
}

const OLD_CELLS = {
  load_one: [0.25, "float"],
  cpu_num: [2, "uint16"],
  boottime: [1_699_990_000, "timestamp"],
  os_name: ["Linux", "string"],
  "my temp": [41.5, "float"],
};

const NEW_CELLS = {
  load_one: [0.89, "float"],
  cpu_num: [16, "uint16"],
  os_name: ["Linux", "string"],
  jobs: [17, "int32"],
  bare: [-3, "int8"],
};

describe("GangliaXmlReader, versions", () => {
  it.each([
    ["gmond-2.4.xml", "2.4.1", "gmond", { clusters: 1, hosts: 3, metrics: 15, summaries: 0 }],
    ["gmond-2.5.xml", "2.5.7", "gmond", { clusters: 1, hosts: 1, metrics: 5, summaries: 0 }],
    ["gmetad-2.5.xml", "2.5.7", "gmetad", { clusters: 1, hosts: 3, metrics: 15, summaries: 1 }],
    ["gmond-3.0.xml", "3.0.7", "gmond", { clusters: 1, hosts: 2, metrics: 10, summaries: 0 }],
    ["gmetad-3.0.xml", "3.0.7", "gmetad", { clusters: 1, hosts: 1, metrics: 5, summaries: 1 }],
    ["gmond-3.1.xml", "3.1.7", "gmond", { clusters: 1, hosts: 2, metrics: 10, summaries: 0 }],
    ["gmetad-3.1.xml", "3.1.7", "gmetad", { clusters: 1, hosts: 1, metrics: 5, summaries: 1 }],
    ["gmond-3.2.xml", "3.2.0", "gmond", { clusters: 1, hosts: 1, metrics: 5, summaries: 0 }],
    ["gmetad-3.6.xml", "3.6.0", "gmetad", { clusters: 1, hosts: 1, metrics: 5, summaries: 0 }],
    ["federation-3.7.xml", "3.7.2", "gmetad", { clusters: 1, hosts: 1, metrics: 5, summaries: 2 }],
    ["federation-summary-3.7.xml", "3.7.2", "gmetad", { clusters: 0, hosts: 0, metrics: 0, summaries: 1 }],
  ] as const)("reads %s whole and finds nothing wrong", (name, version, sourceKind, counts) => {
    const clean = { malformed: 0, faults: [], complete: true };
    expect(read(name).report).toMatchObject({ version, sourceKind, ...counts, ...clean });
  });

  it("has a document for every version of the list", () => {
    expect(VERSION_FIXTURES.length + FIXTURES.length).toBe(15);
  });

  it.each([
    ["gmond-2.4.xml", "ancient", "up", OLD_CELLS],
    ["gmond-2.5.xml", "alpha", "a1", OLD_CELLS],
    ["gmetad-2.5.xml", "alpha", "a2", OLD_CELLS],
    ["gmond-3.0.xml", "beta", "b2", OLD_CELLS],
    ["gmetad-3.0.xml", "beta", "b1", OLD_CELLS],
    ["gmond-3.1.xml", "gamma", "c1", NEW_CELLS],
    ["gmetad-3.1.xml", "gamma", "c1", NEW_CELLS],
    ["gmond-3.2.xml", "delta", "d1", NEW_CELLS],
    ["gmetad-3.6.xml", "delta", "d1", NEW_CELLS],
    ["federation-3.7.xml", "local", "l1", NEW_CELLS],
  ] as const)("%s: takes values, timestamps and texts of %s/%s", (name, cluster, host, cells) => {
    expect(cellsOf(read(name).sink, cluster, host)).toEqual(cells);
  });

  it("3.0: takes an empty METRIC of a gmetric as any other", () => {
    const { metas, cells } = read("gmond-3.0.xml").sink.recorded("beta").hosts["b1"] ?? {};
    expect(metas?.["my temp"]).toEqual({
      name: "my temp",
      type: "float",
      units: "C",
      slope: "both",
      tmaxS: 60,
      dmaxS: 0,
      extra: [],
    });
    expect(cells?.["my temp"]).toEqual({ value: 41.5, timeMs: NOW_MS - 30_000, decimals: 1 });
  });

  it("3.1: takes extra data, repeated GROUPs and DMAX", () => {
    const { metas } = read("gmond-3.1.xml").sink.recorded("gamma").hosts["c1"] ?? {};
    expect(metas?.["jobs"]).toEqual({
      name: "jobs",
      type: "int32",
      units: "jobs",
      slope: "positive",
      tmaxS: 60,
      dmaxS: 600,
      extra: [
        ["GROUP", "batch"],
        ["GROUP", "site"],
      ],
    });
  });

  it.each([
    ["gmond-3.1.xml", "gamma", "c1", ""],
    ["gmond-3.2.xml", "delta", "d1", "gpu,big"],
    ["gmetad-3.6.xml", "delta", "d1", "gpu,big"],
  ] as const)("%s: TAGS of %s/%s are %j, wherever they stand", (name, cluster, host, tags) => {
    expect(read(name).sink.recorded(cluster).hosts[host]?.facts.tags).toBe(tags);
  });

  it("3.0: takes OWNER, LATLONG and URL of the cluster", () => {
    const { facts } = read("gmond-3.0.xml").sink.recorded("beta");
    expect(facts).toEqual({ owner: "physics", latlong: "N52 W1", url: "http://beta.example/" });
  });

  it("before 2.5: a host without TN and TMAX is up while LOCALTIME and REPORTED are less than 60 s apart", () => {
    const { hosts } = read("gmond-2.4.xml").sink.recorded("ancient");
    const judged = Object.entries(hosts).map(([name, { reportedMs, facts }]) => [
      name,
      isHostUp((NOW_MS - reportedMs) / 1_000, facts.tmaxS),
    ]);
    expect(Object.fromEntries(judged)).toEqual({ up: true, down: false, ahead: false });
  });

  it("2.5: hosts with and without TN stand side by side in a GRID without LOCALTIME", () => {
    const { report, sink } = read("gmetad-2.5.xml");
    const { hosts } = sink.recorded("alpha");
    // LOCALTIME of the cluster is 4 s old; it is not the gmetad's clock, so nothing is known of a skew.
    expect(report.skewMs).toBe(0);
    const silences = Object.entries(hosts).map(([name, { reportedMs }]) => [name, NOW_MS - reportedMs]);
    expect(Object.fromEntries(silences)).toEqual({ a1: 6_000, a2: 26_000, a3: 86_000 });
  });

  it("2.5 and 3.0: takes the sums of a child grid whose METRICS are empty elements", () => {
    const [old] = read("gmetad-2.5.xml").sink.sums;
    const [newer] = read("gmetad-3.0.xml").sink.sums;
    const brief = (sums: typeof old) => [
      sums?.kind,
      sums?.name,
      sums?.authority,
      sums?.summary.hostsUp,
      sums?.summary.hostsDown,
      ...(sums?.summary.metrics ?? []).map(({ meta, sum, num, decimals }) => [meta.name, sum, num, decimals]),
    ];
    expect(brief(old)).toEqual([
      "grid",
      "child",
      "http://child.example/ganglia/",
      7,
      1,
      ["load_one", 3.5, 7, 2],
      ["cpu_num", 28, 7, 0],
    ]);
    expect(brief(newer)).toEqual([
      "grid",
      "far",
      "http://far.example/ganglia/",
      3,
      2,
      ["load_one", 12.75, 3, 2],
      ["mem_total", 50_331_648, 3, 0],
    ]);
  });

  it.each(VERSION_FIXTURES)("%s: a second reading gives the same, out of memory", (name) => {
    const sink = new RecordingSink();
    const reader = new GangliaXmlReader({ source: "test", sink });
    const first = reader.read(versionFixture(name), NOW_MS);
    const once = sink.clusterNames.map((cluster) => sink.recorded(cluster));
    const sumsOnce = sink.sums.splice(0);
    sink.clearCells();
    expect(reader.read(versionFixture(name), NOW_MS)).toEqual(first);
    expect(sink.clusterNames.map((cluster) => sink.recorded(cluster))).toEqual(once);
    expect(sink.sums).toEqual(sumsOnce);
  });

  it("3.7.2, captured: the sums of a summary are the sums of its hosts", () => {
    const sink = new RecordingSink();
    const reader = new GangliaXmlReader({ source: "test", sink });
    reader.read(fixture("gmetad-8652-filter-summary.xml"), NOW_MS);
    const [grid, ...others] = sink.sums;
    expect(others).toEqual([]);
    expect([grid?.kind, grid?.name, grid?.summary.hostsUp, grid?.summary.hostsDown]).toEqual(["grid", "Test", 3, 0]);
    const cpus = grid?.summary.metrics.find(({ meta }) => meta.name === "cpu_num");
    reader.read(fixture("gmetad-8651.xml"), NOW_MS);
    const hosts = Object.values(sink.recorded("probe").hosts);
    const total = hosts.reduce((sum, { cells }) => sum + Number(cells["cpu_num"]?.value), 0);
    expect([cpus?.sum, cpus?.num, cpus?.decimals]).toEqual([total, 3, 0]);
  });
});
