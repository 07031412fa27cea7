/** Only core/base/clock.ts reads the time: the lint plugin is shown to fire. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { afterAll, expect, test } from "vitest";

const ROOT = resolve(import.meta.dirname, "../..");
const folder = mkdtempSync(join(ROOT, "core", "seeded-"));
afterAll(() => rmSync(folder, { recursive: true }));

function lint(source: string): string {
  const file = join(folder, "seeded.ts");
  writeFileSync(file, source);
  const run = spawnSync(resolve(ROOT, "node_modules/.bin/biome"), ["lint", "--colors=off", file], {
    cwd: ROOT,
    encoding: "utf8",
  });
  return run.stdout + run.stderr;
}

test.each([
  ["the wall clock", "export const now = Date.now();\n", "Take a Clock"],
  ["the present as a date", "export const now = new Date();\n", "Take a Clock"],
  ["a promise nobody waits for", "async function f(): Promise<void> {}\nf();\n", "noFloatingPromises"],
])("lint refuses %s", (_name, source, complaint) => {
  expect(lint(source)).toContain(complaint);
});

test("lint accepts a date made from a given time", () => {
  expect(lint("export const text = (timeMs: number) => new Date(timeMs).toISOString();\n")).not.toContain(
    "Take a Clock",
  );
});
