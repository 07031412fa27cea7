/** Ten thousand documents that something has been at. A million and more: npm run torture:wire. */
import { describe, expect, it } from "vitest";
import { GangliaXmlReader } from "../../../../core/wire/ganglia/xml-reader.js";
import { DigestSink } from "../../../support/digest-sink.js";
import {
  cluster,
  document,
  host,
  LOCALTIME_S,
  metric,
  VERSION_FIXTURES,
  versionFixture,
} from "../../../support/ganglia-documents.js";
import { mutateDocument } from "../../../support/mutate-document.js";
import { RecordingSink } from "../../../support/recording-sink.js";
import { SeededRandom } from "../../../support/seeded-random.js";

const NOW_MS = LOCALTIME_S * 1_000;

function readerOf() {
  const sink = new DigestSink();
  const reader = new GangliaXmlReader({ source: "test", sink });
  const read = (octets: Uint8Array) => {
    sink.begin();
    const { skewMs, clusters, ...report } = reader.read(octets, NOW_MS);
    return { report, values: sink.values, digest: sink.digest };
  };
  return { read, sink };
}

describe("GangliaXmlReader, documents of every version mutated", () => {
  const originals = VERSION_FIXTURES.map((name) => ({ name, octets: versionFixture(name) }));

  it("survives 10,000: a reader that has seen all others gives what a fresh one gives, and still knows the originals (seed 11)", () => {
    const random = new SeededRandom(11);
    const seasoned = readerOf();
    const counts = { complete: 0, malformed: 0, refused: 0 };
    const whole = new Map(originals.map(({ name, octets }) => [name, readerOf().read(octets)]));
    for (let i = 0; i < 10_000; i++) {
      const { name, octets } = random.pick(originals);
      const mutated = mutateDocument(random, octets);
      const fresh = readerOf();
      const { report, values } = fresh.read(mutated);
      // Times may differ: a clock that was found wrong is trusted again only when it is quite right. And of
      // a known host that is broken it is told that it was heard, which can make one more frame.
      const again = seasoned.read(mutated);
      if (values !== again.values || JSON.stringify(report) !== JSON.stringify(again.report)) {
        expect({ i, report: again.report, values: again.values }).toEqual({ i, report, values });
      }
      expect(fresh.sink.faults).toEqual([]);
      if (i % 10 === 0) expect({ i, name, ...seasoned.read(octets) }).toEqual({ i, name, ...whole.get(name) });
      if (report.complete) counts.complete++;
      if (report.malformed > 0) counts.malformed++;
      if (report.fault !== undefined) counts.refused++;
    }
    // All of them have to happen often, or the mutations are no good.
    expect(Math.min(counts.complete, counts.malformed, counts.refused * 10)).toBeGreaterThan(1_000);
  }, 120_000);

  it("3,000 times: whatever is done to one host's octets costs no other host anything (seed 12)", () => {
    const random = new SeededRandom(12);
    const first = host("first", metric("m", 1) + metric("t", "x", { TYPE: "string" }));
    const last = host("last", metric("m", 2) + metric("n", 3));
    const middle = Buffer.from(
      host("middle", metric("m", 7) + metric("t", "y & z", { TYPE: "string" }) + metric("z", 8)),
    );
    const [before, behind] = document(cluster("c", `${first}|${last}`)).split("|") as [string, string];
    let broken = 0;
    for (let i = 0; i < 3_000; i++) {
      const spoilt = random.mutated(middle, Buffer.from("<>/\"'&;=! \n\0\u00ff0123456789NAMEVALT", "latin1"));
      const sink = new RecordingSink();
      const reader = new GangliaXmlReader({ source: "test", sink });
      const report = reader.read(Buffer.concat([Buffer.from(before), spoilt, Buffer.from(behind)]), NOW_MS);
      const { hosts } = sink.recorded("c");
      const values = ["first", "last"].map((name) =>
        Object.entries(hosts[name]?.cells ?? {}).map(([key, { value }]) => [key, value]),
      );
      expect({ i, values, complete: report.complete }).toEqual({
        i,
        values: [
          [
            ["m", 1],
            ["t", "x"],
          ],
          [
            ["m", 2],
            ["n", 3],
          ],
        ],
        complete: true,
      });
      if (report.malformed > 0) broken++;
    }
    expect(broken).toBeGreaterThan(500);
  });
});
