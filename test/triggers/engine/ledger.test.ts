import { describe, expect, test } from "vitest";
import type { CommandOrder } from "../../../triggers/actions/command.js";
import type { Entry, Episode } from "../../../triggers/engine/entries.js";
import { Ledger } from "../../../triggers/engine/ledger.js";
import type { Notice } from "../../../triggers/notify/notice.js";

const episode = (host: string): Episode => ({
  id: `e-${host}`,
  trigger: "hot",
  cluster: "khab",
  host,
  severity: "critical",
  condition: "x > 70",
  evidence: "x = 85",
  activeAtMs: 1_000,
  firedAtMs: 2_000,
});

const notice = (
  id: string,
  kind: Notice["kind"],
  items: readonly (readonly [host: string, problem: string])[],
): Notice => ({
  id,
  kind,
  receiver: "ops",
  trigger: "hot",
  cluster: "khab",
  severity: "critical",
  condition: "x > 70",
  forMs: 0,
  createdMs: 3_000,
  reason: "",
  items: items.map(([host, problem]) => ({ ...episode(host), episode: `e-${host}`, endedAtMs: 0, problem })),
  unrecorded: false,
});

const order: CommandOrder = {
  id: "e-a/drain",
  command: "drain",
  trigger: "hot",
  cluster: "khab",
  host: "a",
  severity: "critical",
  episode: "e-a",
  evidence: "x = 85",
};

function ledgerOf(entries: Iterable<Entry>): Ledger {
  const ledger = new Ledger();
  for (const entry of entries) ledger.apply(entry);
  return ledger;
}

const ALL: readonly Entry[] = [
  { k: "reset", version: 1, sequence: 4 },
  { k: "time", cluster: "khab", timeMs: 5_000 },
  { k: "pending", trigger: "hot", cluster: "khab", condition: "x > 70", activeAtMs: 4_000, hosts: ["p", "q", "r"] },
  { k: "ended", trigger: "hot", cluster: "khab", hosts: ["r", "nobody"] },
  { k: "ended", trigger: "nothing", cluster: "khab", hosts: ["r"] },
  { k: "fired", episode: episode("a") },
  { k: "fired", episode: episode("b") },
  { k: "fired", episode: { ...episode("a"), id: "e-other", cluster: "other" } },
  {
    k: "notice",
    notice: notice("n1", "fired", [
      ["a", ""],
      ["b", ""],
      ["gone", ""],
    ]),
  },
  { k: "notice", notice: notice("n2", "resolved", [["z", "n0"]]) },
  { k: "command", order },
  { k: "command", order: { ...order, id: "e-b/drain" } },
  { k: "command-started", id: "e-a/drain" },
  { k: "command-started", id: "unknown" },
  {
    k: "event",
    event: { ...episode("a"), sequence: 5, timeMs: 5_000, kind: "fired", episode: "e-a", message: "m", details: {} },
  },
];

test("a snapshot leads to the same state", () => {
  const ledger = ledgerOf(ALL);
  const copy = ledgerOf(JSON.parse(JSON.stringify([...ledger.snapshot()])));
  expect(copy).toEqual(ledger);
  expect([...copy.allPairs()]).toEqual([...ledger.allPairs()]);
  expect([...copy.allPairs()].length).toBe(5);
  expect([...copy.snapshot()]).toEqual([...ledger.snapshot()]);
  expect(copy.sequence).toBe(5);
  expect(copy.commands.get("e-a/drain")?.started).toBe(true);
  expect(copy.pairs("khab", "hot").get("a")).toMatchObject({ told: new Map([["ops", "n1"]]) });
});

test("a snapshot voids what was before", () => {
  const ledger = ledgerOf(ALL);
  ledger.apply({ k: "reset", version: 1, sequence: 9 });
  expect(ledger).toEqual(ledgerOf([{ k: "reset", version: 1, sequence: 9 }]));
});

test("pairs that end leave nothing behind", () => {
  const ledger = ledgerOf(ALL);
  ledger.apply({ k: "ended", trigger: "hot", cluster: "khab", hosts: ["a", "b", "p", "q"] });
  ledger.apply({ k: "ended", trigger: "hot", cluster: "other", hosts: ["a"] });
  expect([...ledger.allPairs()]).toEqual([]);
});

describe("a problem that was not delivered", () => {
  test("is no reason to tell of its end", () => {
    const ledger = ledgerOf(ALL);
    ledger.apply({ k: "notice-done", id: "n1", delivered: false });
    expect(ledger.pairs("khab", "hot").get("a")).toMatchObject({ told: new Map() });
  });

  test("takes its part of waiting recoveries along, and only that", () => {
    const ledger = ledgerOf(ALL);
    const elsewhere = { ...notice("n5", "resolved", [["a", "n1"]]), receiver: "night" };
    for (const waiting of [
      notice("n3", "resolved", [["a", "n1"]]),
      notice("n4", "resolved", [
        ["b", "n1"],
        ["c", "n0"],
      ]),
      elsewhere,
    ]) {
      ledger.apply({ k: "notice", notice: waiting });
    }
    ledger.apply({ k: "notice-done", id: "n1", delivered: false });
    expect([...ledger.notices.values()]).toEqual([
      notice("n2", "resolved", [["z", "n0"]]),
      notice("n4", "resolved", [["c", "n0"]]),
      elsewhere,
    ]);
  });

  test("but one that was changes nothing", () => {
    const ledger = ledgerOf(ALL);
    ledger.apply({ k: "notice-done", id: "n1", delivered: true });
    ledger.apply({ k: "notice-done", id: "unknown", delivered: false });
    expect(ledger.pairs("khab", "hot").get("a")).toMatchObject({ told: new Map([["ops", "n1"]]) });
    expect([...ledger.notices.keys()]).toEqual(["n2"]);
  });
});
