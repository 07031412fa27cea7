/**
 * `grate rrd takeover`: makes sure that a directory of gmetad's files may be gone on with, and says what that
 * means. All it writes is the small file that tells from when to when the directory holds history; the
 * files themselves are gone on with by the collector. Run again, it does the same again.
 */
import { realpathSync } from "node:fs";
import { type Clock, sleep } from "../../../core/base/clock.js";
import { messageOf } from "../../../core/base/errors.js";
import { writeCoverage } from "../archive/coverage-file.js";
import { surveyCoverage } from "../archive/survey.js";
import { RrdError } from "../rrd-error.js";
import { type DirectoryLook, lookAtDirectory, writingMarks } from "./directory-look.js";
import { type RunningWriter, runningWriters } from "./running-writers.js";

export interface TakeoverOptions {
  readonly directory: string;
  readonly isDryRun: boolean;
  /** How long it is watched whether somebody writes; undefined: two steps of its files. */
  readonly waitMs: number | undefined;
  readonly clock: Clock;
  /** Where an rrdcached listens by way of which the files will be written: that one may go on. */
  readonly rrdcached: string | undefined;
  /** Only tests give others. */
  readonly writers?: (directory: string) => readonly RunningWriter[];
}

/** rrdcached may hold updates back for longer: a directory with one is refused by its process. */
const STEPS_WATCHED = 2;
const STEP_STANDARD_S = 15;

/** @returns what it found and did, for a person @throws RrdError with what stands against it */
export async function takeOver(options: TakeoverOptions): Promise<string> {
  const { isDryRun, clock, rrdcached, writers = runningWriters } = options;
  let directory = options.directory;
  let look: DirectoryLook;
  try {
    directory = realpathSync(directory);
    look = lookAtDirectory(directory);
  } catch (error) {
    throw new RrdError(`looking at '${directory}': ${messageOf(error)}`, { cause: error });
  }
  const against: string[] = [];
  for (const { pid, program, why } of writers(directory)) {
    if (program !== "rrdcached") against.push(`process ${pid}: ${why}; stop it first`);
    else if (rrdcached === undefined) {
      against.push(`process ${pid}: ${why}; stop it first, or say --rrdcached ADDRESS to write by way of it`);
    }
  }
  if (look.faultCount > 0) against.push(...look.faults, ...more(look));
  if (against.length === 0) {
    const stepS = look.stepsS[0] ?? STEP_STANDARD_S;
    const before = writingMarks(look.watched);
    if (look.files > 0) await sleep(clock, options.waitMs ?? STEPS_WATCHED * stepS * 1_000);
    const after = writingMarks(look.watched);
    const touched = look.watched.filter((path) => before.get(path) !== after.get(path));
    if (touched.length > 0) against.push(`'${touched[0]}' was written while we watched; somebody still writes there`);
  }
  if (against.length > 0) {
    throw new RrdError(
      `'${directory}' cannot be taken over:\n${against
        .map((line) => `  ${line}\n`)
        .join("")
        .trimEnd()}`,
    );
  }
  const coverage = surveyCoverage(directory);
  if (!isDryRun && coverage !== undefined) writeCoverage(directory, coverage);
  return described(directory, look, options);
}

function more({ faults, faultCount }: DirectoryLook): string[] {
  return faultCount > faults.length ? [`and ${faultCount - faults.length} more of this kind`] : [];
}

function described(directory: string, look: DirectoryLook, { isDryRun, rrdcached }: TakeoverOptions): string {
  const { files, sumFiles, stepsS, newestUpdateS, owners, archives, hasUpperCaseHosts } = look;
  const newest =
    newestUpdateS === 0 ? "never updated" : `last updated ${new Date(newestUpdateS * 1_000).toISOString()}`;
  const lines = [
    `${directory}: ${files} files, ${sumFiles} of them sums, ${newest}`,
    `steps: ${stepsS.map((stepS) => `${stepS} s`).join(", ") || "none"}; owners: user ${owners.join(", ")}`,
    "nobody else writes there, and all files may be written",
    isDryRun ? "nothing was changed (--dry-run)" : "the directory may be taken over",
    "",
    "The collector goes on with these files once its configuration says:",
    "",
    "storage:",
    "  rrd:",
    `    dir: ${JSON.stringify(directory)}`,
    "    mode: write",
    `    step: ${stepsS.at(-1) ?? STEP_STANDARD_S}s`,
    ...(archives.length === 0 ? [] : [`    rras: [${archives.map((text) => JSON.stringify(text)).join(", ")}]`]),
    ...(hasUpperCaseHosts ? [] : ["    case-sensitive-hosts: false"]),
    ...(rrdcached === undefined ? [] : [`    rrdcached: ${JSON.stringify(rrdcached)}`]),
    "",
    "What is there stays as it is; new values are added, and new files are made for new hosts and metrics.",
    rrdcached === undefined
      ? "Until then and afterwards no gmetad and no rrdcached may write there. To give it back, stop the collector first."
      : "Until then and afterwards no gmetad may write there. To give it back, stop the collector first.",
  ];
  return `${lines.join("\n")}\n`;
}
