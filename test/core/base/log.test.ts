import { closeSync, openSync } from "node:fs";
import { expect, test } from "vitest";
import { createLogger, logDestination, rateLimited } from "../../../core/base/log.js";
import { VirtualClock } from "../../support/virtual-clock.js";

function collecting() {
  const lines: Record<string, unknown>[] = [];
  const stream = { write: (line: string) => void lines.push(JSON.parse(line)) };
  return { lines, logger: createLogger("test", "info", stream) };
}

test("a line is JSON with time, level and component", () => {
  const { lines, logger } = collecting();
  logger.info({ source: "khab" }, "hello");
  expect(lines[0]).toMatchObject({ level: "info", component: "test", source: "khab", msg: "hello" });
  expect(lines[0]?.["time"]).toMatch(/^\d{4}-\d\d-\d\dT/);
});

test("a full disk takes no line and stops nobody", () => {
  const descriptor = openSync("/dev/full", "w");
  const logger = createLogger("test", "info", logDestination(descriptor));
  for (let i = 0; i < 3; i++) expect(() => logger.info("hello")).not.toThrow();
  closeSync(descriptor);
});

test("a thousand equal complaints are one line a minute, with the count", async () => {
  const { lines, logger } = collecting();
  const clock = new VirtualClock();
  const log = rateLimited(logger, clock);
  for (let i = 0; i < 1_000; i++) log.warn("junk", {}, "junk received");
  log.warn("other", {}, "something else");
  await clock.advance(60_000);
  log.warn("junk", {}, "junk received");
  expect(lines.map((line) => [line["msg"], line["suppressed"]])).toEqual([
    ["junk received", undefined],
    ["something else", undefined],
    ["junk received", 999],
  ]);
});
