/** `grate backup`: the state of a collector in a directory of its own, also while the collector works. */
import { resolve } from "node:path";
import { loadConfiguration } from "../../collector/bin/configuration.js";
import { systemClock } from "../../core/base/clock.js";
import { EXIT } from "../../core/base/errors.js";
import { stateDirPath } from "../../core/base/state-dir.js";
import { makeBackup } from "../backup/make-backup.js";

export interface BackupCommandOptions {
  readonly config: string;
  readonly state?: string;
  readonly to: string;
  readonly force?: true;
}

/** A line on a terminal is enough so often. */
const TOLD_EVERY_MS = 1_000;

/** @throws GrateError @returns the exit code */
export async function backup(options: BackupCommandOptions): Promise<number> {
  const { config } = loadConfiguration(options.config);
  const stateDir = stateDirPath(options.state, process.env);
  const to = resolve(options.to);
  const interrupt = new AbortController();
  const stop = () => interrupt.abort();
  process.once("SIGINT", stop).once("SIGTERM", stop);
  const startedMs = systemClock.monotonicMs();
  let toldMs = startedMs;
  try {
    const { bytes, files } = await makeBackup({
      stateDir,
      historyFile: resolve(stateDir, config.storage.sqlite.file),
      to,
      force: options.force === true,
      nowMs: systemClock.nowMs(),
      pid: process.pid,
      signal: interrupt.signal,
      progress(done, total) {
        const nowMs = systemClock.monotonicMs();
        if (nowMs - toldMs < TOLD_EVERY_MS) return;
        toldMs = nowMs;
        say(`history: ${Math.floor(done * 100)} % of ${sizeText(total)}`);
      },
    });
    const seconds = ((systemClock.monotonicMs() - startedMs) / 1_000).toFixed(1);
    say(`${to}: ${sizeText(bytes)} in ${files} files, made in ${seconds} s and checked`);
    return EXIT.ok;
  } finally {
    process.off("SIGINT", stop).off("SIGTERM", stop);
  }
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

function sizeText(bytes: number): string {
  return bytes < 1e6 ? `${Math.ceil(bytes / 1e3)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}
