import { execFileSync, spawnSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import type { ClusterView, Column } from "../../../../core/model/columns.js";
import { ClusterDirectory } from "../../../../core/model/directory.js";
import { newHostFacts } from "../../../../core/model/host.js";
import type { MetricMeta, MetricType } from "../../../../core/model/metric.js";
import { DECIMALS_SHORTEST } from "../../../../core/model/number-text.js";
import type { ClusterSummary } from "../../../../core/model/summary.js";
import { GangliaXmlReader } from "../../../../core/wire/ganglia/xml-reader.js";
import {
  DOCUMENT_HEAD,
  GANGLIA_XML_CLOSE,
  GRID_CLOSE,
  gangliaXmlOpen,
  gridOpen,
  type Selection,
  writeCluster,
  writeClusterSummary,
  writeSummaryBody,
} from "../../../../core/wire/ganglia/xml-writer.js";
import { type FixtureName, fixture } from "../../../support/ganglia-documents.js";
import { RecordingSink } from "../../../support/recording-sink.js";

const NOW_MS = 1_700_000_000_000;

interface Cell {
  readonly host: string;
  readonly meta: MetricMeta;
  readonly value: number | string;
  readonly ageS?: number;
  readonly decimals?: number;
}

function metaOf(name: string, type: MetricType, more: Partial<MetricMeta> = {}): MetricMeta {
  return { name, type, units: "", slope: "both", tmaxS: 60, dmaxS: 0, extra: [], ...more };
}

/** A view made by hand; hosts appear in the order of their cells. */
function viewOf(cells: readonly Cell[], directory = new ClusterDirectory("c"), describe = true): ClusterView {
  const columns: Column[] = [];
  for (const { host, meta, value, ageS = 0, decimals = 0 } of cells) {
    const row = directory.row(host);
    const kind = typeof value === "number" ? "number" : "text";
    const column = directory.column(meta.name, kind);
    if (describe) directory.describeMetric(row, column, meta);
    const base = { column, name: meta.name, timesMs: new Float64Array(64), changedFrames: new Float64Array(64) };
    columns[column] ??=
      kind === "number"
        ? { ...base, kind, values: new Float64Array(64).fill(Number.NaN), decimals: new Uint8Array(64) }
        : { ...base, kind, texts: [] };
    const made = columns[column] as Column;
    made.timesMs[row] = NOW_MS - ageS * 1_000;
    if (made.kind === "number") {
      made.values[row] = value as number;
      made.decimals[row] = decimals;
    } else {
      (made.texts as string[])[row] = value as string;
    }
  }
  return {
    directory,
    rowCount: directory.rowCount,
    reportedMs: new Float64Array(64).fill(NOW_MS - 2_500),
    frameTimeMs: NOW_MS,
    frameNumber: 1,
    columns: () => columns,
    column: (column) => columns[column],
  };
}

const written = (view: ClusterView, select?: Selection) => [...writeCluster(view, NOW_MS, select)].join("");
const metricLines = (text: string) => text.split("\n").filter((line) => line.startsWith("<METRIC "));
const whole = (content: string) => DOCUMENT_HEAD + gangliaXmlOpen("1.0", "gmetad") + content + GANGLIA_XML_CLOSE;

const HOSTILE = `<&>"' ]]> \u0000\u0007\u007f\u0085 é 中 🖥 \ud800 \uffff\t\n %n <!-- --> &amp; &#1;`;

const XMLLINT = "xmllint";
const hasXmllint = spawnSync(XMLLINT, ["--version"]).status === 0;

function validate(xml: string): void {
  execFileSync(XMLLINT, ["--valid", "--noout", "-"], {
    input: Buffer.from(xml, "latin1"),
    stdio: ["pipe", "pipe", "pipe"],
  });
}

describe("writeCluster", () => {
  it("writes one tag a line, attributes in gmond's order", () => {
    const directory = new ClusterDirectory("khab");
    directory.setFacts({ owner: "o", latlong: "N1 E2", url: "http://u/" });
    const facts = { ...newHostFacts("n1"), ip: "10.0.0.1", tags: "t", location: "1,2,3", dmaxS: 600, startedS: 77 };
    directory.describeHost(directory.row("n1"), facts);
    const meta = metaOf("load_one", "float", {
      units: " ",
      tmaxS: 70,
      extra: [
        ["GROUP", "load"],
        ["TITLE", "One"],
      ],
    });
    const view = viewOf([{ host: "n1", meta, value: 0.5, ageS: 12, decimals: 2 }], directory);
    expect(written(view)).toBe(`<CLUSTER NAME="khab" LOCALTIME="1700000000" OWNER="o" LATLONG="N1 E2" URL="http://u/">
<HOST NAME="n1" IP="10.0.0.1" TAGS="t" REPORTED="1699999997" TN="2" TMAX="20" DMAX="600" LOCATION="1,2,3" GMOND_STARTED="77">
<METRIC NAME="load_one" VAL="0.50" TYPE="float" UNITS=" " TN="12" TMAX="70" DMAX="0" SLOPE="both" SOURCE="gmond">
<EXTRA_DATA>
<EXTRA_ELEMENT NAME="GROUP" VAL="load"/>
<EXTRA_ELEMENT NAME="TITLE" VAL="One"/>
</EXTRA_DATA>
</METRIC>
</HOST>
</CLUSTER>
`);
  });

  it.each([
    ["0.50", 0.5, 2],
    ["1795288274", 1_795_288_274, 0],
    ["-3.000", -3, 3],
    ["0.1", 0.1, DECIMALS_SHORTEST],
    ["1e+300", 1e300, 0],
    ["nan", Number.NaN, 2],
    ["inf", Number.POSITIVE_INFINITY, 2],
    ["-inf", Number.NEGATIVE_INFINITY, 2],
  ])("writes VAL=%j", (text, value, decimals) => {
    const view = viewOf([{ host: "h", meta: metaOf("m", "double"), value, decimals }]);
    expect(metricLines(written(view))[0]).toContain(` VAL="${text}" `);
  });

  it("writes a text escaped", () => {
    const view = viewOf([{ host: "h", meta: metaOf("m", "string"), value: `a&<>"'é` }]);
    expect(metricLines(written(view))[0]).toContain(' VAL="a&amp;&lt;&gt;&quot;&apos;&#233;" TYPE="string" ');
  });

  it("leaves out cells without a value and free rows", () => {
    const view = viewOf([
      { host: "a", meta: metaOf("m", "float"), value: 1 },
      { host: "b", meta: metaOf("n", "float"), value: 2 },
      { host: "c", meta: metaOf("m", "float"), value: 3 },
    ]);
    view.directory.freeRow(view.directory.findRow("b"));
    const text = written(view);
    expect(text.match(/<HOST NAME="\w"|<METRIC NAME="\w" VAL="\d"/g)).toEqual([
      '<HOST NAME="a"',
      '<METRIC NAME="m" VAL="1"',
      '<HOST NAME="c"',
      '<METRIC NAME="m" VAL="3"',
    ]);
  });

  it.each([
    [0, 1_000, 1],
    [600, 600, 1],
    [600, 601, 0],
  ])("with DMAX %d writes a metric of age %d so many times: %d", (dmaxS, ageS, count) => {
    const view = viewOf([{ host: "h", meta: metaOf("m", "float", { dmaxS }), value: 1, ageS }]);
    expect(metricLines(written(view))).toHaveLength(count);
  });

  it("never writes an age below zero", () => {
    const view = viewOf([{ host: "h", meta: metaOf("m", "float"), value: 1, ageS: -30 }]);
    expect(metricLines(written(view))[0]).toContain(' TN="0" ');
  });

  it("writes the newer one of a metric that is text and number on one host", () => {
    const text = metaOf("m", "string");
    const number = metaOf("m", "float");
    const view = viewOf([
      { host: "a", meta: text, value: "old", ageS: 9 },
      { host: "a", meta: number, value: 1, ageS: 3 },
      { host: "b", meta: text, value: "new", ageS: 3 },
      { host: "b", meta: number, value: 2, ageS: 9 },
      { host: "c", meta: text, value: "same", ageS: 3 },
      { host: "c", meta: number, value: 3, ageS: 3 },
    ]);
    expect(metricLines(written(view)).map((line) => /VAL="(\w+)"/.exec(line)?.[1])).toEqual(["1", "new", "3"]);
  });

  it("writes what is known of a metric that was never described", () => {
    const cells = [
      { host: "h", meta: metaOf("m", "float"), value: 1 },
      { host: "h", meta: metaOf("t", "string"), value: "x" },
    ];
    expect(metricLines(written(viewOf(cells, new ClusterDirectory("c"), false)))).toEqual([
      '<METRIC NAME="m" VAL="1" TYPE="double" UNITS="" TN="0" TMAX="0" DMAX="0" SLOPE="unspecified" SOURCE="gmond">',
      '<METRIC NAME="t" VAL="x" TYPE="string" UNITS="" TN="0" TMAX="0" DMAX="0" SLOPE="unspecified" SOURCE="gmond">',
    ]);
  });

  it.each([
    [{}, "a:m a:n b:m b:n"],
    [{ row: 1 }, "b:m b:n"],
    [{ row: 1, metric: "n" }, "b:n"],
    [{ metric: "m" }, "a:m b:m"],
    [{ metric: "nosuch" }, ""],
    [{ row: 7 }, ""],
  ])("selects %j", (select, expected) => {
    const cells = ["a", "b"].flatMap((host) =>
      ["m", "n"].map((name) => ({ host, meta: metaOf(name, "float"), value: 1 })),
    );
    const view = viewOf(cells);
    const found: string[] = [];
    let host = "";
    for (const [, tag, name] of written(view, select).matchAll(/<(HOST|METRIC) NAME="(\w+)"/g)) {
      if (tag === "HOST") host = name as string;
      else found.push(`${host}:${name}`);
    }
    expect(found.join(" ")).toBe(expected);
  });

  it("gives a chunk for each host and one around them", () => {
    const view = viewOf(["a", "b", "c"].map((host) => ({ host, meta: metaOf("m", "float"), value: 1 })));
    expect([...writeCluster(view, NOW_MS)]).toHaveLength(5);
  });
});

const SUMMARY: ClusterSummary = {
  hostsUp: 2,
  hostsDown: 1,
  metrics: [
    { meta: metaOf("load_one", "float", { units: " ", extra: [["GROUP", "load"]] }), sum: 1.25, num: 2, decimals: 2 },
    { meta: metaOf("bytes", "float", { slope: "derivative" }), sum: 7, num: 1, decimals: 0 },
  ],
};

describe("writeSummaryBody", () => {
  it("writes HOSTS and METRICS as gmetad does", () => {
    expect([...writeSummaryBody(SUMMARY)].join("")).toBe(`<HOSTS UP="2" DOWN="1" SOURCE="gmetad"/>
<METRICS NAME="load_one" SUM="1.25" NUM="2" TYPE="double" UNITS=" " SLOPE="both" SOURCE="gmond">
<EXTRA_DATA>
<EXTRA_ELEMENT NAME="GROUP" VAL="load"/>
</EXTRA_DATA>
</METRICS>
<METRICS NAME="bytes" SUM="7" NUM="1" TYPE="double" UNITS="" SLOPE="derivative" SOURCE="gmond">
<EXTRA_DATA>
</EXTRA_DATA>
</METRICS>
`);
  });

  it("writes a summary of 1,000 metrics in pieces", () => {
    const metrics = Array.from({ length: 1_000 }, (_, i) => ({
      meta: metaOf(`m${i}`, "float"),
      sum: i,
      num: 1,
      decimals: 0,
    }));
    const chunks = [...writeSummaryBody({ hostsUp: 1, hostsDown: 0, metrics })];
    expect(Math.max(...chunks.map((chunk) => chunk.length))).toBeLessThan(16_384);
    expect(chunks.join("").split("<METRICS ")).toHaveLength(1_001);
  });
});

describe("whole documents", () => {
  const hostile = () => {
    const directory = new ClusterDirectory("c <&>\"' é 🖥");
    directory.setFacts({ owner: HOSTILE, latlong: HOSTILE, url: HOSTILE });
    const name = `h <&>"' é 🖥`;
    directory.describeHost(directory.row(name), {
      ...newHostFacts(name),
      ip: HOSTILE,
      tags: HOSTILE,
      location: HOSTILE,
    });
    const meta = metaOf(`m <&>"' é 🖥`, "string", { units: HOSTILE, slope: "derivative", extra: [[HOSTILE, HOSTILE]] });
    const numbers = (
      ["int8", "uint8", "int16", "uint16", "int32", "uint32", "float", "double", "timestamp"] as const
    ).map((type) => ({ host: name, meta: metaOf(type, type), value: 1 }));
    return viewOf([{ host: name, meta, value: HOSTILE }, ...numbers], directory);
  };
  const hostileSummary: ClusterSummary = {
    hostsUp: 0,
    hostsDown: 0,
    metrics: [
      { meta: metaOf(HOSTILE, "float", { units: HOSTILE, extra: [[HOSTILE, HOSTILE]] }), sum: 0, num: 0, decimals: 0 },
    ],
  };
  const documents: [string, () => string][] = [
    ["nothing in it", () => whole("")],
    ["hostile names everywhere", () => whole(gridOpen(HOSTILE, HOSTILE, NOW_MS) + written(hostile()) + GRID_CLOSE)],
    [
      "sums with hostile names",
      () => {
        const { facts, name } = hostile().directory;
        const inner = [...writeClusterSummary(name, facts, hostileSummary, NOW_MS), ...writeSummaryBody(SUMMARY)];
        return whole(gridOpen("g", "http://a/", NOW_MS) + inner.join("") + GRID_CLOSE);
      },
    ],
    ["a gmond's content", () => whole(written(recordedFixture("gmond-8649.xml", 1_795_289_045).sink.view("probe")))],
  ];

  it.each(documents)("are pure ASCII: %s", (_name, make) => {
    expect(make()).toMatch(/^[\n\x20-\x7e]*$/);
  });

  // Missing only on machines that do not run the whole suite.
  it.skipIf(!hasXmllint).each(documents)("are valid by their own DTD: %s", (_name, make) => {
    const xml = make();
    expect(() => validate(xml)).not.toThrow();
    expect(() => validate(xml.replace("</GANGLIA_XML>", "<NOPE/></GANGLIA_XML>"))).toThrow();
  });

  it.each([
    ["gmond-8649.xml", 1_795_289_045],
    ["gmetad-8651.xml", 1_795_291_102],
    ["gmetad-8652-cluster-host.xml", 1_795_291_102],
  ] as const)("say the same after reading and writing: %s", (name, nowS) => {
    const { sink } = recordedFixture(name, nowS);
    const text = whole(
      gridOpen("g", "a", nowS * 1_000) + [...writeCluster(sink.view("probe"), nowS * 1_000)].join("") + GRID_CLOSE,
    );
    const again = new RecordingSink();
    const report = new GangliaXmlReader({ source: "test", sink: again }).read(Buffer.from(text), nowS * 1_000);
    expect(report).toMatchObject({ malformed: 0, complete: true, version: "1.0", sourceKind: "gmetad" });
    expect(again.recorded("probe")).toEqual(sink.recorded("probe"));
  });

  it("bring hostile names and texts back, but for what XML cannot carry", () => {
    const view = hostile();
    const sink = new RecordingSink();
    new GangliaXmlReader({ source: "test", sink }).read(Buffer.from(whole(written(view))), NOW_MS);
    // XML has no place for most control characters, halves of surrogate pairs, and U+FFFF.
    const carried = HOSTILE.replaceAll(/[\u0000\u0007\uffff]|\ud800/g, "");
    const recorded = sink.recorded(view.directory.name);
    const host = recorded.hosts[`h <&>"' é 🖥`];
    expect(recorded.facts.owner).toBe(carried);
    expect(host?.facts.ip).toBe(carried);
    expect(host?.cells[`m <&>"' é 🖥`]?.value).toBe(carried);
    expect(host?.metas[`m <&>"' é 🖥`]).toMatchObject({
      units: carried,
      slope: "derivative",
      extra: [[carried, carried]],
    });
  });
});

function recordedFixture(name: FixtureName, nowS: number): { sink: RecordingSink } {
  const sink = new RecordingSink();
  new GangliaXmlReader({ source: "test", sink }).read(fixture(name), nowS * 1_000);
  return { sink };
}
