import { beforeEach, describe, expect, test } from "vitest";
import { HistoryError } from "../../../../collector/history.js";
import { readChanges, readMetadata } from "../../../../core/wire/extension/index.js";
import { makeExtension } from "../../../support/extension-server.js";
import { MadeCluster, metaOf } from "../../../support/made-cluster.js";
import { madeHistory } from "../../../support/made-present.js";

const load = metaOf("load_one", {
  units: " ",
  tmaxS: 70,
  dmaxS: 0,
  extra: [
    ["GROUP", "load"],
    ["DESC", "One minute load average"],
    ["TITLE", "One Minute Load Average"],
  ],
});

let made: ReturnType<typeof makeExtension>;
let khab: MadeCluster;
beforeEach(() => {
  made = makeExtension();
  khab = new MadeCluster("khab").frame(1, made.clock.nowMs());
  for (const host of ["a", "b", "c"]) khab.host(host);
  khab.set("a", load, 1);
  khab.set("b", load, 2);
  khab.set("c", load, 3);
  khab.set("a", metaOf("os", { type: "string", slope: "zero" }), "Linux");
  khab.directory.column("named only", "number");
  made.present.clusters.push(khab, new MadeCluster("other"));
});

const metadata = async (line = "grate:1/metadata") => readMetadata((await made.answer(line)).text);

test("every metric with what is said of it, and on how many hosts it is", async () => {
  khab.set("b", load, undefined);
  const { clusters } = await metadata();
  expect(clusters).toEqual([
    {
      name: "khab",
      hosts: 3,
      hostNames: [],
      metrics: [
        { name: "load_one", kind: "number", meta: load, hosts: 2 },
        { name: "os", kind: "text", meta: metaOf("os", { type: "string", slope: "zero" }), hosts: 1 },
      ],
    },
    { name: "other", hosts: 0, hostNames: [], metrics: [] },
  ]);
});

test("a host that left counts no more; its metrics are still named", async () => {
  khab.leave("a");
  const [cluster] = (await metadata()).clusters;
  expect(cluster?.hosts).toBe(2);
  expect(cluster?.metrics.map(({ name, hosts }) => [name, hosts])).toEqual([
    ["load_one", 2],
    ["os", 0],
  ]);
});

test("of one cluster, with its hosts", async () => {
  const { clusters } = await metadata("grate:1/metadata?cluster=khab&hosts=yes");
  expect(clusters.map(({ name, hostNames }) => [name, hostNames])).toEqual([["khab", ["a", "b", "c"]]]);
});

test("of a cluster that is not there: nothing", async () => {
  expect((await metadata("grate:1/metadata?cluster=nosuch")).clusters).toEqual([]);
});

describe("the sums that sources report stand in changes", () => {
  const sums = (name: string, kind: "grid" | "cluster", sum = 1) => ({
    kind,
    name,
    source: "child",
    authority: "http://child/",
    facts: { owner: "unspecified", latlong: "unspecified", url: "unspecified" },
    timeMs: made.clock.nowMs(),
    tmaxS: 15,
    summary: { hostsUp: 3, hostsDown: 1, metrics: [{ meta: metaOf("load_one"), sum, num: 3, decimals: 2 }] },
  });
  const told = async (line: string) =>
    readChanges((await made.answer(line)).text).sums?.map(({ name, kind, full, metrics }) => [
      kind,
      name,
      full,
      metrics.map(({ sum }) => sum),
    ]);

  test("all of them to a reader that has nothing, then what is new", async () => {
    made.present.sums.push(sums("far", "grid", 1.5), sums("near", "cluster", 7));
    made.present.taken(khab);
    const whole = [
      ["grid", "far", true, [1.5]],
      ["cluster", "near", true, [7]],
    ];
    expect(await told("grate:1/changes")).toEqual(whole);
    made.present.taken(khab.frame(2, made.clock.nowMs()));
    made.present.taken(khab.frame(3, made.clock.nowMs()));
    made.present.sums[0] = sums("far", "grid", 2.5);
    expect(await told("grate:1/changes?since=i1-2")).toEqual([
      ["grid", "far", false, [2.5]],
      ["cluster", "near", false, []],
    ]);
    expect(await told("grate:1/changes?since=other-3")).toEqual([
      ["grid", "far", true, [2.5]],
      ["cluster", "near", true, [7]],
    ]);
  });

  test("not of a cluster that is known with its hosts", async () => {
    made.present.sums.push(sums("khab", "cluster"), sums("khab", "grid"));
    expect(await told("grate:1/changes")).toEqual([["grid", "khab", true, [1]]]);
  });

  test("not to a reader of one cluster", async () => {
    made.present.sums.push(sums("far", "grid"));
    expect(await told("grate:1/changes?cluster=khab")).toBeUndefined();
  });
});

describe("a document carries its DTD where that is asked for", () => {
  test.each(["changes", "metadata", "alerts", "status", "history?cluster=khab&host=*&metric=load_one&from=-1h"])(
    "%s",
    async (verb) => {
      const asked = `grate:1/${verb}${verb.includes("?") ? "&" : "?"}dtd=yes`;
      expect((await made.answer(asked)).text).toMatch(/^<\?xml [^>]*>\n<!DOCTYPE GRATE_XML \[\n/);
      expect((await made.answer(asked.replace("dtd=yes", "dtd=no"))).text).not.toContain("DOCTYPE");
    },
  );

  test("an error too", async () => {
    made = makeExtension({
      history: madeHistory({ history: () => Promise.reject(new HistoryError("ask otherwise")) }),
    });
    const { text } = await made.answer("grate:1/history?cluster=khab&host=a&metric=m&from=4&dtd=yes");
    expect(text).toContain("<!DOCTYPE GRATE_XML");
    expect(() => readMetadata(text)).toThrow("ask otherwise");
  });

  test("and the verb dtd gives it alone", async () => {
    expect((await made.answer("grate:1/dtd")).text).toMatch(/^<!-- GRATE_XML, version 1.*<!ELEMENT STATUS/s);
  });
});
