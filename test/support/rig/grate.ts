/** Our own programs, built, as separate processes. */
import { writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { type Running, runProcess, startProcess } from "./process.js";

/** Another build than this tree's, if one is named. */
const FRONT_DOOR = process.env["GRATE_FRONT_DOOR"] ?? resolve(import.meta.dirname, "../../../dist/grate.js");

interface GrateOptions {
  readonly namespace?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** Starts `grate ...args` and leaves it running. */
export function startGrate(args: readonly string[], options: GrateOptions = {}): Running {
  return startProcess(process.execPath, [FRONT_DOOR, ...args], options);
}

/** Runs `grate ...args` to its end. */
export function runGrate(args: readonly string[], options: GrateOptions = {}) {
  return runProcess(process.execPath, [FRONT_DOOR, ...args], options);
}

export function writeConfig(folder: string, text: string, name = "grate.yaml"): string {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
}
