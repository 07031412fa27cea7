/**
 * kill -9. A child appends batches 0, 1, 2 ... and says after each that it is kept;
 * it is killed in the midst of it, again and again on the same file. Every batch it
 * spoke of must be there, of the one after it all or nothing, and the file sound.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { joinSeries } from "../../storage/series.js";
import { closeDatabase } from "../../storage/sqlite/database.js";
import { SqliteArchive } from "../../storage/sqlite/sqlite-archive.js";
import { appendAndKill } from "./support/append-and-kill.js";
import { compile } from "./support/compiled.js";
import { keyOf, numberedBatch, SAMPLES, SERIES } from "./support/numbered-batch.js";
import { openTestDatabase } from "./support/sqlite.js";
import { temporaryDirectory } from "./support/temporary.js";

const ROUNDS = 10;

const directory = temporaryDirectory();
const compiled = compile(
  "storage/open.ts",
  "storage/config.ts",
  "storage/worker.ts",
  "core/base/log.ts",
  "test/storage/support/numbered-batch.ts",
);
afterAll(() => {
  compiled.remove();
  directory.remove();
});

/** Through the worker, as in real life. */
const CHILD = join(directory.path, "child.mjs");
writeFileSync(
  CHILD,
  `
  const [{ openStorage }, { storageSchema }, { systemClock }, { silentLogger }, { numberedBatch }] = await Promise.all(
    ${JSON.stringify(["storage/open.ts", "storage/config.ts", "core/base/clock.ts", "core/base/log.ts", "test/storage/support/numbered-batch.ts"].map((source) => compiled.url(source).href))}.map((url) => import(url)),
  );
  const storage = await openStorage({
    stateDir: ${JSON.stringify(directory.path)}, config: storageSchema.parse({}), clock: systemClock, logger: silentLogger,
  });
  for (let number = Number(process.env.FIRST); ; number++) {
    await storage.archive.append(numberedBatch(number));
    process.stdout.write(number + "\\n");
  }
`,
);

test("killed ten times", { timeout: 120_000 }, async () => {
  const seed = Number(process.env["GRATE_SEED"] ?? process.hrtime.bigint() % 1_000_000n);
  process.stderr.write(`kill test: GRATE_SEED=${seed}\n`);
  const random = generator(seed);
  let kept = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const acknowledged = await appendAndKill({
      child: CHILD,
      first: kept,
      acknowledgements: 1 + Math.floor(random() * 40),
      delayMs: Math.floor(random() * 8),
    });
    expect(acknowledged, `round ${round}`).toBeGreaterThan(kept);
    kept = await checkFile(acknowledged);
  }
});

/** @returns the number of batches in the file: those acknowledged, and perhaps the one under way */
async function checkFile(acknowledged: number): Promise<number> {
  const file = join(directory.path, "history.db");
  const db = openTestDatabase(file);
  expect(db.pragma("integrity_check", { simple: true })).toBe("ok");
  const archive = new SqliteArchive(db, file);
  const read = (series: number) => archive.read({ key: keyOf(series), fromMs: 0, toMs: 9e12 });
  const batches = ((await read(0))?.timesMs.length ?? 0) / SAMPLES;
  expect([acknowledged, acknowledged + 1]).toContain(batches);
  for (let series = 0; series < SERIES; series++) {
    const parts = Array.from({ length: batches }, (_, number) => numberedBatch(number)[series]?.series);
    expect(await read(series)).toEqual(joinSeries(parts.filter((part) => part !== undefined)));
  }
  closeDatabase(db);
  return batches;
}

/** The usual small generator (mulberry32): numbers 0 <= n < 1 from a seed. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
