import { expect, test } from "vitest";
import { killRounds } from "./kill/rounds.js";

const KILLS = 30;

test("thirty kills of a collector under load: every acknowledged sample is there, and no file is broken", {
  timeout: 600_000,
}, async () => {
  const seed = Number(process.env["GRATE_SEED"] ?? process.hrtime.bigint() % 1_000_000n);
  process.stderr.write(`kill test of the collector: GRATE_SEED=${seed}\n`);
  const { kills, samples, rows } = await killRounds(KILLS, seed);
  expect(kills).toBe(KILLS);
  expect(samples).toBeGreaterThan(0);
  expect(rows).toBeGreaterThan(0);
});
