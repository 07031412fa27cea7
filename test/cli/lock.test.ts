/** The lock of the state directory between real processes. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";

const MODULE = resolve(import.meta.dirname, "../../dist/core/base/state-dir.js");
const PROCESSES = 8;

let directory: string;
beforeEach(() => {
  if (!existsSync(MODULE)) throw new Error(`${MODULE} is not there: run "npm run build" before these tests`);
  directory = mkdtempSync(join(tmpdir(), "grate-lock-"));
});
afterEach(() => rmSync(directory, { recursive: true }));

/** Tries once, says how it went, holds on until stdin ends. */
const SCRIPT = `
  const { lockStateDir } = await import(process.argv[1]);
  try {
    lockStateDir(process.argv[2], { command: "racer", nowMs: 0 });
    process.stdout.write("got it\\n");
  } catch (error) {
    process.stdout.write(error.message + "\\n");
  }
  process.stdin.resume();
`;

test(`of ${PROCESSES} that find a dead holder at the same time one takes over`, async () => {
  const dead = { pid: 2 ** 22 + 1, startTicks: 1, bootId: "", command: "dead", since: "" };
  writeFileSync(join(directory, "lock.3"), JSON.stringify(dead));
  const racers = Array.from({ length: PROCESSES }, () =>
    spawn(process.execPath, ["--input-type=module", "-e", SCRIPT, pathToFileURL(MODULE).href, directory], {
      stdio: ["pipe", "pipe", "inherit"],
    }),
  );
  try {
    const said = await Promise.all(racers.map(async ({ stdout }) => String((await once(stdout, "data"))[0])));
    const winners = racers.filter((_, i) => said[i] === "got it\n");
    expect(winners).toHaveLength(1);
    for (const text of said) {
      if (text !== "got it\n") expect(text).toContain(`is in use by process ${winners[0]?.pid} (racer)`);
    }
    expect(readdirSync(directory)).toEqual(["lock.4"]);
  } finally {
    await Promise.all(
      racers.map((racer) => {
        racer.stdin.end();
        return once(racer, "close");
      }),
    );
  }
});
