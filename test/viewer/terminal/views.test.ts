/** What hosts and alerts print, from what a collector says. */
import { describe, expect, test } from "vitest";
import type { Alert, AlertEvent } from "../../../core/model/alert.js";
import { formatAlerts } from "../../../viewer/terminal/alerts.js";
import { hostRows } from "../../../viewer/terminal/host-rows.js";
import { formatHosts } from "../../../viewer/terminal/hosts.js";
import type { OutputOptions } from "../../../viewer/terminal/output.js";
import { type HostSpec, NOW_MS, storeOf } from "./changes.js";

const PLAIN: OutputOptions = { json: false, header: true, color: false, width: 80 };

describe("hosts", () => {
  const busy: HostSpec = {
    name: "node10",
    values: {
      cpu_num: 8,
      load_one: 7.5,
      cpu_idle: 2,
      cpu_wio: 1,
      mem_total: 1000,
      mem_free: 100,
      mem_buffers: 50,
      mem_cached: 250,
    },
  };
  const dead: HostSpec = { name: "node2", silenceS: 7_500, values: { cpu_num: [8, 7_500] } };

  test("one line a host, in natural order, the dead ones named on top", () => {
    expect(formatHosts(storeOf({ khab: [busy, dead, { name: "node3" }] }), PLAIN)).toEqual([
      "khab: 2 of 3 hosts up, down: node2",
      "HOST    STATE    AGE  CPUS  LOAD1  CPU%  MEM%",
      "node2   down   2h 5m     -      -     -     -",
      "node3   up        3s     -      -     -     -",
      "node10  up        3s     8   7.50    97    60",
    ]);
  });

  test("several clusters get a column, without a header nothing but hosts stays", () => {
    const store = storeOf({ a: [{ name: "x" }], b: [{ name: "y", silenceS: 80 }] });
    expect(formatHosts(store, { ...PLAIN, header: false })).toEqual([
      "a  x  up        3s  -  -  -  -",
      "b  y  down  1m 20s  -  -  -  -",
    ]);
  });

  test("a temperature is shown where anybody has one", () => {
    const store = storeOf(
      {
        a: [
          { name: "x", values: { cpu_temp: 61.6, inlet: 20, template: 99, grate_probe_ok_temperature: 100 } },
          { name: "y" },
        ],
      },
      { inlet: "Celsius" },
    );
    expect(formatHosts(store, PLAIN).slice(1)).toEqual([
      "HOST  STATE  AGE  CPUS  LOAD1  CPU%  MEM%  TEMP",
      "x     up      3s     -      -     -     -    62",
      "y     up      3s     -      -     -     -     -",
    ]);
  });

  test("stays within 80 cells with a name as long as they get", () => {
    const store = storeOf({ khab: [{ ...busy, name: "a-very-long-name.of-a-node.in.a.deep.domain" }, dead] });
    for (const line of formatHosts(store, PLAIN)) expect(line.length).toBeLessThanOrEqual(80);
  });

  test("hostile names do nothing to the terminal", () => {
    const store = storeOf({ "\u009b2J": [{ name: "a\u202eb" }, { name: "\u009bx", silenceS: 999 }] });
    for (const json of [true, false]) {
      const text = formatHosts(store, { ...PLAIN, json }).join("");
      expect(text).not.toMatch(/[\u0080-\u009f\u202e]/);
      expect(text).toContain("\\u202e");
    }
  });

  test("JSON has everything, unknown as null", () => {
    const text = formatHosts(storeOf({ khab: [{ name: "node1" }] }), { ...PLAIN, json: true }).join("\n");
    expect(JSON.parse(text)).toEqual({
      now: "2023-11-14T22:13:20Z",
      hosts: [
        {
          cluster: "khab",
          host: "node1",
          state: "up",
          reported: "2023-11-14T22:13:17Z",
          cpus: null,
          load1: null,
          cpuPercent: null,
          memoryPercent: null,
          celsius: null,
        },
      ],
      sums: [],
    });
  });

  test("no hosts at all", () => {
    expect(formatHosts(storeOf({}), PLAIN)).toEqual(["no hosts yet; grate status tells what the sources give"]);
    expect(formatHosts(storeOf({}), { ...PLAIN, header: false })).toEqual([]);
  });

  test.each<[string, HostSpec["values"], Partial<Record<"cpuPercent" | "memoryPercent" | "load1", number | null>>]>([
    ["idle and waiting are no work", { cpu_idle: 60, cpu_wio: 15 }, { cpuPercent: 25 }],
    ["no wio", { cpu_idle: 60 }, { cpuPercent: 40 }],
    ["rounding above 100", { cpu_idle: 101 }, { cpuPercent: 0 }],
    ["no idle", { cpu_user: 60 }, { cpuPercent: null }],
    ["caches count as free", { mem_total: 100, mem_free: 10, mem_cached: 40 }, { memoryPercent: 50 }],
    ["the kernel's estimate", { mem_total: 100, mem_free: 10, mem_available: 30 }, { memoryPercent: 70 }],
    ["no total", { mem_free: 10 }, { memoryPercent: null }],
    ["a total of nothing", { mem_total: 0, mem_free: 0 }, { memoryPercent: null }],
    ["a value renewed in time", { load_one: [1.5, 239] }, { load1: 1.5 }],
    ["a value that should have been renewed", { load_one: [1.5, 240] }, { load1: null }],
  ])("%s", (_, values = {}, expected) => {
    expect(hostRows(storeOf({ a: [{ name: "x", values }] }))[0]).toMatchObject(expected);
  });
});

describe("alerts", () => {
  const alert = (host: string, change: Partial<Alert> = {}): Alert => ({
    trigger: "cpu-too-hot",
    cluster: "khab",
    host,
    severity: "critical",
    state: "firing",
    condition: "cpu_temp > 70",
    evidence: "cpu_temp = 85 Celsius",
    activeAtMs: NOW_MS - 120_000,
    firedAtMs: NOW_MS - 60_000,
    episode: "e1",
    ...change,
  });
  const event: AlertEvent = {
    sequence: 7,
    timeMs: NOW_MS,
    kind: "fired",
    trigger: "cpu-too-hot",
    cluster: "khab",
    host: "node1",
    severity: "critical",
    episode: "e1",
    message: "cpu-too-hot fired on node1",
    details: {},
  };

  test("hosts that share an alert share a line", () => {
    const alerts = ["node03", "node01", "node02"].map((host) => alert(host));
    const pending = alert("node07", {
      state: "pending",
      firedAtMs: 0,
      episode: "",
      severity: "warning",
      trigger: "load",
    });
    expect(formatAlerts({ alerts: [...alerts, pending], events: [] }, NOW_MS, PLAIN)).toEqual([
      "SEVERITY  STATE    SINCE  TRIGGER      HOSTS        EVIDENCE",
      "critical  firing      1m  cpu-too-hot  node[01-03]  cpu_temp > 70",
      "warning   pending     2m  load         node07       cpu_temp = 85 Celsius",
    ]);
  });

  test("none is said in words, and by silence without a header", () => {
    expect(formatAlerts({ alerts: [], events: [] }, NOW_MS, PLAIN)).toEqual(["no alerts"]);
    expect(formatAlerts({ alerts: [], events: [] }, NOW_MS, { ...PLAIN, header: false })).toEqual([]);
  });

  test("events follow, the newest on top", () => {
    expect(formatAlerts({ alerts: [], events: [event] }, NOW_MS, PLAIN)).toEqual([
      "no alerts",
      "",
      "TIME                  EVENT  MESSAGE",
      "2023-11-14T22:13:20Z  fired  cpu-too-hot fired on node1",
    ]);
  });

  test("long lists go on below and nothing is lost", () => {
    const alerts = Array.from({ length: 40 }, (_, i) => alert(`node${i * 2}`, { cluster: i < 39 ? "khab" : "other" }));
    const lines = formatAlerts({ alerts, events: [] }, NOW_MS, PLAIN);
    expect(lines.every((line) => line.length <= 80)).toBe(true);
    const hosts = lines.map((line) => line.slice(lines[0]?.indexOf("HOSTS"), lines[0]?.indexOf("EVIDENCE")));
    const shown = hosts.join("").replaceAll(" ", "");
    expect(shown).toBe(`HOSTSnode[${Array.from({ length: 39 }, (_, i) => i * 2).join(",")}]node78`);
  });

  test("JSON keeps every alert by itself", () => {
    const result = { alerts: [alert("node1"), alert("node2")], events: [event] };
    const parsed = JSON.parse(formatAlerts(result, NOW_MS, { ...PLAIN, json: true }).join("\n"));
    expect(parsed.alerts.map((one: { host: string }) => one.host)).toEqual(["node1", "node2"]);
    expect(parsed.alerts[0]).toMatchObject({ firedAt: "2023-11-14T22:12:20Z", activeAt: "2023-11-14T22:11:20Z" });
    expect(parsed.events).toEqual([{ ...event, timeMs: undefined, time: "2023-11-14T22:13:20Z" }]);
  });
});
