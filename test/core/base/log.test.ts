import { expect, test } from "vitest";
import { createLogger, rateLimited } from "../../../core/base/log.js";
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
