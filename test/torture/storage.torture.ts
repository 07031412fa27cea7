/**
 * kill -9 of a collector under load, many times on the same state.
 *
 * COUNT=1000        kills
 * GRATE_SEED=N      repeats a run
 */
import { expect, test } from "vitest";
import { killRounds } from "../collector/kill/rounds.js";

const COUNT = Number(process.env["COUNT"] ?? 1_000);
const TELL_EVERY = 25;

test(`${COUNT} kills of a collector under load`, async () => {
  const seed = Number(process.env["GRATE_SEED"] ?? process.hrtime.bigint() % 1_000_000n);
  process.stdout.write(`storage torture: GRATE_SEED=${seed}\n`);
  let told = 0;
  const report = await killRounds(COUNT, seed, (line) => {
    if (told++ % TELL_EVERY === 0) process.stdout.write(`${line}\n`);
  });
  const { kills, samples, rows, unacknowledged } = report;
  process.stdout.write(
    `${kills} kills, ${samples} acknowledged samples all there, ${rows} rows of RRD files right, ${unacknowledged} frames written but not yet acknowledged\n`,
  );
  expect(kills).toBe(COUNT);
});
