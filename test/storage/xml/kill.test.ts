/**
 * kill -9. A child appends batches 0, 1, 2 ... and says after each that it is kept; every
 * third append ends a spill, so that documents are written. It is killed in the midst of
 * it, again and again on the same directory. Every batch it spoke of must be there, of the
 * one after it all or nothing, each document once, and none of them half.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { systemClock } from "../../../core/base/clock.js";
import { joinSeries } from "../../../storage/series.js";
import { walkFile } from "../../../storage/xml/document-file.js";
import { SeededRandom } from "../../support/seeded-random.js";
import { appendAndKill } from "../support/append-and-kill.js";
import { compile } from "../support/compiled.js";
import { keyOf, numberedBatch, SAMPLES, SERIES } from "../support/numbered-batch.js";
import { played, station } from "./support.js";

const ROUNDS = 8;
const CONFIG = { every: "15s", keep: "100000d" };

const at = station();
const compiled = compile(
  "storage/xml/xml-archive.ts",
  "storage/xml/config.ts",
  "core/base/clock.ts",
  "test/storage/support/numbered-batch.ts",
);
afterAll(async () => {
  compiled.remove();
  await at.remove();
});

const STATE = join(at.path, "..");
const CHILD = join(STATE, "child.mjs");
const URLS = [
  "storage/xml/xml-archive.ts",
  "storage/xml/config.ts",
  "core/base/clock.ts",
  "test/storage/support/numbered-batch.ts",
];
writeFileSync(
  CHILD,
  `
  const [{ XmlArchive }, { xmlSchema }, { systemClock }, { numberedBatch }] = await Promise.all(
    ${JSON.stringify(URLS.map((source) => compiled.url(source).href))}.map((url) => import(url)),
  );
  const archive = new XmlArchive({
    config: xmlSchema.parse(${JSON.stringify(CONFIG)}), stateDir: ${JSON.stringify(STATE)}, clock: systemClock,
    log: { info() {}, warn(line) { process.stderr.write(line + "\\n"); } },
  });
  for (let number = Number(process.env.FIRST); ; number++) {
    await archive.append(numberedBatch(number));
    process.stdout.write(number + "\\n");
    if (number % 3 === 2) await archive.endSpill();
    await new Promise((resolve) => setImmediate(resolve));
  }
`,
);

test("killed eight times", { timeout: 120_000 }, async () => {
  const seed = Number(process.env["GRATE_SEED"] ?? process.hrtime.bigint() % 1_000_000n);
  process.stderr.write(`kill test of documents: GRATE_SEED=${seed}\n`);
  const random = new SeededRandom(seed);
  let kept = 0;
  let torn = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const acknowledged = await appendAndKill({
      child: CHILD,
      first: kept,
      acknowledgements: 1 + random.below(15),
      delayMs: random.below(12),
    });
    expect(acknowledged, `round ${round}`).toBeGreaterThan(kept);
    torn += at.files().filter((name) => isTorn(at.file(name))).length;
    kept = await expectKept(acknowledged);
  }
  process.stderr.write(`${kept} batches kept, ${torn} files ended in half a document\n`);
  const archive = await at.open(CONFIG, { clock: systemClock });
  await archive.endSpill();
  const times = at.files().flatMap((name) => walkFile(at.file(name)).documents.map(({ localtimeS }) => localtimeS));
  expect(times).toEqual([...new Set(times)].sort((a, b) => a - b));
  const { health } = await played([join(at.path, "khab")]);
  expect(health).toMatchObject({ frames: times.length, failures: 0, malformed: 0 });
  // A step of 15 s for each sample of a batch.
  expect(times.length).toBe(kept * SAMPLES);
});

function isTorn(path: string): boolean {
  const { goodBytes, sizeBytes } = walkFile(path);
  return goodBytes < sizeBytes;
}

/** @returns the number of batches: those acknowledged, and perhaps the one under way */
async function expectKept(acknowledged: number): Promise<number> {
  const archive = await at.open(CONFIG, { clock: systemClock });
  const { cluster, metric } = keyOf(0);
  const all = await archive.readMany({ cluster, metric, fromMs: 0, toMs: 9e12, samplesMax: 1e6 });
  const found = new Map(all.map(({ name, series }) => [name, series]));
  const batches = (found.get(keyOf(0).host)?.timesMs.length ?? 0) / SAMPLES;
  expect([acknowledged, acknowledged + 1]).toContain(batches);
  for (let series = 0; series < SERIES; series++) {
    const parts = Array.from({ length: batches }, (_, number) => numberedBatch(number)[series]?.series);
    expect(found.get(keyOf(series).host)).toEqual(joinSeries(parts.filter((part) => part !== undefined)));
  }
  await archive.close();
  return batches;
}
