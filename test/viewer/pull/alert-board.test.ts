import { expect, test } from "vitest";
import { AlertBoard } from "../../../viewer/pull/alert-board.js";
import { makeAlert, makeEvent } from "../../support/alerts.js";

const PENDING = makeAlert({ trigger: "p", state: "pending", severity: "critical", firedAtMs: 0, episode: "" });
const OLD = makeAlert({ trigger: "old", severity: "warning", activeAtMs: 1 });
const NEW = makeAlert({ trigger: "new", severity: "warning", activeAtMs: 2, state: "recovering" });
const GRAVE = makeAlert({ trigger: "grave", severity: "critical", activeAtMs: 0, host: "node002" });

test("what fires comes before what is pending, the gravest first, then the newest", () => {
  const board = new AlertBoard({ alerts: [PENDING, OLD, NEW, GRAVE], events: [] });
  expect(board.alerts.map((alert) => alert.trigger)).toEqual(["grave", "new", "old", "p"]);
});

test("a recovering alert still fires, a pending one does not", () => {
  const board = new AlertBoard({ alerts: [PENDING, OLD, NEW, GRAVE], events: [] });
  expect(board.counts).toEqual({ firing: 3, pending: 1, critical: 1, warning: 2, info: 0 });
});

test("a host shows the gravest that fires on it", () => {
  const board = new AlertBoard({ alerts: [PENDING, OLD, GRAVE], events: [] });
  expect(board.letter("khab", "node001")).toBe("w");
  expect(board.letter("khab", "node002")).toBe("c");
  expect(board.letter("other", "node001")).toBe("-");
  expect(board.ofHost("khab", "node001")).toEqual([OLD, PENDING]);
});

test.each([
  ["the same in another order", { alerts: [GRAVE, OLD], events: [makeEvent()] }, true],
  ["one is over", { alerts: [OLD], events: [makeEvent()] }, false],
  ["one has new evidence", { alerts: [OLD, { ...GRAVE, evidence: "x" }], events: [makeEvent()] }, false],
  ["one is recovering", { alerts: [OLD, { ...GRAVE, state: "recovering" as const }], events: [makeEvent()] }, false],
  ["a further event", { alerts: [OLD, GRAVE], events: [makeEvent({ sequence: 2 })] }, false],
])("news: %s", (_what, next, same) => {
  const board = new AlertBoard({ alerts: [OLD, GRAVE], events: [makeEvent()] });
  expect(new AlertBoard(next).sameAs(board)).toBe(same);
});
