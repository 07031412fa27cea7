import { describe, expect, test } from "vitest";
import { labelsOf, metricOf, selectorOf, selectorOfMany } from "../../../storage/remote/names.js";

const NAMING = { prefix: "ganglia_", labels: { site: "north", zone: "z" } };

describe("labels", () => {
  const cases: [metric: string, name: string, original: string | undefined][] = [
    ["load_one", "ganglia_load_one", undefined],
    ["CPU_idle9", "ganglia_CPU_idle9", undefined],
    ["9lives", "ganglia_9lives", undefined],
    ["a/b", "ganglia_a_b", "a/b"],
    ["a:b", "ganglia_a_b", "a:b"],
    ["a-b.c", "ganglia_a_b_c", "a-b.c"],
    ["é", "ganglia__", "é"],
    ["🐧", "ganglia__", "🐧"],
    [" ", "ganglia__", " "],
  ];
  test.each(cases)("%j", (metric, name, original) => {
    const labels = labelsOf({ cluster: "khab", host: "n1", metric }, NAMING);
    expect(labels.map(([label]) => label)).toEqual([...labels.map(([label]) => label)].sort());
    expect(Object.fromEntries(labels)).toEqual({
      __name__: name,
      cluster: "khab",
      host: "n1",
      site: "north",
      zone: "z",
      ...(original === undefined ? {} : { metric: original }),
    });
  });
});

describe("selectors", () => {
  const key = { cluster: "khab", host: "n1", metric: "load_one" };
  const cases: [name: string, part: Partial<typeof key>, selector: string][] = [
    ["plain", {}, '{__name__="g_load_one",cluster="khab",host="n1",metric=""}'],
    ["changed", { metric: "a/b" }, '{__name__="g_a_b",cluster="khab",host="n1",metric="a/b"}'],
    ["a quote and a backslash", { host: 'a"}\\' }, '{__name__="g_load_one",cluster="khab",host="a\\"}\\\\",metric=""}'],
  ];
  test.each(cases)("%s", (_, part, selector) => {
    expect(selectorOf({ ...key, ...part }, { prefix: "g_", labels: {} })).toBe(selector);
  });

  test("labels of the configuration are asked for, line breaks in them are written out", () => {
    expect(selectorOf(key, { prefix: "g_", labels: { a: "1\n2" } })).toBe(
      '{__name__="g_load_one",a="1\\n2",cluster="khab",host="n1",metric=""}',
    );
  });
});

describe("selectors of many series", () => {
  const naming = { prefix: "g_", labels: { site: 'n"' } };
  const cases: [names: { host?: string; metric?: string }, selector: string][] = [
    [{ metric: "load_one" }, '{site="n\\"",cluster="k\\\\",__name__="g_load_one",metric=""}'],
    [{ metric: "a/b" }, '{site="n\\"",cluster="k\\\\",__name__="g_a_b",metric="a/b"}'],
    [{ host: 'h"' }, '{site="n\\"",cluster="k\\\\",host="h\\"",__name__=~"g_.*"}'],
  ];
  test.each(cases)("%j", (names, selector) => {
    expect(selectorOfMany({ cluster: "k\\", ...names }, naming)).toBe(selector);
  });

  test.each(["load_one", "a/b", "é", "_"])("the name %j comes back from its labels", (metric) => {
    expect(metricOf(Object.fromEntries(labelsOf({ cluster: "c", host: "h", metric }, naming)), naming)).toBe(metric);
  });
});
