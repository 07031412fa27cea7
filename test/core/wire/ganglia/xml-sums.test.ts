/** Grids and clusters of which a document tells only sums. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { DECIMALS_SHORTEST } from "../../../../core/model/number-text.js";
import { areSumsLive } from "../../../../core/model/summary.js";
import { GangliaXmlReader, type GangliaXmlReaderOptions } from "../../../../core/wire/ganglia/xml-reader.js";
import {
  cluster,
  document,
  grid,
  host,
  hostCounts,
  LOCALTIME_S,
  metric,
  metricSum,
  versionFixture,
} from "../../../support/ganglia-documents.js";
import { RecordingSink } from "../../../support/recording-sink.js";

const NOW_MS = LOCALTIME_S * 1_000;

function reader(more: Partial<GangliaXmlReaderOptions> = {}) {
  const sink = new RecordingSink();
  const made = new GangliaXmlReader({ source: "test", sink, everyS: 15, ...more });
  const read = (content: string | Buffer, receivedMs = NOW_MS) =>
    made.read(typeof content === "string" ? Buffer.from(document(content, "gmetad")) : content, receivedMs);
  return { read, sink };
}

/** "grid north 40+2" of each, in order. */
const toldBy = (sink: RecordingSink) =>
  sink.sums.map(({ kind, name, summary }) => `${kind} ${name} ${summary.hostsUp}+${summary.hostsDown}`);

function readSums(content: string, more?: Partial<GangliaXmlReaderOptions>) {
  const { read, sink } = reader(more);
  return { report: read(content), told: toldBy(sink), sink };
}

const sums = (up: number) => hostCounts(up, 0) + metricSum("m", up * 2, up);

/** One METRICS element in a grid. */
function readSum(element: string) {
  const { report, sink } = readSums(grid("g", hostCounts(1, 0) + element));
  return { report, sum: sink.sums[0]?.summary.metrics[0] };
}

describe("GangliaXmlReader, which sums are told", () => {
  it.each([
    ["a child grid", grid("self", grid("child", sums(3))), ["grid child 3+0"]],
    ["a cluster without hosts", grid("self", cluster("c", sums(3))), ["cluster c 3+0"]],
    [
      "the grid itself, and nothing that is part of it",
      grid("self", sums(5) + cluster("c", sums(3)) + grid("child", sums(2))),
      ["grid self 5+0"],
    ],
    [
      "several side by side",
      grid("self", grid("a", sums(1)) + cluster("b", sums(2)) + grid("c", sums(3))),
      ["grid a 1+0", "cluster b 2+0", "grid c 3+0"],
    ],
    [
      "a grandchild whose parent has none",
      grid("self", grid("child", grid("grandchild", sums(4)))),
      ["grid grandchild 4+0"],
    ],
    [
      "a child, and not the grandchild in it",
      grid("self", grid("child", sums(6) + grid("grandchild", sums(4)))),
      ["grid child 6+0"],
    ],
    [
      "a child whose sums stand behind the grandchild",
      grid("self", grid("child", grid("grandchild", sums(4)) + sums(6))),
      ["grid child 6+0"],
    ],
    ["two outermost grids", grid("one", sums(1)) + grid("two", sums(2)), ["grid one 1+0", "grid two 2+0"]],
    ["a cluster outside of any grid", cluster("c", sums(3)), ["cluster c 3+0"]],
    ["a cluster with METRICS alone", cluster("c", metricSum("m", 1, 1)), ["cluster c 0+0"]],
    [
      "what stands in a grid with hosts, not that grid, whose sums have counted them",
      grid("self", sums(9) + cluster("c", host("h")) + grid("child", sums(2))),
      ["grid child 2+0"],
    ],
    ["nothing of a cluster that has hosts", grid("self", cluster("c", sums(3) + host("h", metric("m", 1)))), []],
    ["nothing of an empty grid", grid("self", grid("child", "")), []],
  ])("tells %s", (_name, content, expected) => {
    const { report, told } = readSums(content);
    expect(told).toEqual(expected);
    expect(report).toMatchObject({ summaries: expected.length, malformed: 0, complete: true });
  });

  it("takes three levels of federation at the level that a dump tells of: own clusters and the child, nothing below", () => {
    const { read, sink } = reader();
    const report = read(versionFixture("federation-3.7.xml"));
    expect(report).toMatchObject({ clusters: 1, hosts: 1, summaries: 2, malformed: 0 });
    expect(toldBy(sink)).toEqual(["cluster quiet 2+3", "grid middle 10+1"]);
    const middle = sink.sums[1]?.summary.metrics.map(({ meta, sum, num }) => [meta.name, sum, num]);
    // own 6 hosts and bottom 4 hosts, each once: not 14 as where bottom were counted again.
    expect(middle).toEqual([
      ["load_one", 7.25, 10],
      ["cpu_num", 56, 10],
    ]);
  });

  it("takes the summary of three levels of federation as one, the outermost", () => {
    const { read, sink } = reader();
    read(versionFixture("federation-summary-3.7.xml"));
    expect(toldBy(sink)).toEqual(["grid top 13+4"]);
    expect(sink.clusterNames).toEqual([]);
  });

  it("tells of a real gmetad's child what it says, though it has lost the metrics of the grandchild's hosts", () => {
    const { read, sink } = reader();
    const octets = readFileSync("test/fixtures/ganglia-3.7.2/gmetad-8651-federation.xml");
    const report = read(octets, 1_795_309_159_000);
    expect(report).toMatchObject({ clusters: 1, hosts: 3, summaries: 1, malformed: 0, skewMs: 0, complete: true });
    expect([sink.clusterNames, toldBy(sink)]).toEqual([["gamma"], ["grid level2 6+0"]]);
    const cpus = sink.sums[0]?.summary.metrics.find(({ meta }) => meta.name === "cpu_num");
    expect([cpus?.sum, cpus?.num]).toEqual([6, 3]);
  });

  it("tells the same of a grid from any level that is asked", () => {
    const whole = versionFixture("federation-3.7.xml").toString();
    const middle = /<GRID NAME="middle"[\s\S]*<\/GRID>\n(?=<\/GRID>)/.exec(whole)?.[0] ?? "";
    const bottom = /<GRID NAME="bottom"[\s\S]*?<\/GRID>\n/.exec(middle)?.[0] ?? "";
    expect(readSums(middle).sink.sums).toEqual(readSums(grid("top", middle)).sink.sums);
    expect(readSums(bottom).told).toEqual(["grid bottom 4+1"]);
    expect(readSums(grid("top", grid("between", bottom))).told).toEqual(["grid bottom 4+1"]);
  });

  it("says whose they are, when they were read and how long they are good", () => {
    const facts = { OWNER: "physics", LATLONG: "N1", URL: "http://c/" };
    const { sink } = readSums(
      grid("self", grid("child", sums(3), { AUTHORITY: "http://x/?a&amp;b" }) + cluster("c", sums(2), facts)),
      { everyS: 60 },
    );
    const none = { owner: "unspecified", latlong: "unspecified", url: "unspecified" };
    const common = { source: "test", timeMs: NOW_MS, tmaxS: 60 };
    expect(sink.sums).toMatchObject([
      { kind: "grid", name: "child", authority: "http://x/?a&b", facts: none, ...common },
      {
        kind: "cluster",
        name: "c",
        authority: "",
        facts: { owner: "physics", latlong: "N1", url: "http://c/" },
        ...common,
      },
    ]);
  });

  it("keeps of two grids of one name the first, and says so", () => {
    const { told, report } = readSums(grid("self", grid("x", sums(1)) + grid("x", sums(2)) + cluster("x", sums(3))));
    expect(told).toEqual(["grid x 1+0", "cluster x 3+0"]);
    expect(report.faults).toEqual([
      'the sums of grid "x" are refused: they come twice, the first ones are kept; let grids and clusters differ in their names',
    ]);
  });

  it("renames clusters and grids, in sums and in detail", () => {
    const rename = new Map([
      ["unspecified", "gpu"],
      ["a", "b"],
      ["b", "a"],
    ]);
    const content =
      cluster("unspecified", host("h")) +
      cluster("a", host("h1")) +
      grid("b", sums(1)) +
      grid("g", cluster("unspecified", sums(2)));
    const { told, sink, report } = readSums(content, { rename });
    expect([sink.clusterNames, told, report.malformed]).toEqual([["gpu", "b"], ["grid a 1+0", "cluster gpu 2+0"], 0]);
    const bare = reader({ rename });
    bare.read(host("h"));
    expect(bare.sink.clusterNames).toEqual(["gpu"]);
  });

  it("passes clusters with hosts over where only sums are wanted", () => {
    const content = grid("self", cluster("c", host("h", metric("m", 1))) + grid("child", sums(2)));
    const { told, sink, report } = readSums(content, { detail: false });
    expect([told, sink.clusterNames, sink.frames]).toEqual([["grid child 2+0"], [], 0]);
    expect(report).toMatchObject({ hosts: 0, clusters: 0, summaries: 1, malformed: 0, complete: true });
  });

  it("measures the clock of a document that has only sums", () => {
    const { read } = reader();
    expect(read(grid("self", sums(1)), NOW_MS + 7_200_000).skewMs).toBe(-7_200_000);
    expect(read(grid("self", sums(1)), NOW_MS + 1_000).skewMs).toBe(0);
  });
});

describe("GangliaXmlReader, sums that stand still", () => {
  it("takes the sums of a child that has died, which its gmetad repeats for ever, for live only ten minutes more", () => {
    const { read, sink } = reader();
    const live = [];
    for (let minute = 0; minute <= 14; minute++) {
      const nowMs = NOW_MS + minute * 60_000;
      const child = (name: string, diedAfter: number) =>
        grid(name, sums(1), { LOCALTIME: LOCALTIME_S - 500 + Math.min(minute, diedAfter) * 60 });
      read(grid("self", child("lives", 99) + child("dies", 2), { LOCALTIME: LOCALTIME_S + minute * 60 }), nowMs);
      live.push(sink.sums.splice(0).map((told) => areSumsLive(told, nowMs)));
    }
    expect(live.map(([lives]) => lives)).toEqual(Array(15).fill(true));
    expect(live.map(([, dies]) => dies)).toEqual([...Array(13).fill(true), false, false]);
  });

  it("takes them for new where a grid tells no LOCALTIME", () => {
    const { read, sink } = reader();
    for (const minute of [0, 30]) {
      read(grid("self", `<GRID NAME="x" AUTHORITY="">${sums(1)}</GRID>`), NOW_MS + minute * 60_000);
    }
    expect(sink.sums.map(({ timeMs }) => timeMs - NOW_MS)).toEqual([0, 1_800_000]);
  });
});

describe("GangliaXmlReader, METRICS", () => {
  it("takes name, sum, count, units, slope and extra data", () => {
    const { sum } = readSum(
      '<METRICS NAME="jobs" SUM="17" NUM="3" TYPE="double" UNITS="jobs" SLOPE="positive" SOURCE="gmond"><EXTRA_DATA><EXTRA_ELEMENT NAME="GROUP" VAL="batch"/></EXTRA_DATA></METRICS>',
    );
    expect(sum).toEqual({
      meta: {
        name: "jobs",
        type: "double",
        units: "jobs",
        slope: "positive",
        tmaxS: 0,
        dmaxS: 0,
        extra: [["GROUP", "batch"]],
      },
      sum: 17,
      num: 3,
      decimals: 0,
    });
  });

  it.each([
    ["0", 0, 0],
    ["-12.50", -12.5, 2],
    ["0.000000", 0, 6],
    ["9007199254740993", 9_007_199_254_740_992, 0],
    ["123456789012345680000", 123_456_789_012_345_680_000, 0],
    ["250000000000000000000000000.0", 2.5e26, 1],
    ["1e+300", 1e300, DECIMALS_SHORTEST],
  ])("takes SUM=%j as the double %d", (text, value, decimals) => {
    const { sum, report } = readSum(metricSum("m", text, 2));
    expect([sum?.sum, sum?.decimals, report.malformed]).toEqual([value, decimals, 0]);
  });

  it("takes a sum whose hosts have vanished: SUM 0 NUM 0", () => {
    expect(readSum(metricSum("m", 0, 0)).sum).toMatchObject({ sum: 0, num: 0 });
  });

  it.each([
    ["no SUM", '<METRICS NAME="m" NUM="1" TYPE="double"/>', 'SUM is "", expected a number'],
    ["a SUM that is no number", metricSum("m", "nan", 1), 'SUM is "nan", expected a number'],
    ["no NUM", '<METRICS NAME="m" SUM="1" TYPE="double"/>', 'NUM is "", expected a count of hosts'],
    ["a negative NUM", metricSum("m", 1, -1), 'NUM is "-1", expected a count of hosts'],
    [
      "a type that cannot be summed",
      metricSum("m", 1, 1, { TYPE: "string" }),
      'TYPE is "string", expected a type that can be summed',
    ],
    ["a bad name", metricSum("m&#7;", 1, 1), "it has a control character (code 7) at position 1"],
    ["a line that is cut", '<METRICS NAME="m" SUM="1" NUM="1" UNITS="b\n', "a value that is cut off by the next tag"],
    ["an attribute twice", metricSum("m", 1, 1).replace("NUM=", 'SUM="3" NUM='), "attribute SUM twice"],
    [
      "text in it",
      metricSum("m", 1, 1).replace("<EXTRA_DATA>", "oops<EXTRA_DATA>"),
      "text between the tags of a metric",
    ],
    ["its end missing", '<METRICS NAME="m" SUM="1" NUM="1" TYPE="double">\n', "a metric is not closed"],
    ["a name that came before", metricSum("first", 5, 1), "it comes twice, the first one is kept"],
  ])("passes over a sum with %s, and takes the others", (_name, bad, fault) => {
    const content = grid("g", hostCounts(2, 1) + metricSum("first", 1, 2) + bad + metricSum("last", 3, 2));
    const { report, sink } = readSums(content);
    expect(sink.sums[0]?.summary.metrics.map(({ meta, sum }) => [meta.name, sum])).toEqual([
      ["first", 1],
      ["last", 3],
    ]);
    expect(report).toMatchObject({ summaries: 1, malformed: 1, complete: true });
    expect(report.faults[0]).toContain('grid "g": sum "');
    expect(report.faults[0]).toContain(fault);
  });

  it.each([
    ["no UP", '<HOSTS DOWN="1" SOURCE="gmetad"/>'],
    ["a broken tag", "<HOSTS UP=3>"],
  ])("says that HOSTS has %s, and takes the sums", (_name, hosts) => {
    const { report, sink } = readSums(grid("g", hosts + metricSum("m", 1, 1)));
    expect(report.faults).toEqual(['grid "g": its HOSTS has no count of UP and DOWN']);
    expect(sink.sums[0]?.summary.metrics).toHaveLength(1);
  });

  it.each([
    ["nameless", `<GRID AUTHORITY="">${sums(1)}</GRID>`, 'the sums of grid "" are refused: it is empty'],
    [
      "with a broken tag",
      `<GRID NAME="x" LOCALTIME>${sums(1)}</GRID>`,
      "a tag GRID: an attribute without a quoted value",
    ],
  ])("isolates a grid %s", (_name, bad, fault) => {
    const { told, report } = readSums(grid("self", bad + grid("good", sums(2))));
    expect(told).toEqual(["grid good 2+0"]);
    expect(report.faults).toEqual([fault]);
  });

  it("stops at its limits of depth, of sums and of their metrics", () => {
    const deep = readSums(`${'<GRID NAME="g">'.repeat(5)}${sums(1)}${"</GRID>".repeat(5)}${grid("after", sums(2))}`, {
      limits: { gridDepthMax: 4 },
    });
    expect([deep.told, deep.report.faults]).toEqual([["grid after 2+0"], ["grids are nested deeper than 4"]]);
    const many = readSums(grid("a", sums(1)) + grid("b", sums(2)) + grid("c", sums(3)), { limits: { sumsMax: 2 } });
    expect([many.told, many.report.faults]).toEqual([
      ["grid a 1+0", "grid b 2+0"],
      ["more than 2 grids and clusters in sums, 1 too many"],
    ]);
    const metrics = readSums(grid("a", hostCounts(1, 0) + metricSum("x", 1, 1) + metricSum("y", 1, 1)), {
      limits: { sumMetricsMax: 1 },
    });
    expect(metrics.report.faults).toEqual(['grid "a": sum "y": there are too many sums']);
  });

  it("tells nothing of a grid or cluster that a document was cut in", () => {
    const text = document(
      grid("self", grid("whole", sums(1)) + cluster("whole", sums(2)) + grid("cut", sums(3))),
      "gmetad",
    );
    const end = text.indexOf('<GRID NAME="cut"');
    for (let length = end; length < text.lastIndexOf("</GRID>\n</GRID>"); length++) {
      const { read, sink } = reader();
      expect(read(Buffer.from(text.slice(0, length)))).toMatchObject({ malformed: 0, complete: false });
      expect(toldBy(sink)).toEqual(["grid whole 1+0", "cluster whole 2+0"]);
    }
  });
});
