import { describe, expect, test } from "vitest";
import type { Alert, AlertEvent } from "../../../../core/model/alert.js";
import type { SourceHealth } from "../../../../core/model/source.js";
import {
  type ClusterMetadata,
  ExtensionError,
  type History,
  type HistoryData,
  type MergedHistory,
  RefusedError,
  readAlerts,
  readHistory,
  readMetadata,
  readStatus,
  type Status,
  writeAlerts,
  writeError,
  writeHistory,
  writeMetadata,
  writeStatus,
} from "../../../../core/wire/extension/index.js";
import { XmlError } from "../../../../core/wire/xml/scanner.js";
import { metaOf as meta } from "../../../support/made-cluster.js";

const FACTS = { instance: "4f1c", nowMs: 1_795_291_102_123 };
const HOSTILE = `<a href="x">'&\u{1F525}\n\t]]>`;

const alert: Alert = {
  trigger: "cpu-too-hot",
  cluster: "khab",
  host: HOSTILE,
  severity: "critical",
  state: "firing",
  condition: "cpu_temp > 70",
  evidence: `cpu_temp = 85 ${HOSTILE}`,
  activeAtMs: 1_795_291_000_001,
  firedAtMs: 1_795_291_060_000,
  episode: "e-1",
};

const event: AlertEvent = {
  sequence: 42,
  timeMs: 1_795_291_060_500,
  kind: "notice-failed",
  trigger: "cpu-too-hot",
  cluster: "khab",
  host: "node1",
  severity: "critical",
  episode: "e-1",
  message: HOSTILE,
  details: { error: HOSTILE, [HOSTILE]: "", constructor: "x" },
};

const source: SourceHealth = {
  name: "khab",
  type: "ganglia-xml",
  state: "failing",
  message: `connect: ${HOSTILE}`,
  lastFrameMs: 0,
  frames: 12,
  failures: 3,
  malformed: 1,
  skewMs: -1_500,
  address: "10.0.0.1:8649",
};

const status: Status = {
  version: "0.1.0",
  startedMs: 1_795_290_000_000,
  uptimeMs: 1_102_123,
  frame: 77,
  sources: [source],
  clusters: [{ name: HOSTILE, hostsUp: 3, hostsDown: 1, metrics: 39, frame: 76, frameTimeMs: 1_795_291_101_000 }],
};

function history(data?: HistoryData): string {
  const series = data === undefined ? [] : [{ host: HOSTILE, data }];
  return [...writeHistory(FACTS, { cluster: HOSTILE, metric: "m", fromMs: 1_000, toMs: 61_000.4, series })].join("");
}

const NUMBERS: HistoryData = {
  kind: "number",
  timesMs: Float64Array.of(1_000, 16_000, 31_000, 31_001),
  values: Float64Array.of(0.1, 0.1, -0, 1e300),
};
const TEXTS: HistoryData = {
  kind: "text",
  timesMs: Float64Array.of(1_000, 2_000, 3_500),
  texts: ["", HOSTILE, ""],
};
const BUCKETS: HistoryData = {
  kind: "buckets",
  startMs: 0,
  stepMs: 15_000,
  min: Float64Array.of(Number.NaN, 1, 1, Number.NaN),
  avg: Float64Array.of(Number.NaN, 1 / 3, 1.5, Number.NaN),
  max: Float64Array.of(Number.NaN, 1, 2, Number.NaN),
};

describe("history is written and read back", () => {
  test.each<[string, HistoryData | undefined]>([
    ["numbers", NUMBERS],
    ["texts", TEXTS],
    ["buckets", BUCKETS],
    ["no samples", { kind: "number", timesMs: new Float64Array(0), values: new Float64Array(0) }],
    ["no texts", { kind: "text", timesMs: new Float64Array(0), texts: [] }],
    ["one sample", { kind: "number", timesMs: Float64Array.of(5), values: Float64Array.of(Number.NaN) }],
    ["nothing at all", undefined],
  ])("%s", (_what, data) => {
    expect(readHistory(history(data))).toEqual({
      ...FACTS,
      cluster: HOSTILE,
      metric: "m",
      fromMs: 1_000,
      toMs: 61_000,
      series: data === undefined ? [] : [{ host: HOSTILE, data }],
    });
  });

  test.each<[string, HistoryData, (text: string) => string]>([
    ["a count that is not so", NUMBERS, (text) => text.replace('COUNT="4"', 'COUNT="5"')],
    ["a count without end", NUMBERS, (text) => text.replace('COUNT="4"', 'COUNT="99999999"')],
    ["no steps", NUMBERS, (text) => text.replace(/<STEPS>.*<\/STEPS>/, "")],
    ["no values", NUMBERS, (text) => text.replace(/<V>.*<\/V>/, "")],
    ["a kind that is none", NUMBERS, (text) => text.replace('KIND="number"', 'KIND="blob"')],
    ["a text too few", TEXTS, (text) => text.replace('AT="0 2"', 'AT="0"')],
    ["a text beyond the samples", TEXTS, (text) => text.replace('AT="0 2"', 'AT="0 2-3"')],
    ["a step of nothing", BUCKETS, (text) => text.replace('STEP="15"', 'STEP="0"')],
    ["no maximum", BUCKETS, (text) => text.replace(/<MAX>.*<\/MAX>/, "")],
  ])("%s is refused", (_what, data, break_) => {
    const broken = break_(history(data));
    expect(broken).not.toBe(history(data));
    expect(() => readHistory(broken)).toThrow(ExtensionError);
  });

  test("a short text that claims endless series is refused", () => {
    const series =
      '<BUCKETS HOST="h" START="0" STEP="1" COUNT="4000000"><MIN>-*4000000</MIN><AVG>-*4000000</AVG><MAX>-*4000000</MAX></BUCKETS>';
    const text = history().replace("</HISTORY>", `${series.repeat(2)}</HISTORY>`);
    expect(() => readHistory(text)).toThrow(/COUNT "4000000", expected a whole number up to 194304/);
  });
});

describe("history of many series is written and read back", () => {
  const merged: MergedHistory = {
    startMs: 0,
    stepMs: 15_000,
    min: Float64Array.of(Number.NaN, 1, 0),
    avg: Float64Array.of(Number.NaN, 1.5, 0.1),
    max: Float64Array.of(Number.NaN, 2, 0.2),
    sum: Float64Array.of(Number.NaN, 3, 0.30000000000000004),
    hosts: Uint32Array.of(0, 2, 3),
    series: 3,
  };
  const common = { cluster: HOSTILE, fromMs: 1_000, toMs: 61_000 };
  const written = (history: History) => [...writeHistory(FACTS, history)].join("");

  test.each<[string, History]>([
    [
      "one metric of several hosts",
      {
        ...common,
        metric: HOSTILE,
        series: [
          { host: "a", data: BUCKETS },
          { host: HOSTILE, data: BUCKETS },
        ],
      },
    ],
    [
      "several metrics of a host, each of its kind",
      {
        ...common,
        series: [
          { host: "a", metric: "n", data: NUMBERS },
          { host: "a", metric: HOSTILE, data: TEXTS },
          { host: "a", metric: "b", data: BUCKETS },
        ],
      },
    ],
    ["all hosts in one", { ...common, metric: "m", series: [], merged }],
  ])("%s", (_what, history) => {
    expect(readHistory(written(history))).toEqual({ ...FACTS, ...history });
  });

  test("in chunks of a series each", () => {
    const series = ["a", "b", "c"].map((host) => ({ host, data: BUCKETS }));
    const chunks = [...writeHistory(FACTS, { ...common, metric: "m", series })];
    expect(chunks.filter((chunk) => chunk.includes("<BUCKETS")).length).toBe(3);
  });

  test.each<[string, (text: string) => string]>([
    ["no hosts", (text) => text.replace(/<HOSTS>.*<\/HOSTS>/, "")],
    ["half a host", (text) => text.replace("<HOSTS>0 2 3", "<HOSTS>0 2.5 3")],
    ["fewer than no hosts", (text) => text.replace("<HOSTS>0 2 3", "<HOSTS>0 -2 3")],
    ["no sums", (text) => text.replace(/<SUM>.*<\/SUM>/, "")],
    ["a count that is not so", (text) => text.replace('COUNT="3"', 'COUNT="4"')],
    ["no count of series", (text) => text.replace(' SERIES="3"', "")],
  ])("all hosts in one, %s: refused", (_what, break_) => {
    const whole = written({ ...common, metric: "m", series: [], merged });
    expect(break_(whole)).not.toBe(whole);
    expect(() => readHistory(break_(whole))).toThrow(ExtensionError);
  });
});

describe("metadata is written and read back", () => {
  const load = meta("load_one", {
    units: HOSTILE,
    tmaxS: 70,
    dmaxS: 3_600.5,
    extra: [
      ["GROUP", "load"],
      ["GROUP", HOSTILE],
      ["TITLE", "One Minute"],
      ["DESC", HOSTILE],
    ],
  });
  const cluster: ClusterMetadata = {
    name: HOSTILE,
    hosts: 2,
    hostNames: ["a", HOSTILE],
    metrics: [
      { name: "load_one", kind: "number", meta: load, hosts: 2 },
      { name: HOSTILE, kind: "text", meta: undefined, hosts: 0 },
      { name: "os", kind: "text", meta: meta("os", { type: "string", slope: "zero" }), hosts: 1 },
    ],
  };
  const written = (...clusters: ClusterMetadata[]) => [...writeMetadata(FACTS, { clusters })].join("");

  test.each<[string, ClusterMetadata[]]>([
    ["no clusters", []],
    ["a cluster without hosts", [{ ...cluster, hosts: 0, hostNames: [], metrics: [] }]],
    ["metrics and hosts of any name", [cluster, { ...cluster, name: "b", hostNames: [] }]],
  ])("%s", (_what, clusters) => {
    expect(readMetadata(written(...clusters))).toEqual({ ...FACTS, clusters });
  });

  test.each<[string, string, string]>([
    ["kind", 'KIND="number"', 'KIND="image"'],
    ["type", 'TYPE="float"', 'TYPE="decimal"'],
    ["slope", 'SLOPE="both"', 'SLOPE="steep"'],
  ])("a metric of a %s of a later version is passed over", (_what, now, later) => {
    const read = readMetadata(written(cluster).replace(now, later));
    expect(read.clusters[0]?.metrics.map(({ name }) => name)).toEqual([HOSTILE, "os"]);
  });
});

describe("alerts are written and read back", () => {
  const text = (alerts: Alert[], events: AlertEvent[]) => [...writeAlerts(FACTS, { alerts, events })].join("");

  test.each<[string, Alert[], AlertEvent[]]>([
    ["none", [], []],
    ["one of each", [alert], [event]],
    ["pending, without an episode", [{ ...alert, state: "pending", firedAtMs: 0, episode: "" }], []],
    [
      "several",
      [alert, { ...alert, host: "b", state: "recovering" }],
      [event, { ...event, sequence: 41, details: {} }],
    ],
  ])("%s", (_what, alerts, events) => {
    expect(readAlerts(text(alerts, events))).toEqual({ ...FACTS, alerts, events });
  });

  test.each<[string, (text: string) => string]>([
    ["a state", (whole) => whole.replace('STATE="firing"', 'STATE="snoozed"')],
    ["a severity", (whole) => whole.replace('SEVERITY="critical" STATE', 'SEVERITY="fatal" STATE')],
  ])("%s of a later version is passed over", (_what, change) => {
    const read = readAlerts(change(text([alert, { ...alert, host: "b", state: "pending" }], [event])));
    expect(read.alerts.map(({ host }) => host)).toEqual(["b"]);
    expect(read.events).toEqual([event]);
  });

  test("an event of a later version is passed over", () => {
    const later = text([], [event, { ...event, sequence: 41 }]).replace('KIND="notice-failed"', 'KIND="acknowledged"');
    expect(readAlerts(later).events.map(({ sequence }) => sequence)).toEqual([41]);
  });
});

test("status is written and read back", () => {
  const text = [...writeStatus(FACTS, status)].join("");
  expect(readStatus(text)).toEqual({ ...FACTS, ...status });
  expect(() => readStatus(text.replace('STATE="failing"', 'STATE="x"'))).toThrow(ExtensionError);
});

describe("status with sums", () => {
  const sums = [
    {
      kind: "grid",
      name: HOSTILE,
      source: HOSTILE,
      hostsUp: 998,
      hostsDown: 2,
      metrics: 35,
      timeMs: 1_795_291_099_750,
    },
    { kind: "cluster", name: "far", source: "s", hostsUp: 0, hostsDown: 0, metrics: 0, timeMs: 1_000 },
  ] as const;
  const text = [...writeStatus(FACTS, { ...status, sums })].join("");

  test("is written and read back", () => {
    expect(readStatus(text)).toEqual({ ...FACTS, ...status, sums });
  });

  test("of a kind of a later version: it is passed over", () => {
    expect(readStatus(text.replace('KIND="grid"', 'KIND="federation"')).sums).toEqual([sums[1]]);
  });

  test("with a count that is none is refused", () => {
    expect(() => readStatus(text.replace('UP="998"', 'UP="-1"'))).toThrow(ExtensionError);
  });
});

describe("every reader refuses", () => {
  const documents: [string, (text: string) => unknown, string][] = [
    ["history", readHistory, history(NUMBERS)],
    [
      "metadata",
      readMetadata,
      [
        ...writeMetadata(FACTS, {
          clusters: [
            {
              name: "c",
              hosts: 1,
              hostNames: ["a"],
              metrics: [{ name: "m", kind: "number", meta: meta("m"), hosts: 1 }],
            },
          ],
        }),
      ].join(""),
    ],
    ["alerts", readAlerts, [...writeAlerts(FACTS, { alerts: [alert], events: [event] })].join("")],
    ["status", readStatus, [...writeStatus(FACTS, status)].join("")],
  ];

  test.each(documents)("%s that is cut anywhere", (_what, read, text) => {
    const whole = text.trimEnd();
    for (let end = 0; end < whole.length; end++) expect(() => read(whole.slice(0, end))).toThrow(XmlError);
    expect(read(whole)).toBeDefined();
  });

  test.each(documents)("an error in place of %s", (_what, read) => {
    expect(() => read(writeError("unavailable", "later"))).toThrow(RefusedError);
  });
});
