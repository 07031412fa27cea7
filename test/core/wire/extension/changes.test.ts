import { describe, expect, test } from "vitest";
import { kindOf } from "../../../../core/model/metric.js";
import {
  type Changes,
  type ClusterChanges,
  ExtensionError,
  RefusedError,
  readChanges,
  writeChanges,
  writeError,
} from "../../../../core/wire/extension/index.js";
import { XmlError } from "../../../../core/wire/xml/scanner.js";
import { ChangesMirror, type KnownCluster, knownOf } from "../../../support/changes-mirror.js";
import { MadeCluster, metaOf } from "../../../support/made-cluster.js";

const NOW_MS = 1_795_291_102_123;
const FACTS = { instance: "4f1c", nowMs: NOW_MS };

/** The whole present of a cluster. */
function everything(view: MadeCluster): ClusterChanges {
  const rows = Array.from({ length: view.rowCount }, (_, row) => row);
  const served = rows.filter((row) => (view.reportedMs[row] as number) > 0 && view.directory.host(row) !== undefined);
  return {
    view,
    full: true,
    sinceFrame: -1,
    goneRows: [],
    hostRows: served,
    heardRows: served,
    metricColumns: Array.from({ length: view.directory.columnCount }, (_, column) => column),
    isServed: (row) => served.includes(row),
    firing: 0,
  };
}

function fullText(...views: MadeCluster[]): string {
  const changes: Changes = { full: true, frame: 7, clusters: views.map(everything), sums: [] };
  return [...writeChanges(FACTS, changes)].join("");
}

function roundTrip(view: MadeCluster): KnownCluster | undefined {
  const mirror = new ChangesMirror();
  mirror.apply(readChanges(fullText(view)));
  return mirror.known().get(view.directory.name);
}

const cpu = metaOf("cpu_user", {
  units: "%",
  tmaxS: 90,
  extra: [
    ["GROUP", "cpu"],
    ["GROUP", "core"],
    ["DESC", ""],
  ],
});
const os = metaOf("os_name", { type: "string", slope: "zero" });

describe("a full document gives back", () => {
  test("hosts, values, texts, times and metadata", () => {
    const view = new MadeCluster("khab").frame(7, 1_795_291_100_500);
    view.directory.setFacts({ owner: "o", latlong: "N1 E2", url: "http://x/?a&b" });
    view.host("node1", {
      ip: "10.0.0.1",
      tags: "a,b",
      location: "1,2,3",
      tmaxS: 20,
      dmaxS: 86_400,
      startedS: 1_795_000_000,
    });
    view.host("node2", { ip: "10.0.0.2", dmaxS: 0.5 }, 1_795_291_099_001);
    view.set("node1", cpu, 12.5, 1_795_291_090_000, 2);
    view.set("node2", cpu, 99, 1_795_291_100_321, 0);
    view.set("node1", os, "Linux");
    view.set("node2", os, "Linux");
    expect(roundTrip(view)).toEqual(knownOf(view));
    const [cluster] = readChanges(fullText(view)).clusters;
    expect(cluster).toMatchObject({
      name: "khab",
      full: true,
      frame: 7,
      frameTimeMs: 1_795_291_100_500,
      rowCount: 2,
      columnCount: 2,
      facts: { owner: "o", latlong: "N1 E2", url: "http://x/?a&b" },
    });
  });

  test("what the frame around it says", () => {
    expect(readChanges(fullText())).toEqual({ instance: "4f1c", nowMs: NOW_MS, full: true, frame: 7, clusters: [] });
  });

  test("an empty cluster", () => {
    const view = new MadeCluster("empty");
    expect(roundTrip(view)).toEqual(new Map());
    expect(readChanges(fullText(view)).clusters[0]).toMatchObject({ frame: 0, frameTimeMs: 0, rowCount: 0 });
  });

  test("rows that are free and hosts that left as holes", () => {
    const view = new MadeCluster("khab").frame(1, 1_000_000);
    for (const name of ["a", "b", "c", "d"]) view.host(name);
    for (const name of ["a", "b", "c", "d"]) view.set(name, cpu, 1);
    view.leave("b");
    view.directory.freeRow(view.directory.findRow("c"));
    expect(roundTrip(view)).toEqual(knownOf(view));
    expect([...(roundTrip(view)?.keys() ?? [])]).toEqual(["a", "d"]);
  });

  test("one name that is a number here and a text there", () => {
    const view = new MadeCluster("khab").frame(1, 1_000_000);
    view.host("a");
    view.host("b");
    view.set("a", metaOf("version"), 3);
    view.set("b", metaOf("version", { type: "string" }), "three");
    expect(roundTrip(view)).toEqual(knownOf(view));
  });

  test("metadata in which hosts differ", () => {
    const view = new MadeCluster("khab").frame(1, 1_000_000);
    for (const name of ["a", "b", "c", "d"]) view.host(name);
    view.set("a", metaOf("temp", { units: "C" }), 1);
    view.set("b", metaOf("temp", { units: "F", slope: "derivative" }), 2);
    view.set("c", metaOf("temp", { units: "F", slope: "derivative" }), 3);
    view.set("d", metaOf("temp", { units: "C", extra: [["TITLE", "own"]] }), 4);
    expect(roundTrip(view)).toEqual(knownOf(view));
    expect(fullText(view).match(/<OWN /g)?.length).toBe(2);
  });

  test("values that are not there as not there", () => {
    const view = new MadeCluster("khab").frame(1, 1_000_000);
    view.host("a");
    view.set("a", cpu, Number.NaN);
    view.set("a", os, undefined);
    expect(roundTrip(view)).toEqual(knownOf(view));
    expect(readChanges(fullText(view)).clusters[0]).toMatchObject({ numbers: [], texts: [] });
  });

  test.each<[number, number]>([
    [1e300, 255],
    [-1e300, 2],
    [5e-324, 255],
    [-0, 1],
    [0.1, 1],
    [Math.fround(0.89), 2],
    [2 ** 53, 0],
    [1_795_291_102, 0],
  ])("the number %d with %i decimals bit for bit", (value, decimals) => {
    const view = new MadeCluster("khab").frame(1, 1_000_000);
    view.host("a");
    view.set("a", cpu, value, 999_000, decimals);
    const read = readChanges(fullText(view)).clusters[0]?.numbers[0];
    expect(Object.is(read?.values[0], value)).toBe(true);
    expect(read?.timesMs[0]).toBe(999_000);
  });

  test.each([
    `<b>"&'</b>`,
    "../../etc/passwd",
    "]]>",
    "&#0;&amp;",
    "пример 集群 \u{1F525}",
    " leading and trailing ",
    "__proto__",
    "-",
    "1*2",
    "x".repeat(512),
  ])("the name %j everywhere", (name) => {
    const view = new MadeCluster(name).frame(1, 1_000_000);
    view.host(name, { ip: name, tags: name, location: name });
    view.host("other");
    for (const type of ["float", "string"] as const) {
      const meta = metaOf(name, { type, units: name, extra: [[name, name]] });
      view.set(name, meta, kindOf(type) === "text" ? name : 1);
      view.set("other", { ...meta, units: `${name}!` }, kindOf(type) === "text" ? `${name}\n\t` : 2);
    }
    expect(roundTrip(view)).toEqual(knownOf(view));
  });

  test("the text of nothing as different from no text", () => {
    const view = new MadeCluster("khab").frame(1, 1_000_000);
    view.host("a");
    view.set("a", os, "");
    expect(roundTrip(view)).toEqual(knownOf(view));
  });

  test("a host whose facts are no numbers as a host still", () => {
    const view = new MadeCluster("khab").frame(1, 1_000_000);
    view.host("a", { tmaxS: Number.NaN, dmaxS: Number.POSITIVE_INFINITY });
    expect(readChanges(fullText(view)).clusters[0]?.hosts[0]?.facts).toMatchObject({ tmaxS: 0, dmaxS: 0 });
  });
});

test("a document of changes holds what changed and no more", () => {
  const view = new MadeCluster("khab").frame(1, 1_000_000);
  for (const name of ["a", "b", "c"]) view.host(name);
  for (const name of ["a", "b", "c"]) view.set(name, cpu, 1);
  for (const name of ["a", "b", "c"]) view.set(name, os, "Linux");
  view.frame(2, 1_015_000);
  view.set("b", cpu, 2, 1_014_000);
  view.set("c", cpu, Number.NaN, 1_015_000);
  view.set("a", os, undefined, 1_015_000);
  const clusters = [
    { ...everything(view), full: false, sinceFrame: 1, hostRows: [], heardRows: [1], metricColumns: [] },
  ];
  const text = [...writeChanges(FACTS, { full: false, frame: 2, clusters, sums: [] })].join("");
  const [cluster] = readChanges(text).clusters;
  expect(cluster?.hosts).toEqual([]);
  expect(cluster?.metrics).toEqual([]);
  expect(cluster?.numbers).toEqual([
    {
      column: 0,
      rows: Uint32Array.of(1, 2),
      values: Float64Array.of(2, Number.NaN),
      decimals: Uint8Array.of(0, 0),
      timesMs: Float64Array.of(1_014_000, 1_015_000),
    },
  ]);
  expect(cluster?.texts).toEqual([
    { column: 1, rows: Uint32Array.of(0), texts: [undefined], timesMs: Float64Array.of(1_015_000) },
  ]);
});

describe("the reader refuses", () => {
  const sample = () => {
    const view = new MadeCluster("khab").frame(7, 1_795_291_100_500);
    for (const name of ["a", "b", "c"]) view.host(name);
    view.set("a", cpu, 1.5, 1_795_291_090_000, 1);
    view.set("b", cpu, 2, 1_795_291_090_000);
    view.set("a", os, "Linux");
    return fullText(view);
  };

  test("a document that is cut anywhere", () => {
    const whole = sample().trimEnd();
    for (let end = 0; end < whole.length; end++) expect(() => readChanges(whole.slice(0, end))).toThrow(XmlError);
    expect(readChanges(whole).clusters.length).toBe(1);
  });

  test("an answer that is an error, with its code", () => {
    const refused = () => readChanges(writeError("bad-request", 'no "such" thing'));
    expect(refused).toThrow(RefusedError);
    expect(refused).toThrow('no "such" thing');
    try {
      refused();
    } catch (error) {
      expect((error as RefusedError).code).toBe("bad-request");
    }
  });

  test.each<[string, (text: string) => string]>([
    ["another root", (text) => text.replaceAll("GRATE_XML", "GANGLIA_XML")],
    ["another version", (text) => text.replace('VERSION="1"', 'VERSION="2"')],
    ["another answer", (text) => text.replaceAll("CHANGES", "STATUS")],
    ["no instance", (text) => text.replace(/ INSTANCE="\w+"/, "")],
    ["a time that is none", (text) => text.replace(/ NOW="[\d.]+"/, ' NOW="now"')],
    ["a flag that is none", (text) => text.replace('FULL="yes"', 'FULL="true"')],
    ["a frame that is none", (text) => text.replace('FRAME="7"', 'FRAME="-7"')],
    ["a cluster without a name", (text) => text.replace('NAME="khab"', 'NAME=""')],
    ["a host without a name", (text) => text.replace('NAME="a"', 'NAME=""')],
    ["a host with a control character", (text) => text.replace('NAME="a"', 'NAME="a&#10;"')],
    ["a host beyond the rows", (text) => text.replace('<HOST ROW="2"', '<HOST ROW="3"')],
    ["more rows than anybody has", (text) => text.replace('ROWS="3"', 'ROWS="99999999"')],
    ["rows beyond the rows", (text) => text.replace('<HEARD ROWS="0-2"', '<HEARD ROWS="0-3"')],
    ["times too few", (text) => text.replace("<AGE>10*2</AGE>", "<AGE>10</AGE>")],
    ["times too many", (text) => text.replace("<AGE>10*2</AGE>", "<AGE>10*3</AGE>")],
    ["values too few", (text) => text.replace("<V>1.5 2</V>", "<V>1.5</V>")],
    ["values too many", (text) => text.replace("<V>1.5 2</V>", "<V>1.5 2 3</V>")],
    ["a value that is none", (text) => text.replace("<V>1.5 2</V>", "<V>1.5 two</V>")],
    ["no values", (text) => text.replace("<V>1.5 2</V>", "")],
    ["no times", (text) => text.replace("<AGE>10*2</AGE>", "")],
    ["a column beyond the columns", (text) => text.replace('<NUMBERS COL="0"', '<NUMBERS COL="9"')],
    ["a kind that is none", (text) => text.replace('KIND="number"', 'KIND="blob"')],
    ["a type of the other kind", (text) => text.replace('TYPE="float"', 'TYPE="string"')],
    ["a type that is none", (text) => text.replace('TYPE="float"', 'TYPE="int64"')],
    ["a slope that is none", (text) => text.replace('SLOPE="both"', 'SLOPE="up"')],
  ])("%s", (_what, break_) => {
    const broken = break_(sample());
    expect(broken).not.toBe(sample());
    expect(() => readChanges(broken)).toThrow(ExtensionError);
  });

  test("a short text that claims endless cells", () => {
    const cells = '<NUMBERS COL="0" ROWS="0-1048575"><V>1*1048576</V><AGE>0*1048576</AGE></NUMBERS>';
    const text = sample()
      .replace('ROWS="3"', 'ROWS="1048576"')
      .replace(/<NUMBERS.*<\/NUMBERS>/, cells.repeat(17));
    expect(() => readChanges(text)).toThrow(/more than 16777216 cells/);
  });

  test("nothing of what a later version adds", () => {
    const text = sample()
      .replace("<CHANGES ", '<CHANGES NEW="1" ')
      .replace('<HOST ROW="0"', '<NEW/><HOST NEW="x" ROW="0"')
      .replace("</CHANGES>", "<NEWER>text</NEWER></CHANGES>");
    expect(readChanges(text)).toEqual(readChanges(sample()));
  });
});
