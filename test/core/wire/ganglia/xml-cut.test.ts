/** Every document of every version, cut at every octet. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { GangliaXmlReader } from "../../../../core/wire/ganglia/xml-reader.js";
import { DigestSink } from "../../../support/digest-sink.js";
import {
  FIXTURES,
  fixture,
  LOCALTIME_S,
  VERSION_FIXTURES,
  versionFixture,
} from "../../../support/ganglia-documents.js";

const NOW_MS = LOCALTIME_S * 1_000;

const DOCUMENTS: [string, Buffer][] = [
  ...VERSION_FIXTURES.map((name): [string, Buffer] => [name, versionFixture(name)]),
  ...FIXTURES.map((name): [string, Buffer] => [name, fixture(name)]),
  ...["gmond-8649-odd.xml", "gmetad-8651-federation.xml"].map((name): [string, Buffer] => [
    name,
    readFileSync(join("test/fixtures/ganglia-3.7.2", name)),
  ]),
];

/** Larger documents repeat themselves: they are read in full after one cut in so many. */
const SMALL_OCTETS = 8_000;
const FULL_AFTER = 61;

function readerOf() {
  const sink = new DigestSink();
  const reader = new GangliaXmlReader({ source: "test", sink });
  const read = (octets: Uint8Array) => {
    sink.begin();
    const report = reader.read(octets, NOW_MS);
    const sums = sink.sums.map(({ kind, name, summary }) => `${kind} ${name} ${summary.metrics.length}`);
    return { report, digest: sink.digest, cells: sink.cells, sums };
  };
  return { read, sink };
}

const atEnds = (text: string, word: string) =>
  [...text.matchAll(new RegExp(word, "g"))].map(({ index }) => index + word.length);

describe.each(DOCUMENTS)("%s, cut at every octet", (name, octets) => {
  const text = octets.toString("latin1");
  const whole = readerOf().read(octets);
  /** What a reading gives when the document ends just behind a host, a cluster or a grid: nothing changes in between. */
  const ends = [
    0,
    ...atEnds(text, "</HOST>"),
    ...atEnds(text, "</CLUSTER>"),
    ...atEnds(text, "</GRID>"),
    octets.length - 1,
  ].sort((a, b) => a - b);

  it("gives what was whole before the cut, never throws, and reads the whole document the same afterwards", () => {
    const isSmall = octets.length < SMALL_OCTETS;
    const seasoned = readerOf();
    seasoned.read(octets);
    const wrong: string[] = [];
    for (let i = 0; i + 1 < ends.length; i++) {
      const [from = 0, to = 0] = [ends[i], ends[i + 1]];
      if (from === to) continue;
      const expected = readerOf().read(octets.subarray(0, from));
      const hosts = atEnds(text.slice(0, from), "</HOST>").length;
      if (expected.report.hosts !== hosts) wrong.push(`${expected.report.hosts} hosts before ${from}, not ${hosts}`);
      for (let length = from; length < to; length++) {
        const cut = (isSmall ? readerOf() : seasoned).read(octets.subarray(0, length));
        if (cut.digest !== expected.digest) wrong.push(`cut at ${length}`);
        if (cut.report.complete || cut.report.malformed > whole.report.malformed)
          wrong.push(`${length}: ${cut.report.faults}`);
        if (!cut.sums.every((told, place) => told === whole.sums[place])) wrong.push(`sums at ${length}: ${cut.sums}`);
        if (!isSmall && length % FULL_AFTER !== 0) continue;
        const { digest, report } = seasoned.read(octets);
        if (digest !== whole.digest || report.malformed !== whole.report.malformed) wrong.push(`whole after ${length}`);
        if (isSmall) seasoned.read(octets.subarray(0, length));
      }
    }
    expect(wrong.slice(0, 5)).toEqual([]);
    expect(seasoned.sink.faults).toEqual([]);
    expect(seasoned.read(octets).report).toEqual(whole.report);
  }, 120_000);

  it("has something in it to be cut", () => {
    expect([whole.report.complete, whole.cells + whole.sums.length > 0]).toEqual([true, true]);
    if (name === "gmetad-8651.xml") expect(whole.cells).toBe(117);
  });
});
