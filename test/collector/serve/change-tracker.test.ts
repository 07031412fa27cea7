import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ChangeTracker } from "../../../collector/serve/change-tracker.js";
import { ClusterTable } from "../../../collector/table/cluster-table.js";
import { ClusterDirectory } from "../../../core/model/directory.js";
import { Frame } from "../../../core/model/frame.js";
import { newHostFacts } from "../../../core/model/host.js";
import { readChanges, writeChanges } from "../../../core/wire/extension/index.js";
import { ChangesMirror, knownOf } from "../../support/changes-mirror.js";
import { MadeCluster, metaOf } from "../../support/made-cluster.js";
import { MadePresent } from "../../support/made-present.js";

function ask(present: MadePresent, tracker: ChangeTracker, mirror: ChangesMirror): string {
  const changes = tracker.changes(mirror.frame, undefined, () => 0);
  const text = [...writeChanges({ instance: present.instance, nowMs: 0 }, changes)].join("");
  mirror.apply(readChanges(text));
  return text;
}

function known(present: MadePresent): unknown {
  return new Map(present.clusters.map((view) => [view.directory.name, knownOf(view)]));
}

/** One cluster of three hosts, and a reader that has it. */
function started() {
  const present = new MadePresent();
  const view = new MadeCluster("khab").frame(1, 1_000_000);
  present.clusters.push(view);
  const tracker = new ChangeTracker(present);
  const temp = metaOf("temp", { units: "C" });
  for (const name of ["a", "b", "c"]) view.host(name);
  for (const name of ["a", "b", "c"]) view.set(name, temp, 20);
  present.taken(view);
  const mirror = new ChangesMirror();
  ask(present, tracker, mirror);
  const next = (atMs: number, change: () => void) => {
    view.frame(present.frameNumber + 1, atMs);
    change();
    present.taken(view);
  };
  return { present, view, tracker, mirror, temp, next, ask: () => ask(present, tracker, mirror) };
}

describe("a reader that has a frame gets", () => {
  test("nothing but the cluster's frame where nothing happened", () => {
    const { ask } = started();
    expect(ask()).not.toMatch(/<(GONE|HOST|HEARD|METRIC|NUMBERS|TEXTS)/);
  });

  test("the value that changed and who was heard, not who was not", () => {
    const { view, temp, next, ask, present, mirror } = started();
    next(1_015_000, () => {
      view.host("b");
      view.set("b", temp, 21);
    });
    const text = ask();
    expect(text).toContain('<NUMBERS COL="0" ROWS="1"><V>21</V><AGE>0</AGE></NUMBERS>');
    expect(text).toContain('<HEARD ROWS="1">0</HEARD>');
    expect(text).not.toMatch(/<(HOST|METRIC)/);
    expect(mirror.known()).toEqual(known(present));
  });

  test("all that came while it was away", () => {
    const { view, temp, next, ask, present, mirror } = started();
    next(1_015_000, () => view.set("a", temp, 30));
    next(1_030_000, () => view.host("d"));
    next(1_045_000, () => view.set("d", metaOf("os", { type: "string" }), "Linux"));
    ask();
    expect(mirror.known()).toEqual(known(present));
  });

  test("a host that left between two frames, and that comes back with what it said of itself", () => {
    const { view, next, ask, present, mirror } = started();
    next(1_015_000, () => view.set("b", metaOf("temp", { units: "F" }), 70));
    ask();
    view.leave("b");
    expect(ask()).toContain('<GONE ROWS="1"/>');
    expect(mirror.known()).toEqual(known(present));
    next(1_030_000, () => {
      view.host("b");
      view.set("b", metaOf("temp", { units: "F" }), 71);
    });
    ask();
    expect(mirror.known()).toEqual(known(present));
    expect(mirror.known().get("khab")?.get("b")?.cells.get("number temp")?.meta?.units).toBe("F");
  });

  test("another host in the row of one that left", () => {
    const { view, temp, next, ask, present, mirror } = started();
    view.leave("b");
    view.directory.freeRow(1);
    next(1_015_000, () => {
      expect(view.host("e")).toBe(1);
      view.set("e", metaOf("fan"), 900);
    });
    ask();
    expect(mirror.known()).toEqual(known(present));
    expect([...(mirror.known().get("khab")?.get("e")?.cells.keys() ?? [])]).toEqual(["number fan"]);
    next(1_030_000, () => view.set("e", temp, 5));
    ask();
    expect(mirror.known()).toEqual(known(present));
  });

  test("metadata that changed, without the values that did not", () => {
    const { view, ask, present, mirror, next } = started();
    next(1_015_000, () => view.directory.describeMetric(0, 0, metaOf("temp", { units: "K" })));
    const text = ask();
    expect(text).toContain('<OWN ROWS="0" TYPE="float" UNITS="K"');
    expect(text).not.toContain("<NUMBERS");
    expect(mirror.known()).toEqual(known(present));
  });

  test("everything of a cluster that is new to it", () => {
    const { ask, present, mirror } = started();
    const late = new MadeCluster("late").frame(2, 1_015_000);
    late.host("x");
    late.set("x", metaOf("temp"), 1);
    present.clusters.push(late);
    present.taken(late);
    expect(ask()).toContain('<CLUSTER NAME="late" FULL="yes"');
    expect(mirror.known()).toEqual(known(present));
  });
});

test("what the collector read back at its start is told once", () => {
  const present = new MadePresent();
  const tracker = new ChangeTracker(present);
  const view = new MadeCluster("khab").frame(90, 1_000_000);
  view.host("a");
  view.set("a", metaOf("temp"), 20);
  present.clusters.push(view);
  present.frameNumber = 100;
  const mirror = new ChangesMirror();
  expect(ask(present, tracker, mirror)).toContain('<HOST ROW="0"');
  expect(ask(present, tracker, mirror)).not.toMatch(/FULL="yes"|<HOST|<METRIC|<NUMBERS/);
  expect(mirror.known()).toEqual(known(present));
});

test("one cluster may be asked for alone", () => {
  const { present, tracker } = started();
  present.clusters.push(new MadeCluster("other"));
  const names = (cluster?: string) =>
    tracker.changes(undefined, cluster, () => 0).clusters.map(({ view }) => view.directory.name);
  expect(names()).toEqual(["khab", "other"]);
  expect(names("other")).toEqual(["other"]);
  expect(names("nosuch")).toEqual([]);
});

type Step =
  | { do: "frame"; cluster: number; cells: [host: number, metric: number, value: number, own: boolean][] }
  | { do: "pass"; seconds: number }
  | { do: "free" }
  | { do: "read"; reader: number };

const HOST = fc.integer({ min: 0, max: 5 });
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    do: fc.constant("frame" as const),
    cluster: fc.integer({ min: 0, max: 1 }),
    cells: fc.array(fc.tuple(HOST, fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 9 }), fc.boolean())),
  }),
  fc.record({ do: fc.constant("pass" as const), seconds: fc.integer({ min: 1, max: 90 }) }),
  fc.constant({ do: "free" as const }),
  fc.record({ do: fc.constant("read" as const), reader: fc.integer({ min: 0, max: 1 }) }),
);

test("whatever happens to the collector's own tables, each reader has the present after it asked", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const present = new MadePresent();
      const tables = ["one", "two"].map((name) => new ClusterTable(new ClusterDirectory(name)));
      present.clusters.push(...tables);
      const tracker = new ChangeTracker(present);
      const readers = [new ChangesMirror(), new ChangesMirror()];
      let nowMs = 1_700_000_000_000;
      for (const one of steps) {
        if (one.do === "pass") {
          nowMs += one.seconds * 1_000;
          for (const table of tables) table.expire(nowMs, present.frameNumber + 1);
        } else if (one.do === "free") {
          for (const table of tables) table.freeGone(Number.POSITIVE_INFINITY);
        } else if (one.do === "frame") {
          const table = tables[one.cluster] as ClusterTable;
          table.apply(frameOf(table, nowMs, one.cells), present.frameNumber + 1, nowMs);
          present.taken(table);
        } else {
          const reader = readers[one.reader] as ChangesMirror;
          ask(present, tracker, reader);
          expect(reader.known()).toEqual(known(present));
        }
      }
    }),
    {
      numRuns: 400,
      verbose: true,
      // A host that left, gave its row back and came again to it, and nobody looked meanwhile.
      examples: [
        [
          [
            { do: "frame", cluster: 1, cells: [[0, 0, 0, false]] },
            { do: "read", reader: 0 },
            { do: "pass", seconds: 61 },
            { do: "free" },
            { do: "frame", cluster: 1, cells: [[0, 1, 0, false]] },
            { do: "read", reader: 0 },
          ],
        ],
      ],
    },
  );
});

/** Hosts leave after a minute of silence; the values of the last metric after 20 seconds, and one is a text. */
function frameOf(table: ClusterTable, timeMs: number, cells: [number, number, number, boolean][]): Frame {
  const { directory } = table;
  const frame = new Frame(directory, "test");
  frame.timeMs = timeMs;
  for (const [host, metric, value, own] of cells) {
    const name = `h${host}`;
    const row = directory.row(name);
    directory.describeHost(row, { ...newHostFacts(name), dmaxS: 60, tags: own ? "x" : "" });
    const meta = metaOf(`m${metric}`, {
      type: metric === 1 ? "string" : "float",
      units: own ? "own" : "",
      dmaxS: metric === 3 ? 20 : 0,
    });
    const column = directory.column(meta.name, metric === 1 ? "text" : "number");
    directory.describeMetric(row, column, meta);
    frame.heard(row, timeMs);
    if (metric === 1) frame.pushText(row, column, `t${value}`, timeMs);
    else frame.pushNumber(row, column, value === 9 ? Number.NaN : value, timeMs, 0);
  }
  return frame;
}
