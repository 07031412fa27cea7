import { beforeEach, describe, expect, it } from "vitest";
import { ClusterTable } from "../../../collector/table/cluster-table.js";
import { DECIMALS_CLEARED } from "../../../core/model/columns.js";
import { ClusterDirectory } from "../../../core/model/directory.js";
import { Frame } from "../../../core/model/frame.js";
import { newHostFacts } from "../../../core/model/host.js";
import { writeCluster } from "../../../core/wire/ganglia/xml-writer.js";
import { type Cell, makeFrame, meta } from "../support.js";

const T = 1_700_000_000_000;
const S = 1_000;

let directory: ClusterDirectory;
let table: ClusterTable;
let number: number;
beforeEach(() => {
  directory = new ClusterDirectory("c");
  table = new ClusterTable(directory);
  number = 0;
});

function apply(timeMs: number, ...cells: Cell[]): number {
  return table.apply(makeFrame(directory, { timeMs, cells }), ++number, timeMs);
}

function hear(timeMs: number, ...heard: [host: string, timeMs: number][]): number {
  return table.apply(makeFrame(directory, { timeMs, heard }), ++number, timeMs);
}

/** Value, time and frame of a cell. */
function cell(host: string, metric: string, kind: "number" | "text" = "number") {
  const row = directory.findRow(host);
  const column = table.column(directory.findColumn(metric, kind));
  if (column === undefined) return undefined;
  const value = column.kind === "number" ? column.values[row] : column.texts[row];
  return [value, column.timesMs[row], column.changedFrames[row]];
}

const reported = (host: string) => table.reportedMs[directory.findRow(host)];

describe("which cell is new", () => {
  const HELD = 5;
  it.each<[name: string, held: number | string, laterMs: number, value: number | string, isNew: boolean]>([
    ["the same sample again", 1.5, 0, 1.5, false],
    ["another value at the same time", 1.5, 0, 2, false],
    ["an older one", 1.5, -1, 2, false],
    ["the same value up to a second later", 1.5, 1_000, 1.5, false],
    ["the same value more than a second later", 1.5, 1_001, 1.5, true],
    ["another value a little later", 1.5, 1, 2, true],
    ["no value a little later", 1.5, 1, Number.NaN, true],
    ["a value a second after no value", Number.NaN, 1_000, 2, false],
    ["a value more than a second after no value", Number.NaN, 1_001, 2, true],
    ["the same text up to a second later", "a", 1_000, "a", false],
    ["the same text more than a second later", "a", 1_001, "a", true],
    ["another text a little later", "a", 1, "b", true],
    ["another text, older", "a", -1, "b", false],
  ])("%s", (_name, held, laterMs, value, isNew) => {
    expect(apply(T, ["h", "m", held, T - HELD * S])).toBe(1);
    expect(apply(T + S, ["h", "m", value, T - HELD * S + laterMs])).toBe(isNew ? 1 : 0);
    const kind = typeof held === "string" ? "text" : "number";
    expect(cell("h", "m", kind)).toEqual(isNew ? [value, T - HELD * S + laterMs, 2] : [held, T - HELD * S, 1]);
  });

  it("names the new ones by index", () => {
    apply(T, ["a", "m", 1, T], ["b", "m", 1, T]);
    apply(T + 10 * S, ["a", "m", 1, T], ["b", "m", 2, T + 10 * S], ["c", "m", 3, T + 10 * S]);
    expect([...table.newCells.subarray(0, table.newCount)]).toEqual([1, 2]);
  });

  it("takes the same cell twice in one frame, if the second is later", () => {
    expect(apply(T, ["h", "m", 1, T - 5], ["h", "m", 2, T], ["h", "m", 3, T - 2])).toBe(2);
    expect(cell("h", "m")).toEqual([2, T, 1]);
  });

  it("keeps the newest where two sources feed one cluster", () => {
    apply(T, ["h", "m", 1, T]);
    apply(T - 30 * S, ["h", "m", 2, T - 31 * S]);
    expect(cell("h", "m")?.[0]).toBe(1);
    expect(table.frameTimeMs).toBe(T);
  });

  it("keeps decimals as received", () => {
    apply(T, ["h", "m", 1, T]);
    const column = table.column(0);
    expect(column?.kind === "number" && column.decimals[0]).toBe(2);
  });

  it("believes the clock after it was set back", () => {
    apply(T + 3_600 * S, ["h", "m", 1, T + 3_600 * S]);
    expect(apply(T, ["h", "m", 2, T])).toBe(1);
    expect(cell("h", "m")).toEqual([2, T, 2]);
    expect([reported("h"), table.frameTimeMs]).toEqual([T, T]);
  });

  it("takes infinity for no value", () => {
    apply(T, ["h", "m", 1, T]);
    expect(apply(T + 5, ["h", "m", Number.POSITIVE_INFINITY, T + 5])).toBe(1);
    expect(cell("h", "m")?.[0]).toBeNaN();
  });
});

describe("malformed cells are counted and passed over", () => {
  const withCell = (row: number, column: number, value: number, timeMs: number) => {
    const frame = new Frame(directory, "bad");
    frame.timeMs = T;
    frame.pushNumber(row, column, value, timeMs, 0);
    return frame;
  };
  it.each<[name: string, row: number, column: number, timeMs: number]>([
    ["a row nobody has", 7, 0, T],
    ["a refused row", -1, 0, T],
    ["a column nobody has", 0, 7, T],
    ["a refused column", 0, -1, T],
    ["no time", 0, 0, Number.NaN],
    ["time 0", 0, 0, 0],
    ["a time far ahead", 0, 0, T + 60_001],
    ["a text that is not there", 0, 1, T],
  ])("%s", (_name, row, column, timeMs) => {
    directory.row("h");
    directory.column("m", "number");
    directory.column("t", "text");
    expect(table.apply(withCell(row, column, 5, timeMs), 1, T)).toBe(0);
    expect(table.malformed).toBe(1);
  });

  it("hearings likewise", () => {
    directory.row("h");
    const frame = new Frame(directory, "bad");
    frame.timeMs = T;
    frame.heard(-1, T);
    frame.heard(3, T);
    frame.heard(0, T + 60_001);
    frame.heard(0, Number.NaN);
    table.apply(frame, 1, T);
    expect([table.malformed, table.newHeardCount, reported("h")]).toEqual([4, 0, 0]);
  });
});

describe("who was heard", () => {
  it("the latest time counts", () => {
    hear(T, ["h", T - 5]);
    hear(T, ["h", T - 9]);
    expect(reported("h")).toBe(T - 5);
    hear(T, ["h", T - 9], ["i", T - 1], ["h", T - 2]);
    expect([...table.newHeard.subarray(0, table.newHeardCount)]).toEqual([1, 2]);
    expect(reported("h")).toBe(T - 2);
  });

  it("who sent a value was heard", () => {
    apply(T, ["h", "m", 1, T - 3]);
    expect(reported("h")).toBe(T - 3);
  });
});

describe("growing", () => {
  it("keeps what was there, in rows and in columns", () => {
    for (let i = 0; i < 300; i++)
      apply(T + i * S, [`h${i}`, `m${i}`, i, T + i * S], [`h${i}`, "t", `t${i}`, T + i * S]);
    expect([table.rowCount, [...table.columns()].length]).toEqual([300, 301]);
    for (let i = 0; i < 300; i++) {
      expect(cell(`h${i}`, `m${i}`)).toEqual([i, T + i * S, i + 1]);
      expect(cell(`h${i}`, "t", "text")?.[0]).toBe(`t${i}`);
    }
    expect(cell("h7", "m8")).toEqual([Number.NaN, 0, 0]);
  });

  it("keeps its arrays in steady state", () => {
    apply(T, ["h", "m", 1, T]);
    const { newCells, reportedMs } = table;
    const values = cellsOf("m");
    for (let i = 1; i < 100; i++) apply(T + i * 15 * S, ["h", "m", i, T + i * 15 * S]);
    expect(table.newCells).toBe(newCells);
    expect(table.reportedMs).toBe(reportedMs);
    expect(cellsOf("m")).toBe(values);
  });

  const cellsOf = (metric: string) => {
    const column = table.column(directory.findColumn(metric, "number"));
    return column?.kind === "number" ? column.values : undefined;
  };

  it("knows a metric that is a number here and a text there", () => {
    apply(T, ["a", "m", 1, T], ["b", "m", "one", T]);
    expect([cell("a", "m")?.[0], cell("b", "m", "text")?.[0]]).toEqual([1, "one"]);
    expect([cell("b", "m")?.[0], cell("a", "m", "text")?.[0]]).toEqual([Number.NaN, undefined]);
  });
});

describe("what is served of a value that is gone", () => {
  const written = (nowMs: number) => {
    const metrics = [...writeCluster(table, nowMs)]
      .join("")
      .matchAll(/<(?:HOST|METRIC) NAME="([^"]+)"(?: VAL="([^"]*)")?/g);
    return Array.from(metrics, ([, name, value]) => (value === undefined ? name : `${name}=${value}`)).join(" ");
  };
  const describeMetric = (host: string, metric: string, dmaxS: number) =>
    directory.describeMetric(directory.row(host), directory.column(metric, "number"), meta(metric, { dmaxS }));

  it("nothing of an expired one, though its age in whole seconds is not past DMAX yet", () => {
    describeMetric("h", "m", 60);
    apply(T, ["h", "m", 1, T], ["h", "n", 2, T]);
    expect(written(T + 60_400)).toBe("h m=1.00 n=2.00");
    table.expire(T + 60_400, ++number);
    expect(written(T + 60_400)).toBe("h n=2.00");
  });

  it("nothing of an expired one whose source repeats it a little younger, and all of it once it is new", () => {
    describeMetric("h", "m", 60);
    apply(T, ["h", "m", 1, T], ["h", "n", 2, T]);
    table.expire(T + 61_000, ++number);
    expect(apply(T + 61_000, ["h", "m", 1, T + 900])).toBe(0);
    expect(written(T + 61_000)).toBe("h n=2.00");
    apply(T + 75_000, ["h", "m", 3, T + 75_000]);
    expect(written(T + 75_000)).toBe("h m=3.00 n=2.00");
  });

  it("nothing of an expired one after its DMAX was raised or our clock was set back", () => {
    describeMetric("h", "m", 60);
    apply(T, ["h", "m", 1, T], ["h", "n", 2, T]);
    table.expire(T + 61_000, ++number);
    expect(written(T + 30_000)).toBe("h n=2.00");
    describeMetric("h", "m", 0);
    expect(written(T + 61_000)).toBe("h n=2.00");
  });

  it("of a host that left and came back only what came with it; the rest is omitted, numbers and texts", () => {
    directory.describeHost(directory.row("h"), { ...newHostFacts("h"), dmaxS: 100 });
    apply(T, ["h", "m", 1, T], ["h", "n", 2, T], ["h", "t", "x", T], ["h", "bad", Number.NaN, T]);
    expect(written(T)).toBe("h m=1.00 n=2.00 t=x bad=nan");
    expect(table.expire(T + 101 * S, ++number)).toEqual(["h"]);
    expect(written(T + 101 * S)).toBe("");
    apply(
      T + 200 * S,
      ["h", "m", 5, T + 200 * S],
      ["h", "n", 2, T + 500],
      ["h", "t", "x", T],
      ["h", "bad", Number.NaN, T],
    );
    expect(written(T + 200 * S)).toBe("h m=5.00");
  });

  it("a nan that the sender really sent", () => {
    apply(T, ["h", "m", 1, T]);
    apply(T + 5 * S, ["h", "m", Number.NaN, T + 5 * S]);
    expect(written(T + 5 * S)).toBe("h m=nan");
    apply(T + 10 * S, ["h", "m", 2, T + 10 * S]);
    expect(written(T + 10 * S)).toBe("h m=2.00");
    expect(table.notNumbers).toBe(1);
  });

  it("and such news are counted, infinity too, but not when they are read twice", () => {
    apply(T, ["h", "m", Number.NaN, T], ["h", "n", Number.POSITIVE_INFINITY, T], ["h", "o", 1, T]);
    apply(T, ["h", "m", Number.NaN, T], ["h", "n", Number.POSITIVE_INFINITY, T + 500]);
    expect(table.notNumbers).toBe(2);
  });

  it("nothing after the log gave the cleared cell back", () => {
    const frame = makeFrame(directory, { timeMs: T, cells: [["h", "n", 2, T]], heard: [["h", T]] });
    const row = directory.row("h");
    frame.pushNumber(row, directory.column("m", "number"), Number.NaN, T, DECIMALS_CLEARED);
    frame.pushNumber(row, directory.column("sent", "number"), Number.NaN, T, 2);
    table.restore(frame, 1);
    expect(written(T)).toBe("h n=2.00 sent=nan");
  });
});

describe("hosts past their DMAX", () => {
  const describeHost = (host: string, dmaxS: number) =>
    directory.describeHost(directory.row(host), { ...newHostFacts(host), dmaxS });

  beforeEach(() => {
    describeHost("short", 100);
    describeHost("keeps", 0);
    apply(T, ["short", "m", 1, T], ["keeps", "m", 2, T], ["short", "t", "x", T]);
  });

  it("leave after it, not at it, and never with DMAX 0", () => {
    expect(table.expire(T + 100 * S, 2)).toEqual([]);
    expect(table.expire(T + 100 * S + 1, 2)).toEqual(["short"]);
    expect(table.expire(T + 1e9 * S, 3)).toEqual([]);
    expect([reported("short"), reported("keeps")]).toEqual([0, T]);
  });

  it("are out of the present at once, as a change of the next frame", () => {
    table.expire(T + 101 * S, 9);
    expect(cell("short", "m")).toEqual([Number.NaN, T, 9]);
    expect(cell("short", "t", "text")).toEqual([undefined, T, 9]);
    expect(cell("keeps", "m")).toEqual([2, T, 1]);
    expect(table.frameNumber).toBe(9);
  });

  it("do not come back by what a source repeats", () => {
    table.expire(T + 101 * S, 2);
    hear(T + 102 * S, ["short", T]);
    expect(apply(T + 102 * S, ["short", "m", 1, T], ["short", "m", 1, T + S], ["short", "new", 1, T])).toBe(0);
    expect(reported("short")).toBe(0);
  });

  it("come back when they are heard, with what is new", () => {
    table.expire(T + 101 * S, 2);
    hear(T + 200 * S, ["short", T + 199 * S]);
    expect(apply(T + 200 * S, ["short", "t", "x", T], ["short", "m", 7, T + 199 * S])).toBe(1);
    expect(cell("short", "m")?.[0]).toBe(7);
    expect(cell("short", "t", "text")?.[0]).toBeUndefined();
    table.freeGone(Number.POSITIVE_INFINITY);
    expect(directory.findRow("short")).toBe(0);
  });

  it("come back by a value alone", () => {
    table.expire(T + 101 * S, 2);
    expect(apply(T + 200 * S, ["short", "m", 7, T + 199 * S])).toBe(1);
    expect(reported("short")).toBe(T + 199 * S);
  });

  it("give their row back when nobody has their frames any more", () => {
    apply(T + 10 * S, ["keeps", "m", 3, T + 10 * S]);
    table.expire(T + 101 * S, 3);
    table.freeGone(2);
    expect(directory.host(0)?.name).toBe("short");
    table.freeGone(3);
    expect(directory.host(0)).toBeUndefined();
    expect(directory.row("another")).toBe(0);
    apply(T + 200 * S, ["another", "m", 5, T + 1]);
    expect(cell("another", "m")).toEqual([5, T + 1, number]);
    // That the one before has left is news until it is told, to whomever has it yet.
    expect(cell("another", "t", "text")).toEqual([undefined, 0, 3]);
  });

  it("that were only ever named give it back without a word", () => {
    directory.row("named");
    hear(T, ["keeps", T + 1]);
    expect(table.expire(T + 2, 5)).toEqual([]);
    table.freeGone(Number.POSITIVE_INFINITY);
    expect(directory.findRow("named")).toBe(-1);
  });
});

describe("values past their metric's DMAX", () => {
  it("are cleared, per host", () => {
    const [a, b] = [directory.row("a"), directory.row("b")];
    const column = directory.column("m", "number");
    directory.describeMetric(a, column, meta("m", { dmaxS: 0 }));
    directory.describeMetric(b, column, meta("m", { dmaxS: 60 }));
    apply(T, ["a", "m", 1, T], ["b", "m", 2, T]);
    table.expire(T + 60 * S, 2);
    expect(cell("b", "m")?.[0]).toBe(2);
    table.expire(T + 60 * S + 1, 2);
    expect([cell("a", "m"), cell("b", "m")]).toEqual([
      [1, T, 1],
      [Number.NaN, T, 2],
    ]);
    expect(apply(T + 70 * S, ["b", "m", 2, T]), "read again").toBe(0);
    expect(apply(T + 70 * S, ["b", "m", 2, T + S]), "read again, rounded").toBe(0);
    expect(apply(T + 71 * S, ["b", "m", 2, T + 71 * S])).toBe(1);
  });

  it("are looked for again when metadata changes", () => {
    const column = directory.column("m", "number");
    apply(T, ["a", "m", 1, T]);
    table.expire(T + 100 * S, 2);
    directory.describeMetric(0, column, meta("m", { dmaxS: 60 }));
    table.expire(T + 100 * S, 3);
    expect(cell("a", "m")).toEqual([Number.NaN, T, 3]);
  });
});
