/** Programs that write RRD files, found in /proc: by their name, by files that they have open, by the directory in their configuration. */
import { readdirSync, readFileSync, readlinkSync, realpathSync } from "node:fs";
import { resolve } from "node:path";

export interface RunningWriter {
  readonly pid: number;
  readonly why: string;
}

const PID = /^\d+$/;
const GMETAD_CONFIG = "/etc/ganglia/gmetad.conf";
/** gmetad's own, where its configuration names none. */
const GMETAD_ROOT = "/var/lib/ganglia/rrds";

/**
 * @param directory absolute, without symbolic links
 * @param proc where processes are listed; a system without it knows of none
 * @returns programs that write there, or have a file of it open, as far as we may look at them
 */
export function runningWriters(directory: string, proc = "/proc"): RunningWriter[] {
  return processes(proc).flatMap(({ pid, path }) => {
    const open = entries(`${path}/fd`).some((fd) => isBelow(link(`${path}/fd/${fd}`), directory));
    const why = open ? `${programOf(path)} has a file of it open` : daemonsReason(path, directory);
    return why === undefined ? [] : [{ pid, why }];
  });
}

/** As runningWriters, but only those that are there to write: 10 us a process, and who just reads a file is none. */
export function runningDaemons(directory: string, proc = "/proc"): RunningWriter[] {
  return processes(proc).flatMap(({ pid, path }) => {
    const why = daemonsReason(path, directory);
    return why === undefined ? [] : [{ pid, why }];
  });
}

function processes(proc: string): { readonly pid: number; readonly path: string }[] {
  return entries(proc)
    .filter((name) => PID.test(name) && Number(name) !== process.pid)
    .map((name) => ({ pid: Number(name), path: `${proc}/${name}` }));
}

function programOf(path: string): string {
  return text(`${path}/comm`).trim();
}

/** @returns why the process writes to the directory; undefined where it is no such program, or has another one */
function daemonsReason(path: string, directory: string): string | undefined {
  const program = programOf(path);
  if (program !== "gmetad" && program !== "rrdcached") return undefined;
  const words = text(`${path}/cmdline`).split("\0");
  if (program === "gmetad") {
    const root = gmetadRoot(words);
    return root !== undefined && real(root) === directory ? "it is the gmetad whose rrd_rootdir this is" : undefined;
  }
  return isBelow(directory, real(baseOf(words)))
    ? "it is an rrdcached whose base directory (-b) this is in"
    : undefined;
}

/** @param words of its command line @returns undefined where it keeps no files */
function gmetadRoot(words: readonly string[]): string | undefined {
  const given = words.findIndex((word) => word === "-c" || word === "--conf");
  const file =
    given >= 0 ? words[given + 1] : words.find((word) => word.startsWith("--conf="))?.slice("--conf=".length);
  const config = text(file ?? GMETAD_CONFIG);
  if (/^\s*write_rrds\s+"?off/im.test(config)) return undefined;
  return resolve(/^\s*rrd_rootdir\s+"?([^"\s#]+)/im.exec(config)?.[1] ?? GMETAD_ROOT);
}

/** @returns "" where none is given: then paths are absolute, and which ones it is told nobody knows */
function baseOf(words: readonly string[]): string {
  const at = words.findIndex((word) => word.startsWith("-b"));
  if (at < 0) return "";
  return words[at] === "-b" ? (words[at + 1] ?? "") : (words[at] as string).slice("-b".length);
}

function isBelow(path: string, directory: string): boolean {
  if (directory === "") return false;
  return path === directory || path.startsWith(directory === "/" ? "/" : `${directory}/`);
}

/** What is gone, or not ours to see, is nothing. */
function entries(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}

function text(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

function real(path: string): string {
  try {
    return path === "" ? "" : realpathSync(path);
  } catch {
    return path;
  }
}

function link(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return "";
  }
}
