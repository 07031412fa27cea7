import { describe, expect, test } from "vitest";
import type { MetricSum, ReportedSums } from "../../../../core/model/summary.js";
import { ExtensionError, readChanges, type SumsChanges, writeChanges } from "../../../../core/wire/extension/index.js";
import { ChangesMirror } from "../../../support/changes-mirror.js";
import { metaOf } from "../../../support/made-cluster.js";

const FACTS = { instance: "4f1c", nowMs: 1_795_291_102_123 };
const HOSTILE = `<a href="x">'&\u{1F525}\n\t]]>`;

const load: MetricSum = { meta: metaOf("load_one", { tmaxS: 0, units: " " }), sum: 12.5, num: 998, decimals: 2 };
/** Sums of floats are what they are, and shown with two decimals. */
const odd: MetricSum = { ...load, meta: { ...load.meta, name: HOSTILE, units: HOSTILE }, sum: 0.1 + 0.2 };

const grid: ReportedSums = {
  kind: "grid",
  name: HOSTILE,
  source: "child",
  authority: `http://child/ganglia/?${HOSTILE}`,
  facts: { owner: "unspecified", latlong: "unspecified", url: "unspecified" },
  timeMs: 1_795_291_100_500,
  tmaxS: 15,
  summary: { hostsUp: 998, hostsDown: 2, metrics: [load, odd] },
};
const cluster: ReportedSums = {
  ...grid,
  kind: "cluster",
  name: "far",
  authority: "",
  facts: { owner: HOSTILE, latlong: "N32 W117", url: "http://far/" },
  summary: { hostsUp: 0, hostsDown: 0, metrics: [] },
};

const written = (...sums: SumsChanges[]) =>
  [...writeChanges(FACTS, { full: false, frame: 7, clusters: [], sums })].join("");

describe("sums are written and read back", () => {
  test.each<[string, SumsChanges]>([
    ["a grid", { sums: grid, full: true, metrics: grid.summary.metrics }],
    ["a grid of which one sum is new", { sums: grid, full: false, metrics: [odd] }],
    ["a cluster without hosts", { sums: cluster, full: true, metrics: [] }],
  ])("%s", (_what, changes) => {
    const { summary, ...told } = changes.sums;
    expect(readChanges(written(changes)).sums).toEqual([
      {
        ...told,
        full: changes.full,
        hostsUp: summary.hostsUp,
        hostsDown: summary.hostsDown,
        metrics: changes.metrics,
      },
    ]);
  });

  test("nobody has any: the answer has no word of them", () => {
    expect(readChanges(written())).not.toHaveProperty("sums");
    expect(written()).not.toContain("SUMS");
  });

  test("a reader that does not know them passes over them", () => {
    const mirror = new ChangesMirror();
    mirror.apply(readChanges(written({ sums: grid, full: true, metrics: [load] })));
    expect(mirror.known().size).toBe(0);
  });

  test.each<[string, string, string]>([
    ["a kind", 'KIND="grid"', 'KIND="federation"'],
    ["a type", 'TYPE="float"', 'TYPE="decimal"'],
    ["a slope", 'SLOPE="both"', 'SLOPE="steep"'],
  ])("%s of a later version is passed over", (_what, now, later) => {
    const text = written({ sums: grid, full: true, metrics: [load] }).replace(now, later);
    expect(readChanges(text).sums?.flatMap(({ metrics }) => metrics) ?? []).toEqual([]);
  });

  test.each<[string, string, string]>([
    ["a sum that is no number", 'SUM="12.50"', 'SUM="many"'],
    ["a sum that claims to be several", 'SUM="12.50"', 'SUM="1*1000000"'],
    ["no time", / TIME="[^"]*"/.exec(written({ sums: grid, full: true, metrics: [] }))?.[0] ?? "", ""],
    ["a count of hosts below nought", 'UP="998"', 'UP="-1"'],
    ["neither full nor not", 'KIND="grid"', 'KIND="grid" FULLER="no"'],
  ])("%s is refused", (what, now, later) => {
    const text = written({ sums: grid, full: true, metrics: [load] });
    const broken = what.startsWith("neither")
      ? text.replace(/(<SUMS[^>]* FULL=")yes/, "$1maybe")
      : text.replace(now, later);
    expect(broken).not.toBe(text);
    expect(() => readChanges(broken)).toThrow(ExtensionError);
  });
});
