import { expect, test } from "vitest";
import { storesBehind } from "../../storage/health.js";

test.each<[string, Record<string, number>[], number]>([
  ["no store", [], 0],
  ["stores that have all", [{ files: 7 }, { backlogSamples: 0 }, { queueAgeMs: 600_000, queuedSamples: 9 }], 0],
  ["samples that wait for a store", [{ backlogSamples: 1 }, { files: 7 }], 1],
  ["a remote store that takes nothing for longer than ten minutes", [{ queueAgeMs: 600_001 }], 1],
  ["both", [{ queueAgeMs: 9e6 }, { backlogSamples: 5 }], 2],
])("behind: %s", (_, counters, behind) => {
  expect(storesBehind(counters.map((each) => ({ store: "s", message: "", counters: each })))).toBe(behind);
});
