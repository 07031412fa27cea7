/**
 * The directory where a process keeps what must survive it, and the lock that
 * keeps a second process out.
 *
 * The lock is a file NAME.<generation> that says who holds it. Only the highest
 * generation counts, and it is never deleted by its holder but marked released:
 * so a generation is taken at most once, and two processes that both find a dead
 * holder compete for one name, which link(2) gives to exactly one of them.
 */
import {
  accessSync,
  chmodSync,
  constants,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { homedir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { codeOf, GrateError, messageOf } from "./errors.js";

/** --state DIR, else what systemd gives, else the XDG base directory specification. */
export function stateDirPath(option: string | undefined, env: NodeJS.ProcessEnv, home: string = homedir()): string {
  if (option !== undefined && option !== "") return resolve(option);
  // systemd lists several directories with colons where a unit asks for several; the first is ours.
  const fromSystemd = env["STATE_DIRECTORY"]?.split(":")[0];
  if (fromSystemd) return resolve(fromSystemd);
  const fromXdg = env["XDG_STATE_HOME"];
  // The specification has relative paths ignored.
  const base = fromXdg?.startsWith("/") ? fromXdg : join(home, ".local", "state");
  return join(base, "grate");
}

const REASONS: Readonly<Record<string, string>> = Object.freeze({
  EACCES: "permission denied",
  EPERM: "permission denied",
  EROFS: "the file system is read-only",
  ENOSPC: "no space is left on the device",
  EDQUOT: "the disk quota is used up",
  ENOTDIR: "a part of the path is not a directory",
  EEXIST: "it is not a directory",
  ENOENT: "there is no such directory",
  ELOOP: "too many symbolic links",
});

function stateError(path: string, action: string, error: unknown): GrateError {
  const reason = REASONS[codeOf(error)] ?? messageOf(error);
  return new GrateError(`cannot ${action} the state directory ${path}: ${reason}`);
}

/**
 * Makes the directory, for its owner alone, if there is none.
 * @throws GrateError in one line where it cannot be made or written to
 */
export function makeStateDir(path: string): void {
  try {
    // The directories above are the machine's; only the last one is closed to others.
    mkdirSync(dirname(path), { recursive: true });
    mkdirSync(path, { mode: 0o700 });
    // mkdir's mode goes through the umask, which may take even the owner's bits.
    chmodSync(path, 0o700);
    return;
  } catch (error) {
    if (codeOf(error) !== "EEXIST") throw stateError(path, "make", error);
  }
  try {
    if (!statSync(path).isDirectory()) throw Object.assign(new Error(), { code: "EEXIST" });
    accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    throw stateError(path, "use", error);
  }
}

/** Who holds a lock. */
export interface LockHolder {
  readonly pid: number;
  /** Start of the process in kernel ticks since boot; tells it from a later one with the same pid. 0: unknown. */
  readonly startTicks: number;
  /** Differs after a reboot, where ticks and pids begin anew. "" where unknown. */
  readonly bootId: string;
  readonly command: string;
  /** ISO 8601. */
  readonly since: string;
}

/** What the lock asks the machine; tests answer themselves. */
export interface ProcessTable {
  readonly bootId: () => string;
  /** @returns ticks, 0 if the process lives but its start cannot be known, undefined if there is none */
  readonly startTicks: (pid: number) => number | undefined;
}

export const linuxProcesses: ProcessTable = Object.freeze({
  bootId(): string {
    try {
      return readFileSync("/proc/sys/kernel/random/boot_id", "latin1").trim();
    } catch {
      return "";
    }
  },
  startTicks(pid: number): number | undefined {
    try {
      return parseStartTicks(readFileSync(`/proc/${pid}/stat`, "latin1"));
    } catch {
      // No /proc, or hidepid: ask by signal 0, which needs no right to be told "exists".
    }
    try {
      process.kill(pid, 0);
      return 0;
    } catch (error) {
      return codeOf(error) === "EPERM" ? 0 : undefined;
    }
  },
});

/** @returns field 22 of /proc/<pid>/stat; undefined for a process that has ended and only waits to be collected */
export function parseStartTicks(stat: string): number | undefined {
  // The command in parentheses may hold blanks and parentheses itself.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  if (fields[0] === "Z" || fields[0] === "X") return undefined;
  const ticks = Number(fields[19]);
  return Number.isSafeInteger(ticks) ? ticks : 0;
}

export interface StateLock {
  /** Lets the next one in. Idempotent, never throws. */
  release(): void;
}

export interface LockOptions {
  readonly command: string;
  readonly nowMs: number;
  /** File name without generation; processes that may share a directory use different ones. */
  readonly name?: string;
  readonly pid?: number;
  readonly processes?: ProcessTable;
}

/** Attempts lost to others in a row; each means that somebody else got the lock or withdrew. */
const ATTEMPTS_MAX = 100;

/**
 * @throws GrateError naming the holder where the directory is in use, or saying why no lock can be written
 */
export function lockStateDir(path: string, options: LockOptions): StateLock {
  const { name = "lock", pid = process.pid, processes = linuxProcesses } = options;
  const me: LockHolder = {
    pid,
    startTicks: processes.startTicks(pid) ?? 0,
    bootId: processes.bootId(),
    command: options.command,
    since: new Date(options.nowMs).toISOString(),
  };
  const draft = join(path, draftName(name, pid));
  try {
    // First, so that a full disk has room for ours.
    dropLeftDrafts(path, name, processes);
    // Written in full under another name first: whoever sees the lock sees its holder.
    writeFileSync(draft, `${JSON.stringify(me)}\n`, { mode: 0o600 });
    for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
      const highest = generations(path, name).at(-1) ?? 0;
      const holder = highest === 0 ? undefined : readHolder(join(path, `${name}.${highest}`));
      if (holder !== undefined && isAlive(holder, processes)) throw inUse(path, holder);
      const file = join(path, `${name}.${highest + 1}`);
      if (!takes(draft, file)) continue;
      // Between looking and taking others may have come and gone, far above.
      if ((generations(path, name).at(-1) ?? 0) > highest + 1) {
        unlinkIfThere(file);
        continue;
      }
      for (const older of generations(path, name)) {
        if (older <= highest) unlinkIfThere(join(path, `${name}.${older}`));
      }
      let held = true;
      return {
        release() {
          if (held) markReleased(draft, file);
          held = false;
        },
      };
    }
    throw new GrateError(`cannot lock the state directory ${path}: other processes are fighting for it`);
  } catch (error) {
    throw error instanceof GrateError ? error : stateError(path, "write a lock into", error);
  } finally {
    unlinkIfThere(draft);
  }
}

function draftName(name: string, pid: number): string {
  return `${name}-draft.${pid}`;
}

/** Drafts of processes that were killed while they wrote one, or found the disk full. */
function dropLeftDrafts(path: string, name: string, processes: ProcessTable): void {
  const begin = draftName(name, 0).slice(0, -1);
  for (const file of readdirSync(path)) {
    const pid = file.startsWith(begin) ? file.slice(begin.length) : "";
    if (/^[1-9]\d{0,9}$/.test(pid) && processes.startTicks(Number(pid)) === undefined) unlinkIfThere(join(path, file));
  }
}

function inUse(path: string, holder: LockHolder): GrateError {
  const who = `process ${holder.pid} (${holder.command}), since ${holder.since}`;
  return new GrateError(`the state directory ${path} is in use by ${who}; stop it, or choose another with --state`);
}

function takes(draft: string, file: string): boolean {
  try {
    linkSync(draft, file);
    return true;
  } catch (error) {
    if (codeOf(error) === "EEXIST") return false;
    throw error;
  }
}

/** In ascending order. */
function generations(path: string, name: string): number[] {
  return readdirSync(path)
    .filter((file) => file.startsWith(`${name}.`) && /^[1-9]\d{0,14}$/.test(file.slice(name.length + 1)))
    .map((file) => Number(file.slice(name.length + 1)))
    .sort((a, b) => a - b);
}

/** @returns undefined where nobody holds it: released, gone, or not a lock of ours */
function readHolder(file: string): LockHolder | undefined {
  try {
    const value: unknown = JSON.parse(readFileSync(file, "utf8"));
    const holder = value as Partial<LockHolder> | null;
    return typeof holder?.pid === "number"
      ? { startTicks: 0, bootId: "", command: "", since: "", ...holder, pid: holder.pid }
      : undefined;
  } catch {
    return undefined;
  }
}

function isAlive(holder: LockHolder, processes: ProcessTable): boolean {
  const bootId = processes.bootId();
  if (holder.bootId !== "" && bootId !== "" && holder.bootId !== bootId) return false;
  const ticks = processes.startTicks(holder.pid);
  if (ticks === undefined) return false;
  return ticks === 0 || holder.startTicks === 0 || ticks === holder.startTicks;
}

function markReleased(draft: string, file: string): void {
  try {
    writeFileSync(draft, "released\n", { mode: 0o600 });
    renameSync(draft, file);
  } catch {
    // A full disk: the next one sees by our pid that we are gone.
    unlinkIfThere(draft);
  }
}

function unlinkIfThere(file: string): void {
  try {
    unlinkSync(file);
  } catch {
    // Somebody newer has cleaned up already.
  }
}
