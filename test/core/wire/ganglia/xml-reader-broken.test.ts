/** Documents that break off, and documents that something has been at. */
import { describe, expect, it } from "vitest";
import type { Frame } from "../../../../core/model/frame.js";
import { GangliaXmlReader } from "../../../../core/wire/ganglia/xml-reader.js";
import { cluster, document, fixture, grid, host, LOCALTIME_S, metric } from "../../../support/ganglia-documents.js";
import { RecordingSink } from "../../../support/recording-sink.js";
import { SeededRandom } from "../../../support/seeded-random.js";

const NOW_MS = LOCALTIME_S * 1_000;

/** The cells of a frame, flat, with where each host's cells end. */
class FlatSink extends RecordingSink {
  cells: number[] = [];
  texts: string[] = [];
  heard: number[] = [];

  override accept(frame: Frame): void {
    for (let i = 0; i < frame.count; i++) {
      this.cells.push(frame.rows[i] as number, frame.columns[i] as number, frame.values[i] as number);
      this.cells.push(frame.timesMs[i] as number, frame.decimals[i] as number);
    }
    this.texts.push(...frame.texts);
    for (let i = 0; i < frame.heardCount; i++) {
      this.heard.push(frame.heardRows[i] as number, frame.heardTimesMs[i] as number);
    }
  }
}

const CELL_FIELDS = 5;

function readFresh(octets: Uint8Array) {
  const sink = new FlatSink();
  return { report: new GangliaXmlReader({ source: "test", sink }).read(octets, NOW_MS), sink };
}

/** Positions behind every "</HOST>" and the cells that stand before them. */
function hostEnds(octets: Buffer): { at: number; cells: number }[] {
  const ends: { at: number; cells: number }[] = [];
  for (let at = octets.indexOf("</HOST>"); at >= 0; at = octets.indexOf("</HOST>", at + 1)) {
    const before = octets.toString("latin1", 0, at);
    ends.push({ at: at + "</HOST>".length, cells: before.split("<METRIC ").length - 1 });
  }
  return ends;
}

const NASTY = Buffer.from(
  document(
    grid(
      "g",
      cluster(
        "c1",
        host("a", metric("m", "1.50") + metric("t", "x &amp; &#C5;&#@9; é", { TYPE: "string" })) +
          host(
            "b",
            metric("m", "nan") + metric("u", "-7", { TYPE: "int8" }, '<EXTRA_ELEMENT NAME="GROUP" VAL="g"/>\n'),
          ),
      ) + cluster("c2", host("a", metric("m", "2"))),
    ),
    "gmetad",
  ),
);

/** All the others are in xml-cut.test.ts, which looks less closely at each. */
const DOCUMENTS: [string, Buffer][] = [
  ["nasty", NASTY],
  ["gmetad-8652-cluster-host.xml", fixture("gmetad-8652-cluster-host.xml")],
];

describe.each(DOCUMENTS)("GangliaXmlReader, %s cut", (name, octets) => {
  const ends = hostEnds(octets);
  const whole = readFresh(octets);

  function check(length: number, cut: ReturnType<typeof readFresh>): void {
    const last = ends.findLast(({ at }) => at <= length);
    const cells = (last?.cells ?? 0) * CELL_FIELDS;
    const { report, sink } = cut;
    const found = {
      length,
      hosts: report.hosts,
      malformed: report.malformed,
      complete: report.complete,
      cells: sink.cells,
      heard: sink.heard,
      texts: sink.texts,
    };
    const hosts = ends.filter(({ at }) => at <= length).length;
    expect(found).toEqual({
      length,
      hosts,
      malformed: 0,
      complete: length >= octets.lastIndexOf(">") + 1,
      cells: whole.sink.cells.slice(0, cells),
      heard: whole.sink.heard.slice(0, hosts * 2),
      texts: whole.sink.texts.slice(0, sink.texts.length),
    });
  }

  it("reads whole what the other tests compare with", () => {
    expect([whole.report.hosts, whole.sink.cells.length]).toEqual([
      ends.length,
      (ends.at(-1)?.cells ?? 0) * CELL_FIELDS,
    ]);
    expect(whole.report.complete).toBe(true);
  });

  // In the fixtures one host is like the other: every place around the first, then one in 97.
  const step = name === "nasty" ? 1 : 97;
  const dense = name === "nasty" ? octets.length : 0;
  it("gives the hosts before the cut and nothing else", () => {
    for (let length = 0; length <= octets.length; length += length < dense ? 1 : step)
      check(length, readFresh(octets.subarray(0, length)));
  });

  it("does so when it knows the document", () => {
    const sink = new FlatSink();
    const reader = new GangliaXmlReader({ source: "test", sink });
    reader.read(octets, NOW_MS);
    const found: number[] = [];
    const expected: number[] = [];
    for (let length = 0; length <= octets.length; length++) {
      // Metrics are alike: every octet at the beginning and around the ends of hosts, one in seven elsewhere.
      const near = ends.some(({ at }) => Math.abs(at - length) < 50);
      if (length > 6_000 && !near && length % 7 !== 0) continue;
      sink.cells = [];
      const report = reader.read(octets.subarray(0, length), NOW_MS);
      const before = ends.filter(({ at }) => at <= length);
      expected.push(length, before.length, (before.at(-1)?.cells ?? 0) * CELL_FIELDS);
      found.push(length, report.hosts, sink.cells.length);
      if (near) expect(sink.cells).toEqual(whole.sink.cells.slice(0, sink.cells.length));
    }
    expect(found).toEqual(expected);
  });
});

describe("GangliaXmlReader, mutations", () => {
  const palette = Buffer.from(
    "<>/\"'&;#=!?-[] \n\0\u00ff<HOST </HOST></CLUSTER><METRIC <EXTRA_DATA>NAMEVALTN0123456789",
  );

  it("survives 6,000 of them, each read fresh and by a reader that has seen all others (seed 5)", () => {
    const random = new SeededRandom(5);
    const sink = new RecordingSink();
    const seasoned = new GangliaXmlReader({ source: "test", sink });
    let malformed = 0;
    let complete = 0;
    for (let i = 0; i < 6_000; i++) {
      const octets = random.mutated(NASTY, palette);
      const fresh = readFresh(octets).report;
      const again = seasoned.read(octets, NOW_MS);
      expect(again).toEqual(fresh);
      malformed += fresh.malformed;
      if (fresh.complete) complete++;
    }
    // Both have to happen often, or the mutations are no good.
    expect(malformed).toBeGreaterThan(1_000);
    expect(complete).toBeGreaterThan(1_000);
  });

  it("knows a host again after any mutation (seed 6)", () => {
    const random = new SeededRandom(6);
    for (let i = 0; i < 2_000; i++) {
      const sink = new RecordingSink();
      const reader = new GangliaXmlReader({ source: "test", sink });
      reader.read(NASTY, NOW_MS);
      reader.read(random.mutated(NASTY, palette), NOW_MS);
      sink.clearCells();
      const report = reader.read(NASTY, NOW_MS);
      expect(report).toMatchObject({ hosts: 3, metrics: 5, malformed: 0, complete: true });
      expect(sink.recorded("c1").hosts["a"]).toEqual(reference("c1", "a"));
      expect(sink.recorded("c1").hosts["b"]).toEqual(reference("c1", "b"));
    }
  });

  it("takes time in proportion to the length of what it does not understand", () => {
    // Whatever is scanned twice for each host would be scanned a trillion times here.
    const parts = ["<HOST ", '<HOST NAME="', "<METRIC ", "<CLUSTER ", "<!--", "<GRID ", '" ', "]", "<HOST NAME='a'>"];
    for (const part of parts) {
      const xml = document(`<CLUSTER NAME="c">${part.repeat(1_000_000 / part.length)}`);
      const { report } = readFresh(Buffer.from(xml));
      expect(report.hosts).toBeLessThanOrEqual(1);
    }
  });
});

function reference(clusterName: string, hostName: string) {
  const sink = new RecordingSink();
  new GangliaXmlReader({ source: "test", sink }).read(NASTY, NOW_MS);
  return sink.recorded(clusterName).hosts[hostName];
}
