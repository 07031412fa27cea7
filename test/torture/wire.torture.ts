/**
 * npm run torture:wire: a million mutated documents, and as many mutated packets, into readers that have seen all
 * of them. COUNT=100000 makes fewer, SEED=17 makes the same ones again.
 *
 * After a document of any kind the reader must give what a fresh one gives, must still know the documents that it
 * knew before, and must have taken time in proportion to the document's length.
 */
import { randomInt } from "node:crypto";
import { describe, expect, it } from "vitest";
import { PacketDecoder } from "../../core/wire/ganglia/packets.js";
import { GangliaXmlReader } from "../../core/wire/ganglia/xml-reader.js";
import { DigestSink } from "../support/digest-sink.js";
import { FIXTURES, fixture, LOCALTIME_S, VERSION_FIXTURES, versionFixture } from "../support/ganglia-documents.js";
import { mutateDocument } from "../support/mutate-document.js";
import { mutatePacket } from "../support/mutations.js";
import { PACKET_EXAMPLES } from "../support/packet-examples.js";
import { SeededRandom } from "../support/seeded-random.js";

const NOW_MS = LOCALTIME_S * 1_000;
const COUNT = Number(process.env["COUNT"] ?? 1_000_000);
const SEED = Number(process.env["SEED"] ?? randomInt(2 ** 31));

const PROGRESS_EVERY = 50_000;
/** A fresh reader learns everything anew, which takes ten times as long as reading again. */
const FRESH_EVERY = 8;
const ORIGINAL_EVERY = 50;
/** The captured documents are ten times as long as the others. */
const LARGE_SHARE = 0.02;

/** 60 KB take a fresh reader some milliseconds; what is quadratic takes minutes. Collecting garbage is in it. */
const CPU_MS_MAX = 2_000;

const say = (line: string) => process.stdout.write(`${line}\n`);

function readerOf() {
  const sink = new DigestSink();
  const reader = new GangliaXmlReader({ source: "torture", sink });
  const read = (octets: Uint8Array) => {
    sink.begin();
    const { skewMs, clusters, ...report } = reader.read(octets, NOW_MS);
    return { report, values: sink.values };
  };
  return { read, sink };
}

class Peaks {
  heapMb = 0;
  cpuMs = 0;

  look(): void {
    this.heapMb = Math.max(this.heapMb, process.memoryUsage().heapUsed / 2 ** 20);
  }

  timed<T>(run: () => T): T {
    // CPU of the process: how busy the machine is otherwise does not matter.
    const before = process.cpuUsage();
    const result = run();
    const { user, system } = process.cpuUsage(before);
    this.cpuMs = Math.max(this.cpuMs, (user + system) / 1_000);
    return result;
  }

  toString(): string {
    return `peak heap ${this.heapMb.toFixed(0)} MB, slowest ${this.cpuMs.toFixed(1)} ms of CPU`;
  }
}

describe(`torture of what comes over the wire (SEED=${SEED}, COUNT=${COUNT})`, () => {
  it("documents", () => {
    const random = new SeededRandom(SEED);
    const small = VERSION_FIXTURES.map((name) => versionFixture(name));
    const large = FIXTURES.map((name) => fixture(name));
    const whole = new Map([...small, ...large].map((octets) => [octets, readerOf().read(octets)]));
    const seasoned = readerOf();
    const peaks = new Peaks();
    const counts = { complete: 0, malformed: 0, refused: 0 };
    for (let i = 1; i <= COUNT; i++) {
      const original = random.pick(random.chance(LARGE_SHARE) ? large : small);
      const mutated = mutateDocument(random, original);
      const again = peaks.timed(() => seasoned.read(mutated));
      if (i % FRESH_EVERY === 0) {
        const fresh = readerOf();
        const { report, values } = peaks.timed(() => fresh.read(mutated));
        if (values !== again.values || JSON.stringify(report) !== JSON.stringify(again.report)) {
          expect({ SEED, i, ...again }).toEqual({ SEED, i, report, values });
        }
      }
      if (i % ORIGINAL_EVERY === 0) {
        const { report, values } = seasoned.read(original);
        if (values !== whole.get(original)?.values)
          expect({ SEED, i, report }).toEqual({ SEED, i, ...whole.get(original) });
      }
      if (again.report.complete) counts.complete++;
      if (again.report.malformed > 0) counts.malformed++;
      if (again.report.fault !== undefined) counts.refused++;
      if (i % 1_000 === 0) peaks.look();
      if (i % PROGRESS_EVERY === 0) say(`documents: ${i} of ${COUNT}; ${peaks}`);
      if (seasoned.sink.faults.length > 0)
        expect({ SEED, i, faults: seasoned.sink.faults }).toEqual({ SEED, i, faults: [] });
    }
    say(`documents: ${COUNT} done, SEED=${SEED}: ${JSON.stringify(counts)}; ${peaks}`);
    expect(peaks.cpuMs).toBeLessThan(CPU_MS_MAX);
    // All of them have to happen, or the mutations are no good.
    expect(Math.min(counts.complete, counts.malformed, counts.refused)).toBeGreaterThan(COUNT / 100);
  });

  it("packets", () => {
    const random = new SeededRandom(SEED);
    const seasoned = new PacketDecoder();
    const peaks = new Peaks();
    const kinds = new Map<string, number>();
    for (let i = 1; i <= COUNT; i++) {
      const datagram = mutatePacket(random, random.pick(PACKET_EXAMPLES));
      const { kind, reason } = peaks.timed(() => seasoned.decode(datagram));
      if (i % FRESH_EVERY === 0) {
        const fresh = new PacketDecoder().decode(datagram);
        if (fresh.kind !== kind || fresh.reason !== reason)
          expect({ SEED, i, kind, reason }).toEqual({ SEED, i, ...fresh });
      }
      kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
      if (i % 1_000 === 0) peaks.look();
      if (i % PROGRESS_EVERY === 0) say(`packets: ${i} of ${COUNT}; ${peaks}`);
    }
    say(`packets: ${COUNT} done, SEED=${SEED}: ${JSON.stringify(Object.fromEntries(kinds))}; ${peaks}`);
    expect(peaks.cpuMs).toBeLessThan(CPU_MS_MAX);
    for (const kind of ["value", "malformed", "junk"]) expect([kind, (kinds.get(kind) ?? 0) > 0]).toEqual([kind, true]);
  });
});
