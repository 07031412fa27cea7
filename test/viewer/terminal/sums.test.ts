/** What the commands print of grids and clusters of which only sums are known. */
import { describe, expect, test } from "vitest";
import type { ReportedSums } from "../../../core/model/summary.js";
import type { CollectorReport } from "../../../viewer/terminal/control-client.js";
import { formatHosts } from "../../../viewer/terminal/hosts.js";
import type { OutputOptions } from "../../../viewer/terminal/output.js";
import { formatStatus } from "../../../viewer/terminal/status.js";
import { madeSum, madeSums } from "../../support/made-sums.js";
import { NOW_MS, storeOf } from "./changes.js";

const PLAIN: OutputOptions = { json: false, header: true, color: false, width: 80 };
const HOSTILE = "\u009b2J\u202e";

/** Told 4 s ago, every 15 s. */
const far = (name: string, more: Partial<ReportedSums> = {}) =>
  madeSums("grid", name, {
    timeMs: NOW_MS - 4_000,
    summary: {
      hostsUp: 998,
      hostsDown: 2,
      metrics: [madeSum("cpu_num", 7_984, 998, 0), madeSum("load_one", 312.5, 998)],
    },
    ...more,
  });
const silent = far("Penza", { timeMs: NOW_MS - 400_000, source: "other" });
const bare = far("bare", { kind: "cluster", summary: { hostsUp: 1, hostsDown: 0, metrics: [] } });

describe("hosts", () => {
  test("where nothing else is known a line says why there are no hosts", () => {
    expect(formatHosts(storeOf({}, {}, [far("Saransk"), silent, bare]), PLAIN)).toEqual([
      "Saransk (grid, only sums are known): 998 of 1000 hosts up, 7984 CPUs, load",
      "312.50",
      "Penza (grid, only sums are known): 0 of 1000 hosts up, silent for 6m 40s",
      "bare (cluster, only sums are known): 1 of 1 hosts up",
    ]);
  });

  test("they stand between the clusters' own lines and the table", () => {
    const lines = formatHosts(storeOf({ khab: [{ name: "x" }] }, {}, [bare]), PLAIN);
    expect(lines.map((line) => line.split(" ")[0])).toEqual(["khab:", "bare", "HOST", "x"]);
  });

  test("without a header nothing but hosts stays", () => {
    const options = { ...PLAIN, header: false };
    expect(formatHosts(storeOf({}, {}, [bare]), options)).toEqual([]);
    expect(formatHosts(storeOf({ khab: [{ name: "x" }] }, {}, [bare]), options)).toHaveLength(1);
  });

  test("JSON has them beside the hosts, unknown as null", () => {
    const text = formatHosts(storeOf({}, {}, [far("Saransk"), silent]), { ...PLAIN, json: true }).join("\n");
    expect(JSON.parse(text)).toEqual({
      now: "2023-11-14T22:13:20Z",
      hosts: [],
      sums: [
        {
          kind: "grid",
          name: "Saransk",
          source: "above",
          state: "up",
          told: "2023-11-14T22:13:16Z",
          hostsUp: 998,
          hostsDown: 2,
          cpus: 7984,
          load1: 312.5,
        },
        {
          kind: "grid",
          name: "Penza",
          source: "other",
          state: "silent",
          told: "2023-11-14T22:06:40Z",
          hostsUp: 0,
          hostsDown: 1000,
          cpus: null,
          load1: null,
        },
      ],
    });
  });

  test.each([true, false])("hostile names do nothing to the terminal (JSON: %s)", (json) => {
    const text = formatHosts(storeOf({}, {}, [far("a\u202eb", { source: HOSTILE })]), { ...PLAIN, json }).join("");
    expect(text).not.toMatch(/[\u0080-\u009f\u202e]/);
    expect(text).toContain("\\u202e");
  });
});

describe("status", () => {
  const report = (sums: CollectorReport["sums"]): CollectorReport => ({
    version: "0.1.0",
    startedMs: NOW_MS - 60_000,
    uptimeMs: 60_000,
    frame: 0,
    faults: [],
    notes: [],
    sources: [],
    clusters: [],
    sums,
  });
  const one = { kind: "grid", name: "Saransk", source: "s", hostsUp: 998, hostsDown: 2, metrics: 35 } as const;
  const told = [{ ...one, timeMs: NOW_MS - 4_000 }];

  test("counts their hosts in a table of their own", () => {
    expect(formatStatus(report(told), PLAIN).slice(2)).toEqual([
      "no sources",
      "",
      "ONLY SUMS  KIND   UP  DOWN  METRICS  LAST  SOURCE",
      "Saransk    grid  998     2       35    4s  s",
    ]);
  });

  test("hosts that are down show in red, and none in no colour", () => {
    const paint = (hostsDown: number) =>
      formatStatus(report([{ ...one, hostsDown, timeMs: NOW_MS }]), { ...PLAIN, header: false, color: true });
    expect(paint(2).join()).toContain("\u001b[1;31m2\u001b[0m");
    expect(paint(0).join()).not.toContain("\u001b");
  });

  test.each([[undefined], [[]]])("without any (%j) nothing is said of them", (none) => {
    expect(formatStatus(report(none), PLAIN).slice(2)).toEqual(["no sources", "", "no clusters yet"]);
  });

  test("JSON always has the list", () => {
    const json = (sums: CollectorReport["sums"]) =>
      JSON.parse(formatStatus(report(sums), { ...PLAIN, json: true }).join("\n")).sums;
    expect(json(undefined)).toEqual([]);
    expect(json(told)).toEqual([{ ...one, told: "2023-11-14T22:13:16Z" }]);
  });

  test("hostile names do nothing to the terminal and keep within 80 cells", () => {
    const name = `${HOSTILE}${"x".repeat(300)}`;
    const lines = formatStatus(report([{ ...one, name, source: name, timeMs: NOW_MS }]), PLAIN);
    expect(lines.join("")).not.toMatch(/[\u0080-\u009f\u202e]/);
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(80);
  });
});
