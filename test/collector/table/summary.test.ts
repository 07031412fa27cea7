import { readFileSync } from "node:fs";
import { beforeEach, describe, expect, it } from "vitest";
import { ClusterTable } from "../../../collector/table/cluster-table.js";
import { summarize } from "../../../collector/table/summary.js";
import { ClusterDirectory } from "../../../core/model/directory.js";
import { Frame } from "../../../core/model/frame.js";
import { newHostFacts } from "../../../core/model/host.js";
import type { ExtraPair, MetricMeta, MetricType } from "../../../core/model/metric.js";
import { decimalsOf, formatNumber } from "../../../core/model/number-text.js";
import { meta } from "../support.js";

const T = 1_700_000_000_000;
const S = 1_000;

let directory: ClusterDirectory;
let table: ClusterTable;
let frame: Frame;
beforeEach(() => {
  directory = new ClusterDirectory("c");
  table = new ClusterTable(directory);
  frame = new Frame(directory, "test");
  frame.timeMs = T;
});

/** A host that was heard this long ago. */
function host(name: string, silenceS = 0, tmaxS = 20): number {
  const row = directory.row(name);
  directory.describeHost(row, { ...newHostFacts(name), tmaxS });
  frame.heard(row, T - silenceS * S);
  return row;
}

function value(row: number, text: string, of: MetricMeta, ageS = 0): void {
  const column = directory.column(of.name, of.type === "string" ? "text" : "number");
  directory.describeMetric(row, column, of);
  if (of.type === "string") frame.pushText(row, column, text, T - ageS * S);
  else frame.pushNumber(row, column, Number(text), T - ageS * S, decimalsOf(text));
}

function summary() {
  table.apply(frame, 1, T);
  return summarize(table, T);
}

/** As gmetad would print it. */
const printed = () =>
  summary().metrics.map(({ meta, sum, num, decimals }) => [meta.name, formatNumber(sum, decimals), num]);

describe("hosts", () => {
  it.each<[name: string, silenceS: number, tmaxS: number, up: number, down: number]>([
    ["just heard", 0, 20, 1, 0],
    ["one second before four times TMAX", 79, 20, 1, 0],
    ["at four times TMAX", 80, 20, 0, 1],
    ["no TMAX, under a minute", 59, 0, 1, 0],
    ["no TMAX, a minute", 60, 0, 0, 1],
  ])("%s", (_name, silenceS, tmaxS, up, down) => {
    host("h", silenceS, tmaxS);
    expect(summary()).toMatchObject({ hostsUp: up, hostsDown: down });
  });

  it("that were never heard count for nothing", () => {
    directory.row("named");
    host("heard");
    expect(summary()).toMatchObject({ hostsUp: 1, hostsDown: 0 });
  });
});

describe("sums", () => {
  it("are over hosts that are up, fresh or not, slope zero or not", () => {
    const load = meta("load_one", { tmaxS: 70 });
    const cpus = meta("cpu_num", { type: "uint16", slope: "zero" });
    const rows = [host("a"), host("b"), host("down", 100)];
    rows.forEach((row, i) => {
      value(row, `${i + 1}.25`, load, i * 600);
      value(row, "4", cpus, 3_000);
    });
    expect(printed()).toEqual([
      ["load_one", "3.50", 2],
      ["cpu_num", "8", 2],
    ]);
  });

  it("leave out what is past its DMAX, by host", () => {
    value(host("a"), "1", meta("m", { dmaxS: 60 }), 60);
    value(host("b"), "2", meta("m", { dmaxS: 60 }), 61);
    value(host("c"), "4", meta("m", { dmaxS: 0 }), 61);
    expect(printed()).toEqual([["m", "5", 2]]);
  });

  it("leave out texts, timestamps, absent values, and metrics nobody has now", () => {
    const row = host("a");
    value(row, "Linux", meta("os_name", { type: "string" }));
    value(row, "1700000000", meta("when", { type: "timestamp" }));
    value(row, "NaN", meta("nothing"));
    value(row, "1", meta("m"));
    expect(printed()).toEqual([["m", "1", 1]]);
  });

  it.each<[type: MetricType, first: string, second: string, text: string]>([
    ["float", "0.5", "0.25", "0.8"],
    ["float", "1", "0.25", "1"],
    ["double", "0.250", "1", "1.250"],
    ["uint32", "4000000000", "4000000000", "8000000000"],
    ["int8", "-3", "1", "-2"],
  ])("have the decimals of the first value, integers none: %s %s + %s", (type, first, second, text) => {
    value(host("a"), first, meta("m", { type }));
    value(host("b"), second, meta("m", { type }));
    expect(printed()).toEqual([["m", text, 2]]);
  });

  it("are doubles with the first host's units and slope, and everyone's extra data", () => {
    const extra = (...pairs: ExtraPair[]) => ({ extra: pairs });
    value(
      host("a"),
      "1",
      meta("m", { units: "KB", slope: "zero", ...extra(["GROUP", "x"], ["SPOOF_HOST", "1.1.1.1:a"]) }),
    );
    value(host("b"), "1", meta("m", { units: "MB", ...extra(["GROUP", "x"], ["GROUP", "y"]) }));
    expect(summary().metrics[0]?.meta).toMatchObject({
      type: "double",
      units: "KB",
      slope: "zero",
      extra: [
        ["GROUP", "x"],
        ["GROUP", "y"],
      ],
    });
  });
});

describe("beside gmetad 3.7.2", () => {
  const read = (name: string) =>
    readFileSync(new URL(`../../fixtures/ganglia-3.7.2/${name}`, import.meta.url), "latin1");

  it("gives its sums of its own document", () => {
    for (const [, name, body] of read("gmetad-8651.xml").matchAll(/<HOST NAME="([^"]+)"(.*?)<\/HOST>/gs)) {
      const row = host(name as string, 16);
      for (const found of (body as string).matchAll(
        /<METRIC NAME="([^"]+)" VAL="([^"]*)" TYPE="([^"]+)" UNITS="([^"]*)"/g,
      )) {
        const [, metric, text, type, units] = found as unknown as [string, string, string, MetricType, string];
        value(row, text, meta(metric, { type, units }));
      }
    }
    const expected = read("gmetad-8652-filter-summary.xml")
      .split("<CLUSTER")[1]
      ?.matchAll(/<METRICS NAME="([^"]+)" SUM="([^"]+)" NUM="([^"]+)" TYPE="double" UNITS="([^"]*)"/g);
    const theirs = Array.from(expected ?? [], ([, metric, sum, num, units]) => [metric, sum, Number(num), units]);
    expect(theirs).toHaveLength(35);
    const ours = summary();
    expect(ours).toMatchObject({ hostsUp: 3, hostsDown: 0 });
    const lines = ours.metrics.map(({ meta, sum, num, decimals }) => [
      meta.name,
      formatNumber(sum, decimals),
      num,
      meta.units,
    ]);
    expect(lines.sort()).toEqual(theirs.sort());
  });
});
