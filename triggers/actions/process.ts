/**
 * Runs a program: no shell, an environment of its own, nothing on standard
 * input, a time limit that ends the whole process group.
 */
import { type ChildProcessByStdio, spawn } from "node:child_process";
import type { Readable } from "node:stream";
import type { Clock, Timer } from "../../core/base/clock.js";
import { messageOf } from "../../core/base/errors.js";
import { OutputHead } from "./output.js";

export interface ProcessOrder {
  /** The program and its arguments. */
  readonly argv: readonly string[];
  /** All of it; nothing is inherited. */
  readonly env: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
}

export interface ProcessResult {
  /** undefined if a signal ended it, or it never began. */
  readonly exitCode: number | undefined;
  readonly signal: string | undefined;
  /** Why it could not be started; "" if it was. */
  readonly error: string;
  readonly timedOut: boolean;
  /** terminate was called before it ended. */
  readonly stopped: boolean;
  readonly durationMs: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunningProcess {
  /** Never rejects. */
  readonly result: Promise<ProcessResult>;
  /** Asks the process group to end; after graceMs it is killed. */
  terminate(graceMs: number): void;
}

export type RunProcess = (order: ProcessOrder) => RunningProcess;

/** Between SIGTERM and SIGKILL when the time is up. */
export const KILL_GRACE_MS = 5_000;

/** A daemon that the program left behind may hold its output open; it is not waited for. */
const DRAIN_MS = 1_000;

export function processRunner(clock: Clock): RunProcess {
  return (order) => {
    const [program, ...args] = order.argv;
    const startedMs = clock.monotonicMs();
    try {
      const child = spawn(program as string, args, {
        cwd: "/",
        env: { ...order.env },
        shell: false,
        // A process group of its own, so that its children end with it.
        detached: true,
        stdio: ["ignore", "pipe", "pipe"],
      });
      return watch(child, order, clock, startedMs);
    } catch (error) {
      // Arguments that no system could take, for example longer than its limit.
      const result = { ...NOT_STARTED, error: messageOf(error) };
      return { result: Promise.resolve(result), terminate: () => {} };
    }
  };
}

const NOT_STARTED: ProcessResult = {
  exitCode: undefined,
  signal: undefined,
  error: "",
  timedOut: false,
  stopped: false,
  durationMs: 0,
  stdout: "",
  stderr: "",
};

function watch(
  child: ChildProcessByStdio<null, Readable, Readable>,
  order: ProcessOrder,
  clock: Clock,
  startedMs: number,
): RunningProcess {
  const stdout = new OutputHead();
  const stderr = new OutputHead();
  child.stdout.on("data", (chunk: Buffer) => stdout.push(chunk));
  child.stderr.on("data", (chunk: Buffer) => stderr.push(chunk));
  let timedOut = false;
  let stopped = false;
  let killTimer: Timer | undefined;
  let drainTimer: Timer | undefined;

  let end: (error: string) => void = () => {};

  const drain = () => {
    drainTimer ??= clock.setTimer(() => end(""), DRAIN_MS);
  };
  const terminate = (graceMs: number) => {
    signalGroup(child.pid, "SIGTERM");
    killTimer?.cancel();
    killTimer = clock.setTimer(() => {
      signalGroup(child.pid, "SIGKILL");
      drain();
    }, graceMs);
  };
  const timeLimit = clock.setTimer(() => {
    timedOut = true;
    terminate(KILL_GRACE_MS);
  }, order.timeoutMs);

  const result = new Promise<ProcessResult>((resolve) => {
    let exitCode: number | undefined;
    let signal: string | undefined;
    end = (error) => {
      timeLimit.cancel();
      killTimer?.cancel();
      drainTimer?.cancel();
      // Children that outlive a program whose time was up go with it.
      if (timedOut || stopped) signalGroup(child.pid, "SIGKILL");
      child.stdout.destroy();
      child.stderr.destroy();
      const durationMs = Math.round(clock.monotonicMs() - startedMs);
      resolve({
        exitCode,
        signal,
        error,
        timedOut,
        stopped,
        durationMs,
        stdout: stdout.text(),
        stderr: stderr.text(),
      });
    };
    child.once("error", (error) => {
      // "error" also tells of a signal that could not be sent to a running one.
      if (child.pid === undefined) end(messageOf(error));
    });
    child.once("exit", (code, endSignal) => {
      timeLimit.cancel();
      exitCode = code ?? undefined;
      signal = endSignal ?? undefined;
      // After a SIGTERM its children have the same time to end as it had.
      if (killTimer === undefined) drain();
    });
    child.once("close", () => end(""));
  });

  return {
    result,
    terminate(graceMs) {
      stopped = true;
      terminate(graceMs);
    },
  };
}

/** The program leads its group, which bears its number. */
function signalGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // The group is gone already.
  }
}
