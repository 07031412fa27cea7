/** Real programs as children of a test: started, watched, ended by their own id. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";

/** Output kept for messages; a chatty child must not fill the memory. */
const OUTPUT_CHARS_MAX = 1_000_000;

export interface Running {
  readonly child: ChildProcess;
  stdout(): string;
  stderr(): string;
  /** Resolves with the exit code, or -1 when a signal ended it. */
  readonly ended: Promise<number>;
  /** Sends the signal and waits for the end. */
  end(signal?: NodeJS.Signals): Promise<number>;
}

export interface StartOptions {
  /** Network namespace to run in. */
  readonly namespace?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

export function startProcess(program: string, args: readonly string[], options: StartOptions = {}): Running {
  const [command, fullArgs] =
    options.namespace === undefined
      ? [program, [...args]]
      : ["ip", ["netns", "exec", options.namespace, program, ...args]];
  const child = spawn(command, fullArgs, {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...options.env },
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  });
  const output = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    child[name].setEncoding("utf8");
    child[name].on("data", (text: string) => {
      output[name] = (output[name] + text).slice(-OUTPUT_CHARS_MAX);
    });
  }
  const ended = once(child, "close").then(([code]) => (code as number | null) ?? -1);
  return {
    child,
    stdout: () => output.stdout,
    stderr: () => output.stderr,
    ended,
    end(signal = "SIGTERM") {
      child.kill(signal);
      return ended;
    },
  };
}

/** Runs to the end. */
export async function runProcess(program: string, args: readonly string[], options: StartOptions = {}) {
  const running = startProcess(program, args, options);
  const code = await running.ended;
  return { code, stdout: running.stdout(), stderr: running.stderr() };
}
