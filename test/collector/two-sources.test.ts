/** Two gmonds of one cluster, both asked: one cluster, no host twice, and of each value the newest. */
import { beforeEach, describe, expect, test } from "vitest";
import type { Collector } from "../../collector/pipeline.js";
import { GangliaXmlReader } from "../../core/wire/ganglia/xml-reader.js";
import { VirtualClock } from "../support/virtual-clock.js";
import { makeCollector } from "./support.js";

const NOW_MS = 1_795_291_000_000;
const NOW_S = NOW_MS / 1_000;

/** @param hosts name, age of its value in seconds, value */
function documentOf(hosts: readonly (readonly [name: string, ageS: number, value: number])[]): Buffer {
  const written = hosts.map(
    ([name, ageS, value]) =>
      `<HOST NAME="${name}" IP="10.0.0.${name.slice(1)}" TAGS="" REPORTED="${NOW_S - ageS}" TN="${ageS}" TMAX="20" DMAX="0" LOCATION="" GMOND_STARTED="1">` +
      `<METRIC NAME="load_one" VAL="${value}" TYPE="float" UNITS="" TN="${ageS}" TMAX="70" DMAX="0" SLOPE="both" SOURCE="gmond"/></HOST>`,
  );
  return Buffer.from(
    `<?xml version="1.0" encoding="ISO-8859-1"?>\n<GANGLIA_XML VERSION="3.7.2" SOURCE="gmond">` +
      `<CLUSTER NAME="khab" LOCALTIME="${NOW_S}" OWNER="" LATLONG="" URL="">${written.join("\n")}</CLUSTER></GANGLIA_XML>`,
  );
}

const FIRST = documentOf([
  ["n1", 3, 1.5],
  ["n2", 9, 2.5],
]);
const SECOND = documentOf([
  ["n1", 40, 9.5],
  ["n2", 4, 2.75],
  ["n3", 1, 3.5],
]);

describe("two sources that feed one cluster", () => {
  let collector: Collector;
  let readers: GangliaXmlReader[];
  beforeEach(async () => {
    collector = makeCollector({ clock: new VirtualClock(NOW_MS) });
    await collector.start();
    readers = ["first", "second"].map((source) => new GangliaXmlReader({ source, sink: collector }));
  });

  const told = () => {
    const view = collector.view("khab");
    const column = view?.directory.findColumn("load_one", "number") ?? -1;
    const cells = view?.column(column);
    if (view === undefined || cells?.kind !== "number") return {};
    const rows = ["n1", "n2", "n3"].map((host) => [host, view.directory.findRow(host)] as const);
    return Object.fromEntries(rows.map(([host, row]) => [host, cells.values[row]]));
  };

  test.each([
    ["the first before the second", [FIRST, SECOND], [0, 1]],
    ["the second before the first", [SECOND, FIRST], [1, 0]],
    ["again and again", [FIRST, SECOND, FIRST, SECOND, SECOND, FIRST], [0, 1, 0, 1, 1, 0]],
  ])("%s: the newest value of each host, each host once", (_name, documents, order) => {
    for (const [i, document] of documents.entries()) readers[order[i] as number]?.read(document, NOW_MS);
    expect(told()).toEqual({ n1: 1.5, n2: 2.75, n3: 3.5 });
    expect(collector.views().map(({ directory }) => directory.name)).toEqual(["khab"]);
    expect(collector.summary("khab")).toMatchObject({ hostsUp: 3, hostsDown: 0 });
  });
});
