/**
 * Our RRD engine beside the real rrdtool, many random files long:
 *   npx vitest run --project torture rrd
 * SEED, CASES and UPDATES from the environment. It stops at the first difference and prints the seed.
 */
import { expect, test } from "vitest";
import { Comparison } from "../storage/rrd/support/compare.js";
import { randomCase } from "../storage/rrd/support/random-case.js";
import { RRDTOOL } from "../storage/rrd/support/rrdtool.js";

const CASES = Number(process.env["CASES"] ?? 2_000);
const UPDATES = Number(process.env["UPDATES"] ?? 40);
const SEED = Number(process.env["SEED"] ?? Math.floor(Math.random() * 1e9));
const PRINT_EVERY = 500;

test.skipIf(RRDTOOL === undefined)(`beside rrdtool: SEED=${SEED} CASES=${CASES} UPDATES=${UPDATES}`, async () => {
  const comparison = new Comparison();
  try {
    for (let i = 0; i < CASES; i++) {
      const fault = await comparison.runCase(randomCase(SEED + i, UPDATES));
      if (fault !== undefined) expect.fail(`SEED=${SEED + i} CASES=1 UPDATES=${UPDATES}\n${fault}`);
      if ((i + 1) % PRINT_EVERY === 0) {
        process.stdout.write(`${i + 1} cases, ${comparison.commandCount} commands, no difference\n`);
      }
    }
  } finally {
    await comparison.end();
  }
  expect(comparison.commandCount).toBeGreaterThan(CASES * UPDATES);
});
