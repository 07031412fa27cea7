/** Sums for stores that keep them: when they are taken, what the whole is, and what happens while nobody takes them. */
import { beforeEach, describe, expect, test } from "vitest";
import { SumRecorder } from "../../../collector/sums/sum-recorder.js";
import type { SumTable } from "../../../core/model/archive.js";
import { MadeCluster, metaOf } from "../../support/made-cluster.js";
import { madeSum, madeSums } from "../../support/made-sums.js";

const T = 1_700_000_100_000;
const S = 1_000;
const load = metaOf("load_one");
const bytes = metaOf("bytes_total", { slope: "positive", type: "double" });

let recorder: SumRecorder;
let number: number;
beforeEach(() => {
  recorder = new SumRecorder(15 * S);
  number = 0;
});

function frame(cluster: MadeCluster, offsetS: number, values: Readonly<Record<string, number>>, meta = load): void {
  cluster.frame(++number, T + offsetS * S);
  for (const [host, value] of Object.entries(values)) {
    cluster.host(host, { tmaxS: 20 });
    cluster.set(host, meta, value);
  }
  recorder.frame(cluster, T + offsetS * S);
}

/** "offset metric=sum/hosts ..." of each row. */
function rows(of: SumTable | undefined): string[] {
  if (of === undefined) return [];
  const { metrics, timesMs, sums, hosts } = of;
  return Array.from(timesMs, (timeMs, i) =>
    [
      (timeMs - T) / S,
      ...metrics.map(({ name }, k) => `${name}=${sums[i * metrics.length + k]}/${hosts[i * metrics.length + k]}`),
    ].join(" "),
  );
}
const table = (kind: SumTable["kind"], name = "") =>
  recorder.tables().find((each) => each.kind === kind && each.name === name);

describe("of a cluster that left the present", () => {
  const reported = (offsetS: number) =>
    recorder.reported(
      madeSums("cluster", "c", {
        timeMs: T + offsetS * S,
        summary: { hostsUp: 3, hostsDown: 0, metrics: [madeSum("load_one", 9, 3)] },
      }),
    );

  test("what is not written stays until it is, and is then forgotten", () => {
    const cluster = new MadeCluster("c");
    frame(cluster, 0, { a: 1 });
    recorder.left("c");
    expect(rows(table("cluster", "c"))).toEqual(["0 load_one=1/1"]);
    recorder.written(recorder.tables());
    expect(recorder.tables()).toEqual([]);
    frame(cluster, 60, { a: 2 });
    expect(rows(table("cluster", "c"))).toEqual(["60 load_one=2/1"]);
  });

  test("sums of the same name count from then on", () => {
    frame(new MadeCluster("c"), 0, { a: 1 });
    recorder.written(recorder.tables());
    reported(15);
    expect(table("cluster", "c")).toBeUndefined();
    recorder.left("c");
    reported(30);
    expect(rows(table("cluster", "c"))).toEqual(["30 load_one=9/3"]);
  });
});

describe("of a cluster", () => {
  test.each<[string, number[], number[]]>([
    ["each poll of a source polled once a step", [0, 15.4, 29.9, 45], [0, 15.4, 29.9, 45]],
    ["of frames each second, one in 12", Array.from({ length: 37 }, (_, i) => i), [0, 12, 24, 36]],
    ["of a clock that was set back, none twice", [0, 15, 5, 10, 30], [0, 15, 30]],
  ])("a sum is taken at %s", (_, framesS, takenS) => {
    const cluster = new MadeCluster("c");
    for (const offsetS of framesS) frame(cluster, offsetS, { a: 1, b: 2 });
    expect(rows(table("cluster", "c"))).toEqual(takenS.map((offsetS) => `${offsetS} load_one=3/2`));
  });

  test("a host that fell silent is in it no longer; what others sent is held", () => {
    const cluster = new MadeCluster("c");
    frame(cluster, 0, { a: 1, b: 2 });
    frame(cluster, 75, { a: 5 });
    frame(cluster, 90, { a: 6 });
    expect(rows(table("cluster", "c"))).toEqual(["0 load_one=3/2", "75 load_one=7/2", "90 load_one=6/1"]);
  });

  test("a metric that came later is unknown before", () => {
    const cluster = new MadeCluster("c");
    frame(cluster, 0, { a: 1 });
    frame(cluster, 15, { a: 10 }, bytes);
    expect(rows(table("cluster", "c"))).toEqual([
      "0 load_one=1/1 bytes_total=NaN/0",
      "15 load_one=1/1 bytes_total=10/1",
    ]);
    expect(table("cluster", "c")?.metrics.map(({ slope }) => slope)).toEqual(["both", "positive"]);
  });

  test("what was written does not come again, and what was not does", () => {
    const cluster = new MadeCluster("c");
    frame(cluster, 0, { a: 1 });
    recorder.written(recorder.tables());
    expect(recorder.tables()).toEqual([]);
    frame(cluster, 15, { a: 2 });
    recorder.tables();
    frame(cluster, 30, { a: 3 });
    expect(rows(table("cluster", "c"))).toEqual(["15 load_one=2/1", "30 load_one=3/1"]);
  });

  test("what nobody takes is limited: the older half goes", () => {
    const cluster = new MadeCluster("c");
    for (let i = 0; i < 1_024; i++) cluster.set("a", metaOf(`m${i}`), cluster.frame(1, T).host("a"));
    for (let i = 0; i < 2_100; i++) recorder.frame(cluster.frame(i, T + i * 15 * S), T + i * 15 * S);
    expect(recorder.lostRows).toBe(1_025);
    expect(table("cluster", "c")?.timesMs.at(-1)).toBe(T + 2_099 * 15 * S);
  });
});

describe("of everything", () => {
  test("clusters and what is told in sums, at each step of 15 s, with five decimals", () => {
    const [a, b] = [new MadeCluster("a"), new MadeCluster("b")];
    frame(a, 4, { x: 1.123456789 });
    frame(b, 9, { y: 2, z: 3 });
    recorder.reported(
      madeSums("grid", "far", {
        timeMs: T + 10 * S,
        summary: { hostsUp: 9, hostsDown: 0, metrics: [madeSum("load_one", 40, 9)] },
      }),
    );
    frame(a, 19, { x: 2 });
    frame(b, 31, { y: 4, z: 4 });
    expect(rows(table("whole"))).toEqual(["15 load_one=46.12346/12", "30 load_one=47/12"]);
    expect(rows(table("grid", "far"))).toEqual(["10 load_one=40/9"]);
    recorder.written(recorder.tables());
    frame(a, 46, { x: 1 });
    expect(rows(table("whole"))).toEqual(["45 load_one=50/12"]);
  });

  test("a source that tells nothing any more is in it for four steps", () => {
    const [a, b] = [new MadeCluster("a"), new MadeCluster("b")];
    frame(a, 0, { x: 1 });
    for (let offsetS = 0; offsetS <= 90; offsetS += 15) frame(b, offsetS, { y: 2 });
    expect(rows(table("whole")).map((row) => row.split("=")[1])).toEqual([
      "3/2",
      "3/2",
      "3/2",
      "3/2",
      "2/1",
      "2/1",
      "2/1",
    ]);
  });

  test("a cluster known in detail is not counted by its sums as well", () => {
    const cluster = new MadeCluster("c");
    recorder.reported(madeSums("cluster", "c", { timeMs: T }));
    frame(cluster, 0, { x: 1 });
    recorder.reported(madeSums("cluster", "c", { timeMs: T + 15 * S }));
    frame(cluster, 15, { x: 1 });
    expect(rows(table("whole"))).toEqual(["0 load_one=1/1", "15 load_one=1/1"]);
    expect(recorder.tables().map(({ kind }) => kind)).toEqual(["cluster", "whole"]);
  });
});
