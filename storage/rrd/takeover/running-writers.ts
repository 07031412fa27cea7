/** Programs that write RRD files, found in /proc: by their name, by files that they have open, by the directory in their configuration. */
import { readdirSync, readFileSync, readlinkSync, realpathSync, statSync } from "node:fs";
import { resolve } from "node:path";

export interface RunningWriter {
  readonly pid: number;
  /** As the system calls it: gmetad, rrdcached, or any that has a file open. */
  readonly program: string;
  readonly why: string;
}

interface Process {
  readonly pid: number;
  /** Its folder. */
  readonly path: string;
}

const PID = /^\d+$/;
const SETTING = /^[ \t]*(\w+)[ \t]+(?:"([^"\n]*)"|'([^'\n]*)'|([^\s#]+))/gm;
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
    const open = entries(`${path}/fd`).some((fd) => isBelow(link(`${path}/fd/${fd}`) ?? "", directory));
    const why = open ? `${programOf(path)} has a file of it open` : daemonsReason(path, directory);
    return why === undefined ? [] : [{ pid, program: programOf(path), why }];
  });
}

/** As runningWriters, but only those that are there to write: 10 us a process, and who just reads a file is none. */
export function runningDaemons(directory: string, proc = "/proc"): RunningWriter[] {
  return processes(proc).flatMap(({ pid, path }) => {
    const why = daemonsReason(path, directory);
    return why === undefined ? [] : [{ pid, program: programOf(path), why }];
  });
}

function processes(proc: string): Process[] {
  return entries(proc)
    .filter((name) => PID.test(name) && Number(name) !== process.pid)
    .map((name) => ({ pid: Number(name), path: `${proc}/${name}` }));
}

function programOf(path: string): string {
  return (text(`${path}/comm`) ?? "").trim();
}

/** @returns why the process writes to the directory; undefined where it is no such program, or has another one */
function daemonsReason(path: string, directory: string): string | undefined {
  const program = programOf(path);
  if (program !== "gmetad" && program !== "rrdcached") return undefined;
  const words = text(`${path}/cmdline`)?.split("\0") ?? [];
  // One that has ended and that nobody has waited for has no words.
  if (words.every((word) => word === "") || !mayWrite(path, directory) || isContained(path)) return undefined;
  if (program === "gmetad") {
    const root = gmetadRoot(path, words);
    return root !== undefined && real(root) === directory ? "it is the gmetad whose rrd_rootdir this is" : undefined;
  }
  const base = optionOf(words, "-b");
  const isBase = base !== undefined && isBelow(directory, real(placeOf(path, base)));
  return isBase ? "it is an rrdcached whose base directory (-b) this is in" : undefined;
}

/** Anybody may call a program gmetad; it can write there only as root, as we or as the owner. */
function mayWrite(path: string, directory: string): boolean {
  const owner = ownerOf(path);
  return owner === 0 || owner === process.geteuid?.() || owner === ownerOf(directory);
}

/** Its paths are those of a container, not ours. */
function isContained(path: string): boolean {
  const numbers = /^NSpid:\s+(.*)$/m.exec(text(`${path}/status`) ?? "")?.[1];
  return numbers !== undefined && numbers.trim().split(/\s+/).length > 1;
}

/** @param words of its command line @returns undefined where it keeps no files, or its configuration cannot be read */
function gmetadRoot(path: string, words: readonly string[]): string | undefined {
  const given = optionOf(words, "-c") ?? optionOf(words, "--conf");
  const config = text(placeOf(path, given ?? GMETAD_CONFIG));
  if (config === undefined) return given === undefined ? GMETAD_ROOT : undefined;
  // Anything else than just this word leaves it on.
  if (settingOf(config, "write_rrds") === "off") return undefined;
  return placeOf(path, settingOf(config, "rrd_rootdir") ?? GMETAD_ROOT);
}

/** Names in any case, as gmetad reads them; values as they stand, with quotes of either kind or without. */
function settingOf(config: string, name: string): string | undefined {
  for (const [, key, double, single, bare] of config.matchAll(SETTING)) {
    if (key?.toLowerCase() === name) return double ?? single ?? bare;
  }
  return undefined;
}

/** What follows an option, as a word of its own or at once. */
function optionOf(words: readonly string[], option: string): string | undefined {
  const at = words.findIndex((word) => word.startsWith(option));
  if (at < 0) return undefined;
  const rest = (words[at] as string).slice(option.length);
  return rest === "" ? words[at + 1] : rest.replace(/^=/, "");
}

/** As the process sees a path. Where it works we may not look at; then a relative one leads nowhere. */
function placeOf(path: string, given: string): string {
  return resolve(link(`${path}/cwd`) ?? "/", given);
}

function isBelow(path: string, directory: string): boolean {
  if (directory === "") return false;
  return path === directory || path.startsWith(directory === "/" ? "/" : `${directory}/`);
}

/** What is gone, or not ours to see, is nothing. */
function known<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch {
    return undefined;
  }
}

const entries = (path: string): string[] => known(() => readdirSync(path)) ?? [];
const text = (path: string): string | undefined => known(() => readFileSync(path, "utf8"));
const real = (path: string): string => known(() => realpathSync(path)) ?? path;
const link = (path: string): string | undefined => known(() => readlinkSync(path));
const ownerOf = (path: string): number | undefined => known(() => statSync(path).uid);
