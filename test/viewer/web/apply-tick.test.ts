import { describe, expect, test } from "vitest";
import type { ClusterTick, OverviewAnswer, SumsAnswer, TickEvent } from "../../../viewer/api/answers.js";
import { applyTick } from "../../../viewer/web/lib/apply-tick.js";

const COUNTS = { firing: 0, pending: 0, critical: 0, warning: 0, info: 0 };
const OVERVIEW: OverviewAnswer = {
  version: "i-1",
  collector: { connected: true, address: "", sinceMs: 0, lastAnswerMs: 0, error: "" },
  metric: "load_one",
  metrics: [],
  clusters: [
    {
      name: "khab",
      owner: "",
      url: "",
      layout: 3,
      frameTimeMs: 1_000,
      up: 3,
      down: 0,
      hosts: ["a", "b", "c"],
      values: [1, 2, null],
      timesS: [1, 1, 0],
      states: "uun",
      alerts: "---",
    },
  ],
  sums: [],
  counts: COUNTS,
  firing: [],
  faults: [],
};

function tick(cluster: Partial<ClusterTick> = {}): TickEvent {
  const change: ClusterTick = {
    name: "khab",
    layout: 3,
    frameTimeMs: 2_000,
    up: 2,
    down: 1,
    at: [0, 2],
    values: [null, 7],
    timesS: [2, 2],
    states: "ndu",
    alerts: "-c-",
    ...cluster,
  };
  return { version: "i-2", nowMs: 2_000, clusters: [change], sums: [], counts: { ...COUNTS, firing: 1, critical: 1 } };
}

test("values at their positions, the others stay; the old one is not touched", () => {
  const next = applyTick(OVERVIEW, tick());
  expect(next?.clusters[0]).toMatchObject({
    values: [null, 2, 7],
    timesS: [2, 1, 2],
    states: "ndu",
    alerts: "-c-",
    up: 2,
    down: 1,
    frameTimeMs: 2_000,
    hosts: ["a", "b", "c"],
  });
  expect(next).toMatchObject({ version: "i-2", counts: { firing: 1 } });
  expect(OVERVIEW.clusters[0]?.values).toEqual([1, 2, null]);
});

test("a tick without values keeps the very same columns", () => {
  const next = applyTick(OVERVIEW, tick({ at: [], values: [], timesS: [] }));
  expect(next?.clusters[0]?.values).toBe(OVERVIEW.clusters[0]?.values);
});

describe("what does not fit is not applied", () => {
  test.each([
    ["hosts came or went", tick({ layout: 4 })],
    ["another cluster", tick({ name: "other" })],
    ["a cluster more", { ...tick(), clusters: [...tick().clusters, ...tick().clusters] }],
    ["a cluster less", { ...tick(), clusters: [] }],
  ])("%s", (_what, event) => {
    expect(applyTick(OVERVIEW, event)).toBeUndefined();
  });
});

describe("sums", () => {
  const one: SumsAnswer = {
    kind: "grid",
    name: "far",
    source: "s",
    url: "",
    layout: 4,
    timeMs: 1_000,
    live: true,
    up: 2,
    down: 0,
    cpus: 8,
    load1: 1.5,
    sum: 1.5,
    num: 2,
  };
  const held = { ...OVERVIEW, sums: [one] };

  test("come whole with each tick", () => {
    const silent = { ...one, live: false, up: 0, down: 2, cpus: null };
    expect(applyTick(held, { ...tick(), sums: [silent] })?.sums).toEqual([silent]);
  });

  test.each<[string, SumsAnswer[]]>([
    ["are gone", []],
    ["are more", [one, { ...one, name: "near" }]],
    ["are of another kind", [{ ...one, kind: "cluster" }]],
    ["are of other metrics", [{ ...one, layout: 5 }]],
  ])("that %s make the page read the whole again", (_what, sums) => {
    expect(applyTick(held, { ...tick(), sums })).toBeUndefined();
  });
});
