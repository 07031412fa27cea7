/** One reader, one document after the other: what it remembers must never show. */
import { describe, expect, it } from "vitest";
import { GangliaXmlReader, type ReaderLimits } from "../../../../core/wire/ganglia/xml-reader.js";
import { cluster, document, grid, host, LOCALTIME_S, metric } from "../../../support/ganglia-documents.js";
import { RecordingSink } from "../../../support/recording-sink.js";
import { SeededRandom } from "../../../support/seeded-random.js";

/** A source that is polled every 15 s. */
class Polled {
  readonly sink = new RecordingSink();
  readonly #reader: GangliaXmlReader;
  #polls = 0;

  constructor(limits: Partial<ReaderLimits> = {}) {
    this.#reader = new GangliaXmlReader({ source: "test", sink: this.sink, limits });
  }

  read(hosts: string) {
    const nowS = LOCALTIME_S + 15 * this.#polls++;
    return this.#reader.read(Buffer.from(document(cluster("c", hosts, { LOCALTIME: nowS }))), nowS * 1_000);
  }

  /** Values of the newest document by host and metric. */
  values(hosts: string) {
    this.sink.clearCells();
    this.read(hosts);
    const entries = Object.entries(this.sink.recorded("c").hosts).map(([name, { cells }]) => [
      name,
      Object.fromEntries(Object.entries(cells).map(([key, cell]) => [key, cell.value])),
    ]);
    return Object.fromEntries(entries) as Record<string, Record<string, number | string>>;
  }
}

const m = (...names: string[]) => names.map((name, i) => metric(name, i)).join("");

describe("GangliaXmlReader, again and again", () => {
  it.each([
    ["a metric came in the middle", m("a", "b", "c"), m("a", "x", "b", "c"), ["a", "x", "b", "c"]],
    ["a metric went from the middle", m("a", "b", "c"), m("a", "c"), ["a", "c"]],
    ["the last metric went", m("a", "b"), m("a"), ["a"]],
    ["all metrics went", m("a", "b"), "", []],
    ["the order turned round", m("a", "b", "c"), m("c", "b", "a"), ["c", "b", "a"]],
    ["a metric came twice", m("a", "b"), m("a", "a", "b"), ["a", "b"]],
  ])("reads on where %s", (_name, first, second, names) => {
    const polled = new Polled();
    polled.read(host("h", first));
    for (let i = 0; i < 3; i++) expect(Object.keys(polled.values(host("h", second))["h"] ?? {})).toEqual(names);
  });

  it("sees hosts come, go and change places", () => {
    const polled = new Polled();
    const rounds = ["abc", "abxc", "ac", "cab", "b", "abcxyz", "zyxcba", "", "abc"];
    for (const round of rounds) {
      const values = polled.values([...round].map((name) => host(name, metric("m", name.charCodeAt(0)))).join(""));
      const heard = Object.entries(values).filter(([, cells]) => "m" in cells);
      expect(heard.map(([name, cells]) => [name, cells["m"]]).sort()).toEqual(
        [...round].sort().map((name) => [name, name.charCodeAt(0)]),
      );
    }
  });

  it("tells changed facts and metadata", () => {
    const polled = new Polled();
    polled.read(host("h", metric("m", 1, { UNITS: "C" })));
    polled.read(host("h", metric("m", 1, { UNITS: "F" }), { GMOND_STARTED: 1_700_000_001, LOCATION: "1,2,3" }));
    const { facts, metas } = polled.sink.recorded("c").hosts["h"] ?? {};
    expect([facts?.startedS, facts?.location, metas?.["m"]?.units]).toEqual([1_700_000_001, "1,2,3", "F"]);
  });

  it("tells changed facts of the cluster", () => {
    const sink = new RecordingSink();
    const reader = new GangliaXmlReader({ source: "test", sink });
    for (const URL of ["http://a/", "http://b/"]) {
      reader.read(Buffer.from(document(cluster("c", host("h"), { URL }))), LOCALTIME_S * 1_000);
    }
    expect(sink.recorded("c").facts.url).toBe("http://b/");
  });

  it.each([
    ["stays", "up", "up"],
    ["changes", "up", "down"],
    ["changes in length", "up", "upper"],
    ["gets what has to be escaped", "a&amp;b", "a&b"],
    ["looks as escaped text did", "a&amp;amp;b", "a&amp;b"],
    ["turns from UTF-8 to ASCII", "é", "e"],
  ])("reads a text that %s", (_name, first, second) => {
    const text = (val: string) =>
      host("h", metric("t", val, { TYPE: "string" }) + metric("u", "same", { TYPE: "string" }));
    const polled = new Polled();
    polled.read(text(first));
    const again = polled.values(text(second))["h"];
    const anew = new Polled().values(text(second))["h"];
    expect(again).toEqual(anew);
  });

  it("does not change the dictionary while names and metadata stay", () => {
    const polled = new Polled();
    const hosts = (value: number) => host("a", metric("m", value)) + host("b", metric("m", -value));
    polled.read(hosts(1));
    const version = polled.sink.directory("c")?.version;
    for (let i = 2; i < 9; i++) polled.read(hosts(i));
    expect(polled.sink.directory("c")?.version).toBe(version);
  });

  it("finds a host's new row after its old one was given up and given away", () => {
    const polled = new Polled();
    const hosts = host("a", metric("m", 1)) + host("b", metric("m", 2));
    polled.read(hosts);
    const directory = polled.sink.directory("c");
    directory?.freeRow(directory.findRow("a"));
    directory?.row("intruder");
    const values = polled.values(hosts);
    expect(values).toEqual({ intruder: {}, a: { m: 1 }, b: { m: 2 } });
    expect(directory?.host(directory.findRow("a"))?.ip).toBe("10.0.0.1");
  });

  it("describes a host again whose row was given up and taken again by its own name", () => {
    const polled = new Polled();
    const hosts = host("a", metric("m", 1, { UNITS: "C" })) + host("b", metric("m", 1, { UNITS: "F" }));
    polled.read(hosts);
    const directory = polled.sink.directory("c");
    directory?.freeRow(directory.findRow("b"));
    directory?.row("b");
    polled.read(hosts);
    expect(polled.sink.recorded("c").hosts["b"]).toMatchObject({
      facts: { ip: "10.0.0.1" },
      metas: { m: { units: "F" } },
    });
  });

  it("begins anew with a cluster that was given up and made again", () => {
    const polled = new Polled();
    polled.read(host("a", metric("m", 1)) + host("b", metric("n", 2)));
    polled.sink.drop("c");
    expect(polled.values(host("b", metric("n", 3)))).toEqual({ b: { n: 3 } });
  });

  it("forgets what is no longer used, and reads on", () => {
    const polled = new Polled();
    for (let i = 0; i < 300; i++) {
      // 300 x 16 KB of units that never come again.
      const units = `${i}`.padEnd(16_000, "u");
      const values = polled.values(host("h", metric("m", i, { UNITS: units }) + metric("n", i + 0.5)));
      expect(values).toEqual({ h: { m: i, n: i + 0.5 } });
    }
  });

  it.each([
    ["as a rule", {}],
    ["with no room to remember", { rememberedOctetsMax: 0 }],
    ["with little room to remember", { rememberedOctetsMax: 3_000 }],
  ])("gives what a reader without memory gives, %s, for 400 documents (seed 9)", (_name, limits) => {
    const random = new SeededRandom(9);
    const seasonedSink = new RecordingSink();
    const seasoned = new GangliaXmlReader({ source: "test", sink: seasonedSink, limits });
    const freshSink = new RecordingSink();
    let hosts = 0;
    for (let i = 0; i < 400; i++) {
      const nowS = LOCALTIME_S + i * 15;
      const octets = Buffer.from(randomDocument(random, nowS));
      const fresh = new GangliaXmlReader({ source: "test", sink: freshSink }).read(octets, nowS * 1_000);
      expect(seasoned.read(octets, nowS * 1_000)).toEqual(fresh);
      expect(seasonedSink.clusterNames).toEqual(freshSink.clusterNames);
      for (const name of freshSink.clusterNames) expect(seasonedSink.recorded(name)).toEqual(freshSink.recorded(name));
      hosts += fresh.hosts;
      if (random.chance(0.05)) {
        const gone = random.pick(["a", "b", "c"]);
        for (const sink of [seasonedSink, freshSink]) {
          const directory = sink.directory("x");
          const row = directory?.findRow(gone) ?? -1;
          if (row >= 0) directory?.freeRow(row);
        }
      }
    }
    expect(hosts).toBeGreaterThan(500);
  });
});

const VALUES = ["0", "1.50", "-3", "nan", "1e9", "12345678901234567890", " 7", "&#52;", "0.1234567"];
const TEXTS = ["", "up", "down", "a&amp;b", "a&amp;amp;b", "é", "&#C5;&#@9;", "1 < 2", 'a "b" c', "up"];

function randomDocument(random: SeededRandom, nowS: number): string {
  const clusters = random.chance(0.3) ? ["x", "y"] : ["x"];
  const content = clusters.map((name) => cluster(name, randomHosts(random, nowS), { LOCALTIME: nowS })).join("");
  return document(random.chance(0.2) ? grid("g", content, { LOCALTIME: nowS }) : content);
}

function randomHosts(random: SeededRandom, nowS: number): string {
  const names = ["a", "b", "c", "d"].filter(() => random.chance(0.9));
  if (random.chance(0.1)) names.reverse();
  if (random.chance(0.05)) names.push("a");
  const hosts = names.map((name) => {
    const tn = random.below(30);
    const more = { REPORTED: nowS - tn, TN: tn, LOCATION: random.chance(0.05) ? "1,2,3" : "unspecified" };
    const text = host(name, randomMetrics(random), more);
    return random.chance(0.02) ? text.slice(0, random.below(text.length)) : text;
  });
  return hosts.join("");
}

function randomMetrics(random: SeededRandom): string {
  const metrics = ["load", "temp", "os", "mem"].filter(() => random.chance(0.95));
  if (random.chance(0.1)) metrics.reverse();
  return metrics
    .map((name) => {
      const isText = name === "os" || random.chance(0.02);
      const value = isText || random.chance(0.01) ? random.pick(TEXTS) : random.pick(VALUES);
      const TYPE = isText ? "string" : random.chance(0.01) ? "weird" : "float";
      const text = metric(name, value, { TYPE, TN: random.below(90), UNITS: random.chance(0.03) ? "other" : "" });
      // Another order of attributes, which cannot be expected.
      return random.chance(0.03) ? text.replace(/ (VAL="\d*") (.*) (TN="\d+")/, " $3 $2 $1") : text;
    })
    .join("");
}
