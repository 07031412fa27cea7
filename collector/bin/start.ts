/** `grate start`: collector and viewer as two processes of one command. */
import { spawn } from "node:child_process";
import { hostname } from "node:os";
import { type Address, formatAddress } from "../../core/base/address.js";
import { sleep, systemClock } from "../../core/base/clock.js";
import { createLogger, type LogLevel } from "../../core/base/log.js";
import { lockStateDir, makeStateDir, stateDirPath } from "../../core/base/state-dir.js";
import { QueryClient } from "../../viewer/pull/query-client.js";
import { ALLOCATOR_ENVIRONMENT } from "./allocator.js";
import { isGmondAt, LOCAL_GMOND, writeEmbeddedConfiguration } from "./embedded.js";
import { runService } from "./service.js";
import { Supervisor } from "./supervisor.js";

export interface StartOptions {
  readonly config?: string;
  readonly state?: string;
  readonly listen?: Address;
  readonly logLevel: LogLevel;
  /** The front door, for the children. */
  readonly program: string;
}

/** Data that have not come by then may take long; where to look is told all the same. */
const PATIENCE_MS = 10_000;
const RETRY_MS = 50;

/** @returns the exit code, once it was told to stop or a child could not start */
export async function start(options: StartOptions): Promise<number> {
  const stateDir = stateDirPath(options.state, process.env);
  makeStateDir(stateDir);
  const command = `grate start${options.config === undefined ? "" : ` -c ${options.config}`}`;
  const lock = lockStateDir(stateDir, { command, nowMs: systemClock.nowMs(), name: "start-lock" });
  try {
    return await run(options, stateDir);
  } finally {
    lock.release();
  }
}

async function run(options: StartOptions, stateDir: string): Promise<number> {
  const { file, listen, query } = await settings(options, stateDir);
  const logger = createLogger("start", options.logLevel);
  const ended = new AbortController();
  let failure: number | undefined;
  const child = (name: string, ...more: readonly string[]) => ({
    name,
    spawn: () =>
      // stdout is ours, for data. The channel tells the child when we are gone.
      spawn(process.execPath, [options.program, name, "-c", file, ...more, "--log-level", options.logLevel], {
        stdio: ["ignore", 2, 2, "ipc"],
        env: { ...ALLOCATOR_ENVIRONMENT, ...process.env },
      }),
  });
  const supervisor = new Supervisor({
    children: [child("collector", "--state", stateDir), child("viewer", "--listen", formatAddress(listen))],
    clock: systemClock,
    logger,
    onReady: () => void announce(listen, query, ended.signal),
    onFailed(name, exitCode) {
      logger.error({ child: name, exitCode }, `${name} could not start`);
      failure ??= exitCode === 0 ? 1 : exitCode;
      ended.abort();
    },
  });
  const service = {
    async stop() {
      ended.abort();
      await supervisor.stop();
    },
    async reload() {
      supervisor.signal("SIGHUP");
    },
  };
  const exitCode = runService(service, { clock: systemClock, logger, process, ended: ended.signal });
  supervisor.start();
  const code = await exitCode;
  return failure ?? code;
}

interface Settings {
  readonly file: string;
  readonly listen: Address;
  readonly query: Address;
}

async function settings(options: StartOptions, stateDir: string): Promise<Settings> {
  if (options.config === undefined) {
    const file = writeEmbeddedConfiguration(stateDir, await isGmondAt(LOCAL_GMOND, systemClock));
    // What our own text leaves out is the default; to parse it here would only cost time.
    return { file, listen: options.listen ?? DEFAULT_LISTEN, query: DEFAULT_QUERY };
  }
  const { loadConfiguration } = await import("./configuration.js");
  const { viewer } = loadConfiguration(options.config).config;
  return { file: options.config, listen: options.listen ?? viewer.listen, query: viewer.collector };
}

const DEFAULT_LISTEN: Address = Object.freeze({ host: "127.0.0.1", port: 8660 });
const DEFAULT_QUERY: Address = Object.freeze({ host: "127.0.0.1", port: 8662 });

/** Prints where to look as soon as there is something to see. Never rejects. */
async function announce(listen: Address, query: Address, signal: AbortSignal): Promise<void> {
  const startedAtMs = systemClock.monotonicMs();
  let hasData = await hasHosts(query, signal);
  while (!hasData && !signal.aborted && systemClock.monotonicMs() - startedAtMs < PATIENCE_MS) {
    await sleep(systemClock, RETRY_MS, signal);
    hasData = await hasHosts(query, signal);
  }
  if (!signal.aborted) process.stdout.write(`${urlOf(listen)}${hasData ? "" : " (no data yet)"}\n`);
}

async function hasHosts(query: Address, signal: AbortSignal): Promise<boolean> {
  try {
    const changes = await new QueryClient(query, systemClock).changes(undefined, 0, signal);
    return changes.clusters.some((cluster) => cluster.hosts.length > 0);
  } catch {
    return false;
  }
}

/** As a person on this machine or, where it listens on all addresses, on another one would write it. */
function urlOf(listen: Address): string {
  const host = ["0.0.0.0", "::"].includes(listen.host) ? hostname() : listen.host;
  return `http://${formatAddress({ host, port: listen.port })}/`;
}
