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
 * @returns programs that write there, as far as we may look at them
 */
export function runningWriters(directory: string, proc = "/proc"): RunningWriter[] {
  const writers: RunningWriter[] = [];
  for (const name of entries(proc).filter((each) => PID.test(each))) {
    const words = text(`${proc}/${name}/cmdline`).split("\0");
    const program = text(`${proc}/${name}/comm`).trim();
    const pid = Number(name);
    if (pid === process.pid) continue;
    const open = entries(`${proc}/${name}/fd`).some((fd) => isBelow(link(`${proc}/${name}/fd/${fd}`), directory));
    if (open) writers.push({ pid, why: `${program} has a file of it open` });
    else if (program === "gmetad" && real(gmetadRoot(words)) === directory) {
      writers.push({ pid, why: "it is the gmetad whose rrd_rootdir this is" });
    } else if (program === "rrdcached" && isBelow(directory, real(baseOf(words)))) {
      writers.push({ pid, why: "it is an rrdcached whose base directory (-b) this is in" });
    }
  }
  return writers;
}

/** @param words of its command line */
function gmetadRoot(words: readonly string[]): string {
  const given = words.findIndex((word) => word === "-c" || word === "--conf");
  const file =
    given >= 0 ? words[given + 1] : words.find((word) => word.startsWith("--conf="))?.slice("--conf=".length);
  const said = /^\s*rrd_rootdir\s+"?([^"\s#]+)/im.exec(text(file ?? GMETAD_CONFIG))?.[1];
  return resolve(said ?? GMETAD_ROOT);
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
