/** What gmond and gmetad do to a document, and what others do to them: the bad part is isolated, counted and named. */
import { describe, expect, it } from "vitest";
import { isHostUp } from "../../../../core/model/liveness.js";
import { GangliaXmlReader } from "../../../../core/wire/ganglia/xml-reader.js";
import { cluster, document, grid, host, LOCALTIME_S, metric } from "../../../support/ganglia-documents.js";
import { RecordingSink } from "../../../support/recording-sink.js";

const NOW_MS = LOCALTIME_S * 1_000;

function read(content: string, encoding: "utf8" | "latin1" = "utf8") {
  const sink = new RecordingSink();
  const reader = new GangliaXmlReader({ source: "test", sink });
  const octets = Buffer.from(document(content), encoding);
  // Twice, so that what is remembered of the first reading has to hold as well.
  reader.read(octets, NOW_MS);
  return { report: reader.read(octets, NOW_MS), sink };
}

const valuesOf = (sink: RecordingSink, name: string) =>
  Object.fromEntries(
    Object.entries(sink.recorded("c").hosts[name]?.cells ?? {}).map(([key, { value }]) => [key, value]),
  );

const extra = (name: string, value: string) => `<EXTRA_ELEMENT NAME="${name}" VAL="${value}"/>\n`;
const good = host("good", metric("m", 1));
const after = host("after", metric("m", 2));

/** As gmond writes a line through its 1,024 octets: the rest is gone, the line end too. */
const cutLine = (line: string) => line.slice(0, 1_023);

describe("GangliaXmlReader, gmond's lines of 1,024 octets", () => {
  it("a METRIC line that is cut costs that metric", () => {
    const element = metric("long", "L".repeat(1_023), { TYPE: "string" });
    const line = element.slice(0, element.indexOf("<EXTRA_DATA>"));
    const broken = cutLine(line) + element.slice(line.length);
    const { report, sink } = read(cluster("c", good + host("h", metric("a", 1) + broken + metric("z", 2)) + after));
    expect(valuesOf(sink, "h")).toEqual({ a: 1, z: 2 });
    expect(report).toMatchObject({ hosts: 3, malformed: 1, complete: true });
    expect(report.faults).toEqual(['host "h": metric "long": a value that is cut off by the next tag']);
  });

  it("a HOST line that is cut costs that host", () => {
    const element = host("h", metric("m", 9), { LOCATION: "L".repeat(1_023) });
    const line = element.slice(0, element.indexOf("<METRIC"));
    const { report, sink } = read(cluster("c", good + cutLine(line) + element.slice(line.length) + after));
    expect(Object.keys(sink.recorded("c").hosts)).toEqual(["good", "after"]);
    expect(report.faults).toEqual(['host "h": a value that is cut off by the next tag']);
  });

  it("an EXTRA_ELEMENT line that is cut costs its metric", () => {
    const pair = cutLine(extra("DESC", "D".repeat(1_023)));
    const { report, sink } = read(cluster("c", host("h", metric("a", 1, {}, pair) + metric("z", 2)) + after));
    expect(valuesOf(sink, "h")).toEqual({ z: 2 });
    expect(report.faults).toEqual(['host "h": metric "a": a value that is cut off by the next tag']);
  });

  it("a value of just the octets that fit is taken", () => {
    const text = "v".repeat(1_023);
    const { report, sink } = read(cluster("c", host("h", metric("m", text, { TYPE: "string" }))));
    expect([valuesOf(sink, "h")["m"], report.malformed]).toEqual([text, 0]);
  });
});

describe("GangliaXmlReader, what gmetad writes raw", () => {
  it("a METRIC that is cut with its extra data at 4,095 octets costs that metric", () => {
    const pairs = Array.from({ length: 12 }, (_, i) => extra("DESC", `${i}`.padEnd(400, "d"))).join("");
    const broken = metric("big", 1, {}, pairs).slice(0, 4_095);
    const { report, sink } = read(cluster("c", host("h", metric("a", 1) + broken + metric("z", 2)) + after));
    expect(valuesOf(sink, "h")).toEqual({ a: 1, z: 2 });
    expect(report).toMatchObject({ hosts: 2, malformed: 1, complete: true });
  });

  it.each([
    ["&", "a & b", "a & b"],
    ["&amp; decoded once and written raw", "a &b;", "a &b;"],
    ["<", "1 < 2", "1 < 2"],
    [">", "2 > 1", "2 > 1"],
    ['"', 'say "x" now', 'say "x" now'],
    ["'", "it's", "it's"],
    ["a reference without an end", "a &amp b &#65 c", "a &amp b &#65 c"],
    ["an empty reference", "&; &#; &#x;", "&; &#; &#x;"],
    ["a reference beyond Unicode", "&#1114112; &#x110000;", "&#1114112; &#x110000;"],
    ["a reference with letters", "&#12a; &#xyz;", "&#12a; &#xyz;"],
  ])("%s in a value, in units and in extra data is taken for text", (_name, raw, text) => {
    const element = metric("m", raw, { TYPE: "string", UNITS: raw }, extra("DESC", raw));
    const { report, sink } = read(cluster("c", host("h", element + metric("z", 2))));
    expect(valuesOf(sink, "h")).toEqual({ m: text, z: 2 });
    expect(sink.recorded("c").hosts["h"]?.metas["m"]).toMatchObject({ units: text, extra: [["DESC", text]] });
    expect(report).toMatchObject({ malformed: 0, complete: true });
  });

  it.each(["a & b", "a<b", "a>b", 'a "b" c', "it's", "a&b;c"])(
    "the name %j is taken for a cluster, a host and a metric",
    (name) => {
      const { report, sink } = read(cluster(name, host(name, metric(name, 5)) + after));
      expect(sink.clusterNames).toEqual([name]);
      expect(sink.recorded(name).hosts[name]?.cells[name]?.value).toBe(5);
      expect(report).toMatchObject({ hosts: 2, malformed: 0, complete: true });
    },
  );

  it("a name that begins one of Ganglia's own tags costs its metric and no other", () => {
    const { report, sink } = read(
      cluster("c", host("h", metric("a", 1) + metric("<HOST x", 5) + metric("z", 2)) + after),
    );
    expect(Object.keys(sink.recorded("c").hosts)).toContain("after");
    expect(report.malformed).toBeGreaterThanOrEqual(1);
    expect(report.complete).toBe(true);
  });
});

describe("GangliaXmlReader, encodings", () => {
  const content = (text: string) =>
    cluster("c", host(`host-${text}`, metric(`m-${text}`, text, { TYPE: "string", UNITS: text }, extra("DESC", text))));

  it.each([
    ["UTF-8 under the ISO-8859-1 label", "utf8"],
    ["ISO-8859-1 under its own label", "latin1"],
  ] as const)("reads %s", (_name, encoding) => {
    const { report, sink } = read(content("grün"), encoding);
    const recorded = sink.recorded("c").hosts["host-grün"];
    expect(recorded?.cells["m-grün"]?.value).toBe("grün");
    expect(recorded?.metas["m-grün"]).toMatchObject({ units: "grün", extra: [["DESC", "grün"]] });
    expect(report.malformed).toBe(0);
  });

  it("reads ISO-8859-1 under a UTF-8 label", () => {
    const sink = new RecordingSink();
    const text = document(content("grün")).replace("ISO-8859-1", "UTF-8");
    new GangliaXmlReader({ source: "test", sink }).read(Buffer.from(text, "latin1"), NOW_MS);
    expect(Object.keys(sink.recorded("c").hosts)).toEqual(["host-grün"]);
  });

  it("judges each text alone, where hosts differ in their encodings", () => {
    const sink = new RecordingSink();
    const parts = [Buffer.from('<GANGLIA_XML VERSION="3" SOURCE="gmond"><CLUSTER NAME="c" LOCALTIME="0">')];
    for (const encoding of ["utf8", "latin1"] as const) parts.push(Buffer.from(host(`${encoding}-é`), encoding));
    parts.push(Buffer.from("</CLUSTER></GANGLIA_XML>"));
    new GangliaXmlReader({ source: "test", sink }).read(Buffer.concat(parts), NOW_MS);
    expect(Object.keys(sink.recorded("c").hosts)).toEqual(["utf8-é", "latin1-é"]);
  });

  it.each([
    ["an overlong form", [0xc0, 0xaf]],
    ["half a surrogate pair", [0xed, 0xa0, 0x80]],
    ["a sequence that is cut", [0xe4, 0xb8]],
    ["a lone continuation", [0xbf]],
  ])("takes %s for ISO-8859-1", (_name, octets) => {
    const raw = Buffer.from(octets).toString("latin1");
    const { report, sink } = read(cluster("c", host("h", metric("m", raw, { TYPE: "string" }))), "latin1");
    expect([valuesOf(sink, "h")["m"], report.malformed]).toEqual([raw, 0]);
  });
});

describe("GangliaXmlReader, control characters", () => {
  it.each([0, 1, 7, 10, 27, 127])("code %d in the name of a host costs that host, and it is named", (code) => {
    const { report, sink } = read(cluster("c", good + host(`h${String.fromCharCode(code)}x`, metric("m", 9)) + after));
    expect(Object.keys(sink.recorded("c").hosts)).toEqual(["good", "after"]);
    expect(report.faults).toEqual([expect.stringMatching(/^host "h.*x": it has a control character/)]);
  });

  it.each([0, 1, 10, 127])("code %d in the name of a metric costs that metric, and it is named", (code) => {
    const { report, sink } = read(cluster("c", host("h", metric(`b${String.fromCharCode(code)}`, 9) + metric("z", 2))));
    expect(valuesOf(sink, "h")).toEqual({ z: 2 });
    expect(report.faults).toEqual([expect.stringMatching(/^host "h": the metric name "b.*" is refused/)]);
  });

  it("NUL octets in values, units and extra data are text, and do not end the document", () => {
    const element = metric("m", "a\0b", { TYPE: "string", UNITS: "\0" }, extra("DESC", "\0\0"));
    const { report, sink } = read(cluster("c", host("h", element) + after));
    expect(valuesOf(sink, "h")).toEqual({ m: "a\0b" });
    expect(report).toMatchObject({ hosts: 2, malformed: 0, complete: true });
  });

  it.each([
    ["in a METRIC tag", metric("bad", 1).replace(" TYPE", "\0 TYPE")],
    ["between METRIC tag and extra data", metric("bad", 1).replace("<EXTRA_DATA>", "\0<EXTRA_DATA>")],
  ])("a NUL octet %s costs that metric", (_name, bad) => {
    const { report, sink } = read(cluster("c", host("h", metric("a", 1) + bad + metric("z", 2)) + after));
    expect(valuesOf(sink, "h")).toEqual({ a: 1, z: 2 });
    expect(report).toMatchObject({ hosts: 2, malformed: 1, complete: true });
  });

  it("NUL octets between the hosts cost nothing", () => {
    expect(read(cluster("c", `\0\0${good}\0${after}\0`)).report).toMatchObject({
      hosts: 2,
      malformed: 0,
      complete: true,
    });
  });
});

describe("GangliaXmlReader, attributes twice", () => {
  it.each([
    [
      "a HOST",
      good + host("bad", metric("m", 1)).replace("IP=", 'TN="9" IP=') + after,
      ["good", "after"],
      "attribute TN twice",
    ],
    [
      "a METRIC",
      good + host("h", metric("bad", 1).replace("TYPE=", 'TYPE="x" TYPE=')) + after,
      ["good", "h", "after"],
      "attribute TYPE twice",
    ],
  ])("in %s: it is passed over", (_name, content, hosts, fault) => {
    const { report, sink } = read(cluster("c", content));
    expect(Object.keys(sink.recorded("c").hosts)).toEqual(hosts);
    expect(report).toMatchObject({ malformed: 1, complete: true });
    expect(report.faults[0]).toContain(fault);
  });

  it("in a CLUSTER: the cluster is passed over, the next one is read", () => {
    const { report, sink } = read(cluster("bad", good).replace("OWNER=", 'NAME="c" OWNER=') + cluster("c", after));
    expect(Object.keys(sink.recorded("c").hosts)).toEqual(["after"]);
    expect(report.faults).toEqual(['the tag of cluster "bad": attribute NAME twice']);
  });
});

describe("GangliaXmlReader, two clusters of one name in a document", () => {
  const twice = (first: string, second: string) =>
    grid("self", grid("a", cluster("c", first)) + grid("b", cluster("c", second)));

  it("takes the hosts of both for one cluster, says so once, and says what to do", () => {
    const { report, sink } = read(twice(host("a1", metric("m", 1)), host("b1", metric("m", 2)) + host("b2")));
    expect(Object.keys(sink.recorded("c").hosts)).toEqual(["a1", "b1", "b2"]);
    expect(report).toMatchObject({ hosts: 3, malformed: 1 });
    expect(report.faults).toEqual([
      'cluster "c" stands in the document more than once and is taken for one; if these are several, give each a name of its own in its gmond.conf, or poll each by a source of its own with "rename"',
    ]);
  });

  it("says of three what it says of two", () => {
    expect(read(cluster("c", good) + cluster("c", after) + cluster("c", host("third"))).report).toMatchObject({
      hosts: 3,
      malformed: 1,
    });
  });

  it("never mixes two hosts of one name in silence: the one heard last is kept, and named", () => {
    const { report, sink } = read(twice(host("h", metric("m", 1), { TN: 9 }), host("h", metric("m", 2), { TN: 2 })));
    expect(valuesOf(sink, "h")).toEqual({ m: 2 });
    expect(report.faults[1]).toBe('host "h" comes twice, the one heard last is kept');
  });

  it("keeps the first one's facts, so that they do not change with each document", () => {
    const sink = new RecordingSink();
    const reader = new GangliaXmlReader({ source: "test", sink });
    const octets = Buffer.from(document(cluster("c", good, { OWNER: "one" }) + cluster("c", after, { OWNER: "two" })));
    reader.read(octets, NOW_MS);
    const version = sink.directory("c")?.version;
    reader.read(octets, NOW_MS);
    expect([sink.recorded("c").facts.owner, sink.directory("c")?.version]).toEqual(["one", version]);
  });

  it("finds it where two names are renamed to one that is there", () => {
    const sink = new RecordingSink();
    const reader = new GangliaXmlReader({ source: "test", sink, rename: new Map([["unspecified", "c"]]) });
    const report = reader.read(Buffer.from(document(cluster("unspecified", good) + cluster("c", after))), NOW_MS);
    expect(report.faults).toEqual([expect.stringContaining('cluster "c" stands in the document more than once')]);
  });
});

describe("GangliaXmlReader, sources whose clock is wrong", () => {
  const at = (localtimeS: number | string) => {
    const hosts = host("h", metric("m", 1, { TN: 5 }), { TN: 5 }).replace("REPORTED", "IGNORED");
    return Buffer.from(document(cluster("c", hosts, { LOCALTIME: localtimeS })));
  };

  it.each([
    ["hours ahead", LOCALTIME_S + 7 * 3_600, 7 * 3_600_000],
    ["years behind, as a machine without a battery", 86_400, 86_400_000 - NOW_MS],
    ["missing", "", 0],
    ["zero", 0, 0],
    ["no number", "now", 0],
    ["beyond 32 bits", "99999999999", 0],
    ["negative", "-5", (2 ** 32 - 5) * 1_000 - NOW_MS],
  ])("LOCALTIME %s: times are on our clock, and the skew is told", (_name, localtimeS, skewMs) => {
    const sink = new RecordingSink();
    const reader = new GangliaXmlReader({ source: "test", sink });
    const report = reader.read(at(localtimeS), NOW_MS);
    const { cells, reportedMs } = sink.recorded("c").hosts["h"] ?? {};
    expect([report.skewMs, cells?.["m"]?.timeMs, reportedMs]).toEqual([skewMs, NOW_MS - 5_000, NOW_MS - 5_000]);
  });

  it("a skew that jumps between documents never moves a time", () => {
    const sink = new RecordingSink();
    const reader = new GangliaXmlReader({ source: "test", sink });
    const found = [0, 3 * 3_600, -86_400, 0, 10].map((skewS, poll) => {
      const nowMs = NOW_MS + poll * 15_000;
      const { skewMs } = reader.read(at(nowMs / 1_000 + skewS), nowMs);
      const { cells, reportedMs = 0 } = sink.recorded("c").hosts["h"] ?? {};
      return [skewMs / 1_000, ((cells?.["m"]?.timeMs ?? 0) - nowMs) / 1_000, (reportedMs - nowMs) / 1_000];
    });
    expect(found).toEqual([
      [0, -5, -5],
      [3 * 3_600, -5, -5],
      [-86_400, -5, -5],
      [0, -5, -5],
      [10, -5, -5],
    ]);
  });

  it("a host without TN in a cluster without LOCALTIME is judged by our own clock, not taken for alive", () => {
    const { sink } = read(`<CLUSTER NAME="c"><HOST NAME="h" IP="1" REPORTED="${LOCALTIME_S - 600}"></HOST></CLUSTER>`);
    expect(sink.recorded("c").hosts["h"]?.reportedMs).toBe(NOW_MS - 600_000);
    expect(isHostUp(600, 0)).toBe(false);
  });
});
