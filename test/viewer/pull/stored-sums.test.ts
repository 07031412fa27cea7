/** How the viewer keeps sums from answer to answer. */
import { describe, expect, test } from "vitest";
import type { ReportedSums } from "../../../core/model/summary.js";
import type { ChangesDocument } from "../../../core/wire/extension/changes.js";
import type { SumsDelta } from "../../../core/wire/extension/sums.js";
import { MalformedAnswer } from "../../../viewer/pull/client.js";
import { Store } from "../../../viewer/pull/store.js";
import { totalOf } from "../../../viewer/pull/stored-sums.js";
import { madeSum, madeSums } from "../../support/made-sums.js";

function delta(full: boolean, { summary, ...told }: ReportedSums): SumsDelta {
  return { ...told, ...summary, full };
}

/** Of a grid "far" with these sums. */
function far(full: boolean, sums: Readonly<Record<string, number>>, more: Partial<ReportedSums> = {}): SumsDelta {
  const metrics = Object.entries(sums).map(([name, sum]) => madeSum(name, sum, 2));
  return delta(full, madeSums("grid", "far", { summary: { hostsUp: 2, hostsDown: 1, metrics }, ...more }));
}

function document(sums: readonly SumsDelta[] | undefined, more: Partial<ChangesDocument> = {}): ChangesDocument {
  return { instance: "i1", frame: 1, nowMs: 5_000, full: false, clusters: [], sums, ...more };
}

function storeWith(...sums: readonly SumsDelta[]): Store {
  const store = new Store();
  store.apply(document(sums, { full: true }));
  return store;
}

const plain = (store: Store) =>
  [...store.sums.values()].map(({ kind, name, timeMs, summary }) => [
    kind,
    name,
    timeMs,
    Object.fromEntries(summary.metrics.map(({ meta, sum }) => [meta.name, sum])),
  ]);
const layoutOf = (store: Store) => store.sums.get("grid far")?.layout ?? -1;

describe("an answer", () => {
  test("replaces the sums that it has and keeps the others", () => {
    const store = storeWith(far(true, { load: 1, cpus: 8 }));
    store.apply(document([far(false, { load: 2 }, { timeMs: 2_000_000 })]));
    expect(plain(store)).toEqual([["grid", "far", 2_000_000, { load: 2, cpus: 8 }]]);
  });

  test("that is full for one of them leaves nothing of what it had", () => {
    const store = storeWith(far(true, { load: 1, cpus: 8 }));
    store.apply(document([far(true, { load: 2 })]));
    expect(plain(store)).toEqual([["grid", "far", 1_000_000, { load: 2 }]]);
  });

  test.each<[string, readonly SumsDelta[] | undefined]>([
    ["none", undefined],
    ["an empty list", []],
  ])("with %s of them: those that were are gone", (_what, sums) => {
    const store = storeWith(far(true, { load: 1 }));
    store.apply(document(sums));
    expect(plain(store)).toEqual([]);
  });

  test("keeps a grid and a cluster of one name apart, in the order of the collector", () => {
    const store = storeWith(far(true, {}), far(true, {}, { kind: "cluster" }));
    expect([...store.sums.keys()]).toEqual(["grid far", "cluster far"]);
  });
});

describe("the layout", () => {
  test.each<[string, SumsDelta, boolean]>([
    ["another value", far(false, { load: 2 }), true],
    ["the same metrics anew", far(true, { cpus: 1, load: 2 }), true],
    ["a metric more", far(false, { disk: 1 }), false],
    ["a metric less", far(true, { load: 1 }), false],
    ["another metric instead", far(true, { load: 1, disk: 1 }), false],
  ])("after %s", (_what, next, same) => {
    const store = storeWith(far(true, { load: 1, cpus: 8 }));
    const before = layoutOf(store);
    store.apply(document([next]));
    expect(layoutOf(store) === before).toBe(same);
    expect(layoutOf(store)).toBeGreaterThanOrEqual(before);
  });

  test("of sums that come back is another one", () => {
    const store = storeWith(far(true, { load: 1 }));
    const before = layoutOf(store);
    store.apply(document([]));
    store.apply(document([far(true, { load: 1 })]));
    expect(layoutOf(store)).toBeGreaterThan(before);
  });
});

describe("refused with nothing changed", () => {
  const many = Array.from({ length: 1_025 }, (_, i) => far(true, {}, { name: `g${i}` }));
  const names = Object.fromEntries(Array.from({ length: 2 ** 16 }, (_, i) => [`m${i}`, i]));
  test.each<[string, readonly SumsDelta[], RegExp]>([
    ["the same twice", [far(false, {}), far(false, {})], /grid "far": they came twice/],
    ["a part of what is not held", [far(false, {}, { name: "near" })], /grid "near": a part of them came/],
    ["more than a collector has", many, /sums of 1025 came, at most 1024/],
    ["a name that is none", [far(true, {}, { name: "" })], /it is empty/],
    ["a name that is too long", [far(true, {}, { name: "x".repeat(513) })], /at most 512/],
    ["a metric that breaks lines", [far(true, { "a\nb": 1 })], /a control character/],
    ["metrics without end", [far(false, names)], /more than 65536 metrics/],
  ])("%s", (_what, sums, message) => {
    const store = storeWith(far(true, { load: 1 }));
    const before = plain(store);
    expect(() => store.apply(document(sums, { frame: 2 }))).toThrow(MalformedAnswer);
    expect(() => store.apply(document(sums, { frame: 2 }))).toThrow(message);
    expect(plain(store)).toEqual(before);
    expect(store.version).toBe("i1-1");
  });
});

test.each([
  ["a sum", 1.5, 1.5],
  ["nought", 0, 0],
  ["no finite number", Number.POSITIVE_INFINITY, null],
])("the total of %s", (_what, sum, expected) => {
  expect(totalOf({ hostsUp: 1, hostsDown: 0, metrics: [madeSum("x", sum, 1)] }, "x")).toBe(expected);
  expect(totalOf({ hostsUp: 1, hostsDown: 0, metrics: [] }, "x")).toBeNull();
});
