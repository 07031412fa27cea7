/** The built program as a process, as a user starts it. */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { resolve } from "node:path";

/** Another build than this tree's, if one is named. */
const FRONT_DOOR = process.env["GRATE_FRONT_DOOR"] ?? resolve(import.meta.dirname, "../../dist/grate.js");

function needBuild(): void {
  if (!existsSync(FRONT_DOOR)) throw new Error(`${FRONT_DOOR} is not there: run "npm run build" before these tests`);
}

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Nothing of the user who runs the tests: no state, no colours. */
function environment(env: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  const { STATE_DIRECTORY: _, XDG_STATE_HOME: __, NO_COLOR: ___, ...rest } = process.env;
  return { ...rest, ...env };
}

/** Runs to the end. */
export function grate(args: readonly string[], env: Readonly<Record<string, string>> = {}): Ended {
  needBuild();
  const result = spawnSync(process.execPath, [FRONT_DOOR, ...args], { encoding: "utf8", env: environment(env) });
  return { code: result.status, stdout: result.stdout, stderr: result.stderr };
}

export interface RunningGrate {
  readonly pid: number;
  stdout(): string;
  stderr(): string;
  /** Resolves when the test is true of the output; rejects when the process ends before. */
  until(test: (running: RunningGrate) => boolean): Promise<void>;
  /** Sends the signal and waits for the end. */
  end(signal?: NodeJS.Signals): Promise<Ended>;
  signal(signal: NodeJS.Signals): void;
  readonly ended: Promise<Ended>;
}

/** Starts and leaves running. */
export function startGrate(args: readonly string[], env: Readonly<Record<string, string>> = {}): RunningGrate {
  needBuild();
  const child = spawn(process.execPath, [FRONT_DOOR, ...args], {
    stdio: ["ignore", "pipe", "pipe"],
    env: environment(env),
  });
  let stdout = "";
  let stderr = "";
  const waiting = new Set<() => void>();
  const tell = () => {
    for (const look of [...waiting]) look();
  };
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
    tell();
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
    tell();
  });
  const ended = once(child, "close").then(([code]) => ({ code: code as number | null, stdout, stderr }));
  const running: RunningGrate = {
    pid: child.pid ?? -1,
    stdout: () => stdout,
    stderr: () => stderr,
    ended,
    signal: (signal) => void child.kill(signal),
    end(signal = "SIGTERM") {
      child.kill(signal);
      return ended;
    },
    until(test) {
      return new Promise((resolve, reject) => {
        const look = () => {
          if (!test(running)) return;
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
        void ended.then(({ code }) => {
          waiting.delete(look);
          reject(new Error(`the process ended with ${code} before that: ${stdout}${stderr}`));
        });
        look();
      });
    },
  };
  return running;
}
