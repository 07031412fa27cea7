/** Our engine and the real rrdtool, side by side: the same bytes, the same words, after every command. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Comparison } from "./support/compare.js";
import { randomCase } from "./support/random-case.js";
import { RRDTOOL } from "./support/rrdtool.js";

const CASES = Number(process.env["RRD_CASES"] ?? 100);
const UPDATES = 25;
/** Printed in the name of each test; RRD_SEED repeats a run. */
const SEED = Number(process.env["RRD_SEED"] ?? Math.floor(Math.random() * 1e9));

const suite = RRDTOOL === undefined ? describe.skip : describe;
suite(`beside rrdtool${RRDTOOL === undefined ? " (rrdtool is not installed)" : ""}`, () => {
  let comparison: Comparison;
  beforeAll(() => {
    comparison = new Comparison();
  });
  afterAll(() => comparison.end());

  test.each(Array.from({ length: CASES }, (_, i) => SEED + i))("random case, RRD_SEED=%d", async (seed) => {
    expect(await comparison.runCase(randomCase(seed, UPDATES))).toBeUndefined();
  });
});
