import { describe, expect, test } from "vitest";
import { areSumsLive, summaryAt } from "../../../core/model/summary.js";
import { madeSums } from "../../support/made-sums.js";

const sums = madeSums("grid", "far");

describe("sums read at 1,000 s, and every 15 s from then on", () => {
  test.each([
    [1_000_000, true],
    [1_059_999, true],
    [1_060_000, false],
    // A source whose clock is ahead of ours.
    [999_000, true],
  ])("at %d ms they count: %s", (nowMs, live) => {
    expect(areSumsLive(sums, nowMs)).toBe(live);
  });

  test("say what was told while they count", () => {
    expect(summaryAt(sums, 1_059_999)).toBe(sums.summary);
  });

  test("say only how many hosts are silent afterwards", () => {
    expect(summaryAt(sums, 1_060_000)).toEqual({ hostsUp: 0, hostsDown: 3, metrics: [] });
    expect(sums.summary.hostsUp).toBe(2);
  });
});
