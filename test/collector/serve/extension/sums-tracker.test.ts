import { describe, expect, test } from "vitest";
import { SumsTracker } from "../../../../collector/serve/extension/sums-tracker.js";
import type { ReportedSums } from "../../../../core/model/summary.js";
import { metaOf } from "../../../support/made-cluster.js";

/** Sums by name of the metric. */
function sumsOf(
  name: string,
  values: Readonly<Record<string, number>>,
  more: Partial<ReportedSums> = {},
): ReportedSums {
  return {
    kind: "grid",
    name,
    source: "s",
    authority: "",
    facts: { owner: "", latlong: "", url: "" },
    timeMs: 1_000,
    tmaxS: 15,
    summary: {
      hostsUp: 1,
      hostsDown: 0,
      metrics: Object.entries(values).map(([metric, sum]) => ({ meta: metaOf(metric), sum, num: 1, decimals: 0 })),
    },
    ...more,
  };
}

/** What a reader is told: of each grid whether it is full, and its sums. */
const told = (tracker: SumsTracker, all: ReportedSums[], frame: number, since: number | undefined) =>
  tracker
    .changes(all, frame, since)
    .map(({ sums, full, metrics }) => [sums.name, full, Object.fromEntries(metrics.map((m) => [m.meta.name, m.sum]))]);

describe("a reader is told of sums", () => {
  const first = sumsOf("a", { load: 1, cpus: 8 });
  const second = sumsOf("a", { load: 2, cpus: 8 });

  test("everything, where it has nothing", () => {
    expect(told(new SumsTracker(), [first], 1, undefined)).toEqual([["a", true, { load: 1, cpus: 8 }]]);
  });

  test("everything, where the grid is newer than what it has", () => {
    expect(told(new SumsTracker(), [first], 5, 4)).toEqual([["a", true, { load: 1, cpus: 8 }]]);
  });

  test("again until the frame has come to which it belongs, then no more", () => {
    const tracker = new SumsTracker();
    told(tracker, [first], 5, 4);
    expect(told(tracker, [first], 5, 4)[0]?.[1]).toBe(true);
    expect(told(tracker, [first], 6, 5)).toEqual([["a", false, {}]]);
  });

  test("only what changed", () => {
    const tracker = new SumsTracker();
    told(tracker, [first], 5, undefined);
    expect(told(tracker, [second], 9, 7)).toEqual([["a", false, { load: 2 }]]);
    expect(told(tracker, [second], 10, 7)).toEqual([["a", false, { load: 2 }]]);
    expect(told(tracker, [second], 10, 9)).toEqual([["a", false, {}]]);
    expect(told(tracker, [second], 10, undefined)).toEqual([["a", true, { load: 2, cpus: 8 }]]);
  });

  test("the same sums told anew are no change, their time and hosts are", () => {
    const tracker = new SumsTracker();
    told(tracker, [first], 5, undefined);
    const again = sumsOf("a", { load: 1, cpus: 8 }, { timeMs: 16_000 });
    expect(told(tracker, [again], 9, 7)).toEqual([["a", false, {}]]);
    expect(tracker.changes([again], 9, 7)[0]?.sums.timeMs).toBe(16_000);
  });

  test("all of them, where one is gone: there is no other word for it", () => {
    const tracker = new SumsTracker();
    told(tracker, [first], 5, undefined);
    expect(told(tracker, [sumsOf("a", { load: 1 })], 9, 7)).toEqual([["a", true, { load: 1 }]]);
  });

  test("one that is new beside the others", () => {
    const tracker = new SumsTracker();
    told(tracker, [first], 5, undefined);
    expect(told(tracker, [sumsOf("a", { load: 1, cpus: 8, disks: 3 })], 9, 7)).toEqual([["a", false, { disks: 3 }]]);
  });

  test("no more of a grid that is gone, and everything when it comes back", () => {
    const tracker = new SumsTracker();
    told(tracker, [first, sumsOf("b", { load: 5 })], 5, undefined);
    expect(told(tracker, [first], 9, 7)).toEqual([["a", false, {}]]);
    expect(told(tracker, [first, sumsOf("b", { load: 5 })], 10, 9)).toEqual([
      ["a", false, {}],
      ["b", true, { load: 5 }],
    ]);
  });

  test("a grid and a cluster of one name are two", () => {
    const tracker = new SumsTracker();
    const both = [first, sumsOf("a", { load: 7 }, { kind: "cluster" })];
    expect(told(tracker, both, 5, undefined)).toEqual([
      ["a", true, { load: 1, cpus: 8 }],
      ["a", true, { load: 7 }],
    ]);
  });
});
