import { expect, test } from "vitest";
import { formatDuration, parseDuration } from "../../../core/model/duration.js";

test.each([
  ["500ms", 500],
  ["15s", 15_000],
  ["1m", 60_000],
  ["1h30m", 5_400_000],
  ["1.5h", 5_400_000],
  ["7d", 604_800_000],
  ["0s", 0],
])("%s is %d ms", (text, durationMs) => {
  expect(parseDuration(text)).toBe(durationMs);
});

test.each(["", "15", "s", "15 s", "-1s", "1y", "1e3s", "15s x"])("%j is no duration", (text) => {
  expect(parseDuration(text)).toBeUndefined();
});

test.each([
  [0, "0ms"],
  [999, "999ms"],
  [15_000, "15s"],
  [90_000, "1m 30s"],
  [3_600_000, "1h"],
  [3_605_000, "1h"],
  [277_200_000, "3d 5h"],
])("%d ms reads %s", (durationMs, text) => {
  expect(formatDuration(durationMs)).toBe(text);
});
