/** A directory of gmetad's layout as it stands: how many files of what, whether we may write them, what does not fit. */
import { accessSync, constants, opendirSync, statSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { messageOf } from "../../../core/base/errors.js";
import { SUMMARY_FOLDER } from "../archive/file-names.js";
import { lastUpdateS, liveView } from "../commands/times.js";
import { withRrdFile } from "../file/rrd-file.js";
import type { RoundRobinArchive } from "../format/definition.js";
import { RrdError } from "../rrd-error.js";

/** Headers are read of so many, spread over all: 40,000 would take a while on a cold disk. */
const READ_MAX = 400;
/** The newest are watched; a gmetad that runs writes all of them at each poll. */
const WATCHED_MAX = 64;
const TOLD_MAX = 10;
const DEPTH_MAX = 24;

export interface DirectoryLook {
  readonly files: number;
  readonly sumFiles: number;
  /** Different steps of the files read, seconds, ascending. */
  readonly stepsS: readonly number[];
  /** Of the files read, seconds since 1970; 0 where none could be read. */
  readonly newestUpdateS: number;
  /** Users that own files. */
  readonly owners: readonly number[];
  /** Of most files of hosts that were read, in the words of gmetad.conf; none where there is no such file. */
  readonly archives: readonly string[];
  /** Of the folders of hosts one at least is not in lower case, or there are none. */
  readonly hasUpperCaseHosts: boolean;
  /** What would keep single files, or all, from being gone on with. */
  readonly faults: readonly string[];
  readonly faultCount: number;
  /** Files to watch for another writer. */
  readonly watched: readonly string[];
}

/** @throws the system's error if the directory cannot be read */
export function lookAtDirectory(root: string): DirectoryLook {
  const paths: string[] = [];
  const faults: string[] = [];
  const owners = new Set<number>();
  for (const { path, uid, fault } of walk(root, DEPTH_MAX)) {
    owners.add(uid);
    if (fault !== "") faults.push(`${relative(root, path) || "."}: ${fault}`);
    if (path.endsWith(".rrd")) paths.push(path);
  }
  const steps = new Set<number>();
  const archives = new Map<string, number>();
  const newest: [path: string, timeS: number][] = [];
  const every = Math.max(1, Math.ceil(paths.length / READ_MAX));
  for (let i = 0; i < paths.length; i += every) {
    const path = paths[i] as string;
    const below = relative(root, path);
    try {
      const [header, timeS] = withRrdFile(
        path,
        "r",
        below,
        (file) => [file.header, lastUpdateS(liveView(file))] as const,
      );
      newest.push([path, timeS]);
      steps.add(header.definition.stepS);
      if (!isSum(path)) {
        const text = header.definition.archives.map(wordsOf).join(" ");
        archives.set(text, (archives.get(text) ?? 0) + 1);
      }
      const names = header.definition.dataSources.map(({ name }) => name).join(",");
      if (names !== (isSum(path) ? "sum,num" : "sum")) faults.push(`${below}: it has the sources ${names}`);
    } catch (error) {
      if (!(error instanceof RrdError)) throw error;
      faults.push(error.message);
    }
  }
  newest.sort(([, a], [, b]) => b - a);
  const hostFolders = paths.filter((path) => !isSum(path)).map((path) => basename(dirname(path)));
  return {
    files: paths.length,
    sumFiles: paths.filter(isSum).length,
    stepsS: [...steps].sort((a, b) => a - b),
    newestUpdateS: newest[0]?.[1] ?? 0,
    owners: [...owners].sort((a, b) => a - b),
    archives: mostOf(archives)?.split(" ") ?? [],
    hasUpperCaseHosts: hostFolders.length === 0 || hostFolders.some((folder) => folder !== folder.toLowerCase()),
    faults: faults.slice(0, TOLD_MAX),
    faultCount: faults.length,
    watched: newest.slice(0, WATCHED_MAX).map(([path]) => path),
  };
}

/** @returns by path, what changes with every update: rrdtool maps files, and their times come late */
export function writingMarks(paths: readonly string[]): Map<string, string> {
  return new Map(
    paths.map((path) => {
      try {
        const timeS = withRrdFile(path, "r", path, (file) => lastUpdateS(liveView(file)));
        return [path, `${statSync(path).mtimeMs} ${timeS}`];
      } catch (error) {
        return [path, messageOf(error)];
      }
    }),
  );
}

function wordsOf({ cf, xff, pdpCount, rowCount }: RoundRobinArchive): string {
  return `RRA:${cf}:${xff}:${pdpCount}:${rowCount}`;
}

function mostOf(counts: ReadonlyMap<string, number>): string | undefined {
  return [...counts].sort(([, a], [, b]) => b - a)[0]?.[0];
}

function isSum(path: string): boolean {
  return path.includes(`/${SUMMARY_FOLDER}/`);
}

interface Entry {
  readonly path: string;
  readonly uid: number;
  readonly fault: string;
}

function* walk(directory: string, depth: number): Generator<Entry> {
  yield entryOf(directory, constants.R_OK | constants.W_OK | constants.X_OK);
  const handle = opendirSync(directory);
  try {
    for (let entry = handle.readSync(); entry !== null; entry = handle.readSync()) {
      const path = join(directory, entry.name);
      if (entry.isDirectory() && depth > 0) yield* walk(path, depth - 1);
      else if (entry.isFile() && entry.name.endsWith(".rrd")) yield entryOf(path, constants.R_OK | constants.W_OK);
    }
  } finally {
    handle.closeSync();
  }
}

function entryOf(path: string, wanted: number): Entry {
  const { uid } = statSync(path);
  try {
    accessSync(path, wanted);
    return { path, uid, fault: "" };
  } catch (error) {
    return { path, uid, fault: `it is not ours to write (${messageOf(error)})` };
  }
}
