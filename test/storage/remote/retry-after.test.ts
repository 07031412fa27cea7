import { expect, test } from "vitest";
import { retryAfterMs } from "../../../storage/remote/retry-after.js";

const NOW_MS = Date.parse("2026-11-22T00:00:00Z");

const cases: [header: string | undefined, waitMs: number][] = [
  [undefined, 0],
  ["", 0],
  ["0", 0],
  ["30", 30_000],
  [" 30 ", 30_000],
  ["-5", 0],
  ["1.5", 0],
  ["soon", 0],
  ["999999999", 600_000],
  ["9".repeat(400), 0],
  ["Sun, 22 Nov 2026 00:02:00 GMT", 120_000],
  ["Sun, 22 Nov 2026 09:00:00 GMT", 600_000],
  ["Sat, 21 Nov 2026 00:00:00 GMT", 0],
];
test.each(cases)("%j", (header, waitMs) => {
  expect(retryAfterMs(header, NOW_MS)).toBe(waitMs);
});
