/** Files that were cut, damaged, taken away or are somebody else's: no half document counts, no whole one is lost. */
import { mkdirSync, readFileSync, renameSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { walkFile } from "../../../storage/xml/document-file.js";
import { batch, flipOctet, played, type Station, samplesOf, station } from "./support.js";

const HOUR = "2026-11-22T01Z.xml.gz";
const SAMPLES = [120, 180, 240].map((s): [number, number] => [s, s / 4]);

let at: Station;
beforeEach(() => {
  at = station();
});
afterEach(() => at.remove());

/** Three documents in one file, closed. @returns where they end */
async function three(): Promise<number[]> {
  const archive = await at.open();
  await archive.append([batch(SAMPLES)]);
  await archive.endSpill();
  await archive.close();
  return walkFile(at.file(HOUR)).documents.map(({ end }) => end);
}

describe("cut at every octet", () => {
  test("whole documents count, the rest does not", async () => {
    const ends = await three();
    for (let length = (ends[2] as number) - 1; length >= 0; length--) {
      truncateSync(at.file(HOUR), length);
      const archive = await at.open();
      const whole = ends.filter((end) => end <= length).length;
      expect(await samplesOf(archive), `${length} octets`).toEqual(SAMPLES.slice(0, whole));
      const covered = await archive.coverage();
      expect(covered === undefined).toBe(whole === 0);
    }
  });

  test("the next process cuts it and goes on; what was given again is there, and all can be played", async () => {
    const ends = await three();
    const file = readFileSync(at.file(HOUR));
    for (let length = 0; length < (ends[2] as number); length += 53) {
      writeFileSync(at.file(HOUR), file.subarray(0, length));
      const archive = await at.open();
      await archive.append([batch([...SAMPLES, [300, 75]])]);
      await archive.endSpill();
      expect(await samplesOf(archive), `${length} octets`).toEqual([...SAMPLES, [300, 75]]);
      expect(at.files()).toEqual([HOUR]);
    }
    const { seen, health } = await played([at.file(HOUR)]);
    expect(seen.map(([atS, value]) => [atS, value])).toEqual([...SAMPLES, [300, 75]]);
    expect(health).toMatchObject({ failures: 0, malformed: 0 });
  });
});

test("noughts behind the last document, as after a power cut, are cut", async () => {
  await three();
  writeFileSync(at.file(HOUR), Buffer.concat([readFileSync(at.file(HOUR)), Buffer.alloc(5_000)]));
  const archive = await at.open();
  await archive.append([batch([[300, 75]])]);
  await archive.endSpill();
  expect(await samplesOf(archive)).toEqual([...SAMPLES, [300, 75]]);
  expect((await played([at.file(HOUR)])).health).toMatchObject({ frames: 4, failures: 0 });
});

test("a last document that is damaged is cut; what it repeated is known from the one before", async () => {
  const ends = await three();
  flipOctet(at.file(HOUR), (ends[2] as number) - 30);
  const archive = await at.open();
  await archive.append([batch([[300, 75]], { metric: "other" })]);
  await archive.endSpill();
  expect(await samplesOf(archive)).toEqual(SAMPLES.slice(0, 2));
  expect(at.text(HOUR).split("</GANGLIA_XML>").at(-2)).toContain('NAME="load_one" VAL="45"');
});

test.each<[string, (end: number, next: number) => number]>([
  ["in its text", (_, next) => next - 30],
  ["in its head", (end) => end + 20],
])("a document that is damaged %s costs that one; its samples are not in the answer", async (where, place) => {
  const [first = 0, second = 0] = await three();
  flipOctet(at.file(HOUR), place(first, second));
  const archive = await at.open();
  expect(await samplesOf(archive)).toEqual([SAMPLES[0], SAMPLES[2]]);
  expect(archive.health().counters["documentDamagedTotal"]).toBe(where === "in its text" ? 1 : 0);
  await archive.append([batch([[300, 75]])]);
  await archive.endSpill();
  expect(await samplesOf(archive)).toEqual([SAMPLES[0], SAMPLES[2], [300, 75]]);
});

test("a file of the hour that is somebody else's is left alone, and documents go to the next one", async () => {
  mkdirSync(join(at.path, "khab"), { recursive: true });
  const strange = gzipSync("<GANGLIA_XML></GANGLIA_XML>");
  writeFileSync(at.file(HOUR), strange);
  let archive = await at.open();
  await archive.append([batch(SAMPLES)]);
  await archive.endSpill();
  expect(readFileSync(at.file(HOUR)).equals(strange)).toBe(true);
  expect(at.files()).toEqual(["2026-11-22T01Z-2.xml.gz", HOUR]);
  archive = await at.open();
  await archive.append([batch([[300, 75]])]);
  await archive.endSpill();
  expect(at.files()).toEqual(["2026-11-22T01Z-2.xml.gz", HOUR]);
  expect(await samplesOf(archive)).toEqual([...SAMPLES, [300, 75]]);
});

test("a file that somebody took away is missed once, then begun anew", async () => {
  const archive = await at.open();
  await archive.append([batch(SAMPLES)]);
  await archive.endSpill();
  renameSync(at.file(HOUR), join(at.path, "mine"));
  expect(await samplesOf(archive)).toEqual([]);
  await archive.append([batch([[300, 75]])]);
  await archive.endSpill();
  expect(archive.health().message).toContain("cannot write a document of khab: ENOENT");
  expect(await samplesOf(archive)).toEqual([[300, 75]]);
  await archive.endSpill();
  expect(archive.health().message).toBe("");
  expect(at.files()).toEqual([HOUR]);
  expect(await samplesOf(archive)).toEqual([[300, 75]]);
});

test("the log of what waits, cut at every octet: appends before it are there, of the last one all or nothing", async () => {
  let archive = await at.open();
  await archive.append([batch(SAMPLES)]);
  await archive.append([batch([[300, 75]], { host: "node2" }), batch([[300, 75]])]);
  await archive.close();
  const log = join(at.path, ".pending", "pending-00000001.log");
  const content = readFileSync(log);
  for (let length = content.length - 1; length >= 0; length -= 7) {
    writeFileSync(log, content.subarray(0, length));
    archive = await at.open();
    const samples = await samplesOf(archive);
    expect([SAMPLES, []]).toContainEqual(samples);
    expect(await samplesOf(archive, { host: "node2" })).toEqual([]);
  }
  rmSync(log);
});
