/**
 * The import walls stand: every rule is shown to fire on a tree seeded with one
 * violation of it, and the check of the real tree really looks at it.
 */
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { resolve } from "node:path";
import { describe, expect, test } from "vitest";

const ROOT = resolve(import.meta.dirname, "../..");
const SEEDED = resolve(import.meta.dirname, "seeded");
const ROOMS = ["core", "sensors", "collector", "viewer", "triggers", "storage", "test", "grate.ts"];

interface CruiseSummary {
  readonly totalCruised: number;
  readonly violations: readonly { readonly from: string; readonly rule: { readonly name: string } }[];
}

const rules: { name: string; comment?: string }[] = createRequire(import.meta.url)(
  resolve(ROOT, ".dependency-cruiser.cjs"),
).forbidden;

function cruise(folder: string, paths: readonly string[], options: readonly string[] = []): CruiseSummary {
  const program = resolve(ROOT, "node_modules/.bin/depcruise");
  const args = [...paths, "--output-type", "json", "--config", resolve(ROOT, ".dependency-cruiser.cjs"), ...options];
  const run = spawnSync(program, args, { cwd: folder, encoding: "utf8", maxBuffer: 64 * 2 ** 20 });
  if (run.stdout === "") throw new Error(`depcruise printed nothing: ${run.stderr}`);
  return JSON.parse(run.stdout).summary;
}

describe("import walls", () => {
  test("every rule has a seeded violation and a comment that says what to do", () => {
    expect(readdirSync(SEEDED).sort()).toEqual(rules.map((rule) => rule.name).sort());
    expect(rules.filter((rule) => rule.comment === undefined)).toEqual([]);
  });

  test.each(readdirSync(SEEDED))(
    "%s fires",
    (rule) => {
      const folder = resolve(SEEDED, rule);
      // The seeded trees have no tsconfig of their own; the compiler's settings do not matter to them.
      const config = ["--ts-config", resolve(ROOT, "tsconfig.json")];
      const fired = cruise(
        folder,
        readdirSync(folder).filter((name) => name !== "package.json"),
        config,
      ).violations;
      expect(fired.map((violation) => violation.rule.name)).toContain(rule);
    },
    30_000,
  );

  test("the real tree keeps them, and it was really looked at", () => {
    const summary = cruise(ROOT, ROOMS);
    expect(summary.violations).toEqual([]);
    expect(summary.totalCruised).toBeGreaterThan(150);
  }, 60_000);
});
