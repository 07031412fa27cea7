#!/usr/bin/env node
/**
 * `npm test`: gets the peers, builds, runs every check and every test, and ends
 * with the line "N passed, N failed". Plain JavaScript because it builds the rest.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { canInstall, installPackages, missingPackages } from "./setup/peers.mjs";

const HELP = `usage: npm test -- [options] [file filter ...]

  --no-install   do not install missing Debian packages
  --no-e2e       leave out the tests against real peers
  --only-tests   leave out build and static checks
  --strict       a skipped test is a failure (CI)
  --help         this text

examples:
  npm test
  npm test -- --no-install
  npm test -- --only-tests test/triggers`;

/** @typedef {{ name: string, ok: boolean }} Outcome */

/** Static checks, each one line of the result. */
const CHECKS = Object.freeze({
  build: ["npm", "run", "--silent", "build"],
  "types, portable rooms": ["npx", "tsc", "-p", "tsconfig.portable.json"],
  "types, tests": ["npx", "tsc", "-p", "tsconfig.test.json"],
  "types, browser": ["npx", "tsc", "-p", "viewer/web/tsconfig.json"],
  lint: ["npx", "biome", "check", "."],
  "import walls": ["npm", "run", "--silent", "arch"],
  "dead code": ["npx", "knip"],
});

/** @param {string[]} argv */
function parseArguments(argv) {
  const flags = new Set(argv.filter((arg) => arg.startsWith("--")));
  const known = ["--no-install", "--no-e2e", "--only-tests", "--strict", "--help"];
  const unknown = [...flags].find((flag) => !known.includes(flag));
  if (unknown !== undefined || flags.has("--help")) {
    process.stdout.write(`${unknown === undefined ? "" : `unknown option ${unknown}\n`}${HELP}\n`);
    process.exit(unknown === undefined ? 0 : 2);
  }
  return { flags, filters: argv.filter((arg) => !arg.startsWith("--")) };
}

/** @param {boolean} mayInstall */
function getPeers(mayInstall) {
  const missing = missingPackages();
  if (missing.length === 0) return;
  if (mayInstall && canInstall()) {
    process.stdout.write(`Installing missing Debian packages (no daemon is started): ${missing.join(" ")}\n`);
    if (!installPackages(missing))
      process.stdout.write("Some packages could not be installed; their tests will be skipped.\n");
  } else {
    process.stdout.write(`Not installed here, tests that need them will be skipped: ${missing.join(" ")}\n`);
  }
}

/** @param {string} name @param {readonly string[]} command @returns {Outcome} */
function runCheck(name, command) {
  const [program, ...args] = command;
  const result = spawnSync(/** @type {string} */ (program), args, { encoding: "utf8", maxBuffer: 64 * 2 ** 20 });
  const ok = result.status === 0;
  process.stdout.write(`${ok ? "ok  " : "FAIL"}  ${name}\n`);
  if (!ok) process.stdout.write(`${result.stdout}${result.stderr}\n`);
  return { name, ok };
}

/**
 * @param {string} project @param {string[]} filters @param {string} folder
 * @returns {{ passed: number, failed: number, skipped: string[] }}
 */
function runTests(project, filters, folder) {
  const report = join(folder, `${project}.json`);
  const args = ["vitest", "run", "--project", project, "--passWithNoTests"];
  const run = spawnSync(
    "npx",
    [...args, "--reporter=default", "--reporter=json", `--outputFile.json=${report}`, ...filters],
    {
      stdio: ["ignore", "inherit", "inherit"],
    },
  );
  if (!existsSync(report)) return { passed: 0, failed: 1, skipped: [] };
  return readReport(JSON.parse(readFileSync(report, "utf8")), run.status === 0);
}

/** @param {any} report @param {boolean} ranGreen */
function readReport(report, ranGreen) {
  const files = /** @type {any[]} */ (report.testResults);
  const tests = files.flatMap((file) => file.assertionResults);
  const count = (/** @type {string} */ status) => tests.filter((test) => test.status === status).length;
  // A file that could not even be loaded has no tests of its own.
  const broken = files.filter((file) => file.status === "failed" && file.assertionResults.length === 0).length;
  const failed = count("failed") + broken;
  const skipped = tests.filter((test) => !["passed", "failed"].includes(test.status)).map((test) => test.fullName);
  // Unhandled errors turn the run red without failing any one test.
  return { passed: count("passed"), failed: ranGreen ? failed : Math.max(failed, 1), skipped };
}

function main() {
  const { flags, filters } = parseArguments(process.argv.slice(2));
  const folder = mkdtempSync(join(tmpdir(), "grate-test-"));
  if (!flags.has("--no-e2e")) getPeers(!flags.has("--no-install"));
  const checks = flags.has("--only-tests")
    ? []
    : Object.entries(CHECKS).map(([name, command]) => runCheck(name, command));
  const projects = flags.has("--no-e2e") ? ["unit"] : ["unit", "e2e"];
  const runs = projects.map((project) => runTests(project, filters, folder));
  rmSync(folder, { recursive: true });

  const skipped = runs.flatMap((run) => run.skipped);
  for (const name of skipped) process.stdout.write(`skipped: ${name}\n`);
  const sum = (/** @type {number[]} */ counts) => counts.reduce((total, count) => total + count, 0);
  const passed = sum(runs.map((run) => run.passed)) + checks.filter((check) => check.ok).length;
  const failedTests = sum(runs.map((run) => run.failed)) + checks.filter((check) => !check.ok).length;
  const failed = failedTests + (flags.has("--strict") ? skipped.length : 0);
  const tail = flags.has("--strict") || skipped.length === 0 ? "" : `, ${skipped.length} skipped`;
  process.stdout.write(`\n${passed} passed, ${failed} failed${tail}\n`);
  process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
}

main();
