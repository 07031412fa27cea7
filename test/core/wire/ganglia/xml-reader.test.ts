import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { DECIMALS_SHORTEST, decimalsOf } from "../../../../core/model/number-text.js";
import { GangliaXmlReader, type ReaderLimits, type ReadReport } from "../../../../core/wire/ganglia/xml-reader.js";
import {
  cluster,
  document,
  fixture,
  grid,
  host,
  LOCALTIME_S,
  metric,
  tag,
} from "../../../support/ganglia-documents.js";
import { RecordingSink } from "../../../support/recording-sink.js";

const NOW_MS = LOCALTIME_S * 1_000;

interface Reading {
  readonly report: ReadReport;
  readonly sink: RecordingSink;
}

function read(xml: string | Uint8Array, receivedMs = NOW_MS, limits: Partial<ReaderLimits> = {}): Reading {
  const sink = new RecordingSink();
  const reader = new GangliaXmlReader({ source: "test", sink, limits });
  const octets = typeof xml === "string" ? Buffer.from(xml, "utf8") : xml;
  return { report: reader.read(octets, receivedMs), sink };
}

/** One metric on one host. */
function readMetric(element: string) {
  const { report, sink } = read(document(cluster("c", host("h", element))));
  const recorded = sink.clusterNames.includes("c") ? sink.recorded("c").hosts["h"] : undefined;
  const name = Object.keys(recorded?.cells ?? {})[0] ?? "";
  return { report, name, cell: recorded?.cells[name], meta: recorded?.metas[name] };
}

/** The fixtures are regular, so their content can be had in quite another way. */
function expectedHosts(xml: string, nowS: number) {
  const hosts: Record<
    string,
    { ip: string; started: number; cells: Record<string, unknown>; types: Record<string, string> }
  > = {};
  for (const [, attributes, body] of xml.matchAll(/<HOST NAME([\s\S]*?)>\n([\s\S]*?)<\/HOST>/g)) {
    const of = (text: string, key: string) => new RegExp(`(?:^|\\s)${key}="([^"]*)"`).exec(` NAME${text}`)?.[1] ?? "";
    const cells: Record<string, unknown> = {};
    const types: Record<string, string> = {};
    for (const [, inner] of (body as string).matchAll(/<METRIC NAME([^>]*)>/g)) {
      const val = of(inner as string, "VAL");
      const type = of(inner as string, "TYPE");
      const timeMs = (nowS - Number(of(inner as string, "TN"))) * 1_000;
      types[of(inner as string, "NAME")] = `${type} ${of(inner as string, "UNITS")} ${of(inner as string, "TMAX")}`;
      cells[of(inner as string, "NAME")] =
        type === "string"
          ? { value: val, timeMs, decimals: 0 }
          : { value: Number(val), timeMs, decimals: decimalsOf(val) };
    }
    const text = attributes as string;
    hosts[of(text, "NAME")] = { ip: of(text, "IP"), started: Number(of(text, "GMOND_STARTED")), cells, types };
  }
  return hosts;
}

describe("GangliaXmlReader, captured documents", () => {
  it.each([
    ["gmond-8649.xml", 1_795_289_045, "gmond", { clusters: 1, summaries: 0, hosts: 3, metrics: 117 }],
    ["gmetad-8651.xml", 1_795_291_102, "gmetad", { clusters: 1, summaries: 0, hosts: 3, metrics: 117 }],
    ["gmetad-8652-cluster-host.xml", 1_795_291_102, "gmetad", { clusters: 1, summaries: 0, hosts: 1, metrics: 39 }],
  ] as const)("reads %s whole", (name, nowS, sourceKind, counts) => {
    const octets = fixture(name);
    const { report, sink } = read(octets, nowS * 1_000 + 400);
    expect(report).toEqual({
      ...counts,
      version: "3.7.2",
      sourceKind,
      malformed: 0,
      faults: [],
      skewMs: 0,
      complete: true,
    });
    const recorded = sink.recorded("probe");
    const expected = expectedHosts(octets.toString("latin1"), nowS);
    expect(Object.keys(recorded.hosts)).toEqual(Object.keys(expected));
    for (const [hostName, { ip, started, cells, types }] of Object.entries(expected)) {
      const { facts, metas, cells: readCells } = recorded.hosts[hostName] as (typeof recorded.hosts)[string];
      expect(facts).toEqual({
        name: hostName,
        ip,
        tags: "",
        location: "unspecified",
        tmaxS: 20,
        dmaxS: 0,
        startedS: started,
      });
      expect(readCells).toEqual(cells);
      const readTypes = Object.entries(metas).map(([key, meta]) => [
        key,
        `${meta?.type} ${meta?.units} ${meta?.tmaxS}`,
      ]);
      expect(Object.fromEntries(readTypes)).toEqual(types);
    }
  });

  it("reads the extra data of a metric in the order of the document", () => {
    const { sink } = read(fixture("gmond-8649.xml"));
    expect(sink.recorded("probe").hosts["10.77.0.12"]?.metas["bytes_in"]).toEqual({
      name: "bytes_in",
      type: "float",
      units: "bytes/sec",
      slope: "both",
      tmaxS: 300,
      dmaxS: 0,
      extra: [
        ["GROUP", "network"],
        ["DESC", "Number of bytes in per second"],
        ["TITLE", "Bytes Received"],
      ],
    });
  });

  it("reads what gmond makes of odd packets", () => {
    const captured = readFileSync("test/fixtures/ganglia-3.7.2/gmond-8649-odd.xml", "latin1");
    // The two metrics whose lines gmond has cut spoil their host; here without them.
    const readable = captured.replaceAll(/<METRIC NAME="longu?"[\s\S]*?<\/METRIC>\n/g, "");
    const { report, sink } = read(Buffer.from(readable, "latin1"), 1_795_296_302_000);
    expect(report).toMatchObject({ hosts: 2, malformed: 1, complete: true });
    expect(report.faults[0]).toContain('metric "unk" has TYPE "weird"');
    const cells = (host: string) =>
      Object.entries(sink.recorded("c&<1").hosts[host]?.cells ?? {}).map(([name, { value }]) => [name, value]);
    expect(Object.fromEntries(cells("sp1"))).toEqual({ aa: 3, sp: 3 });
    expect(Object.fromEntries(cells("localhost"))).toEqual({
      a_b: 1,
      ctl: "x\u0001\t\n\u001fy\u007fz",
      dmaxbig: 5,
      esc: `a&b<c>d"e'f`,
      f32: 0.13,
      f32b: 1_234_570,
      inf: Number.NaN,
      int8: -5,
      num: 1.5,
      'odd na"me/x': 1,
      us: 4_464,
      utf: "hé 中!",
    });
    const { metas } = sink.recorded("c&<1").hosts["localhost"] ?? {};
    expect([metas?.["dmaxbig"]?.dmaxS, metas?.['odd na"me/x']?.units]).toEqual([4_000_000_000, 'a&b"c<d']);
  });

  it("passes over metrics whose line gmond has cut, and takes the rest of their host", () => {
    const captured = readFileSync("test/fixtures/ganglia-3.7.2/gmond-8649-odd.xml");
    const { report } = read(captured, 1_795_296_302_000);
    expect(report).toMatchObject({ hosts: 2, metrics: 14, malformed: 3, complete: true });
    expect(report.faults.filter((fault) => fault.includes("cut off"))).toEqual([
      'host "localhost": metric "long": a value that is cut off by the next tag',
      'host "localhost": metric "longu": a value that is cut off by the next tag',
    ]);
  });

  it("hands on the sums of a summary: those of the grid, which its cluster's are part of", () => {
    const { report, sink } = read(fixture("gmetad-8652-filter-summary.xml"));
    expect(report).toMatchObject({ clusters: 0, summaries: 1, hosts: 0, metrics: 0, malformed: 0, complete: true });
    expect(sink.clusterNames).toEqual([]);
    expect(sink.sums.map(({ kind, name, summary }) => [kind, name, summary.metrics.length])).toEqual([
      ["grid", "Test", 35],
    ]);
  });
});

describe("GangliaXmlReader, structure", () => {
  it("hands on a frame for each cluster, also in nested grids", () => {
    const xml = document(
      grid("outer", cluster("a", host("h1", metric("m", 1))) + grid("inner", cluster("b", host("h2", metric("m", 2))))),
      "gmetad",
    );
    const { report, sink } = read(xml);
    expect(report).toMatchObject({ clusters: 2, hosts: 2, metrics: 2, malformed: 0, complete: true });
    expect(sink.frames).toBe(2);
    expect(sink.recorded("b").hosts["h2"]?.cells["m"]?.value).toBe(2);
  });

  it("takes the facts of cluster and host", () => {
    const more = { TAGS: "gpu,big", LOCATION: "1,2,3", TMAX: 30, DMAX: 600, GMOND_STARTED: 0 };
    const recorded = read(document(cluster("c", host("h", "", more)))).sink.recorded("c");
    expect(recorded.facts).toEqual({ owner: "o", latlong: "l", url: "u" });
    expect(recorded.hosts["h"]?.facts).toEqual({
      name: "h",
      ip: "10.0.0.1",
      tags: "gpu,big",
      location: "1,2,3",
      tmaxS: 30,
      dmaxS: 600,
      startedS: 0,
    });
  });

  it("takes attributes in any order, in either quotes, with space around them", () => {
    const element = `<METRIC\n SLOPE='zero'  TN = "7" VAL='4.50'\tTYPE="double" NEW="x" NAME="m" DMAX="1" UNITS='"'\r\n/>`;
    const bare = `<HOST TN="3" NAME="h" REPORTED='${LOCALTIME_S - 3}'>${element}</HOST >`;
    const { report, sink } = read(document(`<CLUSTER LOCALTIME='${LOCALTIME_S}' NAME='c' >${bare}</CLUSTER>`));
    expect(report).toMatchObject({ hosts: 1, metrics: 1, malformed: 0, complete: true });
    const recorded = sink.recorded("c").hosts["h"];
    expect(recorded?.cells["m"]).toEqual({ value: 4.5, timeMs: NOW_MS - 7_000, decimals: 2 });
    expect(recorded?.metas["m"]).toEqual({
      name: "m",
      type: "double",
      units: '"',
      slope: "zero",
      tmaxS: 0,
      dmaxS: 1,
      extra: [],
    });
    expect(recorded?.facts).toMatchObject({ ip: "", tmaxS: 0, location: "unspecified" });
  });

  it("takes hosts of a gmond that writes no CLUSTER", () => {
    const { report, sink } = read(document(host("h", metric("m", 1))));
    expect(report).toMatchObject({ clusters: 1, hosts: 1, malformed: 0, complete: true });
    expect(sink.clusterNames).toEqual(["unspecified"]);
  });

  it("hands on a cluster without hosts, so that it is known", () => {
    const { report, sink } = read(document(cluster("empty", "")));
    expect([report.clusters, report.complete, sink.frames, sink.clusterNames]).toEqual([1, true, 1, ["empty"]]);
  });

  it("skips DTD, comments and processing instructions before the root", () => {
    const dtd = '<!DOCTYPE GANGLIA_XML [ <!ELEMENT HOST (METRIC)*> <!-- a[1]=">" --> ] >';
    const xml = `\ufeff<?xml version="1.0"?> <!-- <HOST> --> ${dtd}\n<GANGLIA_XML VERSION="2.5.7" SOURCE="other">${cluster("c", host("h"))}</GANGLIA_XML>`;
    expect(read(xml).report).toMatchObject({ version: "2.5.7", sourceKind: "", hosts: 1, complete: true });
  });

  it("reads a document that lies inside a larger piece of memory", () => {
    const whole = Buffer.from(`xx${document(cluster("c", host("h", metric("m", 1))))}yy`);
    const { report } = read(whole.subarray(2, -2));
    expect(report).toMatchObject({ hosts: 1, metrics: 1, complete: true });
  });

  it("ignores elements it does not know", () => {
    const xml = document(`<NEWS AT="1"/>${cluster("c", `<RACK/>${host("h", metric("m", 1))}<RACK></RACK>`)}`);
    expect(read(xml).report).toMatchObject({ hosts: 1, metrics: 1, malformed: 0, complete: true });
  });
});

describe("GangliaXmlReader, values", () => {
  it.each([
    ["0.50", 0.5, 2],
    ["-3", -3, 0],
    ["-0.0", -0, 1],
    ["1795288274", 1_795_288_274, 0],
    ["18446744073709551615", 2 ** 64, 0],
    ["0.1234567890123456789", 0.123_456_789_012_345_68, 19],
    ["1e5", 100_000, DECIMALS_SHORTEST],
    [" 1.50 ", 1.5, DECIMALS_SHORTEST],
    ["007", 7, DECIMALS_SHORTEST],
    ["+1", 1, DECIMALS_SHORTEST],
    [".5", 0.5, DECIMALS_SHORTEST],
    ["5.", 5, DECIMALS_SHORTEST],
    ["&#49;2", 12, 0],
    ["nan", Number.NaN, DECIMALS_SHORTEST],
    ["-inf", Number.NaN, DECIMALS_SHORTEST],
    ["", Number.NaN, DECIMALS_SHORTEST],
    ["0x10", Number.NaN, DECIMALS_SHORTEST],
    ["1 2", Number.NaN, DECIMALS_SHORTEST],
  ])("reads the number %j as %d", (val, value, decimals) => {
    const { cell, report } = readMetric(metric("m", val));
    expect(cell).toEqual({ value, timeMs: NOW_MS - 5_000, decimals });
    expect(report.malformed).toBe(0);
  });

  it.each([
    ["Linux", "Linux"],
    ["", ""],
    ["a&amp;b&lt;c&gt;d&quot;e&apos;f", `a&b<c>d"e'f`],
    ["&#65;&#x42;&#233;&#x1F5A5;", "ABé🖥"],
    ["caf\u00e9 中", "café 中"],
    // What a gmond makes of "é 中!" where char is not signed, and of control characters.
    ["&#C5;&#@9; &#F8;&#B4;&#A3;!", "é 中!"],
    ["x&#01;&#09;&#10;&#31;y&#<7;z", "x\u0001\t\n\u001fy\u007fz"],
    ["a & b && c &nope; &#; &#x; &#99999999; &", "a & b && c &nope; &#; &#x; &#99999999; &"],
    ["1 < 2 > 0 <b>", "1 < 2 > 0 <b>"],
    ['say "hi" twice', 'say "hi" twice'],
    ['"', '"'],
    ["two\nlines", "two\nlines"],
  ])("reads the text %j as %j", (val, text) => {
    const { cell, report } = readMetric(metric("m", val, { TYPE: "string" }));
    expect(cell).toEqual({ value: text, timeMs: NOW_MS - 5_000, decimals: 0 });
    expect(report).toMatchObject({ hosts: 1, malformed: 0, complete: true });
  });

  it("takes octets that are no UTF-8 as Latin-1", () => {
    const xml = document(cluster("c", host("h", metric("m", "gr\u00fcn", { TYPE: "string" }))));
    const { sink } = read(Buffer.from(xml, "latin1"));
    expect(sink.recorded("c").hosts["h"]?.cells["m"]?.value).toBe("grün");
  });

  it.each([
    ["TN", -1, NOW_MS],
    ["TN", 0, NOW_MS],
    ["TN", 86_400, NOW_MS - 86_400_000],
  ])("takes %s=%d for the age", (key, value, timeMs) => {
    expect(readMetric(metric("m", 1, { [key]: value })).cell?.timeMs).toBe(timeMs);
  });

  it("takes a metric without TN as new", () => {
    expect(readMetric('<METRIC NAME="m" VAL="1" TYPE="int32"/>').cell?.timeMs).toBe(NOW_MS);
  });

  it("has no value of a metric that was never heard", () => {
    const { cell, report } = readMetric(metric("m", 1, { TN: LOCALTIME_S }));
    expect([cell, report.hosts, report.metrics]).toEqual([undefined, 1, 0]);
  });

  it.each([
    ["-1", 4_294_967_295],
    ["-294967296", 4_000_000_000],
    ["4294967296", 0],
    ["soon", 0],
    ["1.5", 0],
  ])("takes DMAX=%j, which gmond prints through %%d, as %d", (printed, dmaxS) => {
    expect(readMetric(metric("m", 1, { DMAX: printed })).meta?.dmaxS).toBe(dmaxS);
  });

  it.each([
    ["timestamp", "number"],
    ["int8", "number"],
    ["string", "string"],
  ])("keeps a %s as %s", (type, kind) => {
    expect(typeof readMetric(metric("m", "17", { TYPE: type })).cell?.value).toBe(kind);
  });

  it("takes a slope it does not know as unspecified", () => {
    expect(readMetric(metric("m", 1, { SLOPE: "steep" })).meta?.slope).toBe("unspecified");
    expect(readMetric(metric("m", 1, { SLOPE: "derivative" })).meta?.slope).toBe("derivative");
  });

  it("keeps a metric that is text on one host and a number on another apart", () => {
    const hosts = host("a", metric("m", "1")) + host("b", metric("m", "one", { TYPE: "string" }));
    const { sink } = read(document(cluster("c", hosts)));
    expect([
      sink.recorded("c").hosts["a"]?.cells["m"]?.value,
      sink.recorded("c").hosts["b"]?.cells["m"]?.value,
    ]).toEqual([1, "one"]);
  });
});

describe("GangliaXmlReader, what is refused", () => {
  const good = host("good", metric("m", 1));
  const after = host("after", metric("m", 2));

  it.each([
    [
      "a host tag that is cut",
      `${tag("HOST", { NAME: "bad" })} IP="1${good.replace("good", "other")}`,
      "cut off by the next tag",
    ],
    ["a host that is not closed", host("bad", metric("m", 1)).replace("</HOST>\n", ""), "it is not closed"],
    ["a metric behind which its end is missing", host("bad", "<METRIC NAME=m>\n").replace("</HOST>\n", ""), "quoted"],
    ["text between metrics", host("bad", `${metric("m", 1)}oops`), "text between the tags of a host"],
    ["a broken end tag", host("bad", metric("m", 1)).replace("</HOST>", "</HOST x>"), "broken end tag"],
    ["a control character in its name", host("ba\u0007d", metric("m", 1)), "control character (code 7)"],
    ["a name without characters", host("", metric("m", 1)), "it is empty"],
    [
      "more metrics than any",
      host("bad", Array.from({ length: 21 }, (_, i) => metric(`m${i}`, i)).join("")),
      "more than 20 metrics",
    ],
  ])("passes over a host with %s", (_name, bad, fault) => {
    const { report, sink } = read(document(cluster("c", good + bad + after)), NOW_MS, { metricsPerHostMax: 20 });
    expect(report).toMatchObject({ malformed: 1, complete: true });
    expect(report.faults[0]).toContain(fault);
    const { hosts } = sink.recorded("c");
    expect(Object.keys(hosts).filter((name) => name !== "other")).toEqual(["good", "after"]);
    expect([hosts["good"]?.cells["m"]?.value, hosts["after"]?.cells["m"]?.value]).toEqual([1, 2]);
  });

  it.each([
    ["its end missing", '<METRIC NAME="m" VAL="1" TYPE="float" TN="1">\n', "a metric is not closed"],
    [
      "its line cut after 1,023 octets",
      `<METRIC NAME="m" VAL="${"L".repeat(990)}<EXTRA_DATA>\n</EXTRA_DATA>\n</METRIC>\n`,
      "a value that is cut off by the next tag",
    ],
    [
      "its tag cut in the attributes",
      '<METRIC NAME="m" VAL="1" TYPE="float" TM<EXTRA_DATA>\n</EXTRA_DATA>\n</METRIC>\n',
      "an attribute without a quoted value",
    ],
    [
      "its extra data cut after 4,095 octets",
      metric("m", 1).replace("</EXTRA_DATA>\n</METRIC>\n", '<EXTRA_ELEMENT NAME="DESC" VAL="DDD'),
      "a value that is cut off by the next tag",
    ],
    ["an attribute without a value", '<METRIC NAME="m" VAL>\n', "an attribute without a quoted value"],
    ["an attribute without quotes", '<METRIC NAME="m" TN="1" VAL=1>\n', "a value that is cut off by the next tag"],
    ["an attribute twice", metric("m", 1).replace("TN=", 'VAL="2" TN='), "attribute VAL twice"],
    ["a slash in its tag", '<METRIC / NAME="m" VAL="1">', '"/" inside the tag', ""],
    ["text in it", metric("m", 1).replace("<EXTRA_DATA>", "oops<EXTRA_DATA>"), "text between the tags of a metric"],
    [
      "a value longer than any",
      metric("m", "x".repeat(20_000), { TYPE: "string" }),
      "a value of more than 16384 octets",
    ],
  ])(
    "passes over a metric with %s, and takes the rest of its host time and again",
    (_name, bad, fault, metricName = "m") => {
      const sink = new RecordingSink();
      const reader = new GangliaXmlReader({ source: "test", sink });
      for (const value of [1, 2, 3]) {
        const hosts = good + host("h", metric("a", value) + bad + metric("z", value)) + host("end", bad) + after;
        const report = reader.read(Buffer.from(document(cluster("c", hosts))), NOW_MS);
        expect(report).toMatchObject({ hosts: 4, metrics: 4, malformed: 2, complete: true });
        expect(report.faults).toEqual(
          ['host "h"', 'host "end"'].map((name) => `${name}: metric "${metricName}": ${fault}`),
        );
        const { cells } = sink.recorded("c").hosts["h"] ?? {};
        expect(Object.entries(cells ?? {}).map(([name, cell]) => [name, cell.value])).toEqual([
          ["a", value],
          ["z", value],
        ]);
      }
    },
  );

  it("names the host that it passes over", () => {
    const bad = host("node-17", "oops");
    expect(read(document(cluster("c", bad))).report.faults).toEqual([
      'host "node-17": text between the tags of a host',
    ]);
  });

  it("keeps of a known host that is broken that it was heard, and nothing else", () => {
    const sink = new RecordingSink();
    const reader = new GangliaXmlReader({ source: "test", sink });
    reader.read(Buffer.from(document(cluster("c", host("h", metric("m", 1))))), NOW_MS);
    const later = { REPORTED: LOCALTIME_S + 10, TN: 5 };
    const broken = host("h", `${metric("m", 2)}oops`, later);
    const xml = document(cluster("c", broken, { LOCALTIME: LOCALTIME_S + 15 }));
    reader.read(Buffer.from(xml), NOW_MS + 15_000);
    const recorded = sink.recorded("c").hosts["h"];
    expect([recorded?.reportedMs, recorded?.cells["m"]?.value]).toEqual([NOW_MS + 10_000, 1]);
  });

  it.each([
    ["an unknown TYPE", metric("m", 1, { TYPE: "weird" }), 'metric "m" has TYPE "weird", which is none of Ganglia\'s'],
    ["no TYPE", '<METRIC NAME="m" VAL="1"/>', 'metric "m" lacks NAME, VAL or TYPE'],
    ["no NAME", '<METRIC VAL="1" TYPE="float"/>', 'metric "" lacks NAME, VAL or TYPE'],
    ["a bad name", metric("m&#10;n", 1), "control character (code 10)"],
    ["a TN that is no number", metric("m", 1, { TN: "x" }), 'metric "m" has a TN that is no number'],
  ])("passes over a metric with %s, but not over its host", (_name, bad, fault) => {
    const { report, sink } = read(document(cluster("c", host("h", bad + metric("n", 1)))));
    expect(report).toMatchObject({ hosts: 1, metrics: 1, malformed: 1, complete: true });
    expect(report.faults[0]).toContain(`host "h": `);
    expect(report.faults[0]).toContain(fault);
    expect(Object.keys(sink.recorded("c").hosts["h"]?.cells ?? {})).toEqual(["n"]);
  });

  it.each([
    ["the first, heard later", 5, 500],
    ["the second, heard later", 500, 5],
    ["the first, heard at the same time", 5, 5],
  ])("keeps of two hosts of one name %s", (_name, firstTn, secondTn) => {
    const sink = new RecordingSink();
    const reader = new GangliaXmlReader({ source: "test", sink });
    const twin = (ip: string, tn: number) =>
      host("h", metric("m", tn, { TN: tn }), { IP: ip, TN: tn, REPORTED: LOCALTIME_S - tn });
    const xml = document(cluster("c", twin("10.0.0.1", firstTn) + after + twin("10.0.0.2", secondTn) + good));
    for (let i = 0; i < 3; i++) {
      expect(reader.read(Buffer.from(xml), NOW_MS)).toMatchObject({
        hosts: 3,
        malformed: 1,
        faults: ['host "h" comes twice, the one heard last is kept'],
      });
      const { hosts } = sink.recorded("c");
      expect(Object.keys(hosts)).toEqual(["h", "after", "good"]);
      expect([hosts["h"]?.reportedMs, hosts["h"]?.cells["m"]?.value]).toEqual([NOW_MS - 5_000, 5]);
    }
  });

  it("counts hosts that the cluster has no room for", () => {
    const sink = new RecordingSink({ hostsMax: 1, columnsMax: 1 });
    const reader = new GangliaXmlReader({ source: "test", sink });
    const xml = document(cluster("c", host("a", metric("m", 1) + metric("n", 1)) + host("b")));
    expect(reader.read(Buffer.from(xml), NOW_MS)).toMatchObject({
      hosts: 1,
      metrics: 1,
      malformed: 2,
      faults: ['host "a": metric "n": the cluster has too many metrics', 'host "b": the cluster has too many hosts'],
    });
  });

  it("counts clusters that are refused and reads the next one", () => {
    const sink = new RecordingSink(undefined, 1);
    const reader = new GangliaXmlReader({ source: "test", sink });
    const xml = document(cluster("a", good) + cluster("b", good) + cluster("&#7;", good) + cluster("a", after));
    expect(reader.read(Buffer.from(xml), NOW_MS)).toMatchObject({
      clusters: 2,
      hosts: 2,
      malformed: 3,
      faults: [
        'cluster "b" is refused: there are too many clusters',
        expect.stringContaining("is refused: it has a control character (code 7)"),
        expect.stringContaining('cluster "a" stands in the document more than once'),
      ],
      complete: true,
    });
    expect(Object.keys(sink.recorded("a").hosts)).toEqual(["good", "after"]);
  });

  it.each([
    ["without a NAME", `<CLUSTER LOCALTIME="1">${good}</CLUSTER>`, "there is no NAME"],
    ["with a broken tag", `<CLUSTER NAME="x" LOCALTIME>${good}</CLUSTER>`, "without a quoted value"],
  ])("passes over a cluster %s", (_name, bad, fault) => {
    const { report } = read(document(bad + cluster("c", after)));
    expect(report).toMatchObject({ clusters: 1, hosts: 1, malformed: 1, complete: true });
    expect(report.faults[0]).toContain(fault);
  });

  it("keeps the hosts of a cluster that is not closed", () => {
    const { report } = read(document(cluster("a", good).replace("</CLUSTER>\n", "") + cluster("b", after)));
    expect(report).toMatchObject({ clusters: 2, hosts: 2, malformed: 1, faults: ['cluster "a" is not closed'] });
  });

  it("stops at its limits of hosts and of faults told", () => {
    const hosts = Array.from({ length: 30 }, (_, i) => host(`h${i}`)).join("");
    const { report } = read(document(cluster("c", hosts)), NOW_MS, { hostsMax: 5, faultsMax: 3 });
    expect([report.hosts, report.malformed, report.faults.length]).toEqual([5, 25, 3]);
  });

  it("keeps so many extra pairs and no more", () => {
    const pairs = Array.from({ length: 5 }, (_, i) => `<EXTRA_ELEMENT NAME="GROUP" VAL="g${i}"/>\n`).join("");
    const { sink } = read(document(cluster("c", host("h", metric("m", 1, {}, pairs)))), NOW_MS, { extraPairsMax: 3 });
    expect(sink.recorded("c").hosts["h"]?.metas["m"]?.extra).toEqual([
      ["GROUP", "g0"],
      ["GROUP", "g1"],
      ["GROUP", "g2"],
    ]);
  });

  it.each([
    ["", "expected a Ganglia XML document, got nothing"],
    ["  \n", "the document ends before its first element"],
    ["HTTP/1.1 400 Bad Request\r\n", 'expected a Ganglia XML document, got "HTTP/1.1 400 Bad Request\\x0d\\x0a"'],
    ["<!DOCTYPE html><html></html>", 'expected a Ganglia XML document, got "<!DOCTYPE html><html></html>"'],
    ["\u001f\u008b\b", 'expected a Ganglia XML document, got "\\x1f\\x8b\\x08"'],
    [`{"a":"${"b".repeat(99)}"}`, `expected a Ganglia XML document, got "{\\x22a`],
    ["<?xml version='1.0'?><GANGLIA_XMLS/>", 'expected a Ganglia XML document, got "<GANGLIA_XMLS/>"'],
    ["<?xml version='1.0'?><!DOCTYPE GANGLIA_XML [ <!ELEMENT", "the document ends before its first element"],
  ])("says what %j is", (text, fault) => {
    const { report, sink } = read(Buffer.from(text, "latin1"));
    expect(report.fault).toContain(fault.replace("\\x22", '"'));
    expect([report.complete, sink.frames]).toEqual([false, 0]);
  });

  it("reads a document of deep grids in no time and no stack", () => {
    const { report } = read(document("<GRID NAME='g'>".repeat(100_000)));
    expect(report).toMatchObject({ clusters: 0, complete: true });
  });
});

describe("GangliaXmlReader, clocks", () => {
  const atSkew = (skewS: number, options: { gridS?: number; clusterS?: number } = {}) => {
    const content = cluster("c", host("h", metric("m", 1)), { LOCALTIME: options.clusterS ?? LOCALTIME_S });
    const xml = options.gridS === undefined ? content : grid("g", content, { LOCALTIME: options.gridS });
    const { report, sink } = read(document(xml), (LOCALTIME_S - skewS) * 1_000 + 600);
    const recorded = sink.recorded("c").hosts["h"];
    return {
      skewMs: report.skewMs,
      valueS: (recorded?.cells["m"]?.timeMs ?? 0) / 1_000 - LOCALTIME_S,
      heardS: (recorded?.reportedMs ?? 0) / 1_000 - LOCALTIME_S,
    };
  };

  it.each([
    ["agrees", 0, {}, { skewMs: 0, valueS: -5, heardS: -3 }],
    ["is 2 s ahead", 2, {}, { skewMs: 0, valueS: -5, heardS: -3 }],
    ["is 2 s behind", -2, {}, { skewMs: 0, valueS: -5, heardS: -3 }],
    ["is 3 s ahead", 3, {}, { skewMs: 3_000, valueS: -8, heardS: -6 }],
    ["is a day behind", -86_400, {}, { skewMs: -86_400_000, valueS: 86_395, heardS: 86_397 }],
    [
      "of the cluster stands still while the grid's goes on",
      0,
      { gridS: LOCALTIME_S, clusterS: LOCALTIME_S - 900 },
      { skewMs: 0, valueS: -5, heardS: -3 },
    ],
    ["is not told", 0, { clusterS: 0 }, { skewMs: 0, valueS: -5, heardS: -3 }],
  ])("counts ages back where the writer's clock %s", (_name, skewS, options, expected) => {
    expect(atSkew(skewS, options)).toEqual(expected);
  });

  it("takes the outermost grid's clock", () => {
    const inner = grid("inner", cluster("c", host("h", metric("m", 1)), { LOCALTIME: 5 }), { LOCALTIME: 7 });
    const { report, sink } = read(document(grid("outer", inner)));
    expect([report.skewMs, sink.recorded("c").hosts["h"]?.cells["m"]?.timeMs]).toEqual([0, NOW_MS - 5_000]);
  });

  it("does not change sides while a clock stays off by two seconds and a half", () => {
    const sink = new RecordingSink();
    const reader = new GangliaXmlReader({ source: "test", sink });
    const times = [2.4, 2.6, 2.4, 2.6, 1.9, 0.9, 2.4].map((skewS, i) => {
      const xml = document(cluster("c", host("h", metric("m", i, { TN: i })), { LOCALTIME: LOCALTIME_S + i }));
      const { skewMs } = reader.read(Buffer.from(xml), Math.floor((LOCALTIME_S + i - skewS) * 1_000));
      return [skewMs, (sink.recorded("c").hosts["h"]?.cells["m"]?.timeMs ?? 0) / 1_000 - LOCALTIME_S];
    });
    expect(times).toEqual([
      [3_000, -3],
      [3_000, -3],
      [3_000, -3],
      [3_000, -3],
      [2_000, -2],
      [0, 0],
      [3_000, -3],
    ]);
  });

  it("judges a source too old for TN by REPORTED", () => {
    const old = `<HOST NAME="h" IP="1" REPORTED="${LOCALTIME_S - 40}">${metric("m", 1)}</HOST>`;
    const { sink } = read(document(cluster("c", old)));
    expect(sink.recorded("c").hosts["h"]).toMatchObject({ reportedMs: NOW_MS - 40_000, facts: { tmaxS: 0 } });
  });
});
