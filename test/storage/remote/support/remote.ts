/** A remote archive as tests want it. */
import { systemClock } from "../../../../core/base/clock.js";
import { nodeLogFiles } from "../../../../core/base/record-log-files.js";
import { type RemoteConfig, remoteSchema } from "../../../../storage/remote/config.js";
import { RemoteArchive } from "../../../../storage/remote/remote-archive.js";
import { eventually } from "../../../support/rig/eventually.js";
import { KeptLog } from "../../support/sqlite.js";

export function remoteConfig(input: Record<string, unknown>): RemoteConfig {
  return remoteSchema.parse(input);
}

/** @param directory of the queue */
export function openRemote(directory: string, config: RemoteConfig, log = new KeptLog()): RemoteArchive {
  return new RemoteArchive({ config, files: nodeLogFiles(directory), clock: systemClock, log });
}

export function delivered(archive: RemoteArchive, limitMs = 10_000): Promise<void> {
  return eventually(
    "the queue is empty",
    limitMs,
    () => {
      const { message, counters } = archive.health();
      if (counters["queuedSamples"] !== 0) throw new Error(`${counters["queuedSamples"]} samples wait: ${message}`);
    },
    2,
  );
}
