import { expect, test } from "vitest";
import { ALERT_EVENT_KINDS } from "../../../core/model/alert.js";
import type { HostMetric } from "../../../viewer/api/answers.js";
import { KIND_WORDS, showArgv } from "../../../viewer/web/lib/details.js";
import { factsOf, groupsOf, isInstant } from "../../../viewer/web/lib/metric-groups.js";
import { timeTicks } from "../../../viewer/web/lib/time-ticks.js";

test.each([
  ['["/bin/echo","hot"]', "/bin/echo hot"],
  ['["/bin/echo","two words","it\'s"]', "/bin/echo 'two words' 'it'\\''s'"],
  ['["a","","$(x)"]', "a '' '$(x)'"],
  ["not json", "not json"],
  ['{"a":1}', '{"a":1}'],
])("argv %s is shown as %s", (json, text) => {
  expect(showArgv(json)).toBe(text);
});

test("every kind of event has words", () => {
  expect(ALERT_EVENT_KINDS.filter((kind) => KIND_WORDS[kind] === undefined)).toEqual([]);
});

function metric(name: string, fields: Partial<HostMetric> = {}): HostMetric {
  return {
    name,
    title: name,
    description: "",
    type: "float",
    units: "",
    slope: "both",
    tmaxS: 60,
    groups: [],
    extra: [],
    value: 1,
    timeMs: 1,
    stale: false,
    ...fields,
  };
}

test("gmond's groups in the order in which one asks, then others, those without last", () => {
  const groups = groupsOf([
    metric("x"),
    metric("grate_probe_ok_cpu", { groups: ["grate"] }),
    metric("mem_free", { groups: ["memory"] }),
    metric("gpu_temp", { groups: ["gpu", "cpu"] }),
    metric("load_five", { groups: ["load"] }),
    metric("load_fifteen", { groups: ["load"] }),
    metric("load_one", { groups: ["load"] }),
    metric("cpu_num", { groups: ["cpu"], slope: "zero" }),
  ]);
  expect(groups.map((group) => [group.name, group.metrics.map((one) => one.name)])).toEqual([
    ["load", ["load_one", "load_five", "load_fifteen"]],
    ["memory", ["mem_free"]],
    ["gpu", ["gpu_temp"]],
    ["other", ["x"]],
    ["grate", ["grate_probe_ok_cpu"]],
  ]);
});

test("what never moves and what is text are facts", () => {
  const facts = factsOf([
    metric("os_name", { type: "string", value: "Linux" }),
    metric("cpu_num", { slope: "zero" }),
    metric("load_one"),
  ]);
  expect(facts.map((one) => one.name)).toEqual(["cpu_num", "os_name"]);
  expect(isInstant(metric("boottime"))).toBe(true);
  expect(isInstant(metric("at", { type: "timestamp" }))).toBe(true);
  expect(isInstant(metric("uptime", { units: "s" }))).toBe(false);
});

test("the time axis names a day where it begins, and only there", () => {
  const at = (day: number, hour: number, minute = 0, second = 0) =>
    new Date(2026, 1, day, hour, minute, second).getTime() / 1_000;
  expect(timeTicks([at(3, 18), at(4, 0), at(4, 6)], 6 * 3_600)).toEqual(["18:00", "4 Feb", "06:00"]);
  expect(timeTicks([at(3, 0), at(4, 0)], 86_400)).toEqual(["3 Feb", "4 Feb"]);
  expect(timeTicks([at(3, 9, 5, 0), at(3, 9, 5, 30)], 30)).toEqual(["09:05:00", "09:05:30"]);
  expect(timeTicks([at(1, 0)], 86_400 * 28)).toEqual(["Feb 2026"]);
});
