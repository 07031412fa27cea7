/** `grate restore`: a backup in the place of what a state directory has. */
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { loadConfiguration } from "../../collector/bin/configuration.js";
import { systemClock } from "../../core/base/clock.js";
import { EXIT } from "../../core/base/errors.js";
import { lockStateDir, makeStateDir, stateDirPath } from "../../core/base/state-dir.js";
import { HISTORY } from "../backup/manifest.js";
import { checkBackup, restoreBackup } from "../backup/restore-backup.js";

export interface RestoreCommandOptions {
  readonly config?: string;
  readonly state?: string;
  readonly from: string;
  readonly dryRun?: true;
}

/** @throws GrateError @returns the exit code */
export async function restore(options: RestoreCommandOptions): Promise<number> {
  const file = options.config === undefined ? HISTORY : historyOf(options.config);
  const stateDir = stateDirPath(options.state, process.env);
  const historyFile = resolve(stateDir, file);
  const backup = await checkBackup(resolve(options.from));
  const { madeAt, files, schemaVersion } = backup.manifest;
  say(
    `${backup.from}: made ${madeAt}, ${Object.keys(files).length} files, schema version ${schemaVersion}, no damage found`,
  );
  if (options.dryRun && !existsSync(stateDir)) {
    say(`it would be restored into ${stateDir}, which would be made; nothing was changed`);
    return EXIT.ok;
  }
  makeStateDir(stateDir);
  const nowMs = systemClock.nowMs();
  const lock = lockStateDir(stateDir, { command: `grate restore --from ${options.from}`, nowMs });
  try {
    if (options.dryRun) {
      const replaced = existsSync(historyFile) ? "what is there would be kept beside it" : "there is no history yet";
      say(`it would be restored into ${stateDir}; ${replaced}; nothing was changed`);
      return EXIT.ok;
    }
    const { aside } = await restoreBackup(backup, { stateDir, historyFile, nowMs });
    say(`restored into ${stateDir}`);
    for (const path of aside) say(`what was replaced is kept as ${path}`);
    return EXIT.ok;
  } finally {
    lock.release();
  }
}

function historyOf(config: string): string {
  return loadConfiguration(config).config.storage.sqlite.file;
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}
