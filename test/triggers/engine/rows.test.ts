import { describe, expect, test } from "vitest";
import { Changes, FIRING, INACTIVE, PENDING, TriggerRows } from "../../../triggers/engine/rows.js";
import { FALSE, TRUE, UNKNOWN } from "../../../triggers/expression/truth.js";

const VERDICTS: Readonly<Record<string, number>> = { T: TRUE, F: FALSE, U: UNKNOWN };

interface Run {
  readonly forMs?: number;
  /** One letter a frame: T, F or U; with a recover condition two, the second its own. */
  readonly frames: string;
  readonly stepMs?: number;
}

/** @returns one letter a frame: b(egan), c(leared), f(ired), e(nded), "." for nothing */
function play({ forMs = 0, frames, stepMs = 10 }: Run): string {
  const rows = new TriggerRows();
  rows.bind(0, true, INACTIVE, 0);
  const changes = new Changes();
  return frames
    .split(" ")
    .map((frame, i) => {
      const verdicts = new Uint8Array(64).fill(VERDICTS[frame[0] as string] as number);
      const recovered = frame[1] === undefined ? undefined : new Uint8Array(64).fill(VERDICTS[frame[1]] as number);
      rows.step(verdicts, recovered, 1, 1_000 + i * stepMs, forMs, changes);
      const { began, cleared, fired, ended } = changes;
      expect(began.length + cleared.length + fired.length + ended.length).toBeLessThanOrEqual(1);
      return began.length ? "b" : cleared.length ? "c" : fired.length ? "f" : ended.length ? "e" : ".";
    })
    .join(" ");
}

describe("the state machine", () => {
  test.each<[string, Run, string]>([
    ["fires at once without for", { frames: "F T T F F" }, ". f . e ."],
    ["fires again in a new episode", { frames: "T F T F" }, "f e f e"],
    ["for is inclusive", { forMs: 20, frames: "T T T T F" }, "b . f . e"],
    ["for longer than it lasts", { forMs: 30, frames: "T T T F F" }, "b . . c ."],
    ["a for shorter than the frame period fires at the second true frame", { forMs: 1, frames: "T T" }, "b f"],
    ["false starts the time anew", { forMs: 20, frames: "T T F T T T" }, "b . c b . f"],
    ["unknown never begins", { frames: "U U U" }, ". . ."],
    ["unknown never resolves", { frames: "T U U F" }, "f . . e"],
    ["unknown holds pending, and the time goes on", { forMs: 30, frames: "T U U T" }, "b . . f"],
    ["unknown does not fire what is pending", { forMs: 20, frames: "T U U U F" }, "b . . . c"],
    ["recover: false alone does not end it", { frames: "TF FF FF FT" }, "f . . e"],
    ["recover: unknown does not end it", { frames: "TF FU FU FT" }, "f . . e"],
    ["recover: true while the condition is true does not end it", { frames: "TT TT FT" }, "f . e"],
    ["recover: the condition unknown does not end it", { frames: "TF UT FT" }, "f . e"],
    ["recover: back to true in between is the same episode", { frames: "TF FF TF FF FT" }, "f . . . e"],
    ["recover says nothing about what is pending", { forMs: 20, frames: "TF FF" }, "b c"],
  ])("%s", (_what, run, expected) => {
    expect(play(run)).toBe(expected);
  });

  test("a gap between frames counts, it is a difference of times", () => {
    expect(play({ forMs: 1_000, stepMs: 5_000, frames: "T T" })).toBe("b f");
  });

  test("two frames of the same time make no progress", () => {
    expect(play({ forMs: 1, stepMs: 0, frames: "T T T" })).toBe("b . .");
    expect(play({ forMs: 0, stepMs: 0, frames: "F T F" })).toBe(". f e");
  });
});

describe("rows", () => {
  test("each is for itself; those not selected or not there are left alone", () => {
    const rows = new TriggerRows();
    for (let row = 0; row < 10; row++) rows.bind(row, row !== 3, INACTIVE, 0);
    const changes = new Changes();
    rows.step(new Uint8Array(64).fill(TRUE), undefined, 9, 1_000, 0, changes);
    expect(changes.fired).toEqual([0, 1, 2, 4, 5, 6, 7, 8]);
    expect(rows.firing).toBe(8);
    rows.step(new Uint8Array(64).fill(FALSE), undefined, 9, 1_010, 0, changes);
    expect([changes.fired, changes.ended]).toEqual([[], [0, 1, 2, 4, 5, 6, 7, 8]]);
    expect(rows.firing).toBe(0);
  });

  test("a row that is bound brings its state along", () => {
    const rows = new TriggerRows();
    rows.bind(0, true, FIRING, 500);
    rows.bind(1, true, PENDING, 500);
    rows.bind(100, true, PENDING, 700);
    expect([rows.pending, rows.firing]).toEqual([2, 1]);
    const changes = new Changes();
    rows.step(new Uint8Array(128).fill(TRUE), undefined, 101, 1_000, 400, changes);
    expect(changes.fired).toEqual([1]);
    expect(rows.sinceMs(1)).toBe(500);
    rows.bind(0, true, INACTIVE, 0);
    rows.end(1);
    rows.end(5_000);
    expect([rows.pending, rows.firing]).toEqual([1, 0]);
  });

  test("what is pending can be moved in time", () => {
    const rows = new TriggerRows();
    rows.bind(0, true, PENDING, 500);
    rows.bind(1, true, FIRING, 500);
    rows.shiftPending(250);
    expect([rows.sinceMs(0), rows.sinceMs(1)]).toEqual([750, 500]);
  });
});
